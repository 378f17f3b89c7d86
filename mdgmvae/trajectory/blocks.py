"""Compute, check and write features in blocks of frames."""

import math
from contextlib import suppress
from typing import Any

import numpy as np

from ..errors import LEAVE_OUT, FrameError, InputError
from ..featurizers.base import BoundFeaturizer
from ..featurizers.geometry.arms import REPAIR
from ..featurizers.topology.names import atom_labels
from ..storage.npy import write_rows
from .frame_warnings import FrameWarnings
from .frames import Place
from .repeated_frames import signatures

# Small enough for the cache that cores share.
_BLOCK_BYTES = 4 * 2**20
_MAX_FRAMES = 1024
# A float32 value, and room for the arrays that check whether it is finite.
_BYTES_PER_FEATURE = 8
# Largest coordinate in angstrom. A NaN that was written to XTC is read as 2.1e7.
_MAX_COORDINATE = 1e6


def frames_per_block(bound: BoundFeaturizer) -> int:
    """Choose the number of frames in a block, so that memory use stays bounded.

    Parameters
    ----------
    bound : BoundFeaturizer
        The featurizer. The more atoms and features it has, the fewer frames are in a block.

    Returns
    -------
    int
        At least 1.
    """
    per_frame = 12 * len(bound.indices) + _BYTES_PER_FEATURE * bound.n_features
    return max(1, min(_MAX_FRAMES, _BLOCK_BYTES // per_frame))


def compute_block(
    bound: BoundFeaturizer,
    positions: np.ndarray,
    box: np.ndarray | None,
    frames: np.ndarray,
    told: FrameWarnings | None = None,
) -> np.ndarray:
    """Compute the features of a block of frames.

    Parameters
    ----------
    bound : BoundFeaturizer
        The featurizer.
    positions : numpy.ndarray
        Coordinates in angstrom, (n, len(bound.indices), 3) float32.
    box : numpy.ndarray or None
        Lengths in angstrom and angles in degrees, (n, 6).
    frames : numpy.ndarray
        Frame numbers for messages, (n,).
    told : FrameWarnings, optional
        Issues the warnings of the kernel.

    Returns
    -------
    numpy.ndarray
        Features, (n, n_features) float32.

    Raises
    ------
    FrameError
        If the coordinates of a frame are impossible, or a feature is not a finite number. Atoms
        are named by their indices into the atoms given.
    InputError
        If the featurizer returns another shape.
    """
    if not within_reach(positions):
        frame = int((~(np.abs(positions) <= _MAX_COORDINATE)).any(axis=(1, 2)).argmax())
        check_reach(positions[frame], frames[frame], bound.indices)
    _check_not_all_alike(positions, frames)
    try:
        with (told or FrameWarnings()).of(frames):
            values = np.asarray(bound(positions, box), dtype=np.float32)
    except FrameError as error:
        raise error.moved(frames=frames.tolist()) from error.__cause__
    if values.shape != (len(frames), bound.n_features):
        raise InputError(
            f"the featurizer {bound.featurizer!r} returned the shape {values.shape} where "
            f"{(len(frames), bound.n_features)} (frames, features) is needed; correct its kernel"
        )
    finite = np.isfinite(values)
    if not finite.all():
        frame, column = np.argwhere(~finite)[0]
        name = bound.names[column].replace("{", "{{").replace("}", "}}")
        raise FrameError(
            frames[frame],
            f"the feature '{name}' is {values[frame, column]}; leave the feature out, {LEAVE_OUT}",
        )
    return values


def compute_sound(
    bound: BoundFeaturizer,
    positions: np.ndarray,
    box: np.ndarray | None,
    frames: np.ndarray,
    told: FrameWarnings | None = None,
) -> np.ndarray:
    """Compute the features of a block of frames, with NaN for frames that cannot be used.

    Parameters
    ----------
    bound, positions, box, frames, told
        As in `compute_block`.

    Returns
    -------
    numpy.ndarray
        Features, (n, n_features) float32.
    """
    try:
        return compute_block(bound, positions, box, frames, told)
    except InputError:
        pass
    values = np.full((len(frames), bound.n_features), np.nan, np.float32)
    for row in range(len(frames)):
        one = slice(row, row + 1)
        with suppress(InputError):
            values[one] = compute_block(
                bound, positions[one], None if box is None else box[one], frames[one], told
            )
    return values


def named_fault(error: FrameError, atoms: Any, bound: BoundFeaturizer, place: Place) -> FrameError:
    """Return an error about a frame with the names of the atoms and of the file.

    Parameters
    ----------
    error : FrameError
        The error, with indices into `atoms`.
    atoms : AtomGroup
        The atoms given.
    bound : BoundFeaturizer
        The featurizer. Its atoms are named as in the names of its features.
    place : Place
        File of the frame, and its number in this file.

    Returns
    -------
    FrameError
    """
    used = np.union1d(bound.indices, np.array(error.atoms, dtype=np.int64))
    return error.named(atom_labels(atoms, used), place.file, place.frame)


def within_reach(positions: np.ndarray) -> bool:
    """Return whether all coordinates are numbers of a possible size.

    Parameters
    ----------
    positions : numpy.ndarray
        In angstrom, of any shape.

    Returns
    -------
    bool
    """
    if positions.size == 0:
        return True
    # Every comparison with NaN is False, so this condition also finds NaN.
    return bool(positions.min() >= -_MAX_COORDINATE and positions.max() <= _MAX_COORDINATE)


def check_reach(positions: np.ndarray, frame: int, indices: np.ndarray | None = None) -> None:
    """Raise an error if a coordinate of a frame is NaN, infinite or impossibly large.

    Parameters
    ----------
    positions : numpy.ndarray
        In angstrom, (n, 3).
    frame : int
        Number of the frame, for the error message.
    indices : numpy.ndarray, optional
        Index of each atom among the atoms given. By default, these are the atoms.

    Raises
    ------
    FrameError
        With the first such atom.
    """
    if within_reach(positions):
        return
    atom, axis = np.argwhere(~(np.abs(positions) <= _MAX_COORDINATE))[0]
    name, value = "xyz"[axis], float(positions[atom, axis])
    if math.isfinite(value):
        what = f"{{}} lies at {name} = {value:.3g} angstrom, beyond {_MAX_COORDINATE:g} angstrom"
    else:
        what = f"{name} of {{}} is {'NaN' if math.isnan(value) else 'infinite'}"
    atom = atom if indices is None else indices[atom]
    raise FrameError(frame, f"{what}; {REPAIR}", (atom,))


def _check_not_all_alike(positions: np.ndarray, frames: np.ndarray) -> None:
    """Raise an error if all atoms of a frame lie at the same point, such as the origin."""
    if positions.shape[1] < 2:
        return
    # Two atoms are enough to acquit nearly every frame.
    for frame in np.flatnonzero((positions[:, 0] == positions[:, -1]).all(axis=1)):
        first = positions[frame, 0]
        if (positions[frame] == first).all():
            point = ", ".join(f"{value:.3g}" for value in first)
            raise FrameError(
                frames[frame], f"all atoms of the features lie at one point, ({point}); {REPAIR}"
            )


def as_slice(indices: np.ndarray) -> np.ndarray | slice:
    """Return indices as a slice if they are contiguous, which is smaller to send to workers."""
    first, end = int(indices[0]), int(indices[0]) + len(indices)
    return slice(first, end) if np.array_equal(indices, np.arange(first, end)) else indices


class BlockWriter:
    """Collect frames into blocks, and write their features to a feature file.

    Parameters
    ----------
    bound : BoundFeaturizer
        The featurizer.
    indices : numpy.ndarray
        Indices in the trajectory of the atoms that the featurizer needs.
    path : str
        The .npy file to write to.
    first_row : int
        Row of the file for the first frame.
    n_frames : int
        Number of frames that will be added.
    analysed : numpy.ndarray or slice
        Indices in the trajectory of all analysed atoms. Those without features are only checked.
    told : FrameWarnings
        Issues the warnings about frames.
    skip : bool
        Whether frames that cannot be used get features of NaN, in place of an error.
    """

    def __init__(
        self,
        bound: BoundFeaturizer,
        indices: np.ndarray,
        path: str,
        first_row: int,
        n_frames: int,
        analysed: np.ndarray | slice,
        told: FrameWarnings,
        skip: bool = False,
    ) -> None:
        self._told = told
        self._skip, self._compute = skip, compute_sound if skip else compute_block
        size = min(frames_per_block(bound), n_frames)
        self._bound, self._indices, self._analysed = bound, indices, analysed
        self._path, self._row = path, first_row
        self._positions = np.empty((size, len(indices), 3), dtype=np.float32)
        self._box = np.empty((size, 6), dtype=np.float32)
        self._frames = np.empty(size, dtype=np.int64)
        self._n_filled = 0
        self._signatures: list[np.ndarray] = []

    def add(self, timestep: Any) -> None:
        """Add a frame.

        Parameters
        ----------
        timestep : MDAnalysis.coordinates.timestep.Timestep
            The frame. Its positions are copied.

        Raises
        ------
        FrameError
            If the coordinates of an analysed atom are impossible, or those of an earlier frame.
        """
        if self._n_filled == len(self._positions):
            self.flush()
        row = self._n_filled
        positions = timestep.positions if timestep.has_positions else None
        # `take` is three times as fast as indexing. Mode "raise" would make a copy first.
        if positions is not None:
            positions.take(self._indices, 0, self._positions[row], "clip")
        else:
            self._positions[row] = np.nan
        # Zeros are the sign for a frame without a box.
        box = timestep.dimensions
        self._box[row] = 0.0 if box is None else box
        self._frames[row] = timestep.frame
        self._n_filled += 1
        # The trajectory may have other atoms, which are not analysed.
        if positions is not None and not within_reach(positions):
            positions = positions[self._analysed]
            if not within_reach(positions):
                if self._skip:
                    self._positions[row] = np.nan
                    return
                self.flush()  # An earlier frame may have a fault, too.
                check_reach(positions, timestep.frame)

    @property
    def signatures(self) -> np.ndarray:
        """Signatures of all frames whose features were written, (n,) uint64."""
        return np.concatenate([np.empty(0, np.uint64), *self._signatures])

    def flush(self) -> None:
        """Compute and write the features of the frames added since the last block."""
        filled, self._n_filled = self._n_filled, 0
        if filled == 0:
            return
        box = self._box[:filled] if self._box[:filled].any() else None
        values = self._compute(
            self._bound, self._positions[:filled], box, self._frames[:filled], self._told
        )
        write_rows(self._path, self._row, values)
        self._signatures.append(signatures(self._positions[:filled]))
        self._row += filled

"""Compute, check and write features in blocks of frames."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InputError
from ..featurizers.base import BoundFeaturizer
from ..storage.npy import write_rows

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
    bound: BoundFeaturizer, positions: np.ndarray, box: np.ndarray | None, frames: np.ndarray
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
        Frame numbers for error messages, (n,).

    Returns
    -------
    numpy.ndarray
        Features, (n, n_features) float32.

    Raises
    ------
    InputError
        If a coordinate or a feature is not a finite number. The message names the first frame.
    """
    # Every comparison with NaN is False, so this condition also finds NaN.
    if not (positions.min() >= -_MAX_COORDINATE and positions.max() <= _MAX_COORDINATE):
        frame, atom, axis = np.argwhere(~(np.abs(positions) <= _MAX_COORDINATE))[0]
        raise InputError(
            f"frame {frames[frame]:,}: atom {bound.indices[atom]:,} of the atoms given lies at "
            f"{'xyz'[axis]} = {positions[frame, atom, axis]:.3g} angstrom, so features such as "
            f"'{bound.names[0]}' would be meaningless; leave the frame out (frames=, start, stop) "
            "or repair the trajectory"
        )
    values = np.asarray(bound(positions, box), dtype=np.float32)
    if values.shape != (len(frames), bound.n_features):
        raise InputError(
            f"the featurizer {bound.featurizer!r} returned the shape {values.shape} where "
            f"{(len(frames), bound.n_features)} (frames, features) is needed; correct its kernel"
        )
    finite = np.isfinite(values)
    if not finite.all():
        frame, column = np.argwhere(~finite)[0]
        raise InputError(
            f"frame {frames[frame]:,}: the feature '{bound.names[column]}' is "
            f"{values[frame, column]}; leave the frame out (frames=, start, stop), or the feature"
        )
    return values


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
    compute : callable
        The function that computes the features of a block: `compute_block`, or one that leaves
        out frames.
    """

    def __init__(
        self,
        bound: BoundFeaturizer,
        indices: np.ndarray,
        path: str,
        first_row: int,
        n_frames: int,
        compute: Callable[..., np.ndarray] = compute_block,
    ) -> None:
        self._compute = compute
        size = min(frames_per_block(bound), n_frames)
        self._bound, self._indices = bound, indices
        self._path, self._row = path, first_row
        self._positions = np.empty((size, len(indices), 3), dtype=np.float32)
        self._box = np.empty((size, 6), dtype=np.float32)
        self._frames = np.empty(size, dtype=np.int64)
        self._has_box = True
        self._n_filled = 0

    def add(self, timestep: Any) -> None:
        """Add a frame.

        Parameters
        ----------
        timestep : MDAnalysis.coordinates.timestep.Timestep
            The frame. Its positions are copied.
        """
        box = timestep.dimensions
        has_box = box is not None
        if self._n_filled == len(self._positions) or has_box != self._has_box:
            self.flush()
        self._has_box = has_box
        row = self._n_filled
        # `take` is three times as fast as indexing. Mode "raise" would make a copy first.
        if timestep.has_positions:
            timestep.positions.take(self._indices, 0, self._positions[row], "clip")
        else:
            self._positions[row] = np.nan
        if has_box:
            self._box[row] = box
        self._frames[row] = timestep.frame
        self._n_filled += 1

    def flush(self) -> None:
        """Compute and write the features of the frames added since the last block."""
        filled, self._n_filled = self._n_filled, 0
        if filled == 0:
            return
        box = self._box[:filled] if self._has_box else None
        values = self._compute(self._bound, self._positions[:filled], box, self._frames[:filled])
        write_rows(self._path, self._row, values)
        self._row += filled

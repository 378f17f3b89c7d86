"""Atoms of MDAnalysis or mdtraj, together with their trajectory."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..errors import FrameError, InputError
from ..featurizers.geometry.arms import REPAIR
from ..featurizers.geometry.boxes import boxes_or_none
from ..featurizers.topology.atoms import as_atoms, is_mdtraj
from ..featurizers.topology.names import atom_labels
from .blocks import check_reach
from .frame_reader import FrameReader, keep_current_frame
from .frames import place_of
from .input_files import InputFiles

_ANGSTROM_PER_NM = 10.0


@dataclass(frozen=True)
class MovingAtoms:
    """An AtomGroup and the frames of its trajectory.

    Attributes
    ----------
    atoms : AtomGroup
        The atoms, with positions in angstrom.
    times : numpy.ndarray or None
        Times of the frames in ps, (n_frames,) float64, if the trajectory does not contain them.
    """

    atoms: Any
    times: np.ndarray | None = None

    @classmethod
    def of(cls, source: Any) -> Self:
        """Make moving atoms from any source.

        Parameters
        ----------
        source : Universe, AtomGroup or mdtraj.Trajectory
            The source. An mdtraj.Trajectory is copied into a Universe, in angstrom.

        Returns
        -------
        MovingAtoms

        Raises
        ------
        InputError
            If `source` is of another type or has no coordinates.

        Examples
        --------
        >>> import MDAnalysis as mda
        >>> from mdgmvae.trajectory.moving_atoms import MovingAtoms
        >>> MovingAtoms.of(mda.Universe.empty(3, trajectory=True)).n_frames
        1
        """
        atoms = as_atoms(source)
        if is_mdtraj(source):
            if not hasattr(source, "xyz"):
                raise InputError("an mdtraj Topology has no coordinates; pass an mdtraj.Trajectory")
            _load_frames(atoms.universe, source)
            return cls(atoms, np.asarray(source.time, dtype=np.float64))
        if not hasattr(atoms.universe, "trajectory"):
            raise InputError("the universe has no coordinates; load a trajectory into it")
        return cls(atoms)

    @property
    def n_frames(self) -> int:
        """Number of frames of the trajectory."""
        return int(self.atoms.universe.trajectory.n_frames)

    @contextmanager
    def at(self, frames: Iterable[int]) -> Iterator[Iterator[Any]]:
        """Open the given frames for reading, in a ``with`` statement.

        At its end, after an error too, the trajectory returns to the frame that it was at.

        Parameters
        ----------
        frames : iterable of int
            Frame numbers in any order.

        Yields
        ------
        iterator of MDAnalysis.coordinates.timestep.Timestep
            The Timestep of the trajectory at each of the frames.

        Raises
        ------
        InputError
            If a frame cannot be read, or a coordinate of the atoms is NaN or not of a possible
            size, or a file has changed at the end of the loop.
        """
        with keep_current_frame(self.atoms.universe.trajectory):
            yield self._read(list(frames))

    def _read(self, frames: list[int]) -> Iterator[Any]:
        universe = self.atoms.universe
        # A single frame is read at once, so that nothing can change meanwhile.
        inputs = InputFiles.of_universe(universe) if len(frames) > 1 else None
        for frame, ts in zip(frames, FrameReader(universe.trajectory, frames), strict=True):
            self._check(ts, frame)
            if self.times is not None:
                ts.time = self.times[frame]
            yield ts
        if inputs is not None:
            inputs.check()

    def _check(self, timestep: Any, frame: int) -> None:
        try:
            if not timestep.has_positions:
                raise FrameError(frame, f"there are no coordinates; {REPAIR}")
            check_reach(timestep.positions[self.atoms.ix], frame)
        except FrameError as error:
            labels = atom_labels(self.atoms, np.array(error.atoms)) if error.atoms else {}
            place = place_of(self.atoms.universe.trajectory, frame)
            raise error.named(labels, place.file, place.frame) from error


def show_frame(atoms: Any, positions: np.ndarray, box: np.ndarray | None) -> None:
    """Give atoms without a trajectory the coordinates of a frame.

    Bonds that the topology lacks can then be guessed, as for a source with a trajectory.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms. Their universe must not have a trajectory yet.
    positions : numpy.ndarray
        Coordinates in angstrom, (n_atoms, 3). The other atoms of the universe get NaN.
    box : numpy.ndarray or None
        Lengths in angstrom and angles in degrees, (6,).
    """
    every = np.full((1, atoms.universe.atoms.n_atoms, 3), np.nan, dtype=np.float32)
    every[0, atoms.ix] = positions
    atoms.universe.load_new(every, order="fac", dimensions=None if box is None else box[None])


def _load_frames(universe: Any, source: Any) -> None:
    """Copy the frames of an mdtraj.Trajectory into a universe."""
    boxes = None
    if source.unitcell_lengths is not None and source.unitcell_angles is not None:
        boxes = boxes_or_none(source.unitcell_lengths * _ANGSTROM_PER_NM, source.unitcell_angles)
    positions = source.xyz * np.float32(_ANGSTROM_PER_NM)
    universe.load_new(positions, order="fac", dimensions=boxes)

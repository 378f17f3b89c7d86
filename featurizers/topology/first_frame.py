"""Coordinates of atoms in the first frame of their trajectory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..geometry.arms import LONGEST_BOND
from ..geometry.boxes import is_box, minimum_image
from ..geometry.neighbours import close_pairs

#: Shortest bond in angstrom between residues. Atoms that are closer clash, or are not placed.
SHORTEST_LINK = 1.0


@dataclass(frozen=True, eq=False)
class FirstFrame:
    """Coordinates and box of a frame.

    Attributes
    ----------
    positions : numpy.ndarray
        Coordinates in angstrom, (n_atoms, 3) float32.
    box : numpy.ndarray or None
        Lengths in angstrom and angles in degrees, (6,). None if the frame has no real box.
    """

    positions: np.ndarray
    box: np.ndarray | None

    @classmethod
    def of(cls, atoms: Any) -> "FirstFrame | None":
        """Read the first frame of a trajectory. The trajectory stays at its current frame.

        Decisions about a topology are made with this frame, so that they do not depend on the
        frame that the trajectory happens to be at.

        Parameters
        ----------
        atoms : AtomGroup
            The atoms.

        Returns
        -------
        FirstFrame or None
            None if the universe has no trajectory, or its first frame has no coordinates.

        Examples
        --------
        >>> import MDAnalysis as mda
        >>> from mdgmvae.data import alanine_dipeptide
        >>> from mdgmvae.featurizers.topology.first_frame import FirstFrame
        >>> u = mda.Universe(*alanine_dipeptide())
        >>> before = u.trajectory[7].frame
        >>> FirstFrame.of(u.select_atoms("name CA")).positions.shape, u.trajectory.frame
        ((1, 3), 7)
        """
        trajectory = getattr(atoms.universe, "_trajectory", None)
        if trajectory is None:
            return None
        current = trajectory.ts.frame
        if current == 0 or not _can_rewind(trajectory):
            return cls._at(trajectory.ts, atoms)
        # The user may have changed the coordinates of the current frame in memory.
        kept = trajectory.ts.positions.copy() if trajectory.ts.has_positions else None
        try:
            return cls._at(trajectory[0], atoms)
        finally:
            timestep = trajectory[current]
            if kept is not None:
                timestep.positions = kept

    def distances(self, rows: Sequence[int], others: Sequence[int]) -> np.ndarray:
        """Compute the distances of pairs of atoms, with nearest images if there is a box.

        Parameters
        ----------
        rows, others : sequence of int
            Indices of the atoms of each pair.

        Returns
        -------
        numpy.ndarray
            Distances in angstrom, (n_pairs,) float64. NaN if a coordinate is NaN.
        """
        between = self.positions[list(others)] - self.positions[list(rows)]
        if self.box is not None:
            between = minimum_image(between[None], np.asarray(self.box, np.float64)[None])[0]
        lengths: np.ndarray = np.linalg.norm(between.astype(np.float64), axis=1)
        return lengths

    def bonded_pairs(self, rows: Sequence[int], others: Sequence[int]) -> np.ndarray:
        """Find the atoms of two lists that are as close as bonded atoms.

        Parameters
        ----------
        rows, others : sequence of int
            Indices of the atoms of each list.

        Returns
        -------
        numpy.ndarray
            Pairs of indices into the two lists, the closest first, (n_pairs, 2) int64.
        """
        one, other = self.positions[list(rows)], self.positions[list(others)]
        finite = [np.flatnonzero(np.isfinite(points).all(axis=1)) for points in (one, other)]
        found, lengths = close_pairs(one[finite[0]], other[finite[1]], LONGEST_BOND, self.box)
        apart = lengths > SHORTEST_LINK
        found = found[apart][np.argsort(lengths[apart], kind="stable")]
        pairs: np.ndarray = np.stack([finite[side][found[:, side]] for side in (0, 1)], axis=1)
        return pairs

    @classmethod
    def _at(cls, timestep: Any, atoms: Any) -> "FirstFrame | None":
        if not timestep.has_positions:
            return None
        box = timestep.dimensions
        # A placeholder, as the box of 1 x 1 x 1 angstrom in many PDB files, is none.
        boxes = None if box is None else np.asarray(box, np.float64)[None]
        real = boxes is not None and is_box(boxes, 2 * LONGEST_BOND)[0]
        return cls(timestep.positions[atoms.ix], np.array(box) if real else None)


def _can_rewind(trajectory: Any) -> bool:
    """Return False for streams, which can only go forward."""
    from MDAnalysis.coordinates.base import StreamReaderBase

    return not isinstance(trajectory, StreamReaderBase)

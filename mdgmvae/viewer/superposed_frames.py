"""Frames of a trajectory for a viewer: molecules made whole, and superposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..annotation.superposition import superposed
from ..errors import FrameError
from ..featurizers.geometry.whole import Links, make_whole
from ..featurizers.topology.molecules import linked_atoms
from ..trajectory.moving_atoms import MovingAtoms

#: Frames that are made whole at once.
_BLOCK = 500


@dataclass(frozen=True, eq=False)
class SuperposedFrames:
    """Frames whose broken molecules are made whole, superposed on a reference.

    Parameters
    ----------
    moving : MovingAtoms
        The atoms that are read.
    places : ndarray of int64 of shape (n_atoms,)
        Their places in the AtomGroup that was given, sorted.
    links : Links or None
        Links between these atoms, along which broken molecules are made whole.
    fitted : ndarray of bool of shape (n_atoms,)
        The atoms that are superposed.
    reference : ndarray of float32 of shape (n_atoms, 3), or None
        Where they are superposed, in angstrom; other atoms do not matter. None: frames are not
        superposed.
    """

    moving: MovingAtoms
    places: np.ndarray
    links: Links | None
    fitted: np.ndarray
    reference: np.ndarray | None = None

    @classmethod
    def of(cls, moving: MovingAtoms, read: np.ndarray, fitted: np.ndarray) -> Self:
        """Link atoms in the current frame. Frames are not superposed yet.

        Parameters
        ----------
        moving : MovingAtoms
            The atoms.
        read : ndarray of int64
            Sorted places of the atoms to read. Atoms that link them are read as well.
        fitted : ndarray of int64
            Places of the atoms that are superposed, part of `read`.
        """
        linked = linked_atoms(moving.atoms, read)
        links = None
        if linked is not None:
            read, links = linked
        atoms = MovingAtoms(moving.atoms[read], moving.times)
        return cls(atoms, read, links, np.isin(read, fitted))

    def onto(self, reference: np.ndarray) -> Self:
        """Return the same frames, superposed on a reference (n_atoms, 3) in angstrom."""
        return replace(self, reference=reference)

    def read(self, frames: Sequence[int] | np.ndarray) -> np.ndarray:
        """Read the positions of frames, (n_frames, n_atoms, 3), as `read_with_times` does."""
        return self.read_with_times(frames)[0]

    def read_with_times(self, frames: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read frames. The current frame of the Universe stays.

        Parameters
        ----------
        frames : sequence of int
            Frame numbers in any order.

        Returns
        -------
        positions : ndarray of float32 of shape (n_frames, n_atoms, 3)
            In angstrom.
        times : ndarray of float64 of shape (n_frames,)
            What the reader gives as times, in ps if the file holds times.

        Raises
        ------
        InputError
            If a frame cannot be read.
        """
        numbers = [int(frame) for frame in frames]
        ix = self.moving.atoms.ix
        positions = np.empty((len(numbers), len(ix), 3), np.float32)
        boxes, times = np.zeros((len(numbers), 6)), np.empty(len(numbers))
        with self.moving.at(numbers) as steps:
            for row, ts in enumerate(steps):
                positions[row], times[row] = ts.positions[ix], ts.time
                if ts.dimensions is not None:
                    boxes[row] = ts.dimensions
        for first in range(0, len(numbers), _BLOCK):
            block = slice(first, first + _BLOCK)
            whole = _whole(positions[block], boxes[block], self.links)
            if self.reference is not None:
                whole = superposed(whole, self.reference, self.fitted)
            positions[block] = whole
        return positions, times


def _whole(positions: np.ndarray, boxes: np.ndarray, links: Links | None) -> np.ndarray:
    """Make the molecules of frames (n_frames, n_atoms, 3) whole, where the boxes allow it."""
    if links is None:
        return positions
    try:
        return make_whole(positions, boxes, links)
    except FrameError:
        if len(positions) == 1:
            return positions  # The picture shows what is wrong with the frame.
    frames = zip(positions[:, np.newaxis], boxes[:, np.newaxis], strict=True)
    return np.concatenate([_whole(frame, box, links) for frame, box in frames])

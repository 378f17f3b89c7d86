"""What a browser needs to draw a molecule: its topology, and the positions of frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..annotation.superposition import fitted_atoms
from ..trajectory.moving_atoms import MovingAtoms
from .drawn_atoms import Ribbon, bonds_between, elements_of, ribbons_of, sticks_of
from .packing import pack, steps
from .secondary_structure import SecondaryStructure
from .superposed_frames import SuperposedFrames


@dataclass(frozen=True)
class Snapshots:
    """Frames of a molecule, superposed.

    Parameters
    ----------
    positions : ndarray of float32 of shape (n_frames, n_drawn, 3)
        Positions of the atoms that are drawn, in angstrom. The middle of the reference is the
        origin.
    structure : ndarray of uint8 of shape (n_frames, n_residues), or None
        The letters H (helix), E (strand) and C (coil) of the residues of all ribbons.
    times : ndarray of float64 of shape (n_frames,)
        What the reader gives as times, in ps if the file holds times.
    """

    positions: np.ndarray
    structure: np.ndarray | None
    times: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """Pack the frames for ``unpackStructures`` of ``browser/unpack.js``.

        Returns
        -------
        dict
            "n", "xyz" and "structure".

        Raises
        ------
        InputError
            If a coordinate is too large.
        """
        return {
            "n": len(self.positions),
            "xyz": pack(steps(self.positions)),
            "structure": None if self.structure is None else pack(self.structure),
        }


@dataclass(frozen=True)
class Molecule:
    """Atoms of a trajectory that a browser draws.

    Proteins of ten residues and more and nucleic acids are ribbons; of them, only one atom a
    residue is sent. Ligands and small molecules are balls and sticks. Water, ions and lipids are
    not drawn, unless there is nothing else. Secondary structure is that of each frame, by DSSP; if
    the backbone is incomplete, the browser derives it from the C-alpha atoms.

    Parameters
    ----------
    frames : SuperposedFrames
        The atoms that are read, superposed on the reference with the longest axis of the molecule
        from left to right.
    drawn : ndarray of int64 of shape (n_drawn,)
        Places of the atoms that are drawn.
    secondary : SecondaryStructure or None
        Of the ribbons, with places among the atoms that are read.
    content : dict
        The topology for the browser.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.viewer.molecule import Molecule
    >>> molecule = Molecule.of(mda.Universe(*alanine_dipeptide()))
    >>> len(molecule.topology()["bonds"]), molecule.topology()["chains"]
    (21, [])
    >>> molecule.snapshots([0, 6400]).positions.shape
    (2, 22, 3)
    """

    frames: SuperposedFrames
    drawn: np.ndarray
    secondary: SecondaryStructure | None
    content: dict[str, Any]

    @classmethod
    def of(cls, source: Any, reference: int = 0) -> Self:
        """Choose what to draw.

        Parameters
        ----------
        source : Universe, AtomGroup, mdtraj.Trajectory or MovingAtoms
            The atoms.
        reference : int
            The frame on which the others are superposed.

        Returns
        -------
        Molecule

        Raises
        ------
        InputError
            If the source has no coordinates, or too many atoms would have to be drawn.
        """
        moving = source if isinstance(source, MovingAtoms) else MovingAtoms.of(source)
        everything = moving.atoms
        ribbons, fitted = ribbons_of(everything), np.flatnonzero(fitted_atoms(everything))
        sticks = sticks_of(everything, ribbons)
        secondary = SecondaryStructure.of(everything, ribbons)
        backbone = np.empty(0, np.int64) if secondary is None else secondary.backbone.ravel()
        drawn = np.concatenate([*(ribbon.atoms for ribbon in ribbons), sticks])
        read = np.unique(np.concatenate([drawn, fitted, backbone]))
        with moving.at([reference]) as steps:
            next(steps)
            bonds, longest = bonds_between(everything, sticks)
            frames = SuperposedFrames.of(moving, read, fitted)
        read = frames.places
        if secondary is not None:
            places = np.searchsorted(read, secondary.backbone)
            secondary = SecondaryStructure(
                places, secondary.residues, secondary.n_residues, secondary.topology
            )
        return cls(
            frames.onto(_lying(frames.read([reference])[0], frames.fitted)),
            np.searchsorted(read, drawn),
            secondary,
            _content(ribbons, elements_of(everything[sticks]), bonds, longest),
        )

    @property
    def n_frames(self) -> int:
        """Number of frames of the trajectory."""
        return self.frames.moving.n_frames

    def topology(self) -> dict[str, Any]:
        """Describe what is drawn, for JSON.

        Returns
        -------
        dict
            The ``Topology`` of ``browser/molecule.js``. Atoms are numbered as in `snapshots`.
        """
        return self.content

    def snapshots(self, frames: Iterable[int]) -> Snapshots:
        """Read frames and superpose them. The current frame of the Universe stays.

        Parameters
        ----------
        frames : iterable of int
            Frame numbers in any order.

        Returns
        -------
        Snapshots

        Raises
        ------
        InputError
            If a frame cannot be read.
        """
        moved, times = self.frames.read_with_times(list(frames))
        if self.secondary is None:
            return Snapshots(moved[:, self.drawn], None, times)
        backbone = moved[:, self.secondary.backbone.ravel()]
        return Snapshots(moved[:, self.drawn], self.secondary.at(backbone), times)


def _content(
    ribbons: list[Ribbon], elements: list[str], bonds: np.ndarray, longest: float
) -> dict[str, Any]:
    chains, first = [], 0
    for ribbon in ribbons:
        n = len(ribbon.atoms)
        chains.append({"atoms": list(range(first, first + n)), "reach": ribbon.reach})
        first += n
    return {
        "n_atoms": first + len(elements),
        "chains": chains,
        "sticks": list(range(first, first + len(elements))),
        "elements": elements,
        "bonds": (bonds + first).tolist(),
        "longest": round(longest, 2),
    }


def _lying(positions: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Move a molecule to the origin, its longest axis along x, its shortest along z."""
    points = positions[fitted].astype(float)
    centre = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - centre, full_matrices=True)
    if np.linalg.det(axes) < 0:  # A mirror image would be another molecule.
        axes[2] *= -1
    lying: np.ndarray = ((positions - centre) @ axes.T).astype(np.float32)
    return lying

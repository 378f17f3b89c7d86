"""What an nglview widget gets: its atoms, how they are drawn, and on what they are superposed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..annotation.pdb import PDBFrames, within_limits
from ..annotation.superposition import fitted_atoms
from ..errors import InputError
from ..featurizers.topology.atoms import as_atoms, select_indices
from ..trajectory.moving_atoms import MovingAtoms
from .drawn_atoms import polymer_of, ribbons_of, sticks_of
from .superposed_frames import SuperposedFrames


@dataclass(frozen=True, eq=False)
class ShownAtoms:
    """The atoms that are sent to the browser, with their superposed frames.

    Parameters
    ----------
    frames : SuperposedFrames
    representations : dict of str to list of int or None
        How NGL draws them: indices of the atoms of each kind of representation; None for all.
    """

    frames: SuperposedFrames
    representations: dict[str, list[int] | None]

    @classmethod
    def of(
        cls, moving: MovingAtoms, first: int, reference: Any = None, superpose: bool | str = True
    ) -> Self:
        """Choose how atoms are drawn, and their reference.

        Parameters
        ----------
        moving : MovingAtoms
            The atoms.
        first : int
            The frame that is the reference if none is given.
        reference, superpose
            As in `mdgmvae.viewer.view`.

        Raises
        ------
        InputError
            If an argument is invalid, or the reference has other atoms.
        """
        atoms = moving.atoms
        fitted = _fitted(atoms, superpose)
        is_frame = reference is None or isinstance(reference, int | np.integer)
        frame = first if reference is None or not is_frame else int(reference)
        if not 0 <= frame < moving.n_frames:
            raise InputError(
                f"reference={frame}: the trajectory has frames 0 to {moving.n_frames - 1:,}"
            )
        with moving.at([frame]) as steps:
            next(steps)
            frames = SuperposedFrames.of(moving, np.arange(atoms.n_atoms), np.flatnonzero(fitted))
        if superpose is False:
            return cls(frames, _representations(atoms))
        onto = frames.read([frame])[0]
        if not is_frame:
            onto[fitted] = _points(as_atoms(reference), atoms[fitted], superpose)
        return cls(frames.onto(within_limits(onto, fitted)), _representations(atoms))

    def pdbs(self, frames: Sequence[int]) -> list[str]:
        """Return frames as the texts of PDB files, each of which defines the atoms.

        Raises
        ------
        InputError
            If a frame cannot be read.
        """
        moving, fitted = self.frames.moving, self.frames.fitted
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "shown.pdb"
            # NGL knows the bonds of polymers.
            superposed, bonds = self.frames.read(frames), "cartoon" not in self.representations
            with PDBFrames(moving.atoms, path, bonds=bonds) as pdb, moving.at(frames) as steps:
                for positions, ts in zip(superposed, steps, strict=True):
                    pdb.write(within_limits(positions, fitted), ts, 0)
            text = path.read_text(encoding="ascii", errors="replace")
        *models, connected = re.split(r"^ENDMDL\s*\n", text, flags=re.MULTILINE)
        return [re.split(r"^MODEL.*\n", model, flags=re.M)[-1] + connected for model in models]


def atoms_to_show(source: Any, select: str | None = None) -> MovingAtoms:
    """Return the atoms to show: those selected, or else polymers and ligands.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
    select : str, optional
        As in `mdgmvae.viewer.view`.
    """
    moving = MovingAtoms.of(source)
    atoms = moving.atoms
    if select is not None:
        atoms = atoms[select_indices(atoms, select)]
    else:
        ribbons = ribbons_of(atoms)
        drawn = polymer_of(atoms, ribbons)
        drawn[sticks_of(atoms, ribbons)] = True
        atoms = atoms[drawn]
    return MovingAtoms(atoms, moving.times)


def _representations(atoms: Any) -> dict[str, list[int] | None]:
    """Choose ribbons, sticks, and lines for what is neither, such as water that was selected."""
    ribbons = ribbons_of(atoms)
    try:
        sticks = np.isin(np.arange(atoms.n_atoms), sticks_of(atoms, ribbons))
    except InputError:  # They are too many for sticks, but were selected.
        sticks = np.zeros(atoms.n_atoms, dtype=bool)
    polymer = polymer_of(atoms, ribbons)
    parts = {"cartoon": polymer, "licorice": sticks, "line": ~(polymer | sticks)}
    return {
        kind: None if part.all() else np.flatnonzero(part).tolist()
        for kind, part in parts.items()
        if part.any()
    }


def _fitted(atoms: Any, superpose: bool | str) -> np.ndarray:
    """Return a mask of the atoms to superpose."""
    if isinstance(superpose, str):
        return np.isin(np.arange(len(atoms)), select_indices(atoms, superpose, "superpose"))
    return fitted_atoms(atoms)


def _points(reference: Any, fitted: Any, superpose: bool | str) -> np.ndarray:
    """Return the positions in a reference structure of the atoms that are superposed."""
    theirs = reference[_fitted(reference, superpose)]
    ours_named, theirs_named = (getattr(atoms, "names", None) for atoms in (fitted, theirs))
    is_same = len(theirs) == len(fitted)
    if is_same and ours_named is not None and theirs_named is not None:
        is_same = bool((ours_named == theirs_named).all())
    if not is_same:
        raise InputError(
            f"reference: its {len(theirs):,} atoms to superpose are not the {len(fitted):,} of the "
            "atoms shown; name the same ones in both, such as superpose='name CA and resid 5:90'"
        )
    points: np.ndarray = theirs.positions
    return points

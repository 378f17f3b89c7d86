"""Dihedral angles of the backbone, of side chains, or of any four atoms."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from ..tables import counted
from .angular import (
    AngularKernel,
    check_form,
    checked_angles,
    checked_atoms,
    columns,
)
from .base import BoundFeaturizer, Featurizer
from .geometry.arms import LONGEST_BOND
from .geometry.kernels import dihedral_angles
from .topology.atoms import select_indices
from .topology.backbone import linked_residues
from .topology.indices import check_switch, checked_indices
from .topology.names import atom_labels, residue_labels


def _patterns(text: str) -> tuple[tuple[str, ...], ...]:
    """Split patterns at commas, and each pattern into the names of its atoms."""
    return tuple(tuple(line.split()) for line in text.split(","))


# Patterns of atom names. The first pattern that is complete in a residue is used. "-C" is an atom
# of the previous residue, "+N" of the next one. The second patterns of phi and psi are for chains
# capped by CHARMM, where the atoms of the cap belong to the residue itself.
_DEFINITIONS = {
    "phi": _patterns("-C N CA C, CY N CA C"),
    "psi": _patterns("N CA C +N, N CA C NT"),
    "omega": _patterns("CA C +N +CA"),
    "chi1": _patterns("N CA CB CG, N CA CB CG1, N CA CB SG, N CA CB OG, N CA CB OG1, N CA CB SEG"),
    "chi2": _patterns(
        "CA CB CG CD, CA CB CG CD1, CA CB CG1 CD1, CA CB CG1 CD, CA CB CG OD1, CA CB CG ND1, "
        "CA CB CG SD, CA CB CG SE"
    ),
    "chi3": _patterns("CB CG CD NE, CB CG CD CE, CB CG CD OE1, CB CG SD CE, CB CG SE CE"),
    "chi4": _patterns("CG CD NE CZ, CG CD CE NZ"),
    "chi5": _patterns("CD NE CZ NH1"),
}


@dataclass(frozen=True)
class Dihedrals(Featurizer):
    """Dihedral angles, as cosine and sine or in radians.

    Without arguments, the features are all phi and psi angles of the backbone.

    Parameters
    ----------
    select : str, optional
        Selection in MDAnalysis' language, applied within the atoms given. None selects all of
        them. An angle is used only if all four of its atoms are selected.
    angles : tuple of {'phi', 'psi', 'omega', 'chi1', 'chi2', 'chi3', 'chi4', 'chi5'}
        Kinds of angles, or a single kind. Columns are in this order and, for each kind, in the
        order of the residues.
    quadruples : array_like of int, optional
        Atoms of each dihedral, (n_dihedrals, 4), as 0-based indices into the atoms given. Use it
        instead of `select` and `angles`.
    form : {'cossin', 'radians'}
        The cosine and sine of each angle in two columns, which are continuous at 180 degrees, or
        the angle in [-pi, pi].
    periodic : bool, optional
        Use the nearest periodic images of the vectors between neighbouring atoms. None (default)
        does so for named dihedrals, in every frame that has a box. For `quadruples`, whose arms
        may be longer than half a box, molecules are made whole instead. True requires a box in
        every frame.

    Raises
    ------
    InputError
        If an option is invalid. `bind` raises it if there is no such angle.

    Notes
    -----
    Two residues are neighbours if the topology has a bond between their C and N, or if these atoms
    are 1.0 to 2.2 angstrom apart in the first frame of the trajectory, with nearest images if it
    has a box. Only without coordinates, residues are neighbours if they belong to the same chain
    and segment and their numbers are consecutive. An omega angle belongs to the residue of its
    first two atoms. Signs follow the IUPAC convention, as in MDAnalysis and mdtraj.

    Columns are called "phi ALA2 cos" and "phi ALA2 sin", or "phi ALA2" in radians.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers import Dihedrals
    >>> u = mda.Universe(alanine_dipeptide().topology)
    >>> Dihedrals().bind(u).names
    ('phi ALA2 cos', 'phi ALA2 sin', 'psi ALA2 cos', 'psi ALA2 sin')
    >>> Dihedrals(angles="phi", form="radians").bind(u).units
    ('radian',)
    """

    select: str | None = None
    angles: tuple[str, ...] = ("phi", "psi")
    quadruples: tuple[tuple[int, ...], ...] | None = None
    form: str = "cossin"
    periodic: bool | None = None

    kind: ClassVar[str] = "dihedrals"

    def __post_init__(self) -> None:
        """Check the options."""
        object.__setattr__(self, "angles", checked_angles(self.angles, _DEFINITIONS))
        check_form(self.form)
        check_switch(self.periodic, "periodic", (True, False, None))
        if self.quadruples is not None:
            rows = checked_atoms(self.quadruples, 4, "quadruples", self.select)
            object.__setattr__(self, "quadruples", rows)

    def _takes_whole_molecules(self) -> bool:
        """Return True unless nearest images are used, as for bonds."""
        return self.quadruples is not None and not self.periodic

    def _bind(self, atoms: Any) -> BoundFeaturizer:
        quadruples, names = self._explicit(atoms) if self.quadruples else self._named(atoms)
        indices, local = np.unique(quadruples, return_inverse=True)
        # The arms of named dihedrals are bonds.
        longest = None if self.quadruples else np.full((len(quadruples), 3), LONGEST_BOND)
        kernel = AngularKernel(
            dihedral_angles, local.reshape(quadruples.shape), self.form, self.periodic, longest
        )
        return BoundFeaturizer(self, indices, *columns(names, self.form), kernel)

    def _explicit(self, atoms: Any) -> tuple[np.ndarray, list[str]]:
        """Return the atoms and names of dihedrals that the user specified by their atoms."""
        assert self.quadruples is not None
        quadruples = checked_indices(self.quadruples, atoms.n_atoms, "quadruples")
        labels = atom_labels(atoms, quadruples)
        return quadruples, [
            "dihedral " + "-".join(labels[index] for index in row) for row in quadruples.tolist()
        ]

    def _named(self, atoms: Any) -> tuple[np.ndarray, list[str]]:
        """Return the atoms and names of dihedrals that the user specified by their kind."""
        chosen = select_indices(atoms, self.select)
        residues = linked_residues(atoms, chosen)
        found: list[tuple[str, int, tuple[int, ...]]] = []
        for angle in self.angles:
            for residue in residues:
                matches = (residue.find(pattern) for pattern in _DEFINITIONS[angle])
                atoms_of_angle = next((match for match in matches if match), None)
                if atoms_of_angle:
                    found.append((angle, residue.resindex, atoms_of_angle))
        if not found:
            where = f"select='{self.select}'" if self.select else "the atoms given"
            raise InputError(
                f"no {' or '.join(self.angles)} in {where} ({counted(len(chosen), 'atom')}): all "
                "four atoms of an angle have to be selected, including those of neighbouring "
                "residues; select whole residues of a peptide, or pass quadruples="
            )
        quadruples = np.array([row for _, _, row in found], dtype=np.int64)
        owners = np.isin(atoms.resindices, [resindex for _, resindex, _ in found])
        labels = residue_labels(atoms, np.flatnonzero(owners))
        return quadruples, [f"{angle} {labels[resindex]}" for angle, resindex, _ in found]

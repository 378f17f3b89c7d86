"""Dihedral angles of the backbone, of side chains, or of any four atoms."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from .angular import (
    AngularKernel,
    check_form,
    checked_angles,
    checked_atoms,
    columns,
)
from .base import BoundFeaturizer, Featurizer
from .geometry.kernels import dihedral_angles
from .topology.atoms import select_indices
from .topology.backbone import linked_residues
from .topology.indices import localised
from .topology.names import atom_labels, residue_labels


def _patterns(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split()) for line in text.split(","))


# The first pattern that a residue fills is its angle. The second of phi and psi is CHARMM's way
# to cap a chain, with the atoms of the cap in the residue itself.
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

    Without arguments: every phi and psi there.

    Parameters
    ----------
    select : str, optional
        Selection in MDAnalysis' language, within the atoms given. None is all of them. All four
        atoms of an angle have to be selected.
    angles : tuple of {'phi', 'psi', 'omega', 'chi1', 'chi2', 'chi3', 'chi4', 'chi5'}
        The kinds of angle; columns come in this order, each along the chain. A single name
        works too.
    quadruples : array_like of int, optional
        Explicit atoms, (n_dihedrals, 4), 0-based indices into the atoms given, instead of
        `select` and `angles`.
    form : {'cossin', 'radians'}
        Two columns an angle, its cosine and its sine, which have no jump at 180 degrees; or the
        angle in [-pi, pi].
    periodic : bool, optional
        Whether bond vectors are the nearest periodic images, as molecules that are broken over
        the boundary of the box need it. None: in every frame that has a box. True: always, and
        a frame without a box is an error.

    Raises
    ------
    InputError
        When an option makes no sense; on binding, when there is no such angle.

    Notes
    -----
    Residues are neighbours by a bond between C and N, or where there are no bonds by chain,
    segment and residue number; chains are never connected. An omega belongs to the residue of
    its first two atoms. Signs are those of IUPAC, as in MDAnalysis and mdtraj.

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
        object.__setattr__(self, "angles", checked_angles(self.angles, _DEFINITIONS))
        check_form(self.form)
        if self.quadruples is not None:
            rows = checked_atoms(self.quadruples, 4, "quadruples", self.select)
            object.__setattr__(self, "quadruples", rows)

    def _bind(self, atoms: Any) -> BoundFeaturizer:
        quadruples, names = self._explicit(atoms) if self.quadruples else self._named(atoms)
        indices, local = np.unique(quadruples, return_inverse=True)
        kernel = AngularKernel(
            dihedral_angles, local.reshape(quadruples.shape), self.form, self.periodic
        )
        return BoundFeaturizer(self, indices, *columns(names, self.form), kernel)

    def _explicit(self, atoms: Any) -> tuple[np.ndarray, list[str]]:
        assert self.quadruples is not None
        quadruples = localised(self.quadruples, atoms.n_atoms, "quadruples")
        labels = atom_labels(atoms, quadruples)
        return quadruples, [
            "dihedral " + "-".join(labels[index] for index in row) for row in quadruples.tolist()
        ]

    def _named(self, atoms: Any) -> tuple[np.ndarray, list[str]]:
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
                f"no {' or '.join(self.angles)} in {where} ({len(chosen)} atoms): all four atoms "
                "of an angle, those of the neighbouring residues too, have to be selected; "
                "select whole residues of a peptide, or give quadruples"
            )
        quadruples = np.array([row for _, _, row in found], dtype=np.int64)
        owners = np.isin(atoms.resindices, [resindex for _, resindex, _ in found])
        labels = residue_labels(atoms, np.flatnonzero(owners))
        return quadruples, [f"{angle} {labels[resindex]}" for angle, resindex, _ in found]

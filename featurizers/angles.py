"""Angles between bonds of the backbone, or between any three atoms."""

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
from .geometry.kernels import bond_angles
from .topology.atoms import select_indices
from .topology.backbone import linked_residues
from .topology.indices import check_switch, checked_indices
from .topology.names import atom_labels

_DEFINITIONS = {
    "N-CA-C": ("N", "CA", "C"),
    "CA-C-N": ("CA", "C", "+N"),
    "C-N-CA": ("-C", "N", "CA"),
    "CA-CA-CA": ("-CA", "CA", "+CA"),
}
#: Largest length in angstrom of arms that are no bonds. Over a trans peptide bond it is 3.8.
_ARMS = {"CA-CA-CA": 5.0}


@dataclass(frozen=True)
class Angles(Featurizer):
    """Angles between three atoms, in radians or as cosine and sine.

    Without arguments, the features are the bond angles of the backbone.

    Parameters
    ----------
    select : str, optional
        Selection in MDAnalysis' language, applied within the atoms given. None selects all of
        them. An angle is used only if all three of its atoms are selected.
    triples : array_like of int, optional
        Atoms of each angle, (n_angles, 3), as 0-based indices into the atoms given. Use it
        instead of `select` and `angles`.
    angles : tuple of {'N-CA-C', 'CA-C-N', 'C-N-CA', 'CA-CA-CA'}
        Kinds of angles. Neighbouring residues are found as for `Dihedrals`.
    form : {'radians', 'cossin'}
        The angle in [0, pi], or its cosine and sine in two columns.
    periodic : bool, optional
        Use the nearest periodic images of the vectors between neighbouring atoms. None (default)
        does so for named angles, in every frame that has a box. For `triples`, whose arms may be
        longer than half a box, molecules are made whole instead.

    Raises
    ------
    InputError
        If an option is invalid. `bind` raises it if there is no such angle.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers import Angles
    >>> u = mda.Universe(alanine_dipeptide().topology)
    >>> Angles(angles="N-CA-C").bind(u).names
    ('angle ALA2:N-ALA2:CA-ALA2:C',)
    """

    select: str | None = None
    triples: tuple[tuple[int, ...], ...] | None = None
    angles: tuple[str, ...] = ("N-CA-C", "CA-C-N", "C-N-CA")
    form: str = "radians"
    periodic: bool | None = None

    kind: ClassVar[str] = "angles"

    def __post_init__(self) -> None:
        """Check the options."""
        object.__setattr__(self, "angles", checked_angles(self.angles, _DEFINITIONS))
        check_form(self.form)
        check_switch(self.periodic, "periodic", (True, False, None))
        if self.triples is not None:
            rows = checked_atoms(self.triples, 3, "triples", self.select)
            object.__setattr__(self, "triples", rows)

    def _takes_whole_molecules(self) -> bool:
        """Return True unless nearest images are used, as for bonds."""
        return self.triples is not None and not self.periodic

    def _bind(self, atoms: Any) -> BoundFeaturizer:
        longest = None
        if self.triples is not None:
            triples = checked_indices(self.triples, atoms.n_atoms, "triples")
        else:
            triples, longest = self._backbone(atoms)
        labels = atom_labels(atoms, triples)
        names = ["angle " + "-".join(labels[index] for index in row) for row in triples.tolist()]
        indices, local = np.unique(triples, return_inverse=True)
        kernel = AngularKernel(
            bond_angles, local.reshape(triples.shape), self.form, self.periodic, longest
        )
        return BoundFeaturizer(self, indices, *columns(names, self.form), kernel)

    def _backbone(self, atoms: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the atoms of the named angles, and the largest lengths of their arms."""
        chosen = select_indices(atoms, self.select)
        residues = linked_residues(atoms, chosen)
        found = [
            (triple, _ARMS.get(angle, LONGEST_BOND))
            for angle in self.angles
            for residue in residues
            if (triple := residue.find(_DEFINITIONS[angle])) is not None
        ]
        if not found:
            where = f"select='{self.select}'" if self.select else "the atoms given"
            raise InputError(
                f"no angle {' or '.join(self.angles)} in {where} "
                f"({counted(len(chosen), 'atom')}): all three atoms have to be selected; select "
                "whole residues of a peptide, or pass triples="
            )
        triples = np.array([triple for triple, _ in found], dtype=np.int64)
        return triples, np.repeat([[arm] for _, arm in found], 2, axis=1)

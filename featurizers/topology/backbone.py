"""Link residues along their chains, to find dihedrals and backbone angles in them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .links import has_residue_names, residue_links
from .synonyms import canonical_name


@dataclass(eq=False)
class Residue:
    """Atoms of a residue by name, and its neighbours along the chain.

    Attributes
    ----------
    resindex : int
        Index of the residue in the universe.
    atoms : dict
        Indices into the atoms given, by canonical name. Only selected atoms are included.
    previous, next : Residue or None
        The neighbours along the chain.
    """

    resindex: int
    atoms: dict[str, int] = field(default_factory=dict)
    previous: "Residue | None" = field(default=None, repr=False)
    next: "Residue | None" = field(default=None, repr=False)

    def find(self, pattern: Sequence[str]) -> tuple[int, ...] | None:
        """Return the indices of the atoms that a pattern names, or None if one is missing.

        "-C" is atom C of the previous residue, "+N" is atom N of the next residue.

        Parameters
        ----------
        pattern : sequence of str
            Names of the atoms.

        Returns
        -------
        tuple of int or None
        """
        found = []
        for name in pattern:
            owner = {"-": self.previous, "+": self.next}.get(name[0], self)
            index = None if owner is None else owner.atoms.get(name.lstrip("+-"))
            if index is None:
                return None
            found.append(index)
        return tuple(found)


def linked_residues(atoms: Any, chosen: np.ndarray) -> list[Residue]:
    """Return the residues of the chosen atoms in order, linked to their neighbours.

    See `links.residue_links` for what links residues.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms given.
    chosen : numpy.ndarray
        Indices into `atoms` of the atoms that may be used.

    Returns
    -------
    list of Residue
        Residues with at least one chosen atom. Empty if the topology lacks names or residues.
    """
    if not has_residue_names(atoms):
        return []
    residues: dict[int, Residue] = {}
    some = atoms[chosen]
    columns = (chosen.tolist(), some.resindices.tolist(), some.resnames, some.names)
    for index, resindex, resname, name in zip(*columns, strict=True):
        residue = residues.setdefault(resindex, Residue(resindex))
        residue.atoms.setdefault(canonical_name(str(resname), str(name)), index)
    for before, after in residue_links(atoms).items():
        if before in residues and after in residues:
            residues[before].next = residues[after]
            residues[after].previous = residues[before]
    return list(residues.values())

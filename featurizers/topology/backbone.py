"""Link residues along their chains, to find dihedrals and backbone angles in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from .names import chain_names
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
        The neighbours across peptide bonds.
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

    Two residues are linked if their C and N are bonded. If the topology lacks the bonds of either
    atom, a residue is linked to the next one if both belong to the same chain and segment, their
    numbers are consecutive, and the first one does not end in a carboxylate.

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
    if not all(hasattr(atoms, attribute) for attribute in ("names", "resnames", "resids")):
        return []
    everything = _residues(atoms, np.arange(atoms.n_atoms))
    for before, after in _links(atoms, everything):
        before.next, after.previous = after, before
    allowed = set(chosen.tolist())
    for residue in everything:
        residue.atoms = {n: index for n, index in residue.atoms.items() if index in allowed}
    return [residue for residue in everything if residue.atoms]


def _residues(atoms: Any, indices: np.ndarray) -> list[Residue]:
    """Return the residues of the given atoms, not yet linked."""
    residues: dict[int, Residue] = {}
    for index, resindex, resname, name in zip(
        indices.tolist(), atoms.resindices.tolist(), atoms.resnames, atoms.names, strict=True
    ):
        residue = residues.setdefault(resindex, Residue(resindex))
        # If an atom has alternative locations, the first one is used.
        residue.atoms.setdefault(canonical_name(str(resname), str(name)), index)
    return list(residues.values())


def _links(atoms: Any, residues: list[Residue]) -> Iterator[tuple[Residue, Residue]]:
    """Yield the pairs of residues that a peptide bond links."""
    nitrogens = {r.atoms["N"]: r for r in residues if "N" in r.atoms}
    partners, bonded = _bonds_of(atoms, [r.atoms["C"] for r in residues if "C" in r.atoms])
    with_bonds = {index for index in nitrogens if index in bonded}
    taken: set[int] = set()
    for residue in residues:
        for partner in partners.get(residue.atoms.get("C", -1), ()):
            after = nitrogens.get(partner)
            if after is not None and after is not residue:
                taken.update((residue.resindex, -1 - after.resindex))
                yield residue, after
    keys = _sequence_keys(atoms, residues)
    for before, after in pairwise(residues):
        if before.resindex in taken or -1 - after.resindex in taken:
            continue
        carbon, nitrogen = before.atoms.get("C"), after.atoms.get("N")
        known = carbon in partners and nitrogen in with_bonds
        if (
            not known
            and "OXT" not in before.atoms
            and _follows(keys[before.resindex], keys[after.resindex])
        ):
            yield before, after


def _bonds_of(atoms: Any, carbons: list[int]) -> tuple[dict[int, list[int]], set[int]]:
    """Return the bond partners of the given carbons, and all atoms with bonds, as indices."""
    bonds = getattr(atoms.universe, "bonds", None)
    if bonds is None or len(bonds) == 0:
        return {}, set()
    place = np.full(atoms.universe.atoms.n_atoms, -1, dtype=np.int64)
    place[atoms.ix] = np.arange(atoms.n_atoms)
    pairs = place[np.asarray(bonds.to_indices())]
    wanted = np.isin(pairs, carbons)
    partners: dict[int, list[int]] = {}
    for pair, is_carbon in zip(pairs[wanted.any(axis=1)], wanted[wanted.any(axis=1)], strict=True):
        for side in np.flatnonzero(is_carbon):
            partners.setdefault(int(pair[side]), []).append(int(pair[1 - side]))
    return partners, set(np.unique(pairs).tolist()) - {-1}


def _sequence_keys(atoms: Any, residues: list[Residue]) -> dict[int, tuple[Any, int, str]]:
    """Return the chain, number and insertion code of each residue."""
    firsts = atoms[[next(iter(residue.atoms.values())) for residue in residues]]
    icodes = getattr(firsts, "icodes", [""] * len(firsts))
    chains = zip(firsts.segindices.tolist(), chain_names(firsts), strict=True)
    return {
        residue.resindex: (chain, int(resid), str(icode).strip())
        for residue, chain, resid, icode in zip(
            residues, chains, firsts.resids, icodes, strict=True
        )
    }


def _follows(before: tuple[Any, int, str], after: tuple[Any, int, str]) -> bool:
    """Return whether one residue comes right after another, by chain and number."""
    step = after[1] - before[1]
    return before[0] == after[0] and (step == 1 or (step == 0 and before[2] != after[2]))

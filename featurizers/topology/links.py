"""Links between residues along their chains."""

import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from ...errors import TopologyWarning
from ..geometry.arms import LONGEST_BOND
from .alternatives import first_locations
from .bonds import bonds_within
from .first_frame import SHORTEST_LINK, FirstFrame
from .names import chain_names
from .synonyms import canonical_name, canonical_resname

#: Largest distance in angstrom of the beads of linked residues. It is 3.8 between C-alpha atoms.
_LONGEST_STEP = 5.0
#: Atoms that end one residue and begin the next: peptide and phosphodiester bonds.
_JOINTS = (("C", "N"), ("O3'", "P"))
#: Bonds within a residue, which show whether coordinates belong to a topology.
_INNER_BONDS = (("N", "CA"), ("CA", "C"), ("C3'", "O3'"), ("P", "O5'"))
#: Atoms that stand for the backbone of a residue in coarse-grained models.
_BEADS = ("CA", "BB")
_WANTED = frozenset(
    {"OXT", *_BEADS, *(name for pair in (*_JOINTS, *_INNER_BONDS) for name in pair)}
)
#: Caps at the start of a chain.
_FIRST = frozenset({"ACE", "FOR"})
#: Caps at the end of a chain. Their carbon, if any, is no carbonyl.
_LAST = frozenset({"NME", "NH2", "NHE"})

#: Index of an atom by residue.
Sites = dict[int, int]


def residue_links(atoms: Any) -> dict[int, int]:
    """Return the residues that follow others along a chain.

    Residues are linked by a peptide bond (C and N) or a phosphodiester bond (O3' and P). The
    bonds of the topology count. Other bonds are found by distance in the first frame of the
    trajectory, with nearest periodic images if it has a box. Residues are linked by chain and
    number only if there are no coordinates that belong to the topology, or in a coarse-grained
    model of a protein. Residues of other molecules are linked by any bond between them.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms. All atoms of their residues are considered.

    Returns
    -------
    dict of int to int
        The next residue of each residue that has one, as indices in the universe.

    Warns
    -----
    TopologyWarning
        If residues with consecutive numbers in a chain are too far apart to be bonded.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers.topology.links import residue_links
    >>> residue_links(mda.Universe(alanine_dipeptide().topology).atoms)
    {0: 1, 1: 2}
    """
    if not has_residue_names(atoms):
        return {}
    links = _Links(atoms)
    links.add_bonds()
    links.add_numbers()
    links.warn()
    return links.after


def bonded_links(atoms: Any) -> dict[int, int]:
    """Return the residues that follow others along a chain, without links by number alone.

    See `residue_links`.
    """
    if not has_residue_names(atoms):
        return {}
    links = _Links(atoms)
    links.add_bonds()
    return links.after


def has_residue_names(atoms: Any) -> bool:
    """Return whether the topology has the names and numbers that links are found by."""
    return all(hasattr(atoms, attribute) for attribute in ("names", "resnames", "resids"))


def sequence_distances(atoms: Any, pairs: np.ndarray) -> np.ndarray:
    """Return the number of links between the residues of pairs of atoms.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms.
    pairs : numpy.ndarray
        Indices into `atoms`, (n_pairs, 2).

    Returns
    -------
    numpy.ndarray
        0 within a residue, 1 for linked residues, and so on, (n_pairs,) float64. Infinite for
        residues of different chains. Around a ring, the shorter way counts.

    Examples
    --------
    >>> import MDAnalysis as mda, numpy as np
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers.topology.links import sequence_distances
    >>> atoms = mda.Universe(alanine_dipeptide().topology).select_atoms("name C")
    >>> sequence_distances(atoms, np.array([[0, 0], [0, 1]])).tolist()
    [0.0, 1.0]
    """
    n_residues = len(atoms.universe.residues)
    chain, place = np.arange(n_residues), np.zeros(n_residues)
    ring = np.full(n_residues, np.inf)
    for members, is_ring in _chains(residue_links(atoms)):
        chain[members] = members[0]
        place[members] = np.arange(len(members))
        ring[members] = len(members) if is_ring else np.inf
    first, second = atoms.resindices[pairs].T
    steps = np.abs(place[first] - place[second])
    steps = np.minimum(steps, ring[first] - steps)
    return np.where(chain[first] == chain[second], steps, np.inf)


def _chains(after: dict[int, int]) -> Iterator[tuple[list[int], bool]]:
    """Yield the residues of each chain in order, and whether it is a ring."""
    rest = dict(after)
    starts = sorted(after.keys() - set(after.values()))
    while rest:
        is_ring = not starts
        residue = next(iter(rest)) if is_ring else starts.pop()
        members = [residue]
        while (residue := rest.pop(residue, -1)) not in (-1, members[0]):
            members.append(residue)
        yield members, is_ring


class _Links:
    """Links that are found step by step.

    Attributes
    ----------
    after : dict of int to int
        The next residue of each residue.
    """

    def __init__(self, atoms: Any) -> None:
        group = atoms.residues.atoms
        self._group = group[first_locations(group)]
        self._sites = _sites(self._group)
        frame = FirstFrame.of(self._group)
        self._frame = frame if frame is not None and self._belongs(frame) else None
        # Distances are better evidence than bonds that were guessed.
        self._bonds = bonds_within(self._group, guessed=self._frame is None)
        self.after: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._apart: list[tuple[int, int, float]] = []

    def add_bonds(self) -> None:
        """Link residues by bonds of the topology, then by short distances."""
        for end, start in _JOINTS:
            ends = {r: row for r, row in self._sites[end].items() if not self._is_last(r)}
            starts = self._sites[start]
            at = {row: residue for residue, row in (*ends.items(), *starts.items())}
            for one, other in self._bonds.tolist():
                for row, next_row in ((one, other), (other, one)):
                    residue, follower = at.get(row, -1), at.get(next_row, -1)
                    if ends.get(residue) == row and starts.get(follower) == next_row:
                        self._link(residue, follower)
            if self._frame is not None:
                self._add_short_distances(ends, starts, self._frame)

    def _add_short_distances(self, ends: Sites, starts: Sites, frame: FirstFrame) -> None:
        """Link residues whose ends are as close as bonded atoms, the closest first.

        Residues that stand side by side come before others. In a box that is too small, images of
        others can be closer.
        """
        open_ends = np.array([residue for residue in ends if residue not in self.after], int)
        open_starts = np.array([residue for residue in starts if residue not in self._before], int)
        close = frame.bonded_pairs([ends[r] for r in open_ends], [starts[r] for r in open_starts])
        pairs = np.stack([open_ends[close[:, 0]], open_starts[close[:, 1]]], axis=1)
        others = np.diff(pairs)[:, 0] != 1
        for residue, follower in pairs[np.argsort(others, kind="stable")].tolist():
            self._link(residue, follower)

    def add_numbers(self) -> None:
        """Link the rest by chain and number, where nothing else is known."""
        follows = _numbering(self._group)
        bonded = set(np.unique(self._bonds).tolist())
        neighbours = self._bonded_residues()
        # Solvent has no such atoms, so that millions of molecules cost nothing here.
        members = {residue for sites in self._sites.values() for residue in sites}
        members.update(residue for pair in neighbours for residue in pair)
        for residue, follower in pairwise(np.unique(self._group.resindices).tolist()):
            if residue not in members or follower not in members:
                continue
            if residue in self.after or follower in self._before:
                continue
            if not follows(residue, follower) or self._is_last(residue):
                continue
            joint = self._joint(residue, follower)
            if joint is None:
                linked = self._follows_without_joint(residue, follower, neighbours)
            elif bonded.issuperset(joint) and self._frame is None:
                linked = False
            else:
                distance = self._distance(*joint)
                linked = not distance >= SHORTEST_LINK
                if not linked and not bonded.issuperset(joint):
                    self._apart.append((residue, follower, distance))
            if linked:
                self._link(residue, follower)

    def warn(self) -> None:
        """Warn of residues that were read as one, or are far apart in spite of their numbers."""
        residues = self._group.universe.residues
        for merged in _merged_residues(self._group)[:1]:
            label = f"{residues[merged].resname}{residues[merged].resid}"
            warnings.warn(
                f"{label} has several atoms N, CA and C: residues side by side with one name and "
                "number are read as one, and features of all but the first are missing; give each "
                "its own number or chain",
                stacklevel=2,
            )
        if not self._apart:
            return
        residue, follower, distance = self._apart[0]
        labels = [f"{residues[r].resname}{residues[r].resid}" for r in (residue, follower)]
        others = f" ({len(self._apart)} such places)" if len(self._apart) > 1 else ""
        warnings.warn(
            f"{labels[0]} and {labels[1]} have consecutive numbers, but are not bonded: they are "
            f"{distance:.1f} angstrom apart in the first frame{others}. Features do not connect "
            "them; if the molecule is broken across the boundary of the box, make it whole first",
            TopologyWarning,
            stacklevel=2,
        )

    def _link(self, residue: int, follower: int) -> None:
        if residue != follower and residue not in self.after and follower not in self._before:
            self.after[residue] = follower
            self._before[follower] = residue

    def _is_last(self, residue: int) -> bool:
        """Return whether a residue ends its chain: a cap or a carboxylate."""
        return residue in self._sites["OXT"] or self._resname(residue) in _LAST

    def _joint(self, residue: int, follower: int) -> tuple[int, int] | None:
        """Return the atoms that would be bonded between two residues of a polymer."""
        for (end, start), backbone in zip(_JOINTS, ("CA", "C3'"), strict=True):
            if residue in self._sites[end] and follower in self._sites[start]:
                names = (self._resname(residue), self._resname(follower))
                first = residue in self._sites[backbone] or names[0] in _FIRST
                last = follower in self._sites[backbone] or names[1] in _LAST
                if first and last:  # not methane and ammonia
                    return self._sites[end][residue], self._sites[start][follower]
        return None

    def _resname(self, residue: int) -> str:
        return canonical_resname(str(self._group.universe.residues[residue].resname))

    def _bonded_residues(self) -> set[tuple[int, int]]:
        """Return the pairs of residues between which the topology has a bond."""
        pairs = self._group.resindices[bonds_within(self._group)]
        pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
        return {(one, other) for pair in pairs.tolist() for one, other in (pair, pair[::-1])}

    def _follows_without_joint(
        self, residue: int, follower: int, neighbours: set[tuple[int, int]]
    ) -> bool:
        """Decide about residues with consecutive numbers that lack the atoms of a joint."""
        for name in _BEADS:
            beads = self._sites[name]
            if residue in beads and follower in beads:
                return not self._distance(beads[residue], beads[follower]) > _LONGEST_STEP
        if any(r in sites for sites in self._sites.values() for r in (residue, follower)):
            return False
        return (residue, follower) in neighbours

    def _distance(self, row: int, other: int) -> float:
        """Return the distance of two atoms in the first frame. It is NaN if unknown."""
        if self._frame is None:
            return float("nan")
        return float(self._frame.distances([row], [other])[0])

    def _belongs(self, frame: FirstFrame) -> bool:
        """Return whether most bonds within residues have the length of a bond."""
        pairs = [
            (row, self._sites[other][residue])
            for name, other in _INNER_BONDS
            for residue, row in self._sites[name].items()
            if residue in self._sites[other]
        ]
        if not pairs:
            return bool(np.ptp(frame.positions, axis=0).any())
        lengths = frame.distances(*zip(*pairs, strict=True))
        good = (lengths >= SHORTEST_LINK) & (lengths <= LONGEST_BOND)
        return bool(good.mean() > 0.5)


def _merged_residues(group: Any) -> list[int]:
    """Return the residues that have the backbone of several amino acids."""
    merged: set[int] | None = None
    for name in ("N", "CA", "C"):
        found, counts = np.unique(group.resindices[group.names == name], return_counts=True)
        several = set(found[counts > 1].tolist())
        merged = several if merged is None else merged & several
    return sorted(merged or ())


def _sites(group: Any) -> dict[str, Sites]:
    """Return the atoms that matter for links, by canonical name and residue."""
    sites: dict[str, Sites] = {name: {} for name in _WANTED}
    columns = (group.resindices.tolist(), group.resnames, group.names)
    for row, (residue, resname, name) in enumerate(zip(*columns, strict=True)):
        canonical = canonical_name(str(resname), str(name))
        if canonical in sites and canonical_resname(str(resname)) != "HOH":
            sites[canonical].setdefault(residue, row)
    return sites


def _numbering(group: Any) -> Callable[[int, int], bool]:
    """Return a function that tells whether a residue comes right after another by number."""
    residues, first = np.unique(group.resindices, return_index=True)
    some = group[first]
    icodes = getattr(some, "icodes", [""] * len(some))
    columns = (some.segindices.tolist(), chain_names(some), some.resids.tolist(), icodes)
    keys = dict(zip(residues.tolist(), zip(*columns, strict=True), strict=True))

    def follows(residue: int, follower: int) -> bool:
        segment, chain, number, icode = keys[residue]
        other_segment, other_chain, other_number, other_icode = keys[follower]
        step = other_number - number
        return (segment, chain) == (other_segment, other_chain) and (
            step == 1 or (step == 0 and str(icode).strip() != str(other_icode).strip())
        )

    return follows

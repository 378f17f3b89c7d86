"""Bonds between atoms: those of the topology, and guesses where it has none."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..geometry.arms import LONGEST_BOND, SHORTEST_BOND
from ..geometry.boxes import is_box, minimum_image
from ..geometry.neighbours import close_pairs
from .atom_kinds import attribute_or, heavy_atoms
from .names import chain_names

# Longest distance in angstrom between a hydrogen and its heavy atom.
_LONGEST_TO_HYDROGEN = 1.4
# Longest bond in angstrom to a residue of one heavy atom, which may be an ion, and between residues
# that do not follow each other, which may clash in a start structure.
_LONGEST_TO_SINGLE, _LONGEST_FAR = 1.7, 1.9
# Longest distance in angstrom between C-alpha atoms of neighbouring residues, and the number of
# bonds between them.
_LONGEST_BETWEEN_ALPHAS, _BONDS_BETWEEN_ALPHAS = 5.0, 3
# A bond that is longer than its limit by this factor is none.
_RESTRAINT = 3
# No atom has more bonds than this. More contacts are no bonds, but atoms without real positions.
_MAX_PARTNERS = 12
# Median length in angstrom of bonds in a protein with hydrogens.
_USUAL_BOND = 1.3
# Length in angstrom of a bond if the coordinates of its atoms are unknown.
_UNKNOWN = 1e9


@dataclass(frozen=True, eq=False)
class Bonds:
    """Bonds of a universe.

    Attributes
    ----------
    pairs : numpy.ndarray
        Indices in the universe, (n_bonds, 2) int64.
    counts : numpy.ndarray
        Number of chemical bonds that each stands for, (n_bonds,). It is above 1 if the atoms
        between are missing.
    lengths : numpy.ndarray
        Lengths in the current frame in angstrom, (n_bonds,). 1 if there are no coordinates.
    longest : numpy.ndarray
        Length in angstrom that each cannot exceed, (n_bonds,).
    """

    pairs: np.ndarray
    counts: np.ndarray
    lengths: np.ndarray
    longest: np.ndarray


def bonds_of(atoms: Any, used: np.ndarray) -> Bonds:
    """Return the bonds of the universe of some atoms.

    If the topology lacks bonds, as in most PDB and GRO files, they are guessed from the
    coordinates of the current frame, if there are any.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms given.
    used : numpy.ndarray
        Indices into `atoms` of the atoms that are used.

    Returns
    -------
    Bonds
    """
    universe = atoms.universe
    pairs = bonds_within(universe.atoms)
    n_known = len(pairs)
    counts = np.ones(n_known, dtype=np.int64)
    frame = _current_frame(universe, atoms.ix[used])
    if frame is not None:
        bonded = np.zeros(universe.atoms.n_atoms, dtype=bool)
        bonded[pairs] = True
        nearby = _segments_of(universe, atoms.ix[used])
        if _incomplete(nearby, bonded):
            guessed = _guessed(nearby, atoms.ix[used], *frame)
            pairs = np.concatenate([pairs, guessed])
            bonded[guessed] = True
            counts = np.ones(len(pairs), dtype=np.int64)
            if not bonded[atoms.ix[used]].all():
                alphas = _alpha_trace(atoms[used][~bonded[atoms.ix[used]]], *frame)
                pairs = np.concatenate([pairs, alphas])
                counts = np.append(counts, np.full(len(alphas), _BONDS_BETWEEN_ALPHAS))
    pairs, first = np.unique(np.sort(pairs, axis=1), axis=0, return_index=True)
    lengths = np.ones(len(pairs)) if frame is None else _lengths(pairs, *frame)
    longest = _longest(counts[first], lengths, first < n_known)
    # Restraints between molecules are written as bonds, too. A bond along a chain that is as long
    # is the sign of a broken molecule.
    far = np.abs(np.diff(universe.atoms.resindices[pairs])[:, 0]) > 1
    kept = ~(far & (lengths > _RESTRAINT * longest))
    return Bonds(pairs[kept], counts[first][kept], lengths[kept], longest[kept])


def bonds_within(group: Any, guessed: bool = True) -> np.ndarray:
    """Return the bonds of the topology as indices into a group.

    Parameters
    ----------
    group : AtomGroup
        The atoms.
    guessed : bool
        Include the bonds that a library has guessed.

    Returns
    -------
    numpy.ndarray
        Pairs of indices, (n_bonds, 2) int64.
    """
    bonds = getattr(group.universe, "bonds", None)
    if bonds is None or len(bonds) == 0:
        return np.empty((0, 2), dtype=np.int64)
    place = np.full(group.universe.atoms.n_atoms, -1, dtype=np.int64)
    place[group.ix] = np.arange(group.n_atoms)
    pairs = place[np.asarray(bonds.to_indices())]
    inside = (pairs >= 0).all(axis=1)
    if not guessed:
        inside &= ~np.asarray(bonds._guessed, dtype=bool)
    chosen: np.ndarray = pairs[inside]
    return chosen


def _longest(counts: np.ndarray, lengths: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the lengths that bonds cannot exceed."""
    # Bonds between beads of a coarse-grained model are longer than those between atoms.
    known = known & (lengths < _UNKNOWN)
    usual = float(np.median(lengths[known])) if known.any() else _USUAL_BOND
    scale = usual / _USUAL_BOND if usual > LONGEST_BOND else 1.0
    longest = np.where(counts > 1, _LONGEST_BETWEEN_ALPHAS, LONGEST_BOND * scale)
    # Bonds to metals, and in elastic networks.
    unusual = known & (lengths > longest) & (lengths < _RESTRAINT * longest)
    adapted: np.ndarray = np.where(unusual, 1.3 * lengths, longest)
    return adapted


def _current_frame(universe: Any, used: np.ndarray) -> tuple[np.ndarray, np.ndarray | None] | None:
    """Return the coordinates and the box of the current frame, or None if there are none."""
    trajectory = getattr(universe, "_trajectory", None)
    if trajectory is None or not trajectory.ts.has_positions:
        return None
    positions, box = trajectory.ts.positions, trajectory.ts.dimensions
    if not (np.abs(positions[used]) < 1e6).all() or not np.ptp(positions[used], axis=0).any():
        return None  # These are no positions, as before the first frame is read.
    if box is not None and not is_box(np.asarray(box, np.float64)[None], 2 * LONGEST_BOND)[0]:
        box = None
    return positions, box


def _lengths(pairs: np.ndarray, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
    """Return the lengths of bonds in a frame."""
    between = positions[pairs[:, 1]] - positions[pairs[:, 0]]
    if box is not None:
        between = minimum_image(between[None], np.asarray(box, np.float64)[None])[0]
    lengths: np.ndarray = np.linalg.norm(between, axis=1)
    # Coordinates of atoms that are not used may be missing.
    lengths[~np.isfinite(lengths)] = _UNKNOWN
    return lengths


def _segments_of(universe: Any, used: np.ndarray) -> Any:
    """Return the atoms of the segments of some atoms. Other segments hold other molecules."""
    segments = universe.atoms.segindices
    return universe.atoms[np.isin(segments, segments[used])]


def _incomplete(atoms: Any, bonded: np.ndarray) -> bool:
    """Return whether a residue of several atoms has one that is not bonded."""
    sizes = np.bincount(atoms.resindices)
    return bool((~bonded[atoms.ix] & (sizes[atoms.resindices] > 1)).any()) or not bonded.any()


def _guessed(
    atoms: Any, used: np.ndarray, positions: np.ndarray, box: np.ndarray | None
) -> np.ndarray:
    """Return the guessed bonds of some atoms, as indices in the universe."""
    atoms = atoms[np.abs(positions[atoms.ix]).max(axis=1) < 1e6]  # False also for NaN
    heavy = heavy_atoms(atoms)
    candidates = atoms.ix[heavy]
    points = positions[candidates]
    contacts, distances = close_pairs(points, points, LONGEST_BOND, box)
    once = (contacts[:, 0] < contacts[:, 1]) & (distances > SHORTEST_BOND)
    contacts, distances = candidates[contacts[once]], distances[once]
    contacts = contacts[
        distances < _longest_contacts(atoms.universe.atoms.resindices, contacts, candidates)
    ]
    if len(contacts) > _MAX_PARTNERS * len(candidates) // 2:
        return np.empty((0, 2), np.int64)
    found = [contacts, _backbone(atoms[heavy])]
    hydrogens = np.setdiff1d(used, candidates)
    hydrogens = hydrogens[np.isin(hydrogens, atoms.ix)]
    if len(hydrogens):
        pairs, distances = close_pairs(positions[hydrogens], points, _LONGEST_TO_HYDROGEN, box)
        order = np.lexsort((distances, pairs[:, 0]))
        _, nearest = np.unique(pairs[order, 0], return_index=True)
        pairs = pairs[order][nearest]
        found.append(np.stack([hydrogens[pairs[:, 0]], candidates[pairs[:, 1]]], axis=1))
    return np.concatenate(found)


def _longest_contacts(
    resindices: np.ndarray, contacts: np.ndarray, candidates: np.ndarray
) -> np.ndarray:
    """Return the distance below which atoms in contact are bonded."""
    sizes = np.bincount(resindices[candidates], minlength=resindices.max() + 1)
    residues = resindices[contacts]
    neighbours = np.abs(np.diff(residues)[:, 0]) <= 1
    alone = (sizes[residues] == 1).any(axis=1)
    longest: np.ndarray = np.where(neighbours, LONGEST_BOND, _LONGEST_FAR)
    longest[alone] = _LONGEST_TO_SINGLE
    return longest


def _backbone(atoms: Any) -> np.ndarray:
    """Return the bonds N-CA and CA-C of each residue, whatever its coordinates are."""
    names, residues = np.asarray(attribute_or(atoms, "names", "")), atoms.resindices
    pairs = []
    for first, second in (("N", "CA"), ("CA", "C")):
        left, right = np.flatnonzero(names == first), np.flatnonzero(names == second)
        _, one, other = np.intersect1d(residues[left], residues[right], return_indices=True)
        pairs.append(np.stack([atoms.ix[left[one]], atoms.ix[right[other]]], axis=1))
    # Calcium ions have no N, hence no N-CA; a residue needs both bonds.
    alphas = np.intersect1d(pairs[0][:, 1], pairs[1][:, 0])
    return np.concatenate(
        [pairs[0][np.isin(pairs[0][:, 1], alphas)], pairs[1][np.isin(pairs[1][:, 0], alphas)]]
    )


def _alpha_trace(atoms: Any, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
    """Link C-alpha atoms of neighbouring residues if the atoms between are missing."""
    alphas = atoms[np.asarray(attribute_or(atoms, "names", "")) == "CA"]
    if len(alphas) < 2 or not hasattr(alphas, "resids"):
        return np.empty((0, 2), np.int64)
    chains = np.unique(chain_names(alphas), return_inverse=True)[1]
    follows = (np.diff(alphas.resids) == 1) & (np.diff(chains) == 0)
    follows &= np.diff(alphas.segindices) == 0
    pairs = np.stack([alphas.ix[:-1], alphas.ix[1:]], axis=1)[follows]
    near: np.ndarray = pairs[_lengths(pairs, positions, box) < _LONGEST_BETWEEN_ALPHAS]
    return near

"""Links between the atoms of a featurizer, along which broken molecules are made whole."""

from operator import itemgetter
from typing import Any

import numpy as np

from ..geometry.boxes import is_box, smallest_heights
from ..geometry.whole import Links
from .bonds import Bonds, bonds_of

# Largest number of bonds between linked atoms.
_MAX_BONDS = 8
# Allowance in angstrom for a link of any number of bonds.
_ALLOWANCE = 0.5
# From this distance in angstrom on, an atom between others is kept: three bonds between atoms, or
# one between beads.
_KEPT_FROM = 5.0
# Links have to be shorter than half a box. In a smaller box than this, in angstrom, all atoms
# between others are kept.
_SMALL_BOX = 20.0


def linked_atoms(atoms: Any, used: np.ndarray) -> tuple[np.ndarray, Links] | None:
    """Link the atoms of each molecule that a featurizer uses.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms given.
    used : numpy.ndarray
        Sorted indices into `atoms` of the atoms that the featurizer uses.

    Returns
    -------
    indices : numpy.ndarray
        Sorted indices into `atoms`: the used atoms, and atoms between them.
    links : Links
        Links between the atoms of `indices`.

    If no two atoms are linked, None is returned.

    Notes
    -----
    The links are a minimum spanning tree of the bonds of each molecule. Atoms that are not used
    are left out where only a few bonds lie between the others.
    """
    if len(used) < 2:
        return None
    bonds = bonds_of(atoms, used)
    if not len(bonds.pairs):
        return None
    order, parents, rows = _tree(bonds, atoms.universe.atoms.resindices, atoms.ix[used])
    return _links(atoms, used, bonds, order, parents, rows)


def _tree(
    bonds: Bonds, resindices: np.ndarray, used: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a spanning tree of the molecules with at least two used atoms.

    Returns the atoms in an order in which parents come first, the parent of each atom of the
    universe (negative for none), and the number of the bond to it.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import (
        breadth_first_order,
        connected_components,
        minimum_spanning_tree,
    )

    def graph(pairs: np.ndarray, weights: np.ndarray, size: int) -> Any:
        # SciPy before 1.15 searches graphs with 32-bit indices only.
        indices = tuple(pairs.T.astype(np.int32))
        return coo_array((weights, indices), shape=(size, size)).tocsr()

    pairs, n_atoms = bonds.pairs, len(resindices)
    _, molecule = connected_components(graph(pairs, np.ones(len(pairs)), n_atoms), directed=False)
    counts = np.bincount(molecule[used], minlength=molecule.max() + 1)
    inside = counts[molecule[pairs[:, 0]]] > 1
    # Bonds within a residue and to the next one come first, because they are hardly ever wrong.
    residues = resindices[pairs[inside]]
    weights = bonds.lengths[inside] + np.where(np.abs(np.diff(residues)[:, 0]) > 1, 1e3, 1e-3)
    spanning = minimum_spanning_tree(graph(pairs[inside], weights, n_atoms)).tocoo()
    kept = np.stack([spanning.row, spanning.col], axis=1).astype(np.int64)
    # Every tree hangs by a used atom on one more node, so that one search finds them all.
    _, first = np.unique(molecule[used], return_index=True)
    roots = used[first]
    hung = np.stack([np.full(len(roots), n_atoms), roots], axis=1)
    every = np.concatenate([kept, hung])
    order, parents = breadth_first_order(
        graph(every, np.ones(len(every)), n_atoms + 1), n_atoms, directed=False
    )
    parents[roots] = -1
    children = order[parents[order] >= 0]
    children = children[children < n_atoms]
    ends = np.sort(np.stack([children, parents[children]], axis=1), axis=1).astype(np.int64)
    rows = np.full(n_atoms, -1)
    # The bonds are sorted.
    rows[children] = np.searchsorted(pairs @ [n_atoms, 1], ends @ [n_atoms, 1])
    return order[1:], parents, rows


def _links(
    atoms: Any,
    used: np.ndarray,
    bonds: Bonds,
    order: np.ndarray,
    parents: np.ndarray,
    rows: np.ndarray,
) -> tuple[np.ndarray, Links] | None:
    """Leave out atoms that are not used, and describe the rest of the tree."""
    kept_from = 0.0 if _in_small_box(atoms.universe) else _KEPT_FROM
    given = dict(zip(atoms.ix.tolist(), range(atoms.n_atoms), strict=True))
    wanted = set(atoms.ix[used].tolist())
    needed = set(wanted)
    for atom in reversed(order.tolist()):
        if atom in needed and parents[atom] >= 0:
            needed.add(int(parents[atom]))
    # The nearest atom above each atom that is kept, and the bonds and largest distance to it.
    above: dict[int, tuple[int, int, float]] = {}
    found: list[tuple[int, int, float]] = []
    for atom in order.tolist():
        parent = int(parents[atom])
        if atom not in needed:
            continue
        if parent < 0:
            above[atom] = (atom, 0, 0.0)
            continue
        row = rows[atom]
        anchor, count, reach = above[parent]
        count += int(bonds.counts[row])
        reach += float(bonds.longest[row]) - _ALLOWANCE
        if atom in wanted or (reach >= kept_from and atom in given):
            if count <= _MAX_BONDS:
                found.append((given[anchor], given[atom], reach + _ALLOWANCE))
            above[atom] = (atom, 0, 0.0)
        else:
            above[atom] = (anchor, count, reach)
    # Neighbouring links use neighbouring atoms, which are in the cache.
    return _numbered(used, sorted(found, key=itemgetter(1))) if found else None


def _in_small_box(universe: Any) -> bool:
    """Return whether links have to be short because of the box in the current frame."""
    trajectory = getattr(universe, "_trajectory", None)
    if trajectory is None or trajectory.ts.dimensions is None:
        return False
    box = np.asarray(trajectory.ts.dimensions, dtype=np.float64)[None]
    return bool(is_box(box)[0] and smallest_heights(box)[0] < _SMALL_BOX)


def _numbered(used: np.ndarray, found: list[tuple[int, int, float]]) -> tuple[np.ndarray, Links]:
    """Return the atoms of links, and the links between them, with a contiguous part behind each."""
    ends = np.array([(parent, child) for parent, child, _ in found], dtype=np.int64)
    indices = np.union1d(used, ends)
    parents, children = np.searchsorted(indices, ends).T
    behind: dict[int, list[int]] = {}
    for parent, child in zip(parents.tolist(), children.tolist(), strict=True):
        behind.setdefault(parent, []).append(child)
    order: list[int] = []
    begin = np.zeros(len(indices), dtype=np.int64)
    stack = np.setdiff1d(np.arange(len(indices)), children).tolist()
    while stack:
        atom = stack.pop()
        begin[atom] = len(order)
        order.append(atom)
        stack.extend(behind.get(atom, ()))
    size = np.ones(len(indices), dtype=np.int64)
    above = np.full(len(indices), -1)
    above[children] = parents
    for atom in reversed(order):
        if above[atom] >= 0:
            size[above[atom]] += size[atom]
    return indices, Links(
        parents=parents,
        children=children,
        longest=np.array([reach for _, _, reach in found]),
        order=np.array(order, dtype=np.int64),
        begins=begin[children],
        ends=begin[children] + size[children],
        roots=np.setdiff1d(parents, children),
    )

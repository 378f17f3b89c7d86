"""Pairs of atoms that are close to each other, in boxes of any shape."""

import itertools

import numpy as np

from .boxes import reduced_cell


def close_pairs(
    one: np.ndarray, other: np.ndarray, cutoff: float, box: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Find the pairs of points whose nearest images are within a distance.

    This is exact for every box, however skewed, and wherever the points are. The searches of
    MDAnalysis 2.10 miss some pairs in boxes that are more skewed than GROMACS allows.

    Parameters
    ----------
    one, other : numpy.ndarray
        Finite coordinates in angstrom, (n, 3) and (m, 3).
    cutoff : float
        Largest distance in angstrom.
    box : numpy.ndarray or None
        Lengths in angstrom and angles in degrees, (6,).

    Returns
    -------
    pairs : numpy.ndarray
        Indices into `one` and `other`, (n_pairs, 2) int64, sorted.
    distances : numpy.ndarray
        In angstrom, (n_pairs,) float64.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.neighbours import close_pairs
    >>> points, box = np.array([[0.5, 5, 5], [9.0, 5, 5], [5, 5, 5]]), [10, 10, 10, 90, 90, 90]
    >>> close_pairs(points[:1], points, 2.0, np.array(box))
    (array([[0, 0],
           [0, 1]]), array([0. , 1.5]))
    """
    # Not at the top, because importing it takes longer than most commands.
    from scipy.spatial import cKDTree

    centres, images = np.asarray(one, np.float64), np.asarray(other, np.float64)
    rows = np.arange(len(images))
    if box is not None and len(images):
        cell = reduced_cell(np.asarray(box, np.float64))
        inverse = np.linalg.inv(cell)
        centres = centres - np.floor(centres @ inverse) @ cell
        images, rows = _near_the_cell(images, cutoff, cell, inverse)
    if not (len(centres) and len(images)):
        return np.empty((0, 2), np.int64), np.empty(0)
    found = cKDTree(centres).sparse_distance_matrix(cKDTree(images), cutoff, output_type="ndarray")
    first, second = found["i"].astype(np.int64), rows[found["j"]]
    # In a small box, several images of an atom may be close: keep the nearest.
    order = np.lexsort((found["v"], second, first))
    pairs, distances = np.stack([first, second], axis=1)[order], found["v"][order]
    is_first = np.ones(len(pairs), dtype=bool)
    is_first[1:] = (np.diff(pairs, axis=0) != 0).any(axis=1)
    return pairs[is_first], distances[is_first]


def _near_the_cell(
    points: np.ndarray, cutoff: float, cell: np.ndarray, inverse: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return all images of points within a distance of the unit cell, and their indices."""
    # The columns of the inverse are as long as the distances of opposite faces are short.
    margin = cutoff * np.linalg.norm(inverse, axis=0)
    parts = points @ inverse
    parts -= np.floor(parts)
    along = []
    for axis, edge in enumerate(margin):
        last = int(np.ceil(edge))
        moved = {shift: parts[:, axis] + shift for shift in range(-last, last + 1)}
        along.append({s: (part >= -edge) & (part <= 1 + edge) for s, part in moved.items()})
    found, rows = [], []
    for shift in itertools.product(*along):
        near = np.flatnonzero(along[0][shift[0]] & along[1][shift[1]] & along[2][shift[2]])
        found.append((parts[near] + shift) @ cell)
        rows.append(near)
    return np.concatenate(found), np.concatenate(rows)

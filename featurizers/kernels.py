"""The arithmetic: pure functions on blocks of frames, float32 in and out.

`positions` is (n_frames, n_atoms, 3) in angstrom. `boxes` is (n_frames, 6), or None for no
periodic images.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from .pbc import minimum_image

# Vectors worked on at once: enough to be fast, few enough for a processor's cache.
_CHUNK = 100_000
# The same as frames and features, where vectors are worked on component by component.
_FRAMES, _FEATURES = 128, 512


class _Vectors:
    """Vectors between atoms of a block of frames, component by component.

    Frames come last: so an atom's coordinate in all frames is one piece of memory, and picking
    atoms copies pieces, not single numbers.
    """

    def __init__(self, positions: np.ndarray, boxes: np.ndarray | None) -> None:
        self._positions, self._boxes = positions, boxes
        if boxes is None:
            self._components = np.ascontiguousarray(positions.transpose(2, 1, 0))

    def between(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """From atoms `start` to atoms `end`, (3, n, n_frames); shortest images in a box."""
        if self._boxes is None:
            return self._components[:, end] - self._components[:, start]
        delta = self._positions[:, end] - self._positions[:, start]
        return minimum_image(delta, self._boxes).transpose(2, 1, 0)


def _parts(
    positions: np.ndarray, boxes: np.ndarray | None, n_features: int
) -> Iterator[tuple[_Vectors, slice, slice]]:
    """Frames and features of a block, few at a time."""
    for start in range(0, len(positions), _FRAMES):
        frames = slice(start, start + _FRAMES)
        vectors = _Vectors(positions[frames], _part(boxes, frames))
        for first in range(0, n_features, _FEATURES):
            yield vectors, frames, slice(first, first + _FEATURES)


def pair_distances(
    positions: np.ndarray, boxes: np.ndarray | None, pairs: np.ndarray
) -> np.ndarray:
    """Distances of pairs of atoms.

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module.
    pairs : numpy.ndarray
        (n_pairs, 2), indices into the atoms of `positions`.

    Returns
    -------
    numpy.ndarray
        (n_frames, n_pairs) float32, in angstrom.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.kernels import pair_distances
    >>> pair_distances(np.array([[[0, 0, 0], [3, 4, 0]]], np.float32), None, np.array([[0, 1]]))
    array([[5.]], dtype=float32)
    """
    distances = np.empty((len(positions), len(pairs)), dtype=np.float32)
    for vectors, frames, some in _parts(positions, boxes, len(pairs)):
        delta = vectors.between(*pairs[some].T)
        distances[frames, some] = np.sqrt(_dot(delta, delta)).T
    return distances


def residue_distances(
    positions: np.ndarray,
    boxes: np.ndarray | None,
    order: np.ndarray,
    starts: np.ndarray,
    kept: np.ndarray,
) -> np.ndarray:
    """Smallest distances between the atoms of two residues.

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module.
    order : numpy.ndarray
        Indices of the atoms, residue by residue.
    starts : numpy.ndarray
        (n_residues + 1,): where each residue begins in `order`, and its end.
    kept : numpy.ndarray
        (n_residues, n_residues) bool: the pairs (i, j > i) that are wanted.

    Returns
    -------
    numpy.ndarray
        (n_frames, kept.sum()) float32, in angstrom, row by row of `kept`.
    """
    columns = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    distances = np.empty((len(positions), columns[-1]), dtype=np.float32)
    for chunk in _chunks(len(positions), len(order)):
        frames, part = positions[chunk][:, order], _part(boxes, chunk)
        for residue in np.flatnonzero(kept.any(axis=1)):
            rest = starts[residue + 1]
            nearest = np.full((len(frames), len(order) - rest), np.inf, dtype=np.float32)
            for atom in range(starts[residue], rest):
                delta = frames[:, rest:] - frames[:, atom : atom + 1]
                if part is not None:
                    delta = minimum_image(delta, part)
                np.minimum(nearest, np.einsum("fpk,fpk->fp", delta, delta), out=nearest)
            of_residues = np.minimum.reduceat(nearest, starts[residue + 1 : -1] - rest, axis=1)
            wanted = of_residues[:, kept[residue, residue + 1 :]]
            distances[chunk, columns[residue] : columns[residue + 1]] = np.sqrt(wanted)
    return distances


def dihedral_angles(
    positions: np.ndarray, boxes: np.ndarray | None, quadruples: np.ndarray
) -> np.ndarray:
    """Dihedral angles with the sign of IUPAC, in [-pi, pi].

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module; in a box the bond vectors are the shortest images.
    quadruples : numpy.ndarray
        (n_dihedrals, 4), indices into the atoms of `positions`.

    Returns
    -------
    numpy.ndarray
        (n_frames, n_dihedrals) float32, in radians.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.kernels import dihedral_angles
    >>> cis = np.array([[[1, 0, 0], [0, 0, 0], [0, 0, 1], [1, 0, 1]]], np.float32)
    >>> dihedral_angles(cis, None, np.array([[0, 1, 2, 3]])).tolist()
    [[0.0]]
    """
    angles = np.empty((len(positions), len(quadruples)), dtype=np.float32)
    for vectors, frames, some in _parts(positions, boxes, len(quadruples)):
        first, middle, last = (
            vectors.between(start, end).astype(np.float64)
            for start, end in pairwise(quadruples[some].T)
        )
        across_first, across_last = _cross(first, middle), _cross(middle, last)
        # atan2 keeps its accuracy where arccos of a cosine near 1 would lose half the digits.
        sine = np.sqrt(_dot(middle, middle)) * _dot(first, across_last)
        angles[frames, some] = np.arctan2(sine, _dot(across_first, across_last)).T
    return angles


def bond_angles(positions: np.ndarray, boxes: np.ndarray | None, triples: np.ndarray) -> np.ndarray:
    """Angles at the middle atoms of triples, in [0, pi].

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module.
    triples : numpy.ndarray
        (n_angles, 3), indices into the atoms of `positions`.

    Returns
    -------
    numpy.ndarray
        (n_frames, n_angles) float32, in radians.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.kernels import bond_angles
    >>> right = np.array([[[1, 0, 0], [0, 0, 0], [0, 1, 0]]], np.float32)
    >>> bond_angles(right, None, np.array([[0, 1, 2]])).round(4).tolist()
    [[1.5707999467849731]]
    """
    angles = np.empty((len(positions), len(triples)), dtype=np.float32)
    for vectors, frames, some in _parts(positions, boxes, len(triples)):
        ends, middle = triples[some].T[[0, 2]], triples[some].T[1]
        one, other = (vectors.between(middle, end).astype(np.float64) for end in ends)
        across = _cross(one, other)
        angles[frames, some] = np.arctan2(np.sqrt(_dot(across, across)), _dot(one, other)).T
    return angles


def cosines_and_sines(angles: np.ndarray) -> np.ndarray:
    """Columns cos, sin of each angle: (n_frames, n) to (n_frames, 2 n)."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).reshape(
        len(angles), 2 * angles.shape[1]
    )


def superposed(
    positions: np.ndarray, moved: np.ndarray, fitted: np.ndarray, reference: np.ndarray
) -> np.ndarray:
    """Superpose each frame on a reference by least squares (Kabsch), all atoms of one weight.

    Parameters
    ----------
    positions : numpy.ndarray
        See the module.
    moved : numpy.ndarray
        Indices of the atoms to return.
    fitted : numpy.ndarray
        (n_fitted,), indices of the atoms to superpose.
    reference : numpy.ndarray
        (n_fitted, 3): where they are to lie; used with its centre at the origin.

    Returns
    -------
    numpy.ndarray
        (n_frames, len(moved), 3) float32; the centre of the fitted atoms is the origin.
    """
    target = np.asarray(reference, dtype=np.float64)
    target = target - target.mean(axis=0)
    result = np.empty((len(positions), len(moved), 3), dtype=np.float32)
    for chunk in _chunks(len(positions), len(moved) + len(fitted)):
        frames = positions[chunk].astype(np.float64)
        centre = frames[:, fitted].mean(axis=1, keepdims=True)
        covariance = np.einsum("fni,nj->fij", frames[:, fitted] - centre, target)
        left, _, right = np.linalg.svd(covariance)
        # Turn the weakest axis where the best fit would be a mirror image.
        left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
        result[chunk] = (frames[:, moved] - centre) @ (left @ right)
    return result


def _dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    products = one * other
    return products[0] + products[1] + products[2]


def _cross(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    (a, b, c), (x, y, z) = one, other
    return np.stack([b * z - c * y, c * x - a * z, a * y - b * x])


def _part(boxes: np.ndarray | None, chunk: slice) -> np.ndarray | None:
    return None if boxes is None else boxes[chunk]


def _chunks(n_frames: int, per_frame: int) -> Iterator[slice]:
    """Slices of frames, so that temporary arrays stay small whatever the block."""
    size = max(1, _CHUNK // max(1, per_frame))
    for start in range(0, n_frames, size):
        yield slice(start, start + size)

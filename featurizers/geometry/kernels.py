"""The arithmetic: pure functions on blocks of frames, float32 in and out.

`positions` is (n_frames, n_atoms, 3) in angstrom. `boxes` is (n_frames, 6), or None for no
periodic images.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from .boxes import minimum_image
from .vectors import (
    cross,
    dot,
    parts,
    squared,
)

# Vectors worked on at once: enough to be fast, few enough for a processor's cache.
_CHUNK = 100_000


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
    >>> from mdgmvae.featurizers.geometry.kernels import pair_distances
    >>> pair_distances(np.array([[[0, 0, 0], [3, 4, 0]]], np.float32), None, np.array([[0, 1]]))
    array([[5.]], dtype=float32)
    """
    distances = np.empty((len(positions), len(pairs)), dtype=np.float32)
    for vectors, frames, some in parts(positions, boxes, len(pairs)):
        lengths = squared(vectors.between(*pairs[some].T))
        distances[frames, some] = np.sqrt(lengths, out=lengths).T
    return distances


def all_distances(positions: np.ndarray, boxes: np.ndarray | None, pairs: np.ndarray) -> np.ndarray:
    """Distances of all pairs of many atoms: as `pair_distances`, in less time without a box.

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module.
    pairs : numpy.ndarray
        (n_pairs, 2): what `numpy.triu_indices` gives for the atoms of `positions`, as rows.

    Returns
    -------
    numpy.ndarray
        (n_frames, n_pairs) float32, in angstrom.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.kernels import all_distances
    >>> line = np.array([[[0, 0, 0], [3, 0, 0], [7, 0, 0]]], np.float32)
    >>> all_distances(line, None, np.array([[0, 1], [0, 2], [1, 2]])).tolist()
    [[3.0, 7.0, 4.0]]
    """
    from MDAnalysis.lib.distances import self_distance_array

    # With images MDAnalysis takes longer, and in a skewed box it does not always find the nearest.
    if boxes is not None:
        return pair_distances(positions, boxes, pairs)
    distances = np.empty((len(positions), len(pairs)), dtype=np.float32)
    of_frame = np.empty(len(pairs))
    for frame, row in zip(positions, distances, strict=True):
        self_distance_array(frame, result=of_frame)
        row[:] = of_frame
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
        frames, part = positions[chunk][:, order], None if boxes is None else boxes[chunk]
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
    positions: np.ndarray,
    boxes: np.ndarray | None,
    quadruples: np.ndarray,
    form: str = "radians",
) -> np.ndarray:
    """Dihedral angles with the sign of IUPAC, in [-pi, pi].

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module; in a box the bond vectors are the shortest images.
    quadruples : numpy.ndarray
        (n_dihedrals, 4), indices into the atoms of `positions`.
    form : {'radians', 'cossin'}
        See `AngularKernel`.

    Returns
    -------
    numpy.ndarray
        (n_frames, n_dihedrals) float32, in radians; or (n_frames, 2 n_dihedrals).

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.kernels import dihedral_angles
    >>> cis = np.array([[[1, 0, 0], [0, 0, 0], [0, 0, 1], [1, 0, 1]]], np.float32)
    >>> dihedral_angles(cis, None, np.array([[0, 1, 2, 3]])).tolist()
    [[0.0]]
    """
    angles = _Angles(len(positions), len(quadruples), form)
    for vectors, frames, some in parts(positions, boxes, len(quadruples)):
        first, middle, last = (
            vectors.between(start, end).astype(np.float64)
            for start, end in pairwise(quadruples[some].T)
        )
        across_first, across_last = cross(first, middle), cross(middle, last)
        sine = np.sqrt(dot(middle, middle)) * dot(first, across_last)
        angles.put(frames, some, sine, dot(across_first, across_last))
    return angles.columns


def bond_angles(
    positions: np.ndarray,
    boxes: np.ndarray | None,
    triples: np.ndarray,
    form: str = "radians",
) -> np.ndarray:
    """Angles at the middle atoms of triples, in [0, pi].

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module.
    triples : numpy.ndarray
        (n_angles, 3), indices into the atoms of `positions`.
    form : {'radians', 'cossin'}
        See `AngularKernel`.

    Returns
    -------
    numpy.ndarray
        (n_frames, n_angles) float32, in radians; or (n_frames, 2 n_angles).

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.kernels import bond_angles
    >>> right = np.array([[[1, 0, 0], [0, 0, 0], [0, 1, 0]]], np.float32)
    >>> bond_angles(right, None, np.array([[0, 1, 2]])).round(4).tolist()
    [[1.5707999467849731]]
    """
    angles = _Angles(len(positions), len(triples), form)
    for vectors, frames, some in parts(positions, boxes, len(triples)):
        ends, middle = triples[some].T[[0, 2]], triples[some].T[1]
        one, other = (vectors.between(middle, end).astype(np.float64) for end in ends)
        across = cross(one, other)
        angles.put(frames, some, np.sqrt(squared(across)), dot(one, other))
    return angles.columns


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


class _Angles:
    """Angles of a block in the form wanted, from multiples of their sines and cosines."""

    def __init__(self, n_frames: int, n_angles: int, form: str) -> None:
        self._values = np.empty((n_frames, n_angles, 1 + (form == "cossin")), dtype=np.float32)

    def put(self, frames: slice, some: slice, sine: np.ndarray, cosine: np.ndarray) -> None:
        """Take some angles of some frames; the arrays are (n_angles, n_frames)."""
        values = self._values[frames, some]
        if values.shape[2] == 1:
            # atan2 keeps its accuracy where arccos of a cosine near 1 would lose half the digits.
            values[..., 0] = np.arctan2(sine, cosine).T
            return
        radius = np.sqrt(sine**2 + cosine**2)
        # Atoms in a line or in one place: no angle, which atan2 calls 0.
        undefined = radius == 0
        if undefined.any():
            cosine, radius = np.where(undefined, 1.0, cosine), np.where(undefined, 1.0, radius)
        values[..., 0], values[..., 1] = (cosine / radius).T, (sine / radius).T

    @property
    def columns(self) -> np.ndarray:
        """(n_frames, n_features): the angles, or cosine and sine of each side by side."""
        n_frames, n_angles, width = self._values.shape
        return self._values.reshape(n_frames, width * n_angles)


def _chunks(n_frames: int, per_frame: int) -> Iterator[slice]:
    """Slices of frames, so that temporary arrays stay small whatever the block."""
    size = max(1, _CHUNK // max(1, per_frame))
    for start in range(0, n_frames, size):
        yield slice(start, start + size)

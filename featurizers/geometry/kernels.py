"""Pure functions that compute features of blocks of frames, float32 in and out.

`positions` has the shape (n_frames, n_atoms, 3), in angstrom. `boxes` has the shape (n_frames, 6).
If it is None, no periodic images are used.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from .arms import check_arms
from .boxes import minimum_image
from .vectors import (
    cross,
    dot,
    parts,
    squared,
)

# Number of vectors that are processed at once: large enough to be fast, small enough for the cache.
_CHUNK = 100_000


def pair_distances(
    positions: np.ndarray, boxes: np.ndarray | None, pairs: np.ndarray
) -> np.ndarray:
    """Compute distances of pairs of atoms.

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module.
    pairs : numpy.ndarray
        Indices into the atoms of `positions`, (n_pairs, 2).

    Returns
    -------
    numpy.ndarray
        Distances in angstrom, (n_frames, n_pairs) float32.

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
    """Compute distances of all pairs of many atoms.

    Without a box this is faster than `pair_distances`.

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module.
    pairs : numpy.ndarray
        All pairs of the atoms of `positions` in the order of `numpy.triu_indices`, (n_pairs, 2).

    Returns
    -------
    numpy.ndarray
        Distances in angstrom, (n_frames, n_pairs) float32.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.featurizers.geometry.kernels import all_distances
    >>> line = np.array([[[0, 0, 0], [3, 0, 0], [7, 0, 0]]], np.float32)
    >>> all_distances(line, None, np.array([[0, 1], [0, 2], [1, 2]])).tolist()
    [[3.0, 7.0, 4.0]]
    """
    from MDAnalysis.lib.distances import self_distance_array

    # With a box MDAnalysis is slower, and in a skewed box it may miss the nearest image.
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
    """Compute the minimum distance between the atoms of each pair of residues.

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module.
    order : numpy.ndarray
        Indices of the atoms, sorted by residue.
    starts : numpy.ndarray
        Index into `order` of the first atom of each residue, followed by the length of `order`,
        (n_residues + 1,).
    kept : numpy.ndarray
        Mask of the pairs (i, j > i) to compute, (n_residues, n_residues) bool.

    Returns
    -------
    numpy.ndarray
        Distances in angstrom, (n_frames, kept.sum()) float32, in the order of `kept`.
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
    longest: np.ndarray | None = None,
) -> np.ndarray:
    """Compute dihedral angles in [-pi, pi], with the sign convention of IUPAC.

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module. If there are boxes, bond vectors are the nearest images.
    quadruples : numpy.ndarray
        Indices into the atoms of `positions`, (n_dihedrals, 4).
    form : {'radians', 'cossin'}
        See `AngularKernel`.
    longest : numpy.ndarray, optional
        See `check_arms`.

    Returns
    -------
    numpy.ndarray
        Angles in radians, (n_frames, n_dihedrals) float32, or cosines and sines,
        (n_frames, 2 n_dihedrals).

    Raises
    ------
    FrameError
        If the distance of neighbouring atoms of a dihedral cannot be right. See `check_arms`.

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
        lengths = [dot(first, first), dot(middle, middle), dot(last, last)]
        check_arms(lengths, quadruples[some], frames.start, _part(longest, some))
        across_first, across_last = cross(first, middle), cross(middle, last)
        sine = np.sqrt(lengths[1]) * dot(first, across_last)
        angles.put(frames, some, sine, dot(across_first, across_last))
    return angles.columns


def bond_angles(
    positions: np.ndarray,
    boxes: np.ndarray | None,
    triples: np.ndarray,
    form: str = "radians",
    longest: np.ndarray | None = None,
) -> np.ndarray:
    """Compute the angle in [0, pi] at the middle atom of each triple.

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See the module.
    triples : numpy.ndarray
        Indices into the atoms of `positions`, (n_angles, 3).
    form : {'radians', 'cossin'}
        See `AngularKernel`.
    longest : numpy.ndarray, optional
        See `check_arms`.

    Returns
    -------
    numpy.ndarray
        Angles in radians, (n_frames, n_angles) float32, or cosines and sines,
        (n_frames, 2 n_angles).

    Raises
    ------
    FrameError
        If the distance of neighbouring atoms of an angle cannot be right. See `check_arms`.

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
        lengths = [dot(one, one), dot(other, other)]
        check_arms(lengths, triples[some], frames.start, _part(longest, some))
        across = cross(one, other)
        angles.put(frames, some, np.sqrt(squared(across)), dot(one, other))
    return angles.columns


def superposed(
    positions: np.ndarray, moved: np.ndarray, fitted: np.ndarray, reference: np.ndarray
) -> np.ndarray:
    """Superpose each frame on a reference by least squares, with equal weights for all atoms.

    Parameters
    ----------
    positions : numpy.ndarray
        See the module.
    moved : numpy.ndarray
        Indices of the atoms to return.
    fitted : numpy.ndarray
        Indices of the atoms to superpose, (n_fitted,).
    reference : numpy.ndarray
        Reference coordinates of the fitted atoms, (n_fitted, 3). Their centre is moved to the
        origin.

    Returns
    -------
    numpy.ndarray
        Coordinates, (n_frames, len(moved), 3) float32. The centre of the fitted atoms is the
        origin.

    Notes
    -----
    The rotation is that of Kabsch, Acta Cryst. A32, 922 (1976), from a singular value
    decomposition.
    """
    target = np.asarray(reference, dtype=np.float64)
    target = target - target.mean(axis=0)
    result = np.empty((len(positions), len(moved), 3), dtype=np.float32)
    for chunk in _chunks(len(positions), len(moved) + len(fitted)):
        frames = positions[chunk].astype(np.float64)
        centre = frames[:, fitted].mean(axis=1, keepdims=True)
        covariance = np.einsum("fni,nj->fij", frames[:, fitted] - centre, target)
        left, _, right = np.linalg.svd(covariance)
        # Reverse the weakest axis if the best fit would be a mirror image.
        left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
        result[chunk] = (frames[:, moved] - centre) @ (left @ right)
    return result


def _part(longest: np.ndarray | None, some: slice) -> np.ndarray | None:
    return None if longest is None else longest[some]


class _Angles:
    """Angles of a block, in radians or as cosine and sine."""

    def __init__(self, n_frames: int, n_angles: int, form: str) -> None:
        self._values = np.empty((n_frames, n_angles, 1 + (form == "cossin")), dtype=np.float32)

    def put(self, frames: slice, some: slice, sine: np.ndarray, cosine: np.ndarray) -> None:
        """Store some angles of some frames.

        `sine` and `cosine` have the shape (n_angles, n_frames). Both may be multiplied by the
        same positive number.
        """
        values = self._values[frames, some]
        if values.shape[2] == 1:
            # The arc cosine would lose half of the digits of small angles; atan2 does not.
            values[..., 0] = np.arctan2(sine, cosine).T
            return
        radius = np.sqrt(sine**2 + cosine**2)
        # The angle is undefined if atoms are collinear. Set it to 0, as atan2 does.
        undefined = radius == 0
        if undefined.any():
            cosine, radius = np.where(undefined, 1.0, cosine), np.where(undefined, 1.0, radius)
        values[..., 0], values[..., 1] = (cosine / radius).T, (sine / radius).T

    @property
    def columns(self) -> np.ndarray:
        """Angles, or cosine and sine of each side by side, (n_frames, n_features)."""
        n_frames, n_angles, width = self._values.shape
        return self._values.reshape(n_frames, width * n_angles)


def _chunks(n_frames: int, per_frame: int) -> Iterator[slice]:
    """Yield slices of the frames that keep temporary arrays small."""
    size = max(1, _CHUNK // max(1, per_frame))
    for start in range(0, n_frames, size):
        yield slice(start, start + size)

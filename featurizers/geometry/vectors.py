"""Vectors between atoms of a block of frames, as arrays of their components.

Frames are the last axis, so that each coordinate of an atom is contiguous in memory over the
frames. This makes both the selection of atoms and the arithmetic fast.
"""

from collections.abc import Iterator

import numpy as np

from .boxes import minimum_image, right_angled

# Numbers of frames and features processed at once. Their arrays stay in the cache of a core.
_FRAMES, _FEATURES = 64, 128


class Vectors:
    """Vectors between the atoms of some frames.

    Parameters
    ----------
    positions : numpy.ndarray
        Coordinates, (n_frames, n_atoms, 3) float32.
    boxes : numpy.ndarray or None
        Boxes for the nearest images, (n_frames, 6). If None, no periodic images are used.

    Examples
    --------
    >>> from mdgmvae.featurizers.geometry.vectors import Vectors
    >>> vectors = Vectors(np.array([[[0, 0, 0], [3, 4, 0]]], np.float32), None)
    >>> vectors.between(np.array([0]), np.array([1])).tolist()
    [[[3.0]], [[4.0]], [[0.0]]]
    """

    def __init__(self, positions: np.ndarray, boxes: np.ndarray | None) -> None:
        self._positions, self._boxes = positions, boxes
        self._lengths: np.ndarray | None = None
        if boxes is not None and right_angled(boxes):
            self._boxes = None
            self._lengths = np.ascontiguousarray(boxes[:, :3].T, dtype=np.float32)[:, None, :]
        if self._boxes is None:
            self._components = np.ascontiguousarray(positions.transpose(2, 1, 0))

    def between(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the vectors from atoms `start` to atoms `end`, (3, n, n_frames)."""
        if self._boxes is not None:
            delta = self._positions[:, end] - self._positions[:, start]
            return minimum_image(delta, self._boxes).transpose(2, 1, 0)
        delta = self._components.take(end, axis=1)
        delta -= self._components.take(start, axis=1)
        if self._lengths is not None:
            turns = delta / self._lengths
            np.rint(turns, out=turns)
            turns *= self._lengths
            delta -= turns
        return delta


def parts(
    positions: np.ndarray, boxes: np.ndarray | None, n_features: int
) -> Iterator[tuple[Vectors, slice, slice]]:
    """Iterate over the frames and features of a block in small parts.

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See `Vectors`.
    n_features : int
        Number of features of each frame.

    Yields
    ------
    vectors : Vectors
        Vectors between atoms in a few frames.
    frames, features : slice
        These frames, and the features to compute with them.
    """
    for start in range(0, len(positions), _FRAMES):
        frames = slice(start, start + _FRAMES)
        vectors = Vectors(positions[frames], None if boxes is None else boxes[frames])
        for first in range(0, n_features, _FEATURES):
            yield vectors, frames, slice(first, first + _FEATURES)


def squared(vectors: np.ndarray) -> np.ndarray:
    """Return the squared lengths of (3, ...) vectors. The vectors are overwritten."""
    vectors *= vectors
    total: np.ndarray = vectors[0]
    total += vectors[1]
    total += vectors[2]
    return total


def dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the scalar products of (3, ...) vectors."""
    total: np.ndarray = one[0] * other[0]
    total += one[1] * other[1]
    total += one[2] * other[2]
    return total


def cross(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the vector products of (3, ...) vectors."""
    product = np.empty_like(one)
    for axis in range(3):
        following, last = (axis + 1) % 3, (axis + 2) % 3
        np.multiply(one[following], other[last], out=product[axis])
        product[axis] -= one[last] * other[following]
    return product

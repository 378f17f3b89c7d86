"""Vectors between atoms of a block of frames, component by component, few at a time.

Frames come last: an atom's coordinate in all frames is one piece of memory, so that picking
atoms copies pieces instead of single numbers, and arithmetic works along memory.
"""

from collections.abc import Iterator

import numpy as np

from .boxes import minimum_image, right_angled

# Frames and features worked on at once: what is in between stays in a core's cache.
_FRAMES, _FEATURES = 64, 128


class Vectors:
    """Vectors between the atoms of some frames.

    Parameters
    ----------
    positions : numpy.ndarray
        (n_frames, n_atoms, 3) float32.
    boxes : numpy.ndarray or None
        (n_frames, 6), for the shortest images; None for no images.

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
        """From atoms `start` to atoms `end`, (3, n, n_frames); shortest images in a box."""
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
    """Go through the frames and features of a block.

    Parameters
    ----------
    positions, boxes : numpy.ndarray
        See `Vectors`.
    n_features : int
        How many there are of each frame.

    Yields
    ------
    vectors : Vectors
        Of a few frames.
    frames, features : slice
        Which they are, and for which features to use them.
    """
    for start in range(0, len(positions), _FRAMES):
        frames = slice(start, start + _FRAMES)
        vectors = Vectors(positions[frames], None if boxes is None else boxes[frames])
        for first in range(0, n_features, _FEATURES):
            yield vectors, frames, slice(first, first + _FEATURES)


def squared(vectors: np.ndarray) -> np.ndarray:
    """Squared lengths of (3, ...) vectors, which are used up."""
    vectors *= vectors
    total = vectors[0]
    total += vectors[1]
    total += vectors[2]
    return total


def dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Scalar products of (3, ...) vectors."""
    total = one[0] * other[0]
    total += one[1] * other[1]
    total += one[2] * other[2]
    return total


def cross(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Vector products of (3, ...) vectors."""
    product = np.empty_like(one)
    for axis in range(3):
        following, last = (axis + 1) % 3, (axis + 2) % 3
        np.multiply(one[following], other[last], out=product[axis])
        product[axis] -= one[last] * other[following]
    return product

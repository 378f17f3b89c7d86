"""Divisions of frames into clusters that exchange slowly, and the choice between them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from ..clustering import kmeans_of
from ..kinetics.covariances import Covariances
from .lagged_pairs import ridge_of, ridged_vamp2
from .vamp_tree import VampTree

logger = logging.getLogger(__name__)

#: Number of k-means clusterings, of which the best is used.
N_CLUSTERINGS = 10
#: Number of blocks of time; every other one is held out.
N_BLOCKS = 10
#: Fewest pairs for each cluster and block. With fewer, nothing is held out.
PAIRS_PER_BLOCK = 2


class Coordinates(NamedTuple):
    """What frames are divided by.

    Parameters
    ----------
    slow : ndarray of shape (n, n_slow)
        Coordinates in which k-means clusters are found.
    axes : ndarray of shape (n, n_axes)
        Coordinates along which a tree cuts.
    """

    slow: np.ndarray
    axes: np.ndarray

    @classmethod
    def concatenate(cls, parts: Sequence[Coordinates]) -> Coordinates:
        """Return the coordinates of all frames of the parts, in order."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def take(self, chosen: np.ndarray) -> Coordinates:
        """Return the coordinates of some of the frames."""
        return Coordinates(self.slow[chosen], self.axes[chosen])


#: Finds the cluster of each frame, (n,) int64.
Predict: TypeAlias = Callable[[Coordinates], np.ndarray]


def divide(earlier: Coordinates, later: Coordinates, k: int, seed: int) -> np.ndarray:
    """Divide frames into k clusters that exchange slowly.

    Two methods compete: k-means in the slow coordinates, which finds the dense regions, and a
    tree of cuts (`vamp_tree`), which finds rare states and slow directions among many others.
    Each divides one half of the blocks of time and is scored by VAMP-2 on the other. The one
    with the higher score divides all frames.

    Parameters
    ----------
    earlier, later : Coordinates
        Of pairs of frames one lag apart, in time order.
    k : int
        Number of clusters.
    seed : int
        Seed of k-means.

    Returns
    -------
    ndarray of shape (n,), int64
        Cluster of each earlier frame.
    """
    methods = {"k-means": _kmeans, "tree of cuts": _tree}
    scores = {name: _held_out(method, earlier, later, k, seed) for name, method in methods.items()}
    best = max(scores, key=lambda name: scores[name])
    shown = ", ".join(f"{name} {score:.2f}" for name, score in scores.items())
    logger.info("initial clusters by %s (VAMP-2 on held-out blocks of time: %s)", best, shown)
    return methods[best](earlier, later, k, seed)(earlier)


def divide_by_density(x: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Divide frames (n, n_coordinates) into k clusters by k-means: shape (n,), int64."""
    return np.asarray(kmeans_of(x, k, seed=seed, n_init=N_CLUSTERINGS).labels_)


def _held_out(
    method: Callable[[Coordinates, Coordinates, int, int], Predict],
    earlier: Coordinates,
    later: Coordinates,
    k: int,
    seed: int,
) -> float:
    """Return the mean VAMP-2 score of a method on blocks of time that it has not seen."""
    n = len(earlier.slow)
    is_even = (np.arange(n) * N_BLOCKS // n) % 2 == 0
    halves = [(is_even, ~is_even), (~is_even, is_even)]
    if n < PAIRS_PER_BLOCK * N_BLOCKS * k:
        everything = np.ones(n, bool)
        halves = [(everything, everything)]
    scores = []
    for own, other in halves:
        predict = method(earlier.take(own), later.take(own), k, seed)
        scores.append(_vamp2(predict(earlier.take(other)), predict(later.take(other)), k))
    return float(np.mean(scores))


def _kmeans(earlier: Coordinates, later: Coordinates, k: int, seed: int) -> Predict:
    """Return the clustering with the highest VAMP-2 score.

    The one with the lowest variance within clusters may divide a populated basin and join two
    rare ones.
    """
    seeds = np.random.SeedSequence(seed).generate_state(N_CLUSTERINGS).tolist()
    found = [kmeans_of(earlier.slow, k, seed=s) for s in seeds]
    scores = [_vamp2(c.labels_, c.predict(later.slow), k) for c in found]
    best = found[int(np.argmax(scores))]
    return lambda coordinates: np.asarray(best.predict(coordinates.slow))


def _tree(earlier: Coordinates, later: Coordinates, k: int, seed: int) -> Predict:
    tree = VampTree.grow(earlier.axes, later.axes, k, ridge_of(len(earlier.axes)))
    return lambda coordinates: tree.predict(coordinates.axes)


def _vamp2(earlier: np.ndarray, later: np.ndarray, k: int) -> float:
    eye = np.eye(k, dtype=np.float32)
    return ridged_vamp2(Covariances.of([(eye[earlier], eye[later])]))

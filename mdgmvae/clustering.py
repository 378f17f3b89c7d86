"""k-means that gives the same clusters on any number of processors."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from sklearn.cluster import KMeans


def kmeans_of(
    points: np.ndarray,
    n: int,
    *,
    seed: int,
    n_init: int = 1,
    max_iter: int = 300,
    weights: np.ndarray | None = None,
) -> KMeans:
    """Fit scikit-learn's k-means on one thread.

    Several threads add up the points of a cluster in random order, so the last bits would differ
    from run to run. On a busy machine they also wait for each other at every iteration: clusters of
    2,000 points then take 20 times as long.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_dim)
    n : int
        Number of clusters. There are fewer if fewer points differ.
    seed : int
        The same seed gives the same clusters.
    n_init : int
        Number of starts, of which the best is kept.
    max_iter : int
        Largest number of iterations.
    weights : ndarray of shape (n_points,), optional
        Weight of each point. Default: 1.

    Returns
    -------
    sklearn.cluster.KMeans

    Examples
    --------
    >>> kmeans_of(np.array([[0.0], [0.1], [5.0]]), 2, seed=0).cluster_centers_.ravel()
    array([0.05, 5.  ])
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    clusters = KMeans(min(n, len(points)), n_init=n_init, max_iter=max_iter, random_state=seed)
    with warnings.catch_warnings(), _thread_pools().limit(limits=1, user_api="openmp"):
        # Fewer distinct points than clusters give fewer clusters.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return clusters.fit(points, sample_weight=weights)


@lru_cache(maxsize=1)
def _thread_pools() -> ThreadpoolController:
    """Return the thread pools of this process; looking for them takes as long as a small k-means.

    Called when scikit-learn is imported, so its pool is among them.
    """
    return ThreadpoolController()

"""Frames that stand for a state: its centre, and others that show how far it reaches."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans

from ..labels import representative_rows
from ..training.dataset import spread_out

#: A frame that belongs to its state with this probability shows that state and no transition.
_SURE = 0.95
#: Frames of a state that are clustered, evenly spread where there are more.
_MAX_CLUSTERED = 2000
#: The clusters only have to be spread, not to be the best there are.
_ITERATIONS = 10


def diverse_rows(
    labels: np.ndarray,
    latent: np.ndarray,
    probability: np.ndarray,
    frames: np.ndarray,
    n: int = 5,
) -> dict[int, np.ndarray]:
    """Choose for each state rows that stand for it, and differ from each other.

    The first is that of `labels.representative_rows`, nearest to the mean of the state in
    latent space. The others are nearest to the centres of k-means clusters of the state's
    frames there, the largest cluster first, among frames that belong to the state with
    q >= 0.95, or the surer half of its frames where those are fewer. The same input always
    gives the same rows.

    Parameters
    ----------
    labels : ndarray of int64 of shape (n_rows,)
        -1 for none.
    latent : ndarray of shape (n_rows, n_z)
    probability : ndarray of shape (n_rows,)
        Of each row's own state.
    frames : ndarray of int64 of shape (n_rows,)
        No frame number is chosen twice.
    n : int
        How many for each state; a state with fewer frames gives all of them.

    Returns
    -------
    dict of int to ndarray of int64
        state -> rows, for every state that has rows.

    Examples
    --------
    >>> latent = np.array([0.0, 0.1, 0.2, 1.0, 1.1, 1.2, 2.0, 2.1, 2.2, 2.3, 2.4])[:, np.newaxis]
    >>> labels, ones = np.zeros(11, int), np.ones(11)
    >>> diverse_rows(labels, latent, ones, frames=np.arange(11), n=3)
    {0: array([5, 8, 1])}
    """
    chosen = {}
    for state, centre in representative_rows(labels, latent).items():
        rows = np.flatnonzero(labels == state)
        rows = rows[np.sort(np.unique(frames[rows], return_index=True)[1])]
        if len(rows) <= n:
            picked = [centre, *rows]
        else:
            sure = rows[probability[rows] >= min(_SURE, float(np.median(probability[rows])))]
            # What k-means leaves open, where frames coincide in latent space, is filled up.
            picked = [centre, *_spread_over(sure, latent, centre, n), *spread_out(rows, n), *rows]
        chosen[state] = np.array(list(dict.fromkeys(map(int, picked)))[:n], np.int64)
    return chosen


def _spread_over(rows: np.ndarray, latent: np.ndarray, centre: int, n: int) -> list[int]:
    """The rows nearest to the centres of n clusters, without the one that `centre` stands for."""
    rows = spread_out(rows, _MAX_CLUSTERED)
    points = latent[rows].astype(np.float64)
    n_clusters = min(n, len(np.unique(points, axis=0)))
    clusters = KMeans(n_clusters, n_init=1, max_iter=_ITERATIONS, random_state=0).fit(points)
    own = int(clusters.predict(latent[[centre]].astype(np.float64))[0])
    sizes = np.bincount(clusters.labels_, minlength=n_clusters)
    distances = np.square(clusters.transform(points))
    nearest = distances.argmin(axis=0)
    return [int(rows[nearest[c]]) for c in np.argsort(-sizes, kind="stable") if c != own]

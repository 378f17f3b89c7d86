"""Frames that represent a state: its centre, and others that show how far it extends."""

from __future__ import annotations

import numpy as np

from ..clustering import kmeans_of
from ..labels import representative_rows
from ..training.dataset import spread_out

#: A frame with at least this probability represents its state rather than a transition.
_SURE = 0.95
#: Largest number of frames of a state to cluster. If there are more, evenly spaced ones are used.
_MAX_CLUSTERED = 2000
#: Iterations of k-means. The clusters need to be spread out but not optimal.
_ITERATIONS = 10


def diverse_frames(
    labels: np.ndarray,
    latent: np.ndarray,
    probability: np.ndarray,
    frames: np.ndarray,
    n: int = 5,
) -> dict[int, np.ndarray]:
    """Choose frames that represent each state and differ from each other.

    The first one is nearest to the mean of the state in latent space. The others are nearest to
    the centres of k-means clusters of the state's frames in latent space, the largest cluster
    first. They are chosen among frames with a probability of at least 0.95, or among the more
    certain half of the frames if that half is larger. The same input always gives the same frames.

    Parameters
    ----------
    labels : ndarray of int64 of shape (n_frames,)
        States, -1 for none.
    latent : ndarray of shape (n_frames, n_z)
        Latent coordinates.
    probability : ndarray of shape (n_frames,)
        Probability of the state of each frame.
    frames : ndarray of int64 of shape (n_frames,)
        Frame numbers; none is chosen twice.
    n : int
        Number of frames for each state. A state with fewer frames gets all of them.

    Returns
    -------
    dict of int to ndarray of int64
        Positions in these arrays for every state that has frames.

    Examples
    --------
    >>> latent = np.array([0.0, 0.1, 0.2, 1.0, 1.1, 1.2, 2.0, 2.1, 2.2, 2.3, 2.4])[:, np.newaxis]
    >>> labels, ones = np.zeros(11, int), np.ones(11)
    >>> diverse_frames(labels, latent, ones, frames=np.arange(11), n=3)
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
            # k-means finds fewer clusters if frames coincide in latent space; other frames fill up.
            picked = [centre, *_spread_over(sure, latent, centre, n), *spread_out(rows, n), *rows]
        chosen[state] = np.array(list(dict.fromkeys(map(int, picked)))[:n], np.int64)
    return chosen


def _spread_over(rows: np.ndarray, latent: np.ndarray, centre: int, n: int) -> list[int]:
    """Find the frames nearest to the centres of n clusters, except the cluster of `centre`."""
    rows = spread_out(rows, _MAX_CLUSTERED)
    points = latent[rows].astype(np.float64)
    n_clusters = min(n, len(np.unique(points, axis=0)))
    clusters = kmeans_of(points, n_clusters, seed=0, max_iter=_ITERATIONS)
    own = int(clusters.predict(latent[[centre]].astype(np.float64))[0])
    sizes = np.bincount(clusters.labels_, minlength=n_clusters)
    distances = np.square(clusters.transform(points))
    nearest = distances.argmin(axis=0)
    return [int(rows[nearest[c]]) for c in np.argsort(-sizes, kind="stable") if c != own]

"""Microstates: divisions of the frames that are finer than components and states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..clustering import kmeans_of
from ..kinetics.markov import timescales_of
from ..segments import checked_lengths
from .dataset import spread_out
from .lagged_pairs import LaggedPairs
from .tica import Tica

#: Number of microstates for each component, the smallest number, and the smallest number of
#: independent pairs of frames for each microstate.
_PER_COMPONENT, _FEWEST, _PAIRS = 3, 30, 10
#: Largest number of frames that are clustered.
_CLUSTERED = 20_000
#: Number of slow coordinates of the logits.
_DIM = 10
#: Smaller probabilities are not distinguished.
_SMALLEST = 1e-30
#: Slower coordinates are not distinguished.
_SLOWEST = 0.9999


#: Longest blocks of frames, in lags, and how many frames blocks are chosen from evenly.
_BLOCK, _KEPT = 100, 200_000


def spread_blocks(lengths: Sequence[int], lag: int | None, most: int = _KEPT) -> np.ndarray:
    """Choose blocks of 100 lags, evenly spread, so that memory is bounded.

    Parameters
    ----------
    lengths : sequence of int
        Number of frames in each segment.
    lag : int or None
        Lag time in frames; None means that no frame is needed.
    most : int
        Number of frames to keep, about.

    Returns
    -------
    ndarray of bool of shape (n_frames,)
        All True if there are at most `most` frames.

    Examples
    --------
    >>> spread_blocks([300, 700], lag=1, most=500).reshape(-1, 100).all(axis=1).astype(int)
    array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    """
    n = sum(lengths)
    if lag is None:
        return np.zeros(n, bool)
    if n <= most:
        return np.ones(n, bool)
    block = np.arange(n) // (_BLOCK * lag)
    share = most / n
    return np.floor((block + 1) * share) > np.floor(block * share)


def microstates_of(
    components: np.ndarray,
    probabilities: np.ndarray,
    *,
    lag: int,
    lengths: Sequence[int] | None,
    kept: np.ndarray | None = None,
) -> np.ndarray:
    """Divide the frames by k-means in the slow coordinates of the logits of q(y|x).

    The logits still vary where the probabilities are 0 or 1, so frames within a component are
    distinguished. Distances are commute distances (Noé, Banisch & Clementi, J. Chem. Theory
    Comput. 12, 5620 (2016)): with many directions, few clusters resolve only the slowest.

    Parameters
    ----------
    components : ndarray of int64 of shape (n_frames,)
        -1 for none.
    probabilities : ndarray of shape (n_frames, k)
        Of the components, q(y|x).
    lag : int
        Lag time in frames.
    lengths : sequence of int or None
        Number of frames in each segment.
    kept : ndarray of bool of shape (n_frames,), optional
        Frames that `probabilities` are given for. Default: all.

    Returns
    -------
    ndarray of int64 of shape (n_frames,)
        Microstate of each frame, -1 for a frame without a component or probabilities. The
        components themselves if their probabilities do not differ.
    """
    lengths = checked_lengths(lengths, len(components))
    if kept is not None and not kept.all():
        found = np.full(len(components), -1)
        pieces, of_pieces = _pieces(kept, lengths)
        found[pieces] = microstates_of(
            components[pieces], probabilities, lag=lag, lengths=of_pieces
        )
        return found
    logits = np.log(np.maximum(probabilities, _SMALLEST, dtype=np.float64))
    logits -= logits.mean(axis=1, keepdims=True)
    there = components >= 0
    pairs = LaggedPairs.within(lengths, lag, there)
    begins = np.flatnonzero(pairs.has_partner)
    if not len(begins) or not np.ptp(logits[there], axis=0).any():
        return components
    tica = Tica.fit([(logits[begins], logits[begins + lag])], lag, _DIM)
    weights = np.sqrt(timescales_of(np.minimum(tica.autocorrelation, _SLOWEST), lag))
    slow = (logits - tica.mean) @ (tica.projection * weights)
    k = probabilities.shape[1]
    n = min(max(_FEWEST, _PER_COMPONENT * k), max(k + 1, len(begins) // (_PAIRS * lag)))
    return np.where(there, clustered(slow, np.flatnonzero(there), n, seed=0), -1)


def _pieces(kept: np.ndarray, lengths: Sequence[int]) -> tuple[np.ndarray, list[int]]:
    """Return the numbers of the frames that are kept, and the lengths of continuous pieces."""
    segments = np.repeat(np.arange(len(lengths)), lengths)
    numbers = np.flatnonzero(kept)
    breaks = (np.diff(numbers) > 1) | (np.diff(segments[numbers]) > 0)
    starts = np.concatenate([[0], np.flatnonzero(breaks) + 1, [len(numbers)]])
    return numbers, np.diff(starts).tolist()


def clustered(points: np.ndarray, some: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Divide points by k-means.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_dim)
    some : ndarray of int64
        Numbers of the points from which the centres are found, at most 20,000 of them.
    n : int
        Number of clusters; there are fewer if fewer of these points differ.
    seed : int
        The same seed gives the same clusters.

    Returns
    -------
    ndarray of int64 of shape (n_points,)

    Examples
    --------
    >>> clustered(np.array([[0.0], [0.1], [5.0]]), np.arange(3), 2, seed=0).tolist() in (
    ...     [0, 0, 1], [1, 1, 0]
    ... )
    True
    """
    chosen = points[spread_out(some, _CLUSTERED)]
    n = min(n, len(np.unique(chosen, axis=0)))
    return np.asarray(kmeans_of(chosen, n, seed=seed).predict(points), np.int64)

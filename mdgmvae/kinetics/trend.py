"""Trend: how strongly the slowest process is correlated with time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import spearmanr

from ..segments import checked_lengths
from .markov import MarkovModel, connected_sets, count_matrix, symmetric_form, with_ways_back


def trend_of(labels: np.ndarray, lag: int, lengths: Sequence[int] | None) -> float:
    """Correlate the slowest process with the time in its segment.

    In equilibrium, frames go back and forth many times, and the correlation is small. Under a
    drift or a pulling force it is close to 1.

    Parameters
    ----------
    labels : ndarray of int64 of shape (n_frames,)
        State (or component) of each frame in time order, -1 for none.
    lag : int
        Lag time in frames.
    lengths : sequence of int or None
        Number of frames in each segment. None means one segment.

    Returns
    -------
    float
        Absolute value of Spearman's rank correlation, averaged over the segments (weighted with
        their frames): 0 to 1. 0 if there is only one state.

    Examples
    --------
    >>> trend_of(np.repeat([0, 1, 2], 50), 1, None) > 0.9
    True
    >>> trend_of(np.tile(np.repeat([0, 1], 50), 20), 1, None) < 0.1
    True
    """
    process = _slowest_process(labels, lag, lengths)
    if process is None:
        return 0.0
    total, weight, stop = 0.0, 0, 0
    for length in checked_lengths(lengths, len(labels)):
        stop += length
        segment = process[stop - length : stop]
        there = np.isfinite(segment)
        if not there.any():
            continue
        weight += int(there.sum())
        if np.ptp(segment[there]) > 0:
            r = spearmanr(np.flatnonzero(there), segment[there]).statistic
            total += float(r) * int(there.sum())
    return abs(total) / weight if weight else 0.0


def _slowest_process(
    labels: np.ndarray, lag: int, lengths: Sequence[int] | None
) -> np.ndarray | None:
    """Return the slowest right eigenvector at each frame, NaN outside the largest set of states."""
    counts = with_ways_back(count_matrix(labels, lag, lengths), lag)
    states = connected_sets(counts)[0]
    if len(states) < 2:
        return None
    model = MarkovModel.fit(counts, lag, states)
    _, vectors = np.linalg.eigh(symmetric_form(model.transition_matrix, model.stationary))
    of_state = np.full(len(counts) + 1, np.nan)
    of_state[states] = vectors[:, -2] / np.sqrt(model.stationary)
    return np.asarray(of_state[np.where(labels < 0, len(counts), labels)])

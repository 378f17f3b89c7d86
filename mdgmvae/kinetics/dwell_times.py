"""Visits to states and how long they last, read off the labels without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..labels import as_labels, n_states_of
from ..segments import discrete_trajectories


@dataclass(frozen=True, eq=False)
class Visits:
    """How often each state was visited; arrays of shape (k,).

    Parameters
    ----------
    visits : ndarray of int64
        Visits, those that a piece of trajectory starts or ends in too.
    entries, exits : ndarray of int64
        Visits that were seen to begin, and to end, within a piece.
    mean_length : ndarray of float64
        Mean lifetime in rows: rows of all visits over exits, as is right for visits of which
        some are cut off by the end of a piece; infinite without an exit, NaN without a visit.
    """

    visits: np.ndarray
    entries: np.ndarray
    exits: np.ndarray
    mean_length: np.ndarray


def visits(
    labels: Any,
    *,
    lengths: Sequence[int] | None = None,
    k: int | None = None,
    min_rows: int = 1,
) -> Visits:
    """Count the visits to each state.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        States, -1 for none.
    lengths : sequence of int, optional
        Rows of each continuous piece. Default: one piece.
    k : int, optional
        Number of states. Default: one more than the largest label.
    min_rows : int
        Stays shorter than this are no visits, and do not interrupt one: the frame goes on to
        belong to the state before (with ``min_rows=lag``: returns over a barrier within the lag
        are no events).

    Returns
    -------
    Visits

    Raises
    ------
    InputError
        When the labels or the lengths cannot be used.

    Examples
    --------
    >>> from mdgmvae.kinetics import visits
    >>> found = visits([0, 0, 0, 1, 1, 0, 0])
    >>> found.visits.tolist(), found.entries.tolist(), found.mean_length.tolist()
    ([2, 1], [1, 1], [5.0, 2.0])
    >>> visits([0, 0, 0, 1, 0, 0, 1, 1, 1], min_rows=2).visits
    array([1, 1])
    """
    states = as_labels(labels)
    k = n_states_of(states, k)
    counts = np.zeros((4, k))
    for piece in discrete_trajectories(states, lengths):
        visited, rows = _merged(*_runs(piece), min_rows)
        np.add.at(counts[0], visited, 1)
        np.add.at(counts[1], visited[1:], 1)
        np.add.at(counts[2], visited[:-1], 1)
        np.add.at(counts[3], visited, rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_length = counts[3] / counts[2]
    n_visits, entries, exits = counts[:3].astype(np.int64)
    return Visits(n_visits, entries, exits, mean_length)


def _runs(piece: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """States and rows of the uninterrupted stays."""
    starts = np.flatnonzero(np.concatenate([[True], piece[1:] != piece[:-1]]))
    return piece[starts], np.diff(np.append(starts, len(piece)))


def _merged(visited: np.ndarray, rows: np.ndarray, min_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Stays without the short ones, whose rows go to the stay before them."""
    long = rows >= min_rows
    if not long.any():
        return visited[:0], rows[:0]
    # What comes before the first long stay goes with it.
    owner = np.maximum(np.cumsum(long) - 1, 0)
    states = visited[long]
    totals = np.bincount(owner, weights=rows)
    new = np.concatenate([[True], states[1:] != states[:-1]])
    return states[new], np.bincount(np.cumsum(new) - 1, weights=totals)

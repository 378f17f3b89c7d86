"""Visits to states and the transitions between them, counted from the labels without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count
from ..labels import as_labels, n_states_of
from ..segments import discrete_trajectories
from ..tables import Shown, Table, number


@dataclass(frozen=True, eq=False, repr=False)
class Visits(Shown):
    """How often each state was visited; arrays of shape (k,).

    It prints as a table.

    Parameters
    ----------
    visits : ndarray of int64
        Number of visits, including those cut off by the start or end of a segment.
    entries, exits : ndarray of int64
        Number of visits that begin or end within a segment: transitions in and out.
    mean_length : ndarray of float64
        Mean lifetime in frames: the frames of all visits divided by the number of transitions
        out, which is correct even if the end of a segment cuts visits off. Infinite without a
        transition out, NaN without a visit.
    """

    visits: np.ndarray
    entries: np.ndarray
    exits: np.ndarray
    mean_length: np.ndarray

    def tables(self) -> list[Table]:
        """Return a table with a row for each state."""
        heads = ("state", "visits", "transitions in", "transitions out", "mean visit / frames")
        columns = (self.visits, self.entries, self.exits)
        rows = tuple(
            (state, *(f"{column[state]:,}" for column in columns), number(mean))
            for state, mean in enumerate(self.mean_length.tolist())
        )
        return [Table(heads, rows)]


def visits(
    labels: Any,
    *,
    lengths: Sequence[int] | None = None,
    k: int | None = None,
    min_frames: int = 1,
) -> Visits:
    """Count the visits to each state.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame in time order, -1 for none.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.
    k : int, optional
        Number of states. Default: one more than the largest label.
    min_frames : int
        Stays shorter than this do not count as visits and do not interrupt one: their frames
        count for the previous state. With ``min_frames=lag``, crossing a barrier and returning
        within the lag time is not counted as a transition.

    Returns
    -------
    Visits

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    >>> from mdgmvae.kinetics import visits
    >>> found = visits([0, 0, 0, 1, 1, 0, 0])
    >>> found.visits.tolist(), found.entries.tolist(), found.mean_length.tolist()
    ([2, 1], [1, 1], [5.0, 2.0])
    >>> visits([0, 0, 0, 1, 0, 0, 1, 1, 1], min_frames=2).visits
    array([1, 1])
    """
    states = as_labels(labels)
    k = n_states_of(states, k)
    counts = np.zeros((4, k))
    for visited, frames in _visits_of_segments(states, lengths, min_frames):
        np.add.at(counts[0], visited, 1)
        np.add.at(counts[1], visited[1:], 1)
        np.add.at(counts[2], visited[:-1], 1)
        np.add.at(counts[3], visited, frames)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_length = counts[3] / counts[2]
    n_visits, entries, exits = counts[:3].astype(np.int64)
    return Visits(n_visits, entries, exits, mean_length)


def share_in_visits(
    labels: Any, lengths: Sequence[int] | None, k: int, min_frames: int
) -> np.ndarray:
    """Return the share of the frames of each state that lie in visits to it.

    It is near 1 for states that last, even if they are left for moments, and 0 for a state without
    a single stay of `min_frames` frames. Labels that repeat with the period of the lag look
    long-lived in a Markov model at this lag, but not here.

    Parameters
    ----------
    labels, lengths, k, min_frames
        As in `visits`.

    Returns
    -------
    ndarray of float64 of shape (k,)
        NaN for a state without frames in segments of at least `min_frames` frames.

    Examples
    --------
    >>> share_in_visits([0, 0, 0, 1, 0, 0, 1, 1], None, k=2, min_frames=2).round(2).tolist()
    [1.0, 0.67]
    >>> share_in_visits([0, 1, 2, 0, 1, 2, 0, 1, 2], None, k=3, min_frames=3).tolist()
    [0.0, 0.0, 0.0]
    """
    inside, frames = np.zeros((2, k))
    for segment in discrete_trajectories(labels, lengths):
        if len(segment) < min_frames:
            continue
        frames += np.bincount(segment, minlength=k)
        visited, totals = _merged(*_stays(segment), min_frames)
        if len(visited):
            merged = np.repeat(visited, totals.astype(np.int64))
            inside += np.bincount(segment[merged == segment], minlength=k)
    with np.errstate(invalid="ignore"):
        return inside / frames


def transition_counts(
    labels: Any, lengths: Sequence[int] | None, k: int, min_frames: int
) -> np.ndarray:
    """Count the transitions from each state to each other one.

    Parameters
    ----------
    labels, lengths, k, min_frames
        As in `visits`, whose `exits` are the sums over the second index.

    Returns
    -------
    ndarray of int64 of shape (k, k)
        From the first index to the second; 0 on the diagonal.

    Examples
    --------
    >>> transition_counts([0, 0, 1, 1, 0, 0, 2, 2], None, k=3, min_frames=2).tolist()
    [[0, 1, 1], [1, 0, 0], [0, 0, 0]]
    """
    counts = np.zeros((k, k), np.int64)
    for visited, _ in _visits_of_segments(as_labels(labels), lengths, min_frames):
        np.add.at(counts, (visited[:-1], visited[1:]), 1)
    return counts


def _visits_of_segments(
    states: np.ndarray, lengths: Sequence[int] | None, min_frames: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the states visited in each segment, in order, and the frames of each visit."""
    min_frames = check_count("min_frames", min_frames)
    for segment in discrete_trajectories(states, lengths):
        yield _merged(*_stays(segment), min_frames)


def _stays(segment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the states and the numbers of frames of uninterrupted stays."""
    starts = np.flatnonzero(np.concatenate([[True], segment[1:] != segment[:-1]]))
    return segment[starts], np.diff(np.append(starts, len(segment)))


def _merged(
    visited: np.ndarray, frames: np.ndarray, min_frames: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the stays without short ones, whose frames go to the stay before them."""
    long = frames >= min_frames
    if not long.any():
        return visited[:0], frames[:0]
    # Frames before the first long stay are added to it.
    owner = np.maximum(np.cumsum(long) - 1, 0)
    states = visited[long]
    totals = np.bincount(owner, weights=frames)
    new = np.concatenate([[True], states[1:] != states[:-1]])
    return states[new], np.bincount(np.cumsum(new) - 1, weights=totals)

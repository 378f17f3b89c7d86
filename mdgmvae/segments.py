"""Segments: continuous stretches of trajectory, their lengths, lags within them, parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d

from .checks import check_count, check_counts
from .errors import InputError
from .labels import as_labels

#: A block of time is at least so many lags long, where the data allow it.
LAGS_IN_BLOCK = 20


def discrete_trajectories(labels: Any, lengths: Sequence[int] | None = None) -> list[np.ndarray]:
    """Cut labels into continuous pieces without unassigned frames.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        States, -1 for none.
    lengths : sequence of int, optional
        Rows of each continuous piece of trajectory. Default: all are one piece.

    Returns
    -------
    list of ndarray of int64
        In the order of time; none is empty.

    Raises
    ------
    InputError
        When `labels` are no labels or `lengths` do not add up to them.

    Examples
    --------
    >>> [piece.tolist() for piece in discrete_trajectories([0, 1, -1, 1, 0, 0], lengths=[4, 2])]
    [[0, 1], [1], [0, 0]]
    """
    states = as_labels(labels)
    pieces = []
    for piece in np.split(states, np.cumsum(checked_lengths(lengths, len(states)))[:-1]):
        assigned = np.concatenate([[False], piece >= 0, [False]])
        starts, stops = np.flatnonzero(np.diff(assigned.astype(np.int8))).reshape(-1, 2).T
        pieces += [piece[start:stop] for start, stop in zip(starts, stops, strict=True)]
    return pieces


def checked_lengths(lengths: Sequence[int] | None, n_frames: int) -> tuple[int, ...]:
    """The rows of each continuous piece; everything is one piece where `lengths` is None.

    Raises
    ------
    InputError
        When they do not add up to the frames.

    Examples
    --------
    >>> checked_lengths(None, 7), checked_lengths([4, 3], 7)
    ((7,), (4, 3))
    """
    pieces = (n_frames,) if lengths is None else tuple(check_counts("lengths", lengths))
    if sum(pieces) != n_frames:
        raise InputError(
            f"lengths={list(pieces)[:8]}: must add up to the {n_frames:,} frames, "
            f"not to {sum(pieces):,}"
        )
    return pieces


def checked_lag(lag: int, pieces: Sequence[np.ndarray], name: str = "lag") -> int:
    """The lag as an int.

    Raises
    ------
    InputError
        When it is not at least 1 or no piece is longer.
    """
    if not np.issubdtype(np.asarray(lag).dtype, np.integer) or lag < 1:
        raise InputError(f"{name}={lag!r}: a whole number of rows, at least 1, is needed")
    longest = max(map(len, pieces), default=0)
    if longest <= lag:
        raise InputError(
            f"{name}={lag}: no continuous piece is longer than {lag} rows (the longest has "
            f"{longest}), so there are no pairs of frames one lag apart; choose a shorter lag"
        )
    return int(lag)


def within_lag(chosen: np.ndarray, lag: int) -> np.ndarray:
    """The rows that `chosen` marks, and those not more than one lag before or after them.

    Examples
    --------
    >>> within_lag(np.array([False, False, False, True, False]), 1).tolist()
    [False, False, True, True, True]
    """
    return maximum_filter1d(chosen.view(np.uint8), 2 * lag + 1, mode="constant").astype(bool)


def cut(segments: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The segments without the rows that are not chosen, which also end a segment."""
    starts = np.concatenate([[True], (segments[1:] != segments[:-1]) | (chosen[1:] != chosen[:-1])])
    return np.where(chosen & (segments >= 0), np.cumsum(starts), -1)


def folds_of(lengths: Sequence[int], lag: int, n_folds: int, blocks_per_fold: int) -> np.ndarray:
    """The fold of each row."""
    n_folds = check_count("n_folds", n_folds, low=2)
    blocks_per_fold = check_count("blocks_per_fold", blocks_per_fold)
    n_rows = sum(lengths)
    wanted = max(n_rows / (n_folds * blocks_per_fold), LAGS_IN_BLOCK * lag)
    length = min(wanted, n_rows / n_folds)
    if length <= 2 * lag:
        raise InputError(
            f"n_folds={n_folds}: blocks of {length:.0f} rows are too short for lag={lag}; choose "
            "fewer folds or a shorter lag"
        )
    blocks = [part for n in lengths for part in even_parts(n, int(np.ceil(n / length)))]
    return np.repeat(np.arange(len(blocks)) % n_folds, blocks)


def even_parts(n: int, parts: int) -> list[int]:
    return [n // parts + (i < n % parts) for i in range(parts)]

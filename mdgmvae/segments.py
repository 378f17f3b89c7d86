"""Segments (continuous stretches of trajectory): their lengths, lag times and folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d

from .checks import check_count, check_counts
from .errors import InputError
from .labels import as_labels

#: Length of a block for cross-validation, in lags, if the data are long enough.
LAGS_IN_BLOCK = 20


def discrete_trajectories(labels: Any, lengths: Sequence[int] | None = None) -> list[np.ndarray]:
    """Split labels into discrete trajectories that contain only assigned frames.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame; -1 for none.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: all frames are one segment.

    Returns
    -------
    list of ndarray of int64
        Labels of each discrete trajectory, in time order. None of them is empty.

    Raises
    ------
    InputError
        If the labels are invalid, or `lengths` do not add up to their number.

    Examples
    --------
    >>> [part.tolist() for part in discrete_trajectories([0, 1, -1, 1, 0, 0], lengths=[4, 2])]
    [[0, 1], [1], [0, 0]]
    """
    states = as_labels(labels)
    found = []
    for segment in np.split(states, np.cumsum(checked_lengths(lengths, len(states)))[:-1]):
        assigned = np.concatenate([[False], segment >= 0, [False]])
        starts, stops = np.flatnonzero(np.diff(assigned.astype(np.int8))).reshape(-1, 2).T
        found += [segment[start:stop] for start, stop in zip(starts, stops, strict=True)]
    return found


def checked_lengths(lengths: Sequence[int] | None, n_frames: int) -> tuple[int, ...]:
    """Check the lengths of the segments, and return them as a tuple.

    Parameters
    ----------
    lengths : sequence of int or None
        Number of frames in each segment. None: all frames are one segment.
    n_frames : int
        Number of frames.

    Returns
    -------
    tuple of int

    Raises
    ------
    InputError
        If a length is not a positive whole number, or the lengths do not add up to `n_frames`.

    Examples
    --------
    >>> checked_lengths(None, 7), checked_lengths([4, 3], 7)
    ((7,), (4, 3))
    """
    found = (n_frames,) if lengths is None else tuple(check_counts("lengths", lengths))
    if sum(found) != n_frames:
        raise InputError(
            f"lengths={list(found)[:8]}: must add up to the {n_frames:,} frames, "
            f"not to {sum(found):,}"
        )
    return found


def checked_lag(lag: int, segments: Sequence[np.ndarray], name: str = "lag") -> int:
    """Check the lag time and return it as an int.

    Parameters
    ----------
    lag : int
        Lag time in frames.
    segments : sequence of ndarray
        Data of each segment, of which only the number of frames is used.
    name : str
        Name of the option, for the message.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If the lag is below 1, or no segment is longer than the lag.
    """
    if not np.issubdtype(np.asarray(lag).dtype, np.integer) or lag < 1:
        raise InputError(f"{name}={lag!r}: must be a whole number of frames, at least 1")
    longest = max(map(len, segments), default=0)
    if longest <= lag:
        raise InputError(
            f"{name}={lag}: no segment is longer than {lag} frames (the longest has {longest}), "
            "so there are no pairs of frames one lag apart; choose a shorter lag"
        )
    return int(lag)


def within_lag(chosen: np.ndarray, lag: int) -> np.ndarray:
    """Mark the chosen frames and those at most one lag before or after them.

    Parameters
    ----------
    chosen : ndarray of shape (n_frames,), bool
    lag : int
        Lag time in frames.

    Returns
    -------
    ndarray of shape (n_frames,), bool

    Examples
    --------
    >>> within_lag(np.array([False, False, False, True, False]), 1).tolist()
    [False, False, True, True, True]
    """
    near: np.ndarray = maximum_filter1d(chosen.view(np.uint8), 2 * lag + 1, mode="constant")
    return near.astype(bool)


def cut(segments: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Split segments at the frames that are not chosen.

    Parameters
    ----------
    segments : ndarray of shape (n_frames,), int64
        Index of the segment of each frame; -1 for none.
    chosen : ndarray of shape (n_frames,), bool

    Returns
    -------
    ndarray of shape (n_frames,), int64
        Index of the new segment of each frame; -1 for a frame that is not chosen.
    """
    starts = np.concatenate([[True], (segments[1:] != segments[:-1]) | (chosen[1:] != chosen[:-1])])
    return np.where(chosen & (segments >= 0), np.cumsum(starts), -1)


def folds_of(lengths: Sequence[int], lag: int, n_folds: int, blocks_per_fold: int) -> np.ndarray:
    """Divide frames into folds for cross-validation, each made of blocks of time.

    Parameters
    ----------
    lengths : sequence of int
        Number of frames in each segment. No block extends over two segments.
    lag : int
        Lag time in frames. If there are enough frames, a block is at least `LAGS_IN_BLOCK` lags
        long.
    n_folds : int
        Number of folds, at least 2.
    blocks_per_fold : int
        Number of blocks in each fold, if there are enough frames.

    Returns
    -------
    ndarray of shape (n_frames,), int64
        Fold of each frame.

    Raises
    ------
    InputError
        If an argument is invalid, or the blocks would not be longer than two lags.
    """
    n_folds = check_count("n_folds", n_folds, low=2)
    blocks_per_fold = check_count("blocks_per_fold", blocks_per_fold)
    n_frames = sum(lengths)
    wanted = max(n_frames / (n_folds * blocks_per_fold), LAGS_IN_BLOCK * lag)
    length = min(wanted, n_frames / n_folds)
    if length <= 2 * lag:
        raise InputError(
            f"n_folds={n_folds}: blocks of {length:.0f} frames are too short for lag={lag}; choose "
            "fewer folds or a shorter lag"
        )
    blocks = [part for n in lengths for part in even_parts(n, int(np.ceil(n / length)))]
    return np.repeat(np.arange(len(blocks)) % n_folds, blocks)


def even_parts(n: int, parts: int) -> list[int]:
    """Divide `n` frames into parts that differ by at most one frame.

    Parameters
    ----------
    n, parts : int

    Returns
    -------
    list of int
        Number of frames in each part.

    Examples
    --------
    >>> even_parts(8, 3)
    [3, 3, 2]
    """
    return [n // parts + (i < n % parts) for i in range(parts)]

"""Segments (continuous stretches of trajectory): where they end, their lengths and folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d

from .checks import check_count, check_counts
from .errors import InputError
from .labels import as_labels
from .tables import counted

#: Length of a block for cross-validation, in lags, if the data are long enough.
LAGS_IN_BLOCK = 20
#: Share of the time between two frames of a file by which a time step may differ from the others.
#: Files often hold rounded times.
SAME_STEP = 0.01


def continuous_lengths(
    frames: np.ndarray,
    trajectory_index: np.ndarray,
    times: np.ndarray | None = None,
    joined: bool = False,
    after_gap: np.ndarray | None = None,
) -> tuple[int, ...]:
    """Return the lengths of the segments that the frames form.

    A segment ends where the file changes, where the step between frame numbers changes or is not
    positive, and at the `time_breaks`.

    Parameters
    ----------
    frames : ndarray of shape (n_frames,), int64
        Frame numbers in the order in which they are analysed.
    trajectory_index : ndarray of shape (n_frames,), int64
        Index of the file of each frame.
    times : ndarray of shape (n_frames,), optional
        Time of each frame in any unit; NaN where unknown.
    joined : bool
        Whether the files form one continuous trajectory, so that a segment may extend over
        several files.
    after_gap : ndarray of shape (n_frames,), bool, optional
        Whether frames right before this one were left out, so that a segment begins here.

    Returns
    -------
    tuple of int
        Number of frames in each segment.

    Examples
    --------
    >>> continuous_lengths(np.array([0, 1, 2, 10, 12, 14, 15]), np.zeros(7, int))
    (3, 3, 1)
    >>> continuous_lengths(np.arange(5), np.zeros(5, int), np.array([0.0, 1.0, 2.0, 0.0, 1.0]))
    (3, 2)
    """
    steps = np.diff(frames)
    changes = np.zeros(len(steps), bool) if joined else np.diff(trajectory_index) != 0
    broken = changes | (steps <= 0)
    if after_gap is not None:
        broken |= after_gap[1:]
    # Within a segment, all steps are equal to the first one.
    suspicious = broken.copy()
    suspicious[1:] |= steps[1:] != steps[:-1]
    starts = [0]
    for frame in np.flatnonzero(suspicious) + 1:
        if broken[frame - 1] or frame - starts[-1] > 1:
            starts.append(int(frame))
    lengths = np.diff([*starts, len(frames)])
    if times is not None:
        found = np.union1d(starts, time_breaks(times, frames, lengths))
        lengths = np.diff([*found, len(frames)])
    return tuple(lengths.tolist())


def time_breaks(
    times: np.ndarray, frames: np.ndarray, lengths: Sequence[int] | np.ndarray
) -> np.ndarray:
    """Find the frames at which a segment ends because of the times.

    The time between frames of a segment is its span over its number of steps. A new segment begins
    where a step differs from it by more than the rounding of the times, and where the times do
    not increase. Files hold times as float32: at 1 microsecond, they are multiples of 0.0625 ps.

    Parameters
    ----------
    times : ndarray of shape (n_frames,)
        Time of each frame in any unit. Unknown times, NaN, break nothing.
    frames : ndarray of shape (n_frames,), int64
        Frame numbers.
    lengths : sequence of int
        Lengths of the stretches with a constant step between frame numbers.

    Returns
    -------
    ndarray of int64
        Positions (not frame numbers) of the first frame of each new segment.

    Examples
    --------
    >>> time_breaks(np.array([0.0, 2.0, 4.0, 14.0, 16.0]), np.arange(5), [5])
    array([3])
    """
    times, lengths = np.asarray(times, np.float64), np.asarray(lengths)
    starts = np.cumsum(lengths) - lengths
    stretch = np.repeat(np.arange(len(lengths)), lengths)
    tolerance = np.full(len(lengths), SAME_STEP)
    several = lengths > 1
    # A file's own time step is the measure, of which a step between chosen frames is a multiple.
    tolerance[several] /= np.abs(frames[starts[several] + 1] - frames[starts[several]])
    with np.errstate(invalid="ignore", over="ignore"):
        steps, rounding = np.diff(times), rounding_of(times)
        rounding = np.maximum(rounding[1:], rounding[:-1])
        count = np.arange(len(times)) - starts[stretch]
        means = (times - times[starts[stretch]]) / np.maximum(count, 1)
        allowed = _allowed(means[:-1], rounding, np.maximum(count[:-1], 1), tolerance[stretch[:-1]])
        irregular = (np.abs(steps - means[:-1]) > allowed) & (count[:-1] > 0)
        irregular = (irregular | (means[1:] <= 0)) & (count[1:] > 0)
    found: list[int] = []
    for i in np.unique(stretch[1:][irregular]):
        start, end = starts[i], starts[i] + lengths[i]
        part = times[start:end].tolist(), rounding[start : end - 1].tolist()
        found += [start + position for position in _breaks_of(*part, float(tolerance[i]))]
    return np.array(found, np.int64)


def rounding_of(times: np.ndarray) -> np.ndarray:
    """Return by how much the difference of two times may be off, if files hold them as float32.

    Parameters
    ----------
    times : ndarray of float64
        In any unit.

    Returns
    -------
    ndarray of float64
        In the same unit.

    Examples
    --------
    >>> rounding_of(np.array([1e6]))
    array([0.0625])
    """
    return np.asarray(np.spacing(np.abs(times).astype(np.float32)), np.float64)


def _allowed(mean: Any, rounding: Any, count: Any, tolerance: Any) -> Any:
    """Return how far a step may be from the mean of the `count` steps before it."""
    return rounding * (1 + 1 / count) + tolerance * abs(mean)


def _breaks_of(times: list[float], rounding: list[float], tolerance: float) -> list[int]:
    """Find the breaks of a stretch with irregular times, frame by frame."""
    usual = sorted(map(float.__sub__, times[1:], times))[(len(times) - 2) // 2]
    begin = 0
    found: list[int] = []
    for frame in range(2, len(times) + 1):
        count = frame - 1 - begin
        if count == 0:
            continue
        mean = (times[frame - 1] - times[begin]) / count
        if frame < len(times):
            allowed = _allowed(mean, rounding[frame - 1], count, tolerance)
            if abs(times[frame] - times[frame - 1] - mean) <= allowed:
                continue
        if mean <= 0 or (
            count == 1 and abs(mean - usual) > _allowed(usual, rounding[begin], 1, tolerance)
        ):
            # These frames do not follow each other, but the last one may begin a segment.
            found += range(begin + 1, frame)
            begin = frame - 1
        else:
            found.append(frame)
            begin = frame
    return [position for position in found if position < len(times)]


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
            f"lengths={list(found)[:8]}: must add up to {counted(n_frames, 'frame')}, "
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
            f"n_folds={n_folds}: {n_frames:,} frames give blocks of {length:.0f}, too short for "
            f"lag={lag}; use more frames, fewer folds or a shorter lag"
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

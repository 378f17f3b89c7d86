"""Convert lag times in ps to lags in frames, and check time steps."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..errors import InputError
from ..segments import SAME_STEP, rounding_of


class Timed(Protocol):
    """Frames with times, in segments: a `FeatureSet`, or the results of an analysis."""

    @property
    def times(self) -> np.ndarray:
        """Time of each frame in ps; NaN where unknown."""

    @property
    def lengths(self) -> Sequence[int]:
        """Number of frames in each segment."""


def time_step(times: np.ndarray, lengths: Sequence[int]) -> float | None:
    """Compute the time between successive frames of a segment.

    Parameters
    ----------
    times : ndarray of shape (n_frames,)
        In ps.
    lengths : sequence of int
        Number of frames in each segment.

    Returns
    -------
    float or None
        In ps. None if the times are unknown or segments have different time steps.

    Examples
    --------
    >>> time_step(np.array([0.0, 2.0, 4.0, 0.0, 2.0]), (3, 2))
    2.0
    >>> time_step(np.full(3, np.nan), (3,)) is None
    True
    """
    spans = Spans.of(times, lengths)
    return None if spans is None or spans.differ else spans.step


@dataclass(frozen=True)
class Spans:
    """Times between the first and the last frame of segments, in ps.

    Use `of` to make one.

    Attributes
    ----------
    spans, n_steps : numpy.ndarray
        Span of each segment with at least two frames, and its number of steps between frames.
    rounding : numpy.ndarray
        How far each span may be off because files hold times as float32.
    """

    spans: np.ndarray
    n_steps: np.ndarray
    rounding: np.ndarray

    @classmethod
    def of(cls, times: np.ndarray, lengths: Sequence[int]) -> Spans | None:
        """Return the spans, or None if times are unknown or do not increase.

        Parameters
        ----------
        times : ndarray of shape (n_frames,)
            In ps.
        lengths : sequence of int
            Number of frames in each segment.

        Returns
        -------
        Spans or None

        Examples
        --------
        >>> Spans.of(np.array([0.0, 2.0, 4.0, 0.0, 5.0]), (3, 2)).steps.tolist()
        [2.0, 5.0]
        """
        times = np.asarray(times, float)
        ends = np.cumsum(lengths) - 1
        starts = ends - np.asarray(lengths) + 1
        several = ends > starts
        starts, ends = starts[several], ends[several]
        spans = times[ends] - times[starts]
        if not len(spans) or not (np.isfinite(spans) & (spans > 0)).all():
            return None
        rounding = np.maximum(rounding_of(times[starts]), rounding_of(times[ends]))
        return cls(spans, ends - starts, rounding)

    @property
    def step(self) -> float:
        """Time between frames: all spans over all steps."""
        return float(self.spans.sum() / self.n_steps.sum())

    @property
    def uncertainty(self) -> float:
        """How far `step` may be off because of rounded times."""
        return float(self.rounding.sum() / self.n_steps.sum())

    @property
    def differ(self) -> bool:
        """Whether segments have different time steps."""
        allowed = SAME_STEP * self.step + self.rounding / self.n_steps
        return bool((np.abs(self.steps - self.step) > allowed).any())

    @property
    def steps(self) -> np.ndarray:
        """Time between the frames of each segment."""
        return np.asarray(self.spans / self.n_steps)


def checked_lag_time(lag_time: Any, hyperparameters: Mapping[str, Any]) -> float | None:
    """Check a lag time, and convert it to float.

    Parameters
    ----------
    lag_time : float or None
        In ps.
    hyperparameters : mapping
        Hyperparameters that the user has set. `lag` cannot be combined with a lag time.

    Returns
    -------
    float or None

    Raises
    ------
    InputError
        If the lag time is not a positive number, or if `lag` is set too.
    """
    if lag_time is None:
        return None
    if hyperparameters.get("lag") is not None:
        raise InputError(
            f"lag={hyperparameters['lag']!r} and lag_time={lag_time!r}: lag is in frames, "
            "lag_time in ps; set only one of them"
        )
    try:
        value = float(lag_time)
    except (TypeError, ValueError):
        value = math.nan
    if isinstance(lag_time, bool | str) or not (math.isfinite(value) and value > 0):
        raise InputError(f"lag_time={lag_time!r}: must be a time in ps, above 0")
    return value


def chosen_lag(lag: int | None, lag_time: float | None, frames: Timed) -> int | None:
    """Return the lag in frames that the user has set, in frames or in ps.

    Parameters
    ----------
    lag : int or None
        In frames.
    lag_time : float or None
        In ps. Only one of both can be set.
    frames : FeatureSet or TrajectoryResults
        The frames, with their times.

    Returns
    -------
    int or None
        None if neither is set.

    Raises
    ------
    InputError
        As in `checked_lag_time` and `lag_in_frames`.
    """
    lag_time = checked_lag_time(lag_time, {"lag": lag})
    return lag if lag_time is None else lag_in_frames(lag_time, frames)


def lag_in_frames(lag_time: float, frames: Timed) -> int:
    """Convert a lag time to a number of frames.

    Parameters
    ----------
    lag_time : float
        In ps.
    frames : FeatureSet or TrajectoryResults
        The frames, with their times.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    InputError
        If the lag time is shorter than the time between frames, if no segment is longer than the
        lag time, or if the time between frames is unknown or differs between segments.

    Warns
    -----
    UserWarning
        If the lag time is not a multiple of the time between frames.
    """
    spans = Spans.of(frames.times, frames.lengths)
    if spans is None or spans.differ:
        different = different_steps(frames)
        if different:
            raise InputError(
                f"lag_time={lag_time:g}: {different}, so this lag time is not the same number of "
                "frames in both; analyse files with the same time step together, or set lag, in "
                "frames"
            )
        raise InputError(
            f"lag_time={lag_time:g}: the times of the frames are unknown or do not increase; set "
            "lag, in frames, or give the time between frames: --dt PS (dt= of MDAnalysis.Universe)"
        )
    step = spans.step
    lag = round(lag_time / step)
    if lag < 1:
        raise InputError(
            f"lag_time={lag_time:g} ps: shorter than the time between frames, {step:g} ps; use a "
            "multiple of it"
        )
    longest = max(frames.lengths)
    if lag >= longest:
        raise InputError(
            f"lag_time={lag_time:g} ps: no segment is longer than this lag time (the longest has "
            f"{longest:,} frames, {(longest - 1) * step:g} ps); choose a shorter lag time"
        )
    if abs(lag * step - lag_time) > SAME_STEP * lag_time + lag * spans.uncertainty:
        warnings.warn(
            f"lag_time={lag_time:g} ps is not a multiple of the time between frames, {step:g} ps; "
            f"{lag * step:g} ps is used",
            stacklevel=2,
        )
    return lag


def warn_of_different_steps(lag: int, frames: Timed) -> None:
    """Warn if a lag in frames is a different time in different segments.

    Parameters
    ----------
    lag : int
        In frames.
    frames : FeatureSet or TrajectoryResults
        The frames, with their times.

    Warns
    -----
    UserWarning
        If segments have different time steps. The warning names the shortest and the longest.
    """
    different = different_steps(frames)
    if different:
        warnings.warn(
            f"lag={lag}: {different}, so a lag of {lag} frames is a different lag time in them; "
            "analyse files with the same time step together",
            stacklevel=2,
        )


def different_steps(frames: Timed) -> str:
    """Describe how time steps differ between segments.

    Parameters
    ----------
    frames : FeatureSet or TrajectoryResults
        The frames, with their times.

    Returns
    -------
    str
        Empty if they do not, or if times are unknown.
    """
    spans = Spans.of(frames.times, frames.lengths)
    if spans is None or not spans.differ:
        return ""
    steps = spans.steps
    return (
        f"the time between frames is {steps.min():g} ps in one segment and {steps.max():g} ps in "
        "another"
    )

"""Between lag times in ps and lags in rows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import InputError
from .storage import FeatureSet


def time_step(times: np.ndarray, lengths: tuple[int, ...]) -> float | None:
    """The time between neighbouring rows of a piece of trajectory, in ps; None where unknown.

    Examples
    --------
    >>> time_step(np.array([0.0, 2.0, 4.0, 0.0, 2.0]), (3, 2))
    2.0
    >>> time_step(np.full(3, np.nan), (3,)) is None
    True
    """
    steps = np.diff(times)
    within = np.ones(len(steps), bool)
    within[np.cumsum(lengths)[:-1] - 1] = False
    steps = steps[within]
    if not len(steps) or not np.isfinite(steps).all():
        return None
    step = float(np.median(steps))
    return step if step > 0 else None


def checked_lag_time(lag_time: Any, hyperparameters: Mapping[str, Any]) -> float | None:
    """A lag time in ps, or an `InputError` that says what it may be."""
    if lag_time is None:
        return None
    if hyperparameters.get("lag") is not None:
        raise InputError(
            f"lag={hyperparameters['lag']!r} and lag_time={lag_time!r}: one is in rows, the other "
            "in ps; give one of them"
        )
    try:
        value = float(lag_time)
    except (TypeError, ValueError):
        value = math.nan
    if isinstance(lag_time, bool | str) or not (math.isfinite(value) and value > 0):
        raise InputError(f"lag_time={lag_time!r}: must be a time in ps, above 0")
    return value


def lag_in_rows(lag_time: float, features: FeatureSet) -> int:
    """The lag time as a number of rows.

    Warns where it is no multiple of the time between frames.

    Raises
    ------
    InputError
        When it is shorter than the time between frames, or that is unknown.
    """
    step = time_step(np.asarray(features.times, float), tuple(features.lengths))
    if step is None:
        raise InputError(
            f"lag_time={lag_time:g}: the frames have no times that rise; give lag, in rows"
        )
    rows = round(lag_time / step)
    if rows < 1:
        raise InputError(
            f"lag_time={lag_time:g} ps: shorter than the time between frames, {step:g} ps; give a "
            "multiple of it"
        )
    if abs(rows * step - lag_time) > 0.01 * lag_time:
        warnings.warn(
            f"lag_time={lag_time:g} ps is no multiple of the time between frames, {step:g} ps: "
            f"{rows * step:g} ps is taken",
            stacklevel=2,
        )
    return rows

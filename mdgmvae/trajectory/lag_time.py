"""Between lag times in ps and lags in rows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InputError
from ..storage.features import FeatureSet

#: Steps that differ by a smaller share are the same, written with few digits.
SAME_STEP = 0.01


def time_step(times: np.ndarray, lengths: tuple[int, ...]) -> float | None:
    """The time between neighbouring rows of a piece of trajectory, in ps; None where unknown.

    None, too, where pieces have different ones: there is no one time of a row.

    Examples
    --------
    >>> time_step(np.array([0.0, 2.0, 4.0, 0.0, 2.0]), (3, 2))
    2.0
    >>> time_step(np.full(3, np.nan), (3,)) is None
    True
    """
    steps = time_steps(times, lengths)
    return float(np.median(steps)) if len(steps) and not _differ(steps) else None


def time_steps(times: np.ndarray, lengths: tuple[int, ...]) -> np.ndarray:
    """The usual time between neighbouring rows of each piece of two and more rows, in ps.

    Empty where the times of a piece are not known or do not rise.
    """
    pieces = np.split(np.asarray(times, float), np.cumsum(lengths)[:-1])
    steps = np.array([np.median(np.diff(piece)) for piece in pieces if len(piece) > 1])
    return steps if (np.isfinite(steps) & (steps > 0)).all() else np.empty(0)


def _differ(steps: np.ndarray) -> bool:
    return bool(np.ptp(steps) > SAME_STEP * steps.min())


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
    step = time_step(features.times, tuple(features.lengths))
    if step is None:
        several = _several_steps(features)
        if several:
            raise InputError(
                f"lag_time={lag_time:g}: {several}, so no number of rows is one time; analyse "
                "files of one time step together, or give lag, in rows"
            )
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


def warn_of_several_steps(lag: int, features: FeatureSet) -> None:
    """Warn where a lag in rows is several lag times."""
    several = _several_steps(features)
    if several:
        warnings.warn(
            f"lag={lag}: {several}, so {lag} rows are several times; analyse files of one time "
            "step together",
            stacklevel=2,
        )


def _several_steps(features: FeatureSet) -> str:
    """What the time steps of the pieces are, where they are known and not one."""
    steps = time_steps(features.times, features.lengths)
    if not len(steps) or not _differ(steps):
        return ""
    return (
        f"the time between frames is {steps.min():g} ps in one piece of trajectory and "
        f"{steps.max():g} ps in another"
    )

"""Implied timescales at several lag times, with Bayesian errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, check_counts
from ..errors import InputError
from ..tables import Shown, Table, interval, number
from .markov import eigenvalues_of, timescales_of
from .posterior import Estimate, Posterior, Posteriors, time_unit


@dataclass(frozen=True, eq=False, repr=False)
class ImpliedTimescales(Shown):
    """Implied timescales at several lag times; prints as a table.

    Parameters
    ----------
    lags : ndarray of int64 of shape (n_lags,)
        Lag times in frames.
    timescales, lower, upper : ndarray of float64 of shape (n_lags, n_processes)
        Longest first, with 95 % credible intervals; infinite between sets of states that never
        exchange a frame, 0 for processes that decay within the lag time, NaN if a state has no
        pairs of frames. The values are those of the most likely model. The value of a process
        that decays within the lag time may lie outside its interval: if all eigenvalues are
        noise, the largest eigenvalue of a sample is larger.
    dt : float
        Time between frames, in `unit`.
    unit : str
        "ps" or "frames".
    recrossing : ndarray of float64 of shape (n_lags,)
        Counted transitions for each independent one, which the intervals allow for: the factor by
        which the slowest timescale still grows at longer lag times.
    """

    lags: np.ndarray
    timescales: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    dt: float
    unit: str
    recrossing: np.ndarray

    def tables(self) -> list[Table]:
        """Return a table with a row for each lag time and a column for each process."""
        n = self.timescales.shape[1]
        rows = tuple(
            (
                f"{lag * self.dt:g}",
                *map(timescale_cell, self.timescales[i], self.lower[i], self.upper[i]),
            )
            for i, lag in enumerate(self.lags.tolist())
        )
        heads = (f"implied timescale {process} / {self.unit}" for process in range(1, n + 1))
        return [
            Table(
                (f"lag time / {self.unit}", *heads),
                rows,
                note="In brackets: 95 % credible interval; none where a timescale is noise.",
            )
        ]


def timescale_cell(value: float, lower: float, upper: float) -> str:
    """Format an implied timescale and its interval, if the interval contains it.

    Parameters
    ----------
    value, lower, upper : float
        From `ImpliedTimescales`.

    Returns
    -------
    str
        Without the interval if the timescale cannot be distinguished from noise: its value
        then lies outside.

    Examples
    --------
    >>> timescale_cell(57.2, 51.1, 63.4), timescale_cell(4.2, 5.5, 17.0)
    ('57 (51 to 63)', '4.2')
    """
    return interval(value, lower, upper) if lower <= value <= upper else number(value)


def default_lags(lag: int, longest: int, n_lags: int = 8) -> list[int]:
    """Choose lag times around `lag`, evenly spaced on a logarithmic scale.

    Parameters
    ----------
    lag : int
        Lag time in frames, which is always among the lag times returned.
    longest : int
        Number of frames in the longest segment. No other lag time exceeds a tenth of it.
    n_lags : int
        Largest number of lag times.

    Returns
    -------
    list of int
        In increasing order.

    Raises
    ------
    InputError
        If an argument is not a positive whole number.

    Examples
    --------
    >>> default_lags(5, longest=20_000)
    [1, 2, 4, 5, 8, 13, 20]
    """
    lag, longest = check_count("lag", lag), check_count("longest", longest)
    last = max(1, min(4 * lag, longest // 10))
    spaced = np.geomspace(1, last, check_count("n_lags", n_lags)).round().astype(int).tolist()
    nearest = min(spaced, key=lambda other: (abs(np.log(other / lag)), other))
    kept = [other for other in spaced if other != nearest or last < lag]
    return sorted({*kept, int(lag)})


def implied_timescales(
    labels: Any,
    *,
    lags: Sequence[int],
    lengths: Sequence[int] | None = None,
    dt: float | None = None,
    k: int | None = None,
    n_samples: int = 100,
    seed: int = 0,
) -> ImpliedTimescales:
    """Estimate the implied timescales of the states at several lag times.

    They do not depend on the lag time if the dynamics between the states are Markovian (Swope,
    Pitera & Suits, J. Phys. Chem. B 108, 6571 (2004)).

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame in time order, -1 for none.
    lags : sequence of int
        Lag times in frames; see `default_lags`.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.
    dt : float, optional
        Time between frames in ps. Without it (or with NaN) times are in frames.
    k : int, optional
        Number of states. Default: one more than the largest label.
    n_samples : int
        Number of models drawn from the posterior at each lag time; 0 for no intervals.
    seed : int
        The same seed gives the same intervals.

    Returns
    -------
    ImpliedTimescales

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import implied_timescales
    >>> labels = np.cumsum(np.random.default_rng(0).random(20_000) < 0.02) % 2
    >>> found = implied_timescales(labels, lags=[5, 10], dt=0.5)
    >>> found.timescales.shape, found.unit  # -0.5 / ln(1 - 2 x 0.02) = 12.2
    ((2, 1), 'ps')
    >>> bool((found.lower < 12.2).all() and (found.upper > 12.2).all())
    True
    """
    return timescales_at(Posteriors(labels, lengths, k, n_samples, seed), lags, dt)


def timescales_at(models: Posteriors, lags: Sequence[int], dt: float | None) -> ImpliedTimescales:
    """Compute `implied_timescales` from posteriors that may already be fitted."""
    scale, unit = time_unit(dt)
    found = [_of_model(models.at(lag), scale) for lag in check_counts("lags", lags)]
    if not found:
        raise InputError("lags=[]: pass at least one lag time")
    n = max(len(estimate.value) for estimate in found)
    values, lower, upper = (
        np.array(
            [np.pad(getattr(e, name), (0, n - len(e.value)), constant_values=np.nan) for e in found]
        )
        for name in ("value", "lower", "upper")
    )
    repeated = np.array([models.at(lag).recrossing for lag in lags])
    return ImpliedTimescales(
        np.asarray(lags, np.int64), values, lower, upper, scale, unit, repeated
    )


def _of_model(model: Posterior, scale: float) -> Estimate:
    """Implied timescales, longest first, of the states that have pairs of frames."""
    there = np.flatnonzero(model.counted)
    block = np.ix_(there, there)

    def timescales(matrix: np.ndarray, stationary: np.ndarray) -> np.ndarray:
        values = eigenvalues_of(matrix[block], stationary[there])
        return scale * timescales_of(values[1:], model.lag)

    return model.estimate(timescales)

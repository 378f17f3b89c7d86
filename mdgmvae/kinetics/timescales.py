"""Implied timescales at several lags, with Bayesian errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, check_counts
from ..errors import InputError
from .markov import eigenvalues_of, timescales_of
from .posterior import Estimate, Posterior, time_unit


@dataclass(frozen=True, eq=False)
class ImpliedTimescales:
    """Implied timescales at several lags.

    Parameters
    ----------
    lags : ndarray of int64 of shape (n_lags,)
        Rows.
    timescales, lower, upper : ndarray of float64 of shape (n_lags, n_processes)
        Longest first, with 95 % credible intervals; infinite between sets of states that never
        exchange a frame, 0 for what is over within the lag, NaN where a state has no pairs.
        The values are those of the most likely model. What is over within the lag may lie
        outside its interval: of eigenvalues that are all noise the largest of a sample is
        larger.
    dt : float
        Time of a row, in `unit`.
    unit : str
        "ps" or "rows".
    """

    lags: np.ndarray
    timescales: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    dt: float
    unit: str


def default_lags(lag: int, longest: int, n_lags: int = 8) -> list[int]:
    """Lags at which to look at timescales: around `lag`, evenly spaced on a logarithmic scale.

    Parameters
    ----------
    lag : int
        Rows; it is among the lags given.
    longest : int
        Rows of the longest piece; no lag (but `lag`) is longer than a tenth of it.
    n_lags : int
        At most so many.

    Examples
    --------
    >>> default_lags(5, longest=20_000)
    [1, 2, 4, 5, 8, 13, 20]
    """
    lag, longest = check_count("lag", lag), check_count("longest", longest)
    last = max(1, min(4 * lag, longest // 10))
    spaced = np.geomspace(1, last, n_lags).round().astype(int).tolist()
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
    """Implied timescales of the states at several lags (Swope, Pitera & Suits, 2004).

    They do not depend on the lag where the states and the lag make a Markov model.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        States, -1 for none.
    lags : sequence of int
        Rows; see `default_lags`.
    lengths : sequence of int, optional
        Rows of each continuous piece. Default: one piece.
    dt : float, optional
        ps per row; without it (or NaN) times are in rows.
    k : int, optional
        Number of states. Default: one more than the largest label.
    n_samples : int
        Models from the posterior at each lag; 0 for no intervals.
    seed : int
        Same seed, same intervals.

    Returns
    -------
    ImpliedTimescales

    Raises
    ------
    InputError
        When an argument cannot be used.

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
    scale, unit = time_unit(dt)
    found = []
    for lag in check_counts("lags", lags):
        model = Posterior.fit(labels, lag=lag, lengths=lengths, k=k, n_samples=n_samples, seed=seed)
        found.append(_of_model(model, scale))
    if not found:
        raise InputError("lags=[]: at least one lag is needed")
    n = max(len(estimate.value) for estimate in found)
    values, lower, upper = (
        np.array(
            [np.pad(getattr(e, name), (0, n - len(e.value)), constant_values=np.nan) for e in found]
        )
        for name in ("value", "lower", "upper")
    )
    return ImpliedTimescales(np.asarray(lags, np.int64), values, lower, upper, scale, unit)


def _of_model(model: Posterior, scale: float) -> Estimate:
    """Implied timescales, longest first, of the states that have pairs."""
    there = np.flatnonzero(model.counted)
    block = np.ix_(there, there)

    def timescales(matrix: np.ndarray, stationary: np.ndarray) -> np.ndarray:
        values = eigenvalues_of(matrix[block], stationary[there])
        return scale * timescales_of(values[1:], model.lag)

    return model.estimate(timescales)

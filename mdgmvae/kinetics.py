"""The kinetics of states: timescales, tests of the Markov model, populations, passage times.

Functions of labels. Times are in ps where `dt` (ps per row) is given, in rows where not. Errors
are 95 % credible intervals of reversible Markov models sampled from their posterior
(Trendelkamp-Schroer, Wu, Paul & Noé, J. Chem. Phys. 143, 174101 (2015); deeptime's sampler).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .dwell import Visits, visits
from .errors import InputError
from .markov import checked_lag, discrete_trajectories, timescales_of
from .posterior import Estimate, Posterior
from .quality import AssignmentQuality, assignment_quality
from .vamp_scores import CrossValidatedScore, vamp2, vamp2_cross_validated

__all__ = [
    "AssignmentQuality",
    "ChapmanKolmogorov",
    "CrossValidatedScore",
    "Estimate",
    "ImpliedTimescales",
    "Lifetimes",
    "Visits",
    "assignment_quality",
    "chapman_kolmogorov",
    "default_lags",
    "implied_timescales",
    "lifetimes",
    "mean_first_passage_times",
    "stationary_populations",
    "vamp2",
    "vamp2_cross_validated",
    "visits",
]


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


@dataclass(frozen=True, eq=False)
class ChapmanKolmogorov:
    """Does the model at one lag tell what happens at multiples of it?

    Parameters
    ----------
    lag : int
        Rows.
    multiples : ndarray of int64 of shape (n,)
        The lags compared, in units of `lag`.
    predicted, estimated : Estimate of shape (n, k, k)
        Powers of the transition matrix at `lag`, and those estimated at the longer lags.
    deviations : ndarray of float64 of shape (k,)
        Largest deviation of each state's transition probabilities, in units of the error
        (standard deviations of both estimates together); NaN for states without frames.
    differences : ndarray of float64 of shape (k,)
        Largest deviation of each state's transition probabilities itself.
    dt : float
        Time of a row, in `unit`.
    unit : str
        "ps" or "rows".
    """

    lag: int
    multiples: np.ndarray
    predicted: Estimate
    estimated: Estimate
    deviations: np.ndarray
    differences: np.ndarray
    dt: float
    unit: str

    @property
    def max_deviation(self) -> float:
        """The largest deviation of all, in units of the error; NaN without any."""
        known = self.deviations[np.isfinite(self.deviations)]
        return float(known.max()) if len(known) else float("nan")


@dataclass(frozen=True, eq=False)
class Lifetimes:
    """How long states last; times in `unit`, arrays of shape (k,), NaN for states without frames.

    Parameters
    ----------
    from_runs : ndarray of float64
        Mean length of the visits, short excursions over a barrier ending them.
    from_model : Estimate
        -lag / ln(p), p the probability to be in the state still, or again, one lag later.
    memory : Estimate
        -lag / ln(c), c = (p - population) / (1 - population): what is left after a lag of the
        difference from equilibrium. Shorter than the lag: frames one lag apart hardly depend on
        each other, however long the lifetime of a well-populated state seems.
    unit : str
        "ps" or "rows".
    """

    from_runs: np.ndarray
    from_model: Estimate
    memory: Estimate
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
    scale, unit = _time_unit(dt)
    found = [
        _fit(labels, int(lag), lengths, k, n_samples, seed, "lags").estimate(
            lambda p, pi, lag=lag: scale * _timescales(p, pi, lag)  # type: ignore[misc]
        )
        for lag in lags
    ]
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


def chapman_kolmogorov(
    labels: Any,
    *,
    lag: int,
    multiples: Sequence[int] = (1, 2, 3, 4, 5),
    lengths: Sequence[int] | None = None,
    dt: float | None = None,
    k: int | None = None,
    n_samples: int = 100,
    seed: int = 0,
) -> ChapmanKolmogorov:
    """The Chapman-Kolmogorov test: powers of one model against models at longer lags.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        States, -1 for none.
    lag : int
        Rows.
    multiples : sequence of int
        Lags to compare, in units of `lag`; those too long for the longest piece are left out.
    lengths : sequence of int, optional
        Rows of each continuous piece. Default: one piece.
    dt : float, optional
        ps per row, for the picture.
    k : int, optional
        Number of states. Default: one more than the largest label.
    n_samples : int
        Models from the posterior at each lag, at least 2.
    seed : int
        Same seed, same errors.

    Returns
    -------
    ChapmanKolmogorov

    Raises
    ------
    InputError
        When an argument cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import chapman_kolmogorov
    >>> labels = np.cumsum(np.random.default_rng(0).random(20_000) < 0.02) % 2
    >>> chapman_kolmogorov(labels, lag=5).max_deviation < 3
    True
    """
    if n_samples < 2:
        raise InputError(f"n_samples={n_samples}: at least 2 are needed for an error")
    longest = max(map(len, discrete_trajectories(labels, lengths)), default=0)
    steps = [int(m) for m in multiples if m >= 1 and m * lag < longest] or [1]
    model = _fit(labels, lag, lengths, k, n_samples, seed)
    predicted = model.estimate(
        lambda p, pi: np.array([np.linalg.matrix_power(p, m) for m in steps])
    )
    longer = [_fit(labels, m * lag, lengths, len(model.stationary), n_samples, seed) for m in steps]
    estimated = Estimate.of(
        np.array([other.transition_matrix for other in longer]),
        np.array([other.sampled_matrices for other in longer]).swapaxes(0, 1),
    )
    difference = np.abs(predicted.value - estimated.value)
    error = np.sqrt(predicted.std**2 + estimated.std**2)
    # A state that is never left has no error, and nothing to be in error.
    deviation = np.divide(difference, error, out=np.zeros_like(error), where=error > 0)
    alone = np.where(model.populated, 0.0, np.nan)
    scale, unit = _time_unit(dt)
    return ChapmanKolmogorov(
        int(lag),
        np.asarray(steps, np.int64),
        predicted,
        estimated,
        deviation.max(axis=(0, 2)) + alone,
        difference.max(axis=(0, 2)) + alone,
        scale,
        unit,
    )


def stationary_populations(
    labels: Any,
    *,
    lag: int,
    lengths: Sequence[int] | None = None,
    k: int | None = None,
    n_samples: int = 100,
    seed: int = 0,
) -> Estimate:
    """Equilibrium populations of the states, from the Markov model.

    Parameters
    ----------
    labels, lag, lengths, k, n_samples, seed
        As in `chapman_kolmogorov`.

    Returns
    -------
    Estimate
        Of shape (k,); 0 for states without frames.
    """
    return _fit(labels, lag, lengths, k, n_samples, seed).estimate(lambda p, pi: pi)


def mean_first_passage_times(
    labels: Any,
    *,
    lag: int,
    lengths: Sequence[int] | None = None,
    dt: float | None = None,
    k: int | None = None,
    n_samples: int = 100,
    seed: int = 0,
) -> Estimate:
    """Mean times from each state (row) until each state (column) is reached first.

    Parameters
    ----------
    labels, lag, lengths, dt, k, n_samples, seed
        As in `implied_timescales`, at one lag.

    Returns
    -------
    Estimate
        Of shape (k, k): 0 on the diagonal, infinite where there is no way, NaN for states
        without frames.
    """
    scale, unit = _time_unit(dt)
    model = _fit(labels, lag, lengths, k, n_samples, seed)
    return model.estimate(lambda p, pi: scale * lag * _passage_steps(p, pi), unit)


def lifetimes(
    labels: Any,
    *,
    lag: int,
    lengths: Sequence[int] | None = None,
    dt: float | None = None,
    k: int | None = None,
    n_samples: int = 100,
    seed: int = 0,
) -> Lifetimes:
    """Mean lifetimes of the states, from their visits and from the Markov model.

    Parameters
    ----------
    labels, lag, lengths, dt, k, n_samples, seed
        As in `implied_timescales`, at one lag.

    Returns
    -------
    Lifetimes
    """
    model = _fit(labels, lag, lengths, k, n_samples, seed)
    return lifetimes_of(model, visits(labels, lengths=lengths, k=k), dt)


def lifetimes_of(model: Posterior, found: Visits, dt: float | None) -> Lifetimes:
    """`lifetimes` of a model that is there already."""
    scale, unit = _time_unit(dt)
    alone = np.where(model.populated, 0.0, np.nan)

    def of_model(p: np.ndarray, pi: np.ndarray) -> np.ndarray:
        return scale * timescales_of(np.diag(p), model.lag) + alone

    def memory(p: np.ndarray, pi: np.ndarray) -> np.ndarray:
        others = np.where(pi < 1, 1 - pi, 1.0)
        kept = np.where(pi < 1, (np.diag(p) - pi) / others, 1.0)
        return scale * timescales_of(kept, model.lag) + alone

    return Lifetimes(
        scale * found.mean_length,
        model.estimate(of_model, unit),
        model.estimate(memory, unit),
        unit,
    )


def _fit(
    labels: Any,
    lag: int,
    lengths: Sequence[int] | None,
    k: int | None,
    n_samples: int,
    seed: int,
    name: str = "lag",
) -> Posterior:
    checked_lag(lag, discrete_trajectories(labels, lengths), name)
    return Posterior.fit(labels, lag=lag, lengths=lengths, k=k, n_samples=n_samples, seed=seed)


def _time_unit(dt: float | None) -> tuple[float, str]:
    if dt is None or np.isnan(dt):
        return 1.0, "rows"
    if not (np.isfinite(dt) and dt > 0):
        raise InputError(f"dt={dt}: ps per row must be positive; leave it out to count rows")
    return float(dt), "ps"


def _timescales(matrix: np.ndarray, stationary: np.ndarray, lag: int) -> np.ndarray:
    """Implied timescales in rows, longest first."""
    there = stationary > 0
    root = np.sqrt(stationary[there])
    symmetric = root[:, None] * matrix[np.ix_(there, there)] / root[None, :]
    values = np.linalg.eigvalsh((symmetric + symmetric.T) / 2)[::-1]
    return timescales_of(values[1:], lag)


def _passage_steps(matrix: np.ndarray, stationary: np.ndarray) -> np.ndarray:
    """Mean first passage times in lags, from the fundamental matrix (Kemeny & Snell, 1960)."""
    from .markov import connected_sets

    steps = np.full(matrix.shape, np.inf)
    for states in connected_sets(matrix):
        block, weights = np.ix_(states, states), stationary[states]
        if not weights.sum():
            continue
        pi = weights / weights.sum()
        z = np.linalg.inv(np.eye(len(pi)) - matrix[block] + pi[None, :])
        steps[block] = (np.diag(z)[None, :] - z) / pi[None, :]
    steps[stationary == 0] = np.nan
    steps[:, stationary == 0] = np.nan
    return steps

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

from .certainty import AssignmentQuality, assignment_quality
from .dwell_times import Visits, visits
from .markov import connected_sets, timescales_of
from .markov_test import ChapmanKolmogorov, chapman_kolmogorov
from .posterior import Estimate, Posterior, time_unit
from .timescales import ImpliedTimescales, default_lags, implied_timescales
from .vamp import CrossValidatedScore, vamp2, vamp2_cross_validated

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
    return Posterior.fit(
        labels, lag=lag, lengths=lengths, k=k, n_samples=n_samples, seed=seed
    ).estimate(lambda p, pi: pi)


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
    scale, unit = time_unit(dt)
    model = Posterior.fit(labels, lag=lag, lengths=lengths, k=k, n_samples=n_samples, seed=seed)
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
    model = Posterior.fit(labels, lag=lag, lengths=lengths, k=k, n_samples=n_samples, seed=seed)
    return lifetimes_of(model, visits(labels, lengths=lengths, k=k), dt)


def lifetimes_of(model: Posterior, found: Visits, dt: float | None) -> Lifetimes:
    """`lifetimes` of a model that is there already."""
    scale, unit = time_unit(dt)
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


def _passage_steps(matrix: np.ndarray, stationary: np.ndarray) -> np.ndarray:
    """Mean first passage times in lags, from the fundamental matrix (Kemeny & Snell, 1960)."""
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

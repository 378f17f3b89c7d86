"""What the counts say of all states at once: the most likely Markov model, and samples of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, checked_seed
from ..errors import InputError
from ..labels import as_labels, n_states_of
from .markov import (
    MarkovModel,
    connected_sets,
    count_matrix,
    with_ways_back,
)

#: Share of the posterior between `lower` and `upper` of an Estimate.
CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class Estimate:
    """Most likely values with a Bayesian 95 % credible interval, arrays of one shape.

    Parameters
    ----------
    value, lower, upper : ndarray of float64
        NaN where there is none.
    std : ndarray of float64
        Standard deviation of the posterior; NaN where samples are infinite.
    unit : str
        "ps", "rows", or "" for numbers.
    """

    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    std: np.ndarray
    unit: str = ""

    @classmethod
    def of(cls, value: np.ndarray, samples: np.ndarray, unit: str = "") -> Estimate:
        """Of the most likely value, and values (n_samples, ...) of models from the posterior."""
        if not len(samples):
            unknown = np.full(np.shape(value), np.nan)
            return cls(value, unknown, unknown, unknown, unit)
        tail = (1 - CONFIDENCE) / 2
        # Quantiles that are order statistics: between two infinities nothing is interpolated.
        lower = np.quantile(samples, tail, axis=0, method="lower")
        upper = np.quantile(samples, 1 - tail, axis=0, method="higher")
        with np.errstate(invalid="ignore"):
            std = samples.std(axis=0)
        return cls(value, lower, upper, std, unit)


def time_unit(dt: float | None) -> tuple[float, str]:
    """(time of a row, its unit): `dt` in ps, or 1 in rows where it is None or NaN.

    Raises
    ------
    InputError
        When it is not positive.

    Examples
    --------
    >>> time_unit(2), time_unit(None)
    ((2.0, 'ps'), (1.0, 'rows'))
    """
    is_number = not isinstance(dt, bool) and isinstance(dt, int | float | np.number)
    if dt is None or (is_number and np.isnan(dt)):
        return 1.0, "rows"
    if not (is_number and np.isfinite(dt) and dt > 0):
        raise InputError(f"dt={dt!r}: ps per row must be positive; leave it out to count rows")
    return float(dt), "ps"


@dataclass(frozen=True, eq=False)
class Posterior:
    """Reversible Markov models of k states: the most likely one, and samples.

    States without frames have population 0 and stay in themselves. Sets of states that never
    exchange a frame have models of their own, weighted by their frames.

    Parameters
    ----------
    lag : int
        Rows.
    transition_matrix : ndarray of shape (k, k)
    stationary : ndarray of shape (k,)
    sampled_matrices : ndarray of shape (n_samples, k, k)
    sampled_stationary : ndarray of shape (n_samples, k)
    counted : ndarray of bool of shape (k,)
        States that pairs one lag apart lead from or to.
    """

    lag: int
    transition_matrix: np.ndarray
    stationary: np.ndarray
    sampled_matrices: np.ndarray
    sampled_stationary: np.ndarray
    counted: np.ndarray

    @classmethod
    def fit(
        cls,
        labels: Any,
        *,
        lag: int,
        lengths: Sequence[int] | None = None,
        k: int | None = None,
        n_samples: int = 100,
        seed: int = 0,
    ) -> Posterior:
        """Estimate from labels (n_frames,); -1 for frames of no state.

        Raises
        ------
        InputError
            When an argument cannot be used.
        """
        n_samples, seed = check_count("n_samples", n_samples, 0), checked_seed(seed)
        states = as_labels(labels)
        k = n_states_of(states, k)
        frames = np.bincount(states[states >= 0], minlength=k)
        seen = count_matrix(states, lag, lengths, k)
        counts = with_ways_back(seen, int(lag))
        sets = [members for members in connected_sets(counts) if frames[members[0]]]
        shares = [frames[members].sum() / frames.sum() for members in sets]
        models = [MarkovModel.fit(counts, int(lag), members) for members in sets]
        matrix, stationary = _joined(models, shares, k)
        sampled = [model.sample(counts, n_samples, seed + i) for i, model in enumerate(models)]
        draws = [_joined(drawn, shares, k) for drawn in zip(*sampled, strict=True)]
        return cls(
            int(lag),
            matrix,
            stationary,
            np.reshape([p for p, _ in draws], (n_samples, k, k)),
            np.reshape([pi for _, pi in draws], (n_samples, k)),
            seen.sum(axis=0) + seen.sum(axis=1) > 0,
        )

    @property
    def populated(self) -> np.ndarray:
        """(k,) bool: which states have frames."""
        return self.stationary > 0

    def estimate(
        self, function: Callable[[np.ndarray, np.ndarray], np.ndarray], unit: str = ""
    ) -> Estimate:
        """A function of (transition matrix, stationary distribution), with its errors."""
        samples = zip(self.sampled_matrices, self.sampled_stationary, strict=True)
        value = function(self.transition_matrix, self.stationary)
        return Estimate.of(value, np.array([function(p, pi) for p, pi in samples]), unit)


def _joined(
    models: Sequence[MarkovModel], shares: Sequence[float], k: int
) -> tuple[np.ndarray, np.ndarray]:
    matrix, stationary = np.eye(k), np.zeros(k)
    for model, share in zip(models, shares, strict=True):
        matrix[np.ix_(model.states, model.states)] = model.transition_matrix
        stationary[model.states] = share * model.stationary
    return matrix, stationary

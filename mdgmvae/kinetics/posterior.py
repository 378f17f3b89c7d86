"""Reversible Markov models of all states: the most likely one, and samples of the posterior."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..checks import check_count, checked_seed
from ..errors import InputError
from ..labels import as_labels, n_states_of
from ..tables import Shown, Table, interval, number
from .markov import (
    MarkovModel,
    connected_sets,
    count_matrix,
    with_ways_back,
)
from .relaxation import recrossing

#: Share of the posterior between `lower` and `upper` of an Estimate.
CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False, repr=False)
class Estimate(Shown):
    """Most likely values with Bayesian 95 % credible intervals, as arrays of equal shape.

    It prints as a table.

    Parameters
    ----------
    value, lower, upper : ndarray of float64
        NaN if there is no value or no interval.
    std : ndarray of float64
        Standard deviation of the posterior. NaN where samples are infinite.
    unit : str
        "ps", "frames", "1/ps", "1/frame", or "" for numbers.
    """

    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    std: np.ndarray
    unit: str = ""

    @classmethod
    def of(cls, value: np.ndarray, samples: np.ndarray, unit: str = "") -> Estimate:
        """Combine the most likely value with the values of sampled models.

        Parameters
        ----------
        value : ndarray
            Value in the most likely model.
        samples : ndarray of shape (n_samples, ...)
            Values in models drawn from the posterior. Without samples, the interval is NaN.
        unit : str

        Returns
        -------
        Estimate
        """
        if not len(samples):
            unknown = np.full(np.shape(value), np.nan)
            return cls(value, unknown, unknown, unknown, unit)
        lower, upper = central(samples)
        with np.errstate(invalid="ignore"):
            std = samples.std(axis=0)
        return cls(value, lower, upper, std, unit)

    def times(self, scale: float, unit: str) -> Estimate:
        """Return the values in a unit of which there are `scale` in one of this unit."""
        return Estimate(
            scale * self.value, scale * self.lower, scale * self.upper, scale * self.std, unit
        )

    def cell(self, *index: int, shown: Callable[[float], str] = number) -> str:
        """Return one value with its interval as text, such as "57 (51 to 63)"."""
        value, lower, upper = (
            float(array[index]) for array in (self.value, self.lower, self.upper)
        )
        return interval(value, lower, upper, shown)

    def tables(self) -> list[Table]:
        """Return a table with the index and the value of each entry."""
        value = np.asarray(self.value)
        heads = ("index",) if value.ndim == 1 else ("from", "to")[: value.ndim]
        if value.ndim > 2:
            heads = tuple(f"index {axis}" for axis in range(value.ndim))
        rows = tuple((*index, self.cell(*index)) for index in np.ndindex(value.shape))
        head = f"value / {self.unit}" if self.unit else "value"
        return [Table((*heads, head), rows, note="In brackets: 95 % credible interval.")]


def central(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval that holds a further sample with a probability of 95 %.

    The r-th smallest of n samples exceeds a further one with a probability of r / (n + 1). Order
    statistics are taken, since infinite values cannot be interpolated.

    Parameters
    ----------
    samples : ndarray of shape (n_samples, ...)
        NaN samples make the ends NaN.

    Returns
    -------
    lower, upper : ndarray of shape (...)

    Examples
    --------
    >>> [end.tolist() for end in central(np.arange(1.0, 101.0))]
    [2.0, 99.0]
    """
    n = len(samples)
    rank = max(1, int((n + 1) * (1 - CONFIDENCE) / 2))
    ordered = np.sort(samples, axis=0)
    unknown = np.isnan(ordered[-1])
    lower, upper = (np.where(unknown, np.nan, ordered[place]) for place in (rank - 1, n - rank))
    return lower[()], upper[()]


def time_unit(dt: float | None) -> tuple[float, str]:
    """Return the time between frames and its unit: `dt` in ps, or 1 frame without `dt`.

    Parameters
    ----------
    dt : float or None
        Time between frames in ps. None or NaN if it is unknown.

    Raises
    ------
    InputError
        If `dt` is not positive.

    Examples
    --------
    >>> time_unit(2), time_unit(None)
    ((2.0, 'ps'), (1.0, 'frames'))
    """
    is_number = not isinstance(dt, bool) and isinstance(dt, int | float | np.number)
    if dt is None or (is_number and np.isnan(dt)):
        return 1.0, "frames"
    if not (is_number and np.isfinite(dt) and dt > 0):
        raise InputError(
            f"dt={dt!r}: the time between frames, in ps, must be positive; leave it out to count "
            "frames"
        )
    return float(dt), "ps"


@dataclass(frozen=True, eq=False)
class Posterior:
    """Reversible Markov models of k states: the most likely one, and samples.

    States without frames have population 0 and a self-transition probability of 1. Sets of
    states that never exchange a frame have separate models, weighted by their numbers of frames.
    Crossings of a boundary that belong together count as one transition in the samples; see
    `mdgmvae.kinetics.relaxation.recrossing`.

    Parameters
    ----------
    lag : int
        Lag time in frames.
    transition_matrix : ndarray of shape (k, k)
    stationary : ndarray of shape (k,)
        Equilibrium populations.
    sampled_matrices : ndarray of shape (n_samples, k, k)
    sampled_stationary : ndarray of shape (n_samples, k)
    counted : ndarray of bool of shape (k,)
        Whether a state occurs in any pair of frames one lag apart.
    unseen : ndarray of bool of shape (k, k)
        Pairs of states without a pair of frames one lag apart, in either order.
    recrossing : float
        Counted transitions for each independent one, by which the counts were divided to sample.
    """

    lag: int
    transition_matrix: np.ndarray
    stationary: np.ndarray
    sampled_matrices: np.ndarray
    sampled_stationary: np.ndarray
    counted: np.ndarray
    unseen: np.ndarray
    recrossing: float

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
        """Estimate the models from labels.

        Parameters
        ----------
        labels, lag, lengths, k, n_samples, seed
            As in `mdgmvae.kinetics.stationary_populations`.

        Raises
        ------
        InputError
            If an argument is invalid.
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
        repeated = recrossing(states, int(lag), lengths, k) if n_samples else 1.0
        sampled = [
            model.sample(counts / repeated, n_samples, seed + i) for i, model in enumerate(models)
        ]
        draws = [_joined(drawn, shares, k) for drawn in zip(*sampled, strict=True)]
        return cls(
            int(lag),
            matrix,
            stationary,
            np.reshape([p for p, _ in draws], (n_samples, k, k)),
            np.reshape([pi for _, pi in draws], (n_samples, k)),
            seen.sum(axis=0) + seen.sum(axis=1) > 0,
            seen + seen.T == 0,
            repeated,
        )

    @property
    def populated(self) -> np.ndarray:
        """Mask (k,) of the states that have frames."""
        return self.stationary > 0

    def estimate(
        self, function: Callable[[np.ndarray, np.ndarray], np.ndarray], unit: str = ""
    ) -> Estimate:
        """Evaluate a function of the transition matrix and stationary distribution, with errors."""
        samples = zip(self.sampled_matrices, self.sampled_stationary, strict=True)
        value = function(self.transition_matrix, self.stationary)
        return Estimate.of(value, np.array([function(p, pi) for p, pi in samples]), unit)


@dataclass(frozen=True, eq=False)
class Posteriors:
    """Posteriors of the same labels at any lag time, each fitted once when first needed.

    Parameters
    ----------
    labels, lengths, k, n_samples, seed
        As in `mdgmvae.kinetics.stationary_populations`.

    Examples
    --------
    >>> models = Posteriors([0, 1] * 50, n_samples=2)
    >>> models.at(1) is models.at(1), models.at(2).lag
    (True, 2)
    """

    labels: Any
    lengths: Sequence[int] | None = None
    k: int | None = None
    n_samples: int = 100
    seed: int = 0
    _fitted: dict[int, Posterior] = field(default_factory=dict, init=False, repr=False)

    def at(self, lag: int) -> Posterior:
        """Return the posterior at a lag time in frames.

        Raises
        ------
        InputError
            If the labels or an option is invalid.
        """
        if lag not in self._fitted:
            self._fitted[lag] = Posterior.fit(
                self.labels,
                lag=lag,
                lengths=self.lengths,
                k=self.k,
                n_samples=self.n_samples,
                seed=self.seed,
            )
        return self._fitted[lag]


def _joined(
    models: Sequence[MarkovModel], shares: Sequence[float], k: int
) -> tuple[np.ndarray, np.ndarray]:
    matrix, stationary = np.eye(k), np.zeros(k)
    for model, share in zip(models, shares, strict=True):
        matrix[np.ix_(model.states, model.states)] = model.transition_matrix
        stationary[model.states] = share * model.stationary
    return matrix, stationary

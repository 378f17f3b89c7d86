"""Transitions between states: how many were seen, their rates and mean first passage times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..labels import as_labels, n_states_of
from ..tables import Shown, Table, counted
from .dwell_times import transition_counts
from .markov import connected_sets, symmetric_form
from .posterior import CONFIDENCE, Estimate, Posterior, time_unit
from .rates import passage_times_of

#: Units of rates, from the largest, by the number of them in one of the unit of `Transitions`.
_UNITS = {
    "1/ps": {1: "1/ps", 10**3: "1/ns", 10**6: "1/µs", 10**9: "1/ms"},
    "1/frame": {1: "1/frame", 10**3: "1/(1,000 frames)", 10**6: "1/(1,000,000 frames)"},
}


@dataclass(frozen=True, eq=False, repr=False)
class Transitions(Shown):
    """Transitions between n states; prints as a table.

    In every array, the first index is the state that is left and the second the state that is
    reached.

    Parameters
    ----------
    counts : ndarray of int64 of shape (n, n)
        Number of transitions between visits of at least one lag time; 0 on the diagonal.
    rates : Estimate of shape (n, n)
        Rates in 1/`unit`. The diagonal is minus the sum of the rates out, so that
        ``expm(time * rates.value)`` are transition probabilities. NaN for states without frames,
        and everywhere if states exchange too fast for the lag time. The rate of a transition that
        was never seen is 0; its interval ends where none would be seen with a probability of
        2.5 %.
    mean_first_passage_times : Estimate of shape (n, n)
        In `unit`; 0 on the diagonal, infinite if a state cannot be reached, NaN for states
        without frames.
    lag : int
        Lag time in frames.
    dt : float
        Time between frames, in `unit`.
    unit : str
        "ps" or "frames".
    """

    counts: np.ndarray
    rates: Estimate
    mean_first_passage_times: Estimate
    lag: int
    dt: float
    unit: str

    @property
    def readable_rates(self) -> Estimate:
        """The rates in a unit in which most of those that were seen are at least 1."""
        rates = self.rates.value
        seen = rates[(self.counts > 0) & np.isfinite(rates) & (rates > 0)]
        units = _UNITS[self.rates.unit]
        fitting = [scale for scale in units if len(seen) and scale * np.median(seen) >= 1]
        scale = min(fitting, default=max(units) if len(seen) else 1)
        return self.rates.times(scale, units[scale])

    def tables(self) -> list[Table]:
        """Return a table with a row for each pair of states that have frames.

        Its rates have the unit of `readable_rates`, as in `mdgmvae.plot.transition_network`.
        """
        rates = self.readable_rates
        there = np.flatnonzero(~np.isnan(np.diag(self.mean_first_passage_times.value))).tolist()
        rows = tuple(
            (
                start,
                end,
                f"{self.counts[start, end]:,}",
                rates.cell(start, end),
                self.mean_first_passage_times.cell(start, end),
            )
            for start in there
            for end in there
            if start != end
        )
        heads = (
            *("from state", "to state", "transitions"),
            f"rate / {rates.unit}",
            f"mean first passage time / {self.unit}",
        )
        n = len(there)
        return [
            Table(
                heads,
                rows,
                title=f"Transitions between {counted(n, 'state')}, lag time "
                f"{self.lag * self.dt:g} {self.unit}",
                note="Transitions: seen in the trajectory, between visits of at least one lag. "
                "Rates and times: of the Markov model at the lag time, with 95 % credible "
                "intervals in brackets. Transitions that are reversed within the lag time count "
                "for a rate but not for a lifetime, so 1/rate is shorter than the lifetime.",
            )
        ]


def transitions(
    labels: Any,
    *,
    lag: int,
    lengths: Sequence[int] | None = None,
    dt: float | None = None,
    k: int | None = None,
    n_samples: int = 50,
    seed: int = 0,
) -> Transitions:
    """Count the transitions between states, and estimate their rates and passage times.

    The rates are the generator of the reversible Markov model at the lag time,
    K = log(T(lag)) / lag. Off-diagonal elements that are negative because of noise are set to 0
    (Buchete & Hummer, J. Phys. Chem. B 112, 6057 (2008)). Unlike transition probabilities, rates
    do not depend on the lag time if the dynamics between the states are Markovian.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame in time order, -1 for none.
    lag : int
        Lag time in frames.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.
    dt : float, optional
        Time between frames in ps. Without it (or with NaN) times are in frames.
    k : int, optional
        Number of states. Default: one more than the largest label.
    n_samples : int
        Number of models drawn from the posterior; 0 for no intervals.
    seed : int
        The same seed gives the same intervals.

    Returns
    -------
    Transitions

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import transitions
    >>> labels = np.repeat([0, 1, 0, 1, 0], [300, 100, 300, 100, 300])
    >>> found = transitions(labels, lag=1, dt=2.0)
    >>> found.counts.tolist(), found.unit
    ([[0, 2], [2, 0]], 'ps')
    >>> found.mean_first_passage_times.value.round().tolist()
    [[0.0, 899.0], [200.0, 0.0]]
    >>> found.rates.value.round(4).tolist()
    [[-0.0011, 0.0011], [0.005, -0.005]]
    """
    states = as_labels(labels)
    k = n_states_of(states, k)
    scale, unit = time_unit(dt)
    model = Posterior.fit(states, lag=lag, lengths=lengths, k=k, n_samples=n_samples, seed=seed)
    per_time = "1/ps" if unit == "ps" else "1/frame"
    rates = model.estimate(lambda p, pi: _generator(p, pi) / (scale * model.lag), per_time)
    frames = np.bincount(states[states >= 0], minlength=k)
    return Transitions(
        counts=transition_counts(states, lengths, k, model.lag),
        rates=_with_unseen(rates, model, scale * frames),
        mean_first_passage_times=passage_times_of(model, dt),
        lag=model.lag,
        dt=scale,
        unit=unit,
    )


def _with_unseen(rates: Estimate, model: Posterior, times: np.ndarray) -> Estimate:
    """Extend the intervals of rates between states between which no transition was seen.

    No sampled model has such a transition, but its rate may be above 0. At the upper end, no
    transition is seen in either direction with a probability of 2.5 %. In equilibrium, as many
    are expected in one direction as in the other.

    Parameters
    ----------
    rates : Estimate of shape (k, k)
    model : Posterior
    times : (k,) ndarray
        Time spent in each state.
    """
    matrix, k = model.transition_matrix, len(times)
    directions = 1 + _reachable(matrix)
    with np.errstate(divide="ignore"):
        most = -np.log((1 - CONFIDENCE) / 2) * model.recrossing / (times[:, None] * directions)
    chosen = model.unseen & ~np.eye(k, dtype=bool) & np.isfinite(rates.upper)
    return replace(rates, upper=np.where(chosen, np.maximum(rates.upper, most), rates.upper))


def _generator(matrix: np.ndarray, stationary: np.ndarray) -> np.ndarray:
    """Compute the logarithm of a reversible transition matrix as a generator, per lag."""
    rates = np.full(matrix.shape, np.nan)
    there = np.flatnonzero(stationary > 0)
    block = np.ix_(there, there)
    # A reversible matrix is similar to a symmetric one, whose logarithm is real if it has one.
    root = np.sqrt(stationary[there])
    values, vectors = np.linalg.eigh(symmetric_form(matrix[block], stationary[there]))
    if values[0] <= 0:
        return rates
    logarithm = (vectors * np.log(np.minimum(values, 1.0))) @ vectors.T
    found = np.maximum(logarithm / root[:, None] * root[None, :], 0.0)
    found[~_reachable(matrix[block])] = 0.0
    np.fill_diagonal(found, 0.0)
    np.fill_diagonal(found, -found.sum(axis=1))
    rates[block] = found
    return rates


def _reachable(matrix: np.ndarray) -> np.ndarray:
    """(n, n) bool: pairs of states in one connected set."""
    reachable = np.zeros(matrix.shape, bool)
    for states in connected_sets(matrix):
        reachable[np.ix_(states, states)] = True
    return reachable

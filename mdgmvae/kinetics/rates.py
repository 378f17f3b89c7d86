"""Equilibrium populations, lifetimes and mean first passage times of states.

Errors are 95 % credible intervals of reversible Markov models sampled from their posterior
(Trendelkamp-Schroer, Wu, Paul & Noé, J. Chem. Phys. 143, 174101 (2015); deeptime's sampler).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tables import Shown, Table, number
from .dwell_times import Visits, visits
from .markov import connected_sets, timescales_of
from .posterior import Estimate, Posterior, time_unit


@dataclass(frozen=True, eq=False, repr=False)
class Lifetimes(Shown):
    """How long states last; arrays of shape (k,), NaN for states without frames.

    It prints as a table.

    Parameters
    ----------
    from_runs : ndarray of float64
        Frames in the state divided by the stays that were seen to end, in `unit`.
    from_model : Estimate
        -lag / ln(p), where p is the probability of being in the state, still or again, one lag
        time later.
    memory : Estimate
        -lag / ln(c), where c = (p - population) / (1 - population) is the share of the difference
        from equilibrium that remains after one lag time. If the memory is shorter than the lag
        time, frames one lag time apart hardly depend on each other, even if a highly populated
        state seems to be long-lived.
    unit : str
        "ps" or "frames".
    """

    from_runs: np.ndarray
    from_model: Estimate
    memory: Estimate
    unit: str

    def tables(self) -> list[Table]:
        """Return a table with a row for each state."""
        heads = ("mean visit", "lifetime", "memory")
        rows = tuple(
            (state, number(mean), self.from_model.cell(state), self.memory.cell(state))
            for state, mean in enumerate(self.from_runs.tolist())
        )
        return [
            Table(
                ("state", *(f"{head} / {self.unit}" for head in heads)),
                rows,
                note="Mean visit: mean length of the visits in the trajectory. Lifetime and "
                "memory: of the Markov model, with 95 % credible intervals in brackets.",
            )
        ]


def stationary_populations(
    labels: Any,
    *,
    lag: int,
    lengths: Sequence[int] | None = None,
    k: int | None = None,
    n_samples: int = 100,
    seed: int = 0,
) -> Estimate:
    """Estimate the equilibrium populations of the states from a Markov model.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame in time order, -1 for none.
    lag : int
        Lag time in frames.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.
    k : int, optional
        Number of states. Default: one more than the largest label.
    n_samples : int
        Number of models drawn from the posterior; 0 for no intervals.
    seed : int
        The same seed gives the same intervals.

    Returns
    -------
    Estimate
        Of shape (k,); 0 for states without frames.

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import stationary_populations
    >>> labels = np.repeat([0, 1, 0, 1, 0], [300, 100, 300, 100, 300])
    >>> stationary_populations(labels, lag=1).value.round(2)
    array([0.82, 0.18])
    """
    model = Posterior.fit(labels, lag=lag, lengths=lengths, k=k, n_samples=n_samples, seed=seed)
    return populations_of(model)


def populations_of(model: Posterior) -> Estimate:
    """Compute `stationary_populations` from a fitted posterior."""
    return model.estimate(lambda p, pi: pi)


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
    """Estimate the mean time to first reach each state from each other state.

    Parameters
    ----------
    labels, lag, lengths, k, n_samples, seed
        As in `stationary_populations`.
    dt : float, optional
        Time between frames in ps. Without it (or with NaN) times are in frames.

    Returns
    -------
    Estimate
        Of shape (k, k), from the first index to the second: 0 on the diagonal, infinite if the
        state cannot be reached, NaN for states without frames.

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import mean_first_passage_times
    >>> labels = np.repeat([0, 1, 0, 1, 0], [300, 100, 300, 100, 300])
    >>> mean_first_passage_times(labels, lag=1, dt=2.0).value.round().tolist()
    [[0.0, 899.0], [200.0, 0.0]]
    """
    model = Posterior.fit(labels, lag=lag, lengths=lengths, k=k, n_samples=n_samples, seed=seed)
    return passage_times_of(model, dt)


def passage_times_of(model: Posterior, dt: float | None) -> Estimate:
    """Compute `mean_first_passage_times` from a fitted posterior."""
    scale, unit = time_unit(dt)
    return model.estimate(lambda p, pi: scale * model.lag * _passage_steps(p, pi), unit)


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
    """Estimate the mean lifetimes of the states, from their visits and from a Markov model.

    Parameters
    ----------
    labels, lag, lengths, k, n_samples, seed
        As in `stationary_populations`.
    dt : float, optional
        Time between frames in ps. Without it (or with NaN) times are in frames.

    Returns
    -------
    Lifetimes

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import lifetimes
    >>> labels = np.repeat([0, 1, 0, 1, 0], [300, 100, 300, 100, 300])
    >>> lifetimes(labels, lag=1).from_runs.tolist()  # 900 frames, left twice
    [450.0, 100.0]
    """
    model = Posterior.fit(labels, lag=lag, lengths=lengths, k=k, n_samples=n_samples, seed=seed)
    return lifetimes_of(model, visits(labels, lengths=lengths, k=k), dt)


def lifetimes_of(model: Posterior, found: Visits, dt: float | None) -> Lifetimes:
    """Compute `lifetimes` from a fitted posterior and counted visits."""
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
    """Mean first passage times in lags, within each set of states that are connected."""
    steps = np.full(matrix.shape, np.inf)
    for states in connected_sets(matrix):
        block = matrix[np.ix_(states, states)]
        for target, state in enumerate(states):
            steps[states, state] = _steps_until(block, target)
    steps[stationary == 0] = np.nan
    steps[:, stationary == 0] = np.nan
    return steps


def _steps_until(matrix: np.ndarray, target: int) -> np.ndarray:
    """Mean number of steps from each state until `target` is reached: shape (n,).

    Eliminates one state after the other from t_i = (1 + sum_j p_ij t_j) / sum_j p_ij, where j is
    not i. Nothing is subtracted (Grassmann, Taksar & Heyman, Oper. Res. 33, 1107 (1985)): a
    sampled model may leave two states that exchange with a probability of 1e-19, of which
    1 - 0.999... keeps nothing.

    Examples
    --------
    >>> _steps_until(np.array([[0.9, 0.1], [0.2, 0.8]]), target=0).tolist()
    [0.0, 5.0]
    """
    n = len(matrix)
    flow = matrix.astype(np.float64)
    np.fill_diagonal(flow, 0.0)
    waiting, leaving = np.ones(n), np.zeros(n)
    order = [state for state in range(n) if state != target]
    left = [target, *order]
    for state in reversed(order):
        left.remove(state)
        leaving[state] = flow[state, left].sum()
        share = flow[left, state] / leaving[state]
        flow[np.ix_(left, left)] += np.outer(share, flow[state, left])
        waiting[left] += share * waiting[state]
    steps = np.zeros(n)
    for done, state in enumerate(order):
        known = [target, *order[:done]]
        steps[state] = (waiting[state] + flow[state, known] @ steps[known]) / leaving[state]
    return steps

"""Test of detailed balance: whether transitions are as frequent as their reverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from ..tables import Shown, Table, number, percent
from .markov import MarkovModel, connected_sets, count_matrix

#: Detailed balance is violated if data like these are less probable than this in equilibrium ...
SIGNIFICANT = 1e-4
#: ... and the net flux is more than this share of all transitions.
NET_FLUX = 0.1


@dataclass(frozen=True, eq=False, repr=False)
class DetailedBalance(Shown):
    """How far the transitions violate detailed balance; prints as a table.

    Parameters
    ----------
    statistic : float
        Twice the log-likelihood ratio of the Markov models without and with detailed balance.
    dof : int
        Number of parameters that detailed balance removes: (m - 1)(m - 2) / 2 for m connected
        states. With 0, as for two states, the violation cannot be seen.
    p_value : float
        Probability of a statistic at least as large in equilibrium. 1 if `dof` is 0.
    net_flux : float
        Net flux between pairs of states, as a share of all transitions in the stationary state
        of the model without detailed balance: 0 in equilibrium, 1 if no transition is reversed.
    """

    statistic: float
    dof: int
    p_value: float
    net_flux: float

    @property
    def is_violated(self) -> bool:
        """Whether there is a significant and considerable net flux around cycles of states."""
        return self.p_value < SIGNIFICANT and self.net_flux > NET_FLUX

    def tables(self) -> list[Table]:
        """Return a table of one row."""
        row = (number(self.statistic), self.dof, number(self.p_value), percent(self.net_flux))
        heads = ("log-likelihood ratio", "degrees of freedom", "p-value", "net flux / %")
        return [
            Table(
                heads,
                (row,),
                title="Detailed balance is " + ("violated" if self.is_violated else "kept"),
                note="Net flux: between pairs of states, as a share of all transitions.",
            )
        ]


def detailed_balance(
    labels: Any, *, lag: int, lengths: Sequence[int] | None = None, k: int | None = None
) -> DetailedBalance:
    """Test whether transitions between states are as frequent as their reverse.

    This holds for any labels of an equilibrium simulation. It fails if frames go around a cycle,
    as in a rotor or under an external force. The test compares the likelihoods of the Markov
    models with and without detailed balance, given where the segments start, so that many
    segments that start in one state do not violate it. Counts are divided by the lag, because
    overlapping pairs are not independent.

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

    Returns
    -------
    DetailedBalance

    Raises
    ------
    InputError
        If the labels, the lag or the lengths are invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import detailed_balance
    >>> steps = np.random.default_rng(0).random(10_000)
    >>> around = np.cumsum(steps < 0.1) % 4  # 0, 1, 2, 3, 0, ...
    >>> detailed_balance(around, lag=1).is_violated
    True
    >>> diffusing = np.cumsum(np.where(steps < 0.1, 1, np.where(steps < 0.2, -1, 0))) % 4
    >>> detailed_balance(diffusing, lag=1).is_violated
    False
    """
    counts = count_matrix(labels, lag, lengths, k) / lag
    found = [_of_set(counts[np.ix_(states, states)], lag) for states in connected_sets(counts)]
    statistic, net, total = np.sum([of_set[:3] for of_set in found], axis=0).tolist()
    dof = sum(of_set[3] for of_set in found)
    return DetailedBalance(
        statistic=statistic,
        dof=dof,
        p_value=float(chi2.sf(statistic, dof)) if dof else 1.0,
        net_flux=net / total if total > 0 else 0.0,
    )


def _of_set(counts: np.ndarray, lag: int) -> tuple[float, float, float, int]:
    """Return the statistic, net flux, flux and degrees of freedom of connected states."""
    m = len(counts)
    if m < 3:
        return 0.0, 0.0, 0.0, 0
    reversible = MarkovModel.fit(counts, lag).transition_matrix
    free = counts / counts.sum(axis=1, keepdims=True)
    seen = counts > 0
    statistic = 2 * float((counts[seen] * np.log(free[seen] / reversible[seen])).sum())
    flux = _stationary(free)[:, None] * free * counts.sum()
    upper = np.triu_indices(m, 1)
    net = np.abs(flux - flux.T)[upper].sum()
    total = (flux + flux.T)[upper].sum()
    return max(0.0, statistic), float(net), float(total), (m - 1) * (m - 2) // 2


def _stationary(transition_matrix: np.ndarray) -> np.ndarray:
    """Return the stationary distribution (m,) of a connected transition matrix."""
    m = len(transition_matrix)
    equations = np.vstack([transition_matrix.T - np.eye(m), np.ones(m)])
    solution, *_ = np.linalg.lstsq(equations, np.append(np.zeros(m), 1.0), rcond=None)
    return np.asarray(solution)

"""Transition counts and reversible Markov state models of labelled frames (deeptime).

A pair is two frames (t, t + lag) of one segment; frames with the label -1 end a segment. All pairs
are counted ("sliding"). To estimate errors, the counts are divided by the lag, since
overlapping pairs are not independent; see also `mdgmvae.kinetics.relaxation.recrossing`.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..labels import as_labels, n_states_of
from ..segments import checked_lag, discrete_trajectories

logger = logging.getLogger(__name__)

#: Gibbs steps between two sampled models: at 10, one state entered once is decorrelated.
STEPS_BETWEEN_SAMPLES = 10


def count_matrix(
    labels: Any, lag: int, lengths: Sequence[int] | None = None, k: int | None = None
) -> np.ndarray:
    """Count the pairs of frames (t, t + lag) for each pair of states.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame in time order, -1 for none. Pairs never bridge frames without a state.
    lag : int
        Lag time in frames.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.
    k : int, optional
        Number of states. Default: one more than the largest label.

    Returns
    -------
    ndarray of shape (k, k), float64
        Counts of all pairs, including those that overlap.

    Raises
    ------
    InputError
        If the labels, the lag or the lengths are invalid.

    Examples
    --------
    >>> count_matrix([0, 0, 1, 1, 1], lag=1)
    array([[1., 1.],
           [0., 2.]])
    """
    states = as_labels(labels)
    k = n_states_of(states, k)
    segments = discrete_trajectories(states, lengths)
    lag = checked_lag(lag, segments)
    # Free energies need counts, but not deeptime, which takes seconds to import.
    pairs = [segment[:-lag] * k + segment[lag:] for segment in segments if len(segment) > lag]
    counts = np.bincount(np.concatenate(pairs), minlength=k * k)
    return counts.reshape(k, k).astype(np.float64)


def connected_sets(counts: np.ndarray, directed: bool = True) -> list[np.ndarray]:
    """Find the connected sets of states, the largest set first.

    Parameters
    ----------
    counts : (k, k) ndarray
    directed : bool
        If True, states belong to one set only if each can be reached from the other.

    Returns
    -------
    list of ndarray of int64
        States of each set, in increasing order.

    Examples
    --------
    >>> counts = np.array([[5.0, 1, 0], [0, 5, 0], [0, 0, 5]])
    >>> [states.tolist() for states in connected_sets(counts)]
    [[0], [1], [2]]
    >>> [states.tolist() for states in connected_sets(counts, directed=False)]
    [[0, 1], [2]]
    """
    from deeptime.markov.tools.estimation import connected_sets as sets_of

    if counts.all():  # most sampled models, where the search would take most of the time
        return [np.arange(len(counts))]
    found = [np.sort(np.asarray(states)) for states in sets_of(counts, directed=directed)]
    return sorted(found, key=lambda states: (-len(states), states[0]))


def with_ways_back(counts: np.ndarray, lag: int) -> np.ndarray:
    """Add a way back between sets of states that exchange in one direction only.

    A trajectory that starts in a state and never returns, or ends in a state, does not show the
    way back. Without one, a Markov model gives the first state no population and the second state
    all of it. In equilibrium, transitions in both directions are equally frequent (detailed
    balance), and one event more or less is within the error. Therefore one event is added, which
    contributes at most `lag` pairs. More than one is never added, however many were seen, because
    a set of trajectories that all start in one state is not in equilibrium.

    Parameters
    ----------
    counts : (k, k) ndarray
        Counts of all pairs, including those that overlap.
    lag : int
        Lag time in frames.

    Returns
    -------
    ndarray of shape (k, k)
        The counts, unchanged if every transition has a way back.

    Examples
    --------
    >>> with_ways_back(np.array([[50.0, 9], [0, 50]]), lag=3)
    array([[50.,  9.],
           [ 3., 50.]])
    """
    sets = connected_sets(counts)
    member = np.empty(len(counts), np.int64)
    for number, states in enumerate(sets):
        member[states] = number
    between = np.where(member[:, None] != member[None, :], counts, 0.0)
    of_sets = np.zeros((len(sets), len(sets)))
    np.add.at(of_sets, (member[:, None], member[None, :]), between)
    share = np.minimum(1.0, lag / np.maximum(of_sets, 1.0))
    return np.asarray(counts + (between * share[member[:, None], member[None, :]]).T)


@dataclass(frozen=True, eq=False)
class MarkovModel:
    """A reversible Markov model of connected states.

    Parameters
    ----------
    lag : int
        Lag time in frames.
    states : ndarray of int64 of shape (n,)
        The states of the model, in increasing order.
    transition_matrix : ndarray of shape (n, n)
        Each row adds up to 1.
    stationary : ndarray of shape (n,)
        Stationary distribution.
    """

    lag: int
    states: np.ndarray
    transition_matrix: np.ndarray
    stationary: np.ndarray

    @classmethod
    def fit(cls, counts: np.ndarray, lag: int, states: Any = None) -> MarkovModel:
        """Fit the maximum-likelihood reversible model.

        Source: Trendelkamp-Schroer et al., J. Chem. Phys. 143, 174101 (2015).

        Parameters
        ----------
        counts : (k, k) ndarray
            Counts of pairs of frames.
        lag : int
            Lag time in frames.
        states : array-like of int, optional
            A connected set of states. Default: all.

        Returns
        -------
        MarkovModel

        Examples
        --------
        >>> model = MarkovModel.fit(np.array([[90.0, 10], [10, 190]]), lag=5)
        >>> model.stationary.round(3).tolist()
        [0.333, 0.667]
        >>> model.timescales.round(1).tolist()  # -5 / ln(0.9 + 0.95 - 1)
        [30.8]
        """
        chosen = np.arange(len(counts)) if states is None else np.asarray(states, np.int64)
        transitions, stationary = _most_likely(counts[np.ix_(chosen, chosen)])
        return cls(lag, chosen, transitions, stationary)

    @property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues (n,) of the transition matrix in decreasing order; the first is 1."""
        return eigenvalues_of(self.transition_matrix, self.stationary)

    @property
    def timescales(self) -> np.ndarray:
        """Implied timescales (n - 1,) in frames, longest first; 0 for eigenvalues up to 0."""
        return timescales_of(self.eigenvalues[1:], self.lag)

    def sample(self, counts: np.ndarray, n_samples: int, seed: int = 0) -> list[MarkovModel]:
        """Draw models from the posterior of the transition matrix.

        Source: Trendelkamp-Schroer et al., J. Chem. Phys. 143, 174101 (2015).

        Parameters
        ----------
        counts : (k, k) ndarray
            The counts of the fit, or a share of them, not yet divided by the lag.
        n_samples : int
            Number of models.
        seed : int
            The same seed gives the same models.

        Returns
        -------
        list of MarkovModel
        """
        # deeptime's BayesianMSM does the same, but takes no seed.
        from deeptime.markov.tools.estimation.dense.tmat_sampling import tmatrix_sampler

        if len(self.states) == 1:
            return [self] * n_samples
        chosen = counts[np.ix_(self.states, self.states)] / self.lag
        sampler = tmatrix_sampler.TransitionMatrixSampler(
            chosen,
            reversible=True,
            n_steps=STEPS_BETWEEN_SAMPLES,
            # The sampler's seeds have 31 bits.
            seed=seed % 2**31,
        )
        draws = (sampler.sample(1, return_statdist=True) for _ in range(n_samples))
        return [MarkovModel(self.lag, self.states, p.copy(), pi.copy()) for p, pi in draws]


def eigenvalues_of(transition_matrix: np.ndarray, stationary: np.ndarray) -> np.ndarray:
    """Compute the eigenvalues of a reversible transition matrix (n, n), in decreasing order.

    Examples
    --------
    >>> eigenvalues_of(np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([0.5, 0.5])).round(3)
    array([1. , 0.8])
    """
    return np.asarray(np.linalg.eigvalsh(symmetric_form(transition_matrix, stationary))[::-1])


def symmetric_form(transition_matrix: np.ndarray, stationary: np.ndarray) -> np.ndarray:
    """Return the symmetric matrix (n, n) that a reversible transition matrix is similar to.

    Its eigenvalues are real and the same. Its eigenvectors are the right ones of the transition
    matrix times the root of the stationary distribution.

    Examples
    --------
    >>> symmetric_form(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([0.8, 0.2])).round(3).tolist()
    [[0.9, 0.2], [0.2, 0.6]]
    """
    root = np.sqrt(stationary)
    symmetric = root[:, None] * transition_matrix / root[None, :]
    return np.asarray((symmetric + symmetric.T) / 2)


def timescales_of(eigenvalues: np.ndarray, lag: int) -> np.ndarray:
    """Compute implied timescales -lag / ln(eigenvalue) in frames.

    Examples
    --------
    >>> timescales_of(np.array([1.0, np.exp(-0.5), -0.1]), lag=5)
    array([inf, 10.,  0.])
    """
    with np.errstate(divide="ignore"):
        times = -lag / np.log(np.clip(eigenvalues, 0.0, 1.0))
    # Rounding leaves the eigenvalue of a stationary process slightly below 1.
    return np.where(eigenvalues > 1.0 - 1e-12, np.inf, np.abs(times))


def _most_likely(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Transition matrix and stationary distribution of connected counts."""
    from deeptime.markov.tools.estimation import transition_matrix

    if len(counts) == 1:
        return np.ones((1, 1)), np.ones(1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        transitions, stationary = transition_matrix(
            counts, reversible=True, return_statdist=True, maxerr=1e-10
        )
    for warning in caught:
        logger.warning("Markov model of %d states: %s", len(counts), warning.message)
    return np.asarray(transitions), np.asarray(stationary)

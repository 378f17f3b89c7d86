"""The slow processes of labelled frames, and how much of them coarser states explain.

A division of the frames describes a slow process if the process is nearly constant within each of
its sets. This is what barriers do: frames mix within a state before they leave it. Without
barriers the process changes all the way from one end to the other, however the frames are divided.
The share of the variance that is explained bounds how much the metastability of the states falls
short of the largest possible one (Huisinga & Schmidt, Lect. Notes Comput. Sci. Eng. 49, 167
(2006)) and the error of a Markov model of the states (Sarich, Noé & Schütte, Multiscale Model.
Simul. 8, 1154 (2010)). It does not depend on the lag time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .markov import (
    MarkovModel,
    connected_sets,
    count_matrix,
    symmetric_form,
    timescales_of,
    with_ways_back,
)


@dataclass(frozen=True, eq=False)
class SlowProcesses:
    """The processes of a reversible Markov model of k states, the slowest first.

    Each set of states that exchanges no frame with the others has a stationary process of its
    own. The first of these is left out, the others count as infinitely slow processes.

    Parameters
    ----------
    lag : int
        Lag time in frames.
    eigenvalues : ndarray of float64 of shape (n,)
        In decreasing order.
    functions : ndarray of float64 of shape (k, n)
        Value of each process in each state (right eigenvectors); NaN in states without pairs of
        frames.
    stationary : ndarray of float64 of shape (k,)
        Equilibrium populations, which add up to 1.

    Examples
    --------
    >>> labels = np.tile(np.r_[np.tile([0, 1], 50), np.full(60, 2)], 4)
    >>> found = SlowProcesses.of(labels, 3, None, 3)
    >>> found.functions.shape, found.kept_by(np.array([0, 0, 1])).round(2).tolist()[0]
    ((3, 2), 1.0)
    """

    lag: int
    eigenvalues: np.ndarray
    functions: np.ndarray
    stationary: np.ndarray

    @classmethod
    def of(
        cls, labels: np.ndarray, lag: int, lengths: Sequence[int] | None, k: int
    ) -> SlowProcesses:
        """Find the processes of labels (n_frames,) of k states; -1 for none.

        There are none if no two frames of a segment are one lag apart.
        """
        counts = with_ways_back(count_matrix(labels, lag, lengths, k), lag)
        sets = [states for states in connected_sets(counts) if counts[states].any()]
        if not sets:
            return cls(lag, np.empty(0), np.empty((k, 0)), np.zeros(k))
        models = [MarkovModel.fit(counts, lag, states) for states in sets]
        values, functions, stationary = [], [], np.zeros(k)
        for model in models:
            eigenvalues, vectors = np.linalg.eigh(
                symmetric_form(model.transition_matrix, model.stationary)
            )
            of_set = np.zeros((k, len(eigenvalues)))
            of_set[model.states] = (vectors / np.sqrt(model.stationary)[:, None])[:, ::-1]
            of_set[model.states, 0] = 1.0
            values.append(eigenvalues[::-1])
            functions.append(of_set)
            stationary[model.states] = counts[model.states].sum() * model.stationary
        order = np.argsort(-np.concatenate(values), kind="stable")
        # The stationary process of the first set is that of all of them.
        order = order[order != 0]
        joined = np.hstack(functions)[:, order]
        joined[stationary == 0] = np.nan
        return cls(lag, np.concatenate(values)[order], joined, stationary / stationary.sum())

    @property
    def timescales(self) -> np.ndarray:
        """Implied timescales (n,) in frames; 0 for processes that decay within the lag time."""
        return timescales_of(self.eigenvalues, self.lag)

    def kept_by(self, states: np.ndarray) -> np.ndarray:
        """Return the share of the variance of each process that coarser states explain.

        Parameters
        ----------
        states : ndarray of shape (k,) or (k, n_states)
            State of each of the k states, or the share of its frames in each state.

        Returns
        -------
        ndarray of float64 of shape (n,)
            1 if the process is constant within the states.
        """
        if states.ndim == 1:
            states = states[:, None] == np.arange(states.max() + 1)
        there = self.stationary > 0
        functions = self.functions[there]
        weights = self.stationary[there, None] * states[there]
        in_state = weights.sum(axis=0)
        sums = weights.T @ functions
        means = np.divide(sums, in_state[:, None], out=np.zeros_like(sums), where=sums != 0)
        of_all = sums.sum(axis=0) / in_state.sum()
        total = weights.sum(axis=1) @ np.square(functions - of_all)
        explained = in_state @ np.square(means - of_all)
        return np.asarray(np.divide(explained, total, out=np.zeros_like(total), where=total > 0))

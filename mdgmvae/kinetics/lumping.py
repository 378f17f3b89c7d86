"""Components lumped into metastable states: PCCA+ on a Markov model of the components."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count
from ..labels import as_labels, n_states_of
from ..tables import Shown, Table
from .markov import (
    MarkovModel,
    connected_sets,
    count_matrix,
    with_ways_back,
)

_log = logging.getLogger(__name__)

#: Memberships of more states are not optimized: 13 take 6 s, 17 half a minute.
MAX_OPTIMIZED = 10


@dataclass(frozen=True, eq=False, repr=False)
class Lumping(Shown):
    """Which metastable state each component belongs to.

    Parameters
    ----------
    n : int
        Number of metastable states, numbered by falling population.
    of_component : ndarray of int64 of shape (k,)
        The metastable state of each component; -1 for components without frames.
    labels : ndarray of int64 of shape (n_frames,)
        The metastable state of each frame; -1 where there was none.
    memberships : ndarray of float64 of shape (k, n)
        How far each component belongs to each state; rows add up to 1, those of components
        without frames are uniform, so that ``probabilities @ memberships`` are probabilities.
    timescales : ndarray of float64 of shape (number of components with frames - 1,)
        Implied timescales of the components in rows, longest first; infinite between sets of
        components that never exchange a frame, 0 for what is over within the lag.
    """

    n: int
    of_component: np.ndarray
    labels: np.ndarray
    memberships: np.ndarray
    timescales: np.ndarray

    def tables(self) -> list[Table]:
        """Return a table with a row for each state."""
        rows = tuple(
            (state, ", ".join(map(str, np.flatnonzero(self.of_component == state).tolist())))
            for state in range(self.n)
        )
        return [Table(("state", "components"), rows)]


def lump(
    labels: Any,
    *,
    lag: int,
    lengths: Sequence[int] | None = None,
    k: int | None = None,
    n_macrostates: int | None = None,
) -> Lumping:
    """Lump components that exchange within the lag into metastable states.

    PCCA+ (Röblitz & Weber, Adv. Data Anal. Classif. 7, 147 (2013); deeptime's) on the reversible
    Markov model of highest likelihood of the components. No component with frames is dropped:
    one that the trajectory starts in, or ends in, is entered as often as it is left (detailed
    balance); those that never exchange a frame with the others are states of their own.
    Same input, same result. Of more than ten states the eigenvectors are clustered instead
    (Ward), since PCCA+ would take minutes.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        Components of the frames, -1 for none.
    lag : int
        Rows within a piece.
    lengths : sequence of int, optional
        Rows of each continuous piece of trajectory. Default: one piece.
    k : int, optional
        Number of components. Default: one more than the largest label.
    n_macrostates : int, optional
        Number of metastable states. Fewer are given where fewer components have frames, more
        where more sets of components never exchange a frame. Default: one more than the
        relaxation processes whose implied timescale is longer than the lag.

    Returns
    -------
    Lumping

    Raises
    ------
    InputError
        When the labels, the lag or the lengths cannot be used.

    Examples
    --------
    Components 0 and 1 alternate, 2 stays:

    >>> import numpy as np
    >>> from mdgmvae.kinetics import lump
    >>> labels = np.tile(np.r_[np.tile([0, 1], 50), np.full(60, 2)], 4)
    >>> lump(labels, lag=3).of_component
    array([0, 0, 1])
    """
    states = as_labels(labels)
    k = n_states_of(states, k)
    if n_macrostates is not None:
        n_macrostates = check_count("n_macrostates", n_macrostates)
    frames = np.bincount(states[states >= 0], minlength=k)
    counts = _connected_counts(states, lag, lengths, k, frames > 0)
    sets = [s for s in connected_sets(counts) if frames[s[0]]]
    models = [MarkovModel.fit(counts, int(lag), members) for members in sets]
    timescales, of_set = _slowest_first(models)
    n = int((timescales > lag).sum()) if n_macrostates is None else n_macrostates
    shares = np.bincount(of_set[: max(n, len(sets))], minlength=len(sets))
    blocks = [
        (model.states, memberships_of(model, int(share)))
        for model, share in zip(models, shares, strict=True)
    ]
    memberships = _join(blocks, k)
    return _numbered(states, memberships, frames, timescales[1:])


def memberships_of(model: MarkovModel, n: int) -> np.ndarray:
    """Memberships (n_states, n) of the states of a connected model; every column is somebody's.

    Parameters
    ----------
    model : MarkovModel
    n : int
        Number of metastable states, not more than the model has states.

    Examples
    --------
    >>> model = MarkovModel.fit(np.array([[50.0, 40, 0], [40, 50, 1], [0, 1, 90]]), lag=1)
    >>> memberships_of(model, 2).round().tolist()
    [[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
    """
    size = len(model.states)
    if n == 1:
        return np.ones((size, 1))
    if n == size:
        return np.eye(size)
    if n > MAX_OPTIMIZED:
        return _clustered_eigenvectors(model, n)
    found = _pcca(model, n)
    if found is None or len(set(found.argmax(axis=1).tolist())) < n:
        _log.info("PCCA+ left one of %d states empty; eigenvectors are clustered instead", n)
        return _clustered_eigenvectors(model, n)
    return found


def _pcca(model: MarkovModel, n: int) -> np.ndarray | None:
    """PCCA+ of deeptime; None where it fails."""
    from deeptime.markov import pcca

    # It orders eigenvalues by their size, and -1 (states that alternate) is no slow process.
    # To stay with probability 1/2 makes all positive and leaves the eigenvectors as they are.
    lazy = (model.transition_matrix + np.eye(len(model.states))) / 2
    try:
        with warnings.catch_warnings():
            # What they warn of (complex parts, divisions) shows in the memberships, if anywhere.
            warnings.simplefilter("ignore")
            with np.errstate(all="ignore"):
                found = pcca(lazy, n, model.stationary.copy()).memberships
    except (AssertionError, ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        _log.info("PCCA+ failed: %s", error)
        return None
    return found if np.isfinite(found).all() else None


def _clustered_eigenvectors(model: MarkovModel, n: int) -> np.ndarray:
    """Crisp memberships by Ward's clustering of the slow eigenvectors, each by its eigenvalue."""
    from sklearn.cluster import AgglomerativeClustering

    root = np.sqrt(model.stationary)
    symmetric = root[:, None] * model.transition_matrix / root[None, :]
    values, vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)
    slow = (vectors / root[:, None])[:, ::-1][:, 1:n] * values[::-1][1:n]
    return np.eye(n)[AgglomerativeClustering(n).fit_predict(slow)]


def _connected_counts(
    states: np.ndarray, lag: int, lengths: Sequence[int] | None, k: int, populated: np.ndarray
) -> np.ndarray:
    """Counts with a way back for each way; shorter lags speak for who has no pair at this one."""
    counts = count_matrix(states, lag, lengths, k)
    unseen = populated & (counts.sum(axis=0) + counts.sum(axis=1) == 0)
    if unseen.any():
        steps = count_matrix(states, 1, lengths, k)
        counts += np.where(unseen[:, None] | unseen[None, :], steps, 0.0)
    return with_ways_back(counts, lag)


def _slowest_first(models: Sequence[MarkovModel]) -> tuple[np.ndarray, np.ndarray]:
    """All timescales in falling order, and which connected set each belongs to.

    Each set has a stationary process of its own, which lasts for ever.
    """
    timescales = np.concatenate([np.append(np.inf, model.timescales) for model in models])
    of_set = np.repeat(np.arange(len(models)), [len(model.states) for model in models])
    order = np.argsort(-timescales, kind="stable")
    return timescales[order], of_set[order]


def _join(blocks: Sequence[tuple[np.ndarray, np.ndarray]], k: int) -> np.ndarray:
    n = sum(block.shape[1] for _, block in blocks)
    memberships = np.full((k, n), 1.0 / n)
    column = 0
    for states, block in blocks:
        memberships[states] = 0.0
        memberships[states, column : column + block.shape[1]] = block
        column += block.shape[1]
    return memberships


def _numbered(
    states: np.ndarray, memberships: np.ndarray, frames: np.ndarray, timescales: np.ndarray
) -> Lumping:
    """Number the metastable states by falling population, ties by their first component."""
    n = memberships.shape[1]
    of_component = memberships.argmax(axis=1)
    of_component[frames == 0] = -1
    populations = [int(frames[of_component == state].sum()) for state in range(n)]
    first = [int(np.flatnonzero(of_component == state)[0]) for state in range(n)]
    order = sorted(range(n), key=lambda state: (-populations[state], first[state]))
    number = np.empty(n, np.int64)
    number[order] = np.arange(n)
    of_component = np.append(number, -1)[of_component]
    labels = np.where(states >= 0, of_component[states], -1)
    return Lumping(n, of_component, labels, memberships[:, order], timescales)

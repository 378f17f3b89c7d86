"""Lump components into metastable states, using a Markov model of the components.

`lump` is the general function: it takes any labels and returns the states and their memberships.
`states_of_components` is what `GMVAE.fit` uses: it works like `lump`, but a component that is
visited too rarely to be judged joins the state that surrounds it in time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count
from ..errors import InputError
from ..labels import as_labels, n_states_of
from ..segments import checked_lengths
from ..tables import Shown, Table
from .gap import Cells, gap_of
from .markov import (
    MarkovModel,
    connected_sets,
    count_matrix,
    with_ways_back,
)
from .pcca import memberships_of
from .rare_components import nearest_kept, unite_rare
from .vamp import vamp2_cross_validated

logger = logging.getLogger(__name__)

#: A component with fewer frames than `FEWEST_LAGS` lags, and than `SMALLEST_SHARE` of all frames,
#: is not a state of its own.
FEWEST_LAGS, SMALLEST_SHARE = 4, 0.005


@dataclass(frozen=True, eq=False, repr=False)
class Lumping(Shown):
    """The metastable state of each component and of each frame.

    Parameters
    ----------
    n : int
        Number of metastable states, numbered by decreasing population.
    of_component : ndarray of shape (k,), int64
        State of each component; -1 for a component without frames.
    labels : ndarray of shape (n_frames,), int64
        State of each frame; -1 for a frame without a component.
    memberships : ndarray of shape (k, n), float64
        How far each component belongs to each state. Rows add up to 1. The row of a component
        without frames is uniform, so ``probabilities @ memberships`` are probabilities.
    timescales : ndarray of shape (number of components with frames - 1,), float64
        Implied timescales of the components in frames, longest first. They are infinite between
        sets of components that never exchange a frame, and 0 for a process that has decayed
        within the lag time.
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
    finer: np.ndarray | None = None,
) -> Lumping:
    """Lump components that exchange within the lag time into metastable states.

    PCCA+ (Röblitz & Weber, Adv. Data Anal. Classif. 7, 147 (2013), as implemented in deeptime) on
    the reversible maximum-likelihood Markov model of the components. Every component with frames
    is kept: a component in which a trajectory starts or ends counts as entered as often as left
    (detailed balance), and sets of components that never exchange a frame become separate states.
    The result is deterministic. For more than ten states the eigenvectors are clustered instead
    (Ward), because PCCA+ would take minutes.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        Component of each frame, -1 for none.
    lag : int
        Lag time in frames, within a segment.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: all frames are one segment.
    k : int, optional
        Number of components. Default: the largest label plus one.
    n_macrostates : int, optional
        Number of states. There are fewer if fewer components have frames, and more if more sets
        of components never exchange a frame. Default: the number of relaxation processes
        with an implied timescale longer than the lag time, plus one.
    finer : ndarray of shape (n_frames,), int64, optional
        A finer division of the frames, -1 for none. With it, the default is the largest number of
        states, up to that above, between which there are barriers and a gap, or a clear gap (see
        `mdgmvae.kinetics.gap`), if there is such a number. If the number is given, the components
        may also be joined by their mean values of the slow processes (k-means), if such states
        have a higher VAMP-2 score on held-out frames.

    Returns
    -------
    Lumping

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    Components 0 and 1 alternate, component 2 stays:

    >>> import numpy as np
    >>> from mdgmvae.kinetics import lump
    >>> labels = np.tile(np.r_[np.tile([0, 1], 50), np.full(60, 2)], 4)
    >>> lump(labels, lag=3).of_component
    array([0, 0, 1])
    """
    components = as_labels(labels)
    k = n_states_of(components, k)
    if n_macrostates is not None:
        n_macrostates = check_count("n_macrostates", n_macrostates)
    if finer is not None:
        finer = as_labels(finer, "finer")
        if len(finer) != len(components):
            raise InputError(
                f"finer: {len(finer):,} labels for {len(components):,} frames; pass one for each"
            )
    frames = np.bincount(components[components >= 0], minlength=k)
    counts = _connected_counts(components, lag, lengths, k, frames > 0)
    sets = [s for s in connected_sets(counts) if frames[s[0]]]
    models = [MarkovModel.fit(counts, int(lag), members) for members in sets]
    timescales, of_set = _slowest_first(models)
    n = int((timescales > lag).sum()) if n_macrostates is None else n_macrostates
    joins = _Joins(components, frames, models, of_set, timescales[1:])
    fewest = max(2, len(sets))
    if finer is None or n < fewest:
        return joins.by_pcca(n)
    divisions = [
        Cells(components, int(lag), lengths, are_parts=True),
        Cells(finer, int(lag), lengths),
    ]
    if n_macrostates is not None:
        return _best_of(joins, divisions, n)
    found = (_with_barriers(joins, divisions, m) for m in range(n, fewest - 1, -1))
    return next((one for one in found if one is not None), None) or joins.by_pcca(n)


@dataclass(frozen=True, eq=False)
class _Joins:
    """The ways to join components into states."""

    components: np.ndarray
    frames: np.ndarray
    models: Sequence[MarkovModel]
    of_set: np.ndarray
    timescales: np.ndarray

    def by_pcca(self, n: int) -> Lumping:
        """Join the components of each connected set with PCCA+."""
        n_sets = len(self.models)
        shares = np.bincount(self.of_set[: max(n, n_sets)], minlength=n_sets)
        blocks = [
            (model.states, memberships_of(model, int(share)))
            for model, share in zip(self.models, shares, strict=True)
        ]
        memberships = _join(blocks, len(self.frames))
        return _lumping(self.components, memberships, self.frames, self.timescales)

    def by_groups(self, groups: np.ndarray, n: int) -> Lumping | None:
        """Join the components of each of n groups (k,); None if some have no group."""
        if (groups[self.frames > 0] < 0).any():
            return None
        memberships = (groups[:, None] == np.arange(n)).astype(np.float64)
        memberships[self.frames == 0] = 1 / n
        return _lumping(self.components, memberships, self.frames, self.timescales)


def _best_of(joins: _Joins, divisions: Sequence[Cells], n: int) -> Lumping:
    """Return the n states that describe the slow processes best on held-out frames."""
    best = joins.by_pcca(n)
    lag, lengths = divisions[0].lag, divisions[0].lengths

    def score(states: Lumping) -> float:
        return vamp2_cross_validated(states.labels, lag=lag, lengths=lengths, n_processes=n).mean

    try:
        highest = score(best)
        for cells in divisions:
            grouped = joins.by_groups(cells.grouped(joins.components, len(joins.frames), n), n)
            if grouped is not None and (found := score(grouped)) > highest:
                best, highest = grouped, found
    except InputError:
        logger.info("too few frames to compare ways of joining components: PCCA+ is used")
    return best


def _with_barriers(joins: _Joins, divisions: Sequence[Cells], n: int) -> Lumping | None:
    """Return n states between which there are barriers and a gap, or None."""
    components = joins.components
    groups = [cells.grouped(components, len(joins.frames), n) for cells in divisions]
    of_frames = [np.where(components >= 0, one[components], -1) for one in groups]
    # PCCA+ takes a second, so it is not tried in vain.
    if not any(map(Cells.may_be_explained_by, divisions, of_frames)):
        return None
    # PCCA+ does not know the processes of the microstates.
    for found in (joins.by_pcca(n), joins.by_groups(groups[1], n)):
        gap = None if found is None else gap_of(found.labels, divisions)
        if gap is not None and (gap.stands_out or (gap.is_there and gap.has_barriers)):
            return found
    return None


def states_of_components(
    labels: np.ndarray,
    *,
    k: int,
    lag: int,
    lengths: Sequence[int] | None = None,
    n_macrostates: int | None = None,
    finer: np.ndarray | None = None,
) -> np.ndarray:
    """Find the metastable state of each component of a fit.

    Works like `lump`, except for components with fewer frames than four lag times and less than
    0.5 % of all frames. Those of them that exchange with each other most count as one component,
    since several components may share a rare state. If they are still too rare, they are not a
    state of their own but join the state that surrounds them in time. If no segment is longer
    than the lag time, each component with frames is a state.

    Parameters
    ----------
    labels : ndarray of shape (n_frames,), int64
        Component of each frame; -1 for a frame that does not count.
    k : int
        Number of components.
    lag : int
        Lag time in frames.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: all frames are one segment.
    n_macrostates : int, optional
        Number of states. Default: found as in `lump`.
    finer : ndarray of shape (n_frames,), int64, optional
        As in `lump`.

    Returns
    -------
    ndarray of shape (k,), int64
        -1 for a component without frames. The numbers are not those of the estimator, which
        sorts them with `by_decreasing_population`.

    Examples
    --------
    >>> labels = np.tile(np.r_[np.tile([0, 1], 50), np.full(60, 2)], 4)
    >>> states_of_components(labels, k=4, lag=3)
    array([ 0,  0,  1, -1])
    """
    lengths = checked_lengths(lengths, len(labels))
    assigned = labels >= 0
    counts = np.bincount(labels[assigned], minlength=k)
    if max(lengths) <= lag:
        logger.info("no segment is longer than the lag time: components are not lumped")
        return np.where(counts > 0, np.arange(k), -1)
    fewest = min(FEWEST_LAGS * lag, SMALLEST_SHARE * assigned.sum())
    united = unite_rare(labels, counts < fewest, lengths, k)
    labels = np.where(assigned, united[labels], -1)
    counts = np.bincount(labels[assigned], minlength=k)
    is_rare = counts < fewest
    surrounding = np.where(assigned, nearest_kept(labels, assigned & ~is_rare[labels], lengths), -1)
    states = lump(
        surrounding,
        lag=lag,
        lengths=lengths,
        k=k,
        n_macrostates=n_macrostates,
        finer=finer,
    ).of_component
    for component in np.flatnonzero(is_rare & (counts > 0)):
        around = states[surrounding[labels == component]]
        states[component] = np.bincount(around).argmax()
    return np.asarray(states[united])


def by_decreasing_population(states: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Renumber the states of components by decreasing population.

    Parameters
    ----------
    states : ndarray of shape (k,), int64
        State of each component, -1 for none.
    frames : ndarray of shape (k,), int64
        Frames in each component.

    Returns
    -------
    ndarray of shape (k,), int64
        New number of the state of each component, -1 for none. If two states have equally many
        frames, the one that contains the lowest component comes first.

    Examples
    --------
    >>> by_decreasing_population(np.array([0, 1, 1, -1]), np.array([50, 30, 40, 0]))
    array([ 1,  0,  0, -1])
    """
    present, first = np.unique(states[states >= 0], return_index=True)
    populations = [int(frames[states == state].sum()) for state in present]
    order = sorted(range(len(present)), key=lambda i: (-populations[i], first[i]))
    numbered = np.full(len(states), -1, np.int64)
    for number, i in enumerate(order):
        numbered[states == present[i]] = number
    return numbered


def grouping(states: np.ndarray) -> np.ndarray:
    """Mark which component (row) belongs to which state (column).

    Parameters
    ----------
    states : ndarray of shape (k,), int64
        State of each component, -1 for none.

    Returns
    -------
    ndarray of shape (k, k), float32
        1 where the component belongs to the state, else 0.

    Examples
    --------
    >>> grouping(np.array([0, 1, 0, -1])).sum(axis=0)
    array([2., 1., 0., 0.], dtype=float32)
    """
    members = np.zeros((len(states), len(states)), np.float32)
    present = np.flatnonzero(states >= 0)
    members[present, states[present]] = 1.0
    return members


def _connected_counts(
    components: np.ndarray, lag: int, lengths: Sequence[int] | None, k: int, populated: np.ndarray
) -> np.ndarray:
    """Count transitions; a component without a pair at this lag is counted at a lag of one."""
    counts = count_matrix(components, lag, lengths, k)
    unseen = populated & (counts.sum(axis=0) + counts.sum(axis=1) == 0)
    if unseen.any():
        steps = count_matrix(components, 1, lengths, k)
        counts += np.where(unseen[:, None] | unseen[None, :], steps, 0.0)
    return with_ways_back(counts, lag)


def _slowest_first(models: Sequence[MarkovModel]) -> tuple[np.ndarray, np.ndarray]:
    """Sort the timescales of all models, longest first, and name the model of each.

    Each model has a stationary process of its own, whose timescale is infinite.
    """
    timescales = np.concatenate([np.append(np.inf, model.timescales) for model in models])
    of_set = np.repeat(np.arange(len(models)), [len(model.states) for model in models])
    order = np.argsort(-timescales, kind="stable")
    return timescales[order], of_set[order]


def _join(blocks: Sequence[tuple[np.ndarray, np.ndarray]], k: int) -> np.ndarray:
    """Join the memberships of the connected sets; those of components without frames are even."""
    n = sum(block.shape[1] for _, block in blocks)
    memberships = np.full((k, n), 1.0 / n)
    column = 0
    for members, block in blocks:
        memberships[members] = 0.0
        memberships[members, column : column + block.shape[1]] = block
        column += block.shape[1]
    return memberships


def _lumping(
    components: np.ndarray, memberships: np.ndarray, frames: np.ndarray, timescales: np.ndarray
) -> Lumping:
    """Assign each component to the state of its largest membership, and number the states."""
    n = memberships.shape[1]
    found = np.where(frames > 0, memberships.argmax(axis=1), -1)
    of_component = by_decreasing_population(found, frames)
    # Column of the memberships that belongs to each numbered state.
    columns = [int(found[np.flatnonzero(of_component == state)[0]]) for state in range(n)]
    labels = np.where(components >= 0, of_component[components], -1)
    return Lumping(n, of_component, labels, memberships[:, columns], timescales)

"""The metastable states of a fit: its components, lumped at the lag of the training."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

logger = logging.getLogger(__name__)

#: A component with fewer frames than so many lags, and than this share of all frames, is no
#: state of its own: it belongs to what surrounds it in time.
FEWEST_LAGS, SMALLEST_SHARE = 10, 0.005


def lump_components(
    labels: np.ndarray,
    lengths: Sequence[int],
    k: int,
    lag: int | None,
    n_macrostates: int | None,
) -> np.ndarray:
    """The metastable state of each component: shape (k,), int64, -1 where it has no frames.

    `labels` may be -1 for frames that do not count. Without pairs of frames (frames that are not
    in the order of time) nothing is lumped.

    Examples
    --------
    >>> labels = np.tile(np.r_[np.tile([0, 1], 50), np.full(60, 2)], 4)
    >>> lump_components(labels, [len(labels)], k=4, lag=3, n_macrostates=None)
    array([ 0,  0,  1, -1])
    """
    from .lumping import lump

    lag = 1 if lag is None else lag
    assigned = labels >= 0
    counts = np.bincount(labels[assigned], minlength=k)
    if max(lengths) <= lag:
        logger.info("no piece of trajectory is longer than the lag: components are not lumped")
        return np.where(counts > 0, np.arange(k), -1)
    is_tiny = counts < min(FEWEST_LAGS * lag, SMALLEST_SHARE * assigned.sum())
    surrounding = np.where(assigned, _nearest(labels, assigned & ~is_tiny[labels], lengths), -1)
    states = lump(
        surrounding, lag=lag, lengths=lengths, k=k, n_macrostates=n_macrostates
    ).of_component
    for component in np.flatnonzero(is_tiny & (counts > 0)):
        around = states[surrounding[labels == component]]
        states[component] = np.bincount(around).argmax()
    return states


def grouping(states: np.ndarray) -> np.ndarray:
    """Which component (row) belongs to which metastable state (column): (k, k) of 0 and 1.

    Examples
    --------
    >>> grouping(np.array([0, 1, 0, -1])).sum(axis=0)
    array([2., 1., 0., 0.], dtype=float32)
    """
    members = np.zeros((len(states), len(states)), np.float32)
    present = np.flatnonzero(states >= 0)
    members[present, states[present]] = 1.0
    return members


def _nearest(labels: np.ndarray, is_kept: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """Each label, or where it is not kept the one before it in time that is (or after it).

    A piece of trajectory in which nothing is kept stays as it is.

    Examples
    --------
    >>> _nearest(np.array([3, 1, 3, 2, 3, 3]), np.array([0, 1, 0, 1, 0, 0], bool), [3, 2, 1])
    array([1, 1, 1, 2, 2, 3])
    """
    found = labels.copy()
    for stop, length in zip(np.cumsum(lengths), lengths, strict=True):
        piece = slice(stop - length, stop)
        kept = np.flatnonzero(is_kept[piece])
        if len(kept):
            last = np.searchsorted(kept, np.arange(length), side="right") - 1
            found[piece] = labels[piece][kept[np.maximum(last, 0)]]
    return found

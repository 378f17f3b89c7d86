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

    Without pairs of frames (frames that are not in the order of time) nothing is lumped.

    Examples
    --------
    >>> labels = np.tile(np.r_[np.tile([0, 1], 50), np.full(60, 2)], 4)
    >>> lump_components(labels, [len(labels)], k=4, lag=3, n_macrostates=None)
    array([ 0,  0,  1, -1])
    """
    from .lumping import lump

    lag = 1 if lag is None else lag
    counts = np.bincount(labels, minlength=k)
    if max(lengths) <= lag:
        logger.info("no piece of trajectory is longer than the lag: components are not lumped")
        return np.where(counts > 0, np.arange(k), -1)
    is_tiny = counts < min(FEWEST_LAGS * lag, SMALLEST_SHARE * len(labels))
    surrounding = _nearest(labels, ~is_tiny[labels])
    states = lump(
        surrounding, lag=lag, lengths=lengths, k=k, n_macrostates=n_macrostates
    ).of_component
    for component in np.flatnonzero(is_tiny & (counts > 0)):
        around = states[surrounding[labels == component]]
        states[component] = np.bincount(around).argmax()
    return states


def _nearest(labels: np.ndarray, is_kept: np.ndarray) -> np.ndarray:
    """Each label, or where it is not kept the one before it in time that is (or after it)."""
    if not is_kept.any():
        return labels
    rows = np.where(is_kept, np.arange(len(labels)), -1)
    last = np.maximum.accumulate(rows)
    return labels[np.where(last < 0, np.flatnonzero(is_kept)[0], last)]

"""The metastable states of a fit: its components, lumped at the lag of the training."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

logger = logging.getLogger(__name__)


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
    if max(lengths) <= lag:
        logger.info("no piece of trajectory is longer than the lag: components are not lumped")
        present = np.bincount(labels, minlength=k) > 0
        return np.where(present, np.arange(k), -1)
    return lump(labels, lag=lag, lengths=lengths, k=k, n_macrostates=n_macrostates).of_component

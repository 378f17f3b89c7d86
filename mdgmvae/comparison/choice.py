"""The rule that chooses the smallest candidate that scores like the best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def standard_error(scores: np.ndarray) -> float:
    """Return the standard error of the mean of scores (n,)."""
    return float(scores.std(ddof=1) / np.sqrt(len(scores)))


def smallest_near_best(scores: Sequence[np.ndarray]) -> int:
    """Return the first candidate within one standard error of the best.

    All candidates are scored on the same blocks, and some blocks are harder for all of them.
    Therefore, the error is that of the difference from the best, fold by fold. Differences
    smaller than exp(-2) in a single fold are ignored: a process as slow as the lag time adds this
    much if it is seen in only one fold.

    Parameters
    ----------
    scores : sequence of ndarray of float64 of shape (n_folds,)
        VAMP-2 of each candidate, the smallest candidate first.

    Returns
    -------
    int
        Position of the candidate.

    Examples
    --------
    >>> smallest_near_best([np.array([1.0, 1.5]), np.array([1.9, 2.5]), np.array([2.0, 2.4])])
    1
    """
    best = scores[int(np.argmax([found.mean() for found in scores]))]
    least = np.exp(-2) / len(best)
    behind = [best - found for found in scores]
    near = [loss.mean() <= max(standard_error(loss), least) for loss in behind]
    return int(np.argmax(near))

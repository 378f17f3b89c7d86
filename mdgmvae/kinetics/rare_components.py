"""Components with so few frames that they cannot be states of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .markov import count_matrix


def unite_rare(
    labels: np.ndarray, is_rare: np.ndarray, lengths: Sequence[int], k: int
) -> np.ndarray:
    """Return for each component the one it is united with: itself, or another rare one.

    A rare component is united with the component that it exchanges most frames with, if that one
    is rare, too.

    Examples
    --------
    >>> labels = np.array([0] * 50 + [1, 2, 1, 2] + [0] * 50 + [3] + [0] * 50)
    >>> unite_rare(labels, np.array([False, True, True, True]), [len(labels)], 4)
    array([0, 2, 2, 3])
    """
    united = np.arange(k)
    if is_rare.sum() < 2:
        return united
    steps = count_matrix(labels, 1, lengths, k)
    exchange = steps + steps.T
    np.fill_diagonal(exchange, 0.0)
    for component in np.flatnonzero(is_rare & exchange.any(axis=1)):
        partner = int(exchange[component].argmax())
        if is_rare[partner]:
            united[united == united[component]] = united[partner]
    return united


def nearest_kept(labels: np.ndarray, is_kept: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """Replace labels that are not kept by the last kept label before, or the first one after.

    A segment in which no label is kept stays as it is.

    Examples
    --------
    >>> nearest_kept(np.array([3, 1, 3, 2, 3, 3]), np.array([0, 1, 0, 1, 0, 0], bool), [3, 2, 1])
    array([1, 1, 1, 2, 2, 3])
    """
    found = labels.copy()
    for stop, length in zip(np.cumsum(lengths), lengths, strict=True):
        segment = slice(stop - length, stop)
        kept = np.flatnonzero(is_kept[segment])
        if len(kept):
            last = np.searchsorted(kept, np.arange(length), side="right") - 1
            found[segment] = labels[segment][kept[np.maximum(last, 0)]]
    return found

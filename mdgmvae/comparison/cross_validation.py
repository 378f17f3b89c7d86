"""Scores of models on blocks of time that they were not trained on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..errors import InputError
from ..kinetics import vamp
from ..segments import checked_lag, checked_lengths, within_lag
from ..storage.features import FeatureSet

#: Labels (n_frames,) of feature rows (n_frames, n_x), -1 for none.
Assign: TypeAlias = Callable[[np.ndarray], np.ndarray]
#: What learns them: (X, lengths, lag, n_states, seed) -> Assign. Only "robust" is ever asked for
#: as many states as there are (n_states=None).
Method: TypeAlias = Callable[[np.ndarray, tuple[int, ...], int, Any, int], Assign]


@dataclass(frozen=True, eq=False)
class Fold:
    """Blocks of time to score on, and the frames to train on, none nearer than one lag to them.

    Parameters
    ----------
    test : ndarray of bool of shape (n_frames,)
    train : ndarray of bool of shape (n_frames,)
    train_lengths : tuple of int
        Rows of each continuous piece that is left to train on.
    """

    test: np.ndarray
    train: np.ndarray
    train_lengths: tuple[int, ...]


def features_of(
    X: np.ndarray | str | os.PathLike, lengths: Sequence[int] | None
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Feature rows, and the rows of each continuous piece; those of a file from its .json.

    Raises
    ------
    InputError
        When they are no matrix of finite numbers, or `lengths` do not add up to the rows.
    """
    if isinstance(X, str | os.PathLike):
        features = FeatureSet.load(X)
        values, lengths = features.values, features.lengths if lengths is None else lengths
    else:
        values = np.asarray(X)
    if values.ndim != 2 or values.dtype.kind not in "iuf" or not values.size:
        raise InputError(
            f"X: a matrix of numbers (n_frames, n_x) is needed, got an array of shape "
            f"{values.shape} and dtype {values.dtype}"
        )
    values = np.asarray(values, np.float32)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values).all(axis=1)))
        raise InputError(f"X: row {row} is not finite; leave such frames out or mend the feature")
    return values, checked_lengths(lengths, len(values))


def folds_of_time(
    lengths: Sequence[int],
    *,
    lag: int,
    n_folds: int = 5,
    blocks_per_fold: int = vamp.BLOCKS_PER_FOLD,
) -> list[Fold]:
    """Cut pieces of trajectory into blocks of time and deal them out to the folds in turn.

    Parameters
    ----------
    lengths : sequence of int
        Rows of each continuous piece.
    lag : int
        Rows.
    n_folds : int
        At least 2.
    blocks_per_fold : int
        Blocks in each fold; fewer where they would be shorter than 20 lags. With 1 a state that
        was visited once is in one fold only, and cannot be learnt when that is held out.

    Returns
    -------
    list of Fold
        Those that have pairs of frames one lag apart to test on and to train on.

    Raises
    ------
    InputError
        When there are too few frames for the folds.

    Examples
    --------
    >>> folds = folds_of_time([600, 400], lag=5, n_folds=5, blocks_per_fold=2)
    >>> [int(fold.test.sum()) for fold in folds]
    [200, 200, 200, 200, 200]
    >>> folds[1].train_lengths
    (95, 390, 295)
    """
    lengths = checked_lengths(lengths, sum(lengths))
    lag = checked_lag(lag, [np.empty(n) for n in lengths])
    numbers = vamp.folds_of(lengths, lag, n_folds, blocks_per_fold)
    pieces = np.repeat(np.arange(len(lengths)), lengths)
    found = []
    for number in range(int(n_folds)):
        test = numbers == number
        train = ~within_lag(test, lag)
        if not (_has_pairs(test, pieces, lag) and _has_pairs(train, pieces, lag)):
            continue
        segments = vamp.cut(pieces, train)[train]
        _, counts = np.unique(segments, return_counts=True)
        found.append(Fold(test, train, tuple(int(n) for n in counts)))
    if len(found) < 2:
        raise InputError(
            f"n_folds={n_folds}: fewer than two folds have pairs of frames {lag} rows apart; "
            "choose fewer folds or a shorter lag"
        )
    return found


def held_out_vamp2(labels: Any, fold: Fold, *, lag: int, lengths: Sequence[int]) -> float:
    """VAMP-2 on the test blocks of a fold, of the singular functions of its training frames.

    As `mdgmvae.kinetics.vamp2_cross_validated` does for one fold; with labels from a model of
    the training frames nothing of the test blocks is known to it.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        Of all frames, -1 for none.
    fold : Fold
    lag : int
        Rows.
    lengths : sequence of int
        Rows of each continuous piece.

    Returns
    -------
    float
        1 for what cannot be told apart; the number of states at most.

    Examples
    --------
    >>> labels = np.repeat(np.tile([0, 1], 50), 100)
    >>> folds = folds_of_time([10_000], lag=2)
    >>> scores = [held_out_vamp2(labels, fold, lag=2, lengths=[10_000]) for fold in folds]
    >>> round(float(np.mean(scores)), 2)
    1.96
    """
    values, segments = vamp.prepared(labels, lengths, lag)
    score = vamp.score_of_fold(values, segments, fold.test, fold.train, lag)
    return 1.0 if score is None else score


def _has_pairs(chosen: np.ndarray, pieces: np.ndarray, lag: int) -> bool:
    segments = vamp.cut(pieces, chosen)
    return bool(((segments[lag:] == segments[:-lag]) & (segments[lag:] >= 0)).any())

"""Score models on blocks of time that they were not fitted to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..errors import InputError
from ..kinetics import vamp
from ..segments import checked_lag, checked_lengths, cut, folds_of, within_lag
from ..storage.features import FeatureSet
from ..trajectory.lag_time import checked_lag_time, lag_in_frames

#: A function from features (n_frames, n_x) to labels (n_frames,), with -1 for none.
Assign: TypeAlias = Callable[[np.ndarray], np.ndarray]
#: A method that finds states: (X, lengths, lag, n_states, seed) -> Assign. With n_states=None it
#: chooses the number of states itself, which only "robust" needs to do.
Method: TypeAlias = Callable[[np.ndarray, tuple[int, ...], int, Any, int], Assign]


@dataclass(frozen=True, eq=False)
class Fold:
    """Frames to score on and frames to train on, which are more than one lag apart.

    Parameters
    ----------
    test : ndarray of bool of shape (n_frames,)
        Frames to score on.
    train : ndarray of bool of shape (n_frames,)
        Frames to train on.
    train_lengths : tuple of int
        Frames of each segment that is left to train on.
    """

    test: np.ndarray
    train: np.ndarray
    train_lengths: tuple[int, ...]


def features_of(
    X: np.ndarray | str | os.PathLike[str] | FeatureSet, lengths: Sequence[int] | None
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return features (n_frames, n_x) as float32, and the frames of each segment.

    Parameters
    ----------
    X : array-like, path of a .npy file, or FeatureSet
    lengths : sequence of int, optional
        Default: one segment, or the segments in the .json beside a file.

    Raises
    ------
    InputError
        If `X` is not a matrix of finite numbers, or `lengths` do not add up to the frames.
    """
    if isinstance(X, str | os.PathLike | FeatureSet):
        features = X if isinstance(X, FeatureSet) else FeatureSet.load(X)
        values, lengths = features.values, features.lengths if lengths is None else lengths
    else:
        values = np.asarray(X)
    if values.ndim != 2 or values.dtype.kind not in "iuf" or not values.size:
        raise InputError(
            f"X: pass a matrix of numbers (n_frames, n_x), not an array of shape {values.shape} "
            f"and dtype {values.dtype}"
        )
    values = np.asarray(values, np.float32)
    if not np.isfinite(values).all():
        frame = int(np.argmin(np.isfinite(values).all(axis=1)))
        raise InputError(
            f"X: frame {frame} is not finite; leave such frames out or correct the feature"
        )
    return values, checked_lengths(lengths, len(values))


def lag_of(
    X: np.ndarray | str | os.PathLike[str] | FeatureSet,
    lag: int | None,
    lag_time: float | None,
) -> int:
    """Return the lag in frames that the user has set, in frames or in ps.

    Parameters
    ----------
    X : array-like, path of a .npy file, or FeatureSet
        Features; a lag time needs their times.
    lag : int or None
        In frames.
    lag_time : float or None
        In ps.

    Raises
    ------
    InputError
        If not exactly one of both is set, or the times of the frames are unknown.

    Examples
    --------
    >>> lag_of(np.zeros((100, 2)), lag=5, lag_time=None)
    5
    """
    lag_time = checked_lag_time(lag_time, {"lag": lag})
    if lag_time is None:
        if lag is None:
            raise InputError("lag: pass a lag time, in frames (lag=) or in ps (lag_time=)")
        return lag
    if not isinstance(X, str | os.PathLike | FeatureSet):
        raise InputError(
            f"lag_time={lag_time:g}: an array has no times; pass a FeatureSet, or the lag in "
            "frames, lag="
        )
    return lag_in_frames(lag_time, X if isinstance(X, FeatureSet) else FeatureSet.load(X))


def folds_of_time(
    lengths: Sequence[int],
    *,
    lag: int,
    n_folds: int = 5,
    blocks_per_fold: int = vamp.BLOCKS_PER_FOLD,
) -> list[Fold]:
    """Cut segments into blocks of time and assign the blocks to folds in turn.

    Parameters
    ----------
    lengths : sequence of int
        Number of frames in each segment.
    lag : int
        Lag time in frames.
    n_folds : int
        Number of folds, at least 2.
    blocks_per_fold : int
        Number of blocks in each fold; fewer if blocks would be shorter than 20 lags. With 1, a
        state that was visited once lies in a single fold and cannot be learned when this fold is
        held out.

    Returns
    -------
    list of Fold
        The folds that have pairs of frames one lag apart to test on and to train on.

    Raises
    ------
    InputError
        If there are too few frames for the folds.

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
    numbers = folds_of(lengths, lag, n_folds, blocks_per_fold)
    segments = np.repeat(np.arange(len(lengths)), lengths)
    found = []
    for number in range(int(n_folds)):
        test = numbers == number
        train = ~within_lag(test, lag)
        if not (_has_pairs(test, segments, lag) and _has_pairs(train, segments, lag)):
            continue
        _, counts = np.unique(cut(segments, train)[train], return_counts=True)
        found.append(Fold(test, train, tuple(int(n) for n in counts)))
    if len(found) < 2:
        raise InputError(
            f"n_folds={n_folds}: fewer than two folds have pairs of frames that are {lag} frames "
            "apart; choose fewer folds or a shorter lag"
        )
    return found


def held_out_vamp2(labels: Any, fold: Fold, *, lag: int, lengths: Sequence[int]) -> float:
    """Score labels by VAMP-2 on the test blocks of a fold.

    The singular functions are those of the training frames, as in one fold of
    `mdgmvae.kinetics.vamp2_cross_validated`. With labels from a model of the training frames,
    nothing about the test blocks enters the model or the score.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        Labels of all frames, -1 for none.
    fold : Fold
    lag : int
        Lag time in frames.
    lengths : sequence of int
        Number of frames in each segment.

    Returns
    -------
    float
        1 if the labels resolve no slow process; at most the number of states.

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


def _has_pairs(chosen: np.ndarray, segments: np.ndarray, lag: int) -> bool:
    left = cut(segments, chosen)
    return bool(((left[lag:] == left[:-lag]) & (left[lag:] >= 0)).any())

"""VAMP-2 scores of labels or probabilities: how much of the slow dynamics they resolve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, check_number
from ..errors import InputError
from ..labels import as_labels, n_states_of
from ..segments import checked_lag, checked_lengths, cut, folds_of, within_lag
from ..tables import Shown, Table
from .covariances import Covariances, inverse_root

#: Blocks in each fold. More blocks would spread a state that was visited once over several folds.
BLOCKS_PER_FOLD = 10


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidatedScore(Shown):
    """A score, estimated on frames that were not used to find the singular functions.

    Parameters
    ----------
    mean, std : float
        Mean and standard deviation over the folds.
    scores : ndarray of float64 of shape (n_folds,)
        The score of each fold.
    lag : int
        Lag time in frames. Scores at different lags cannot be compared.
    """

    mean: float
    std: float
    scores: np.ndarray
    lag: int

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return float(self.std / np.sqrt(len(self.scores)))

    def tables(self) -> list[Table]:
        """Return a table with a row for each fold."""
        rows = tuple((fold, f"{score:.3f}") for fold, score in enumerate(self.scores.tolist()))
        title = f"VAMP-2 {self.mean:.3f} ± {self.error:.3f} on held-out frames, lag time {self.lag}"
        return [Table(("fold", "VAMP-2"), rows, title=f"{title} frame{'s' * (self.lag > 1)}")]


def vamp2(
    assignments: Any, *, lag: int, lengths: Sequence[int] | None = None, epsilon: float = 1e-6
) -> float:
    """Return the VAMP-2 score of labels or probabilities.

    The score is the squared Frobenius norm of C_00^(-1/2) C_01 C_11^(-1/2), where C are the
    covariances of the assignments of a frame and of the frame one lag later (Wu & Noé,
    J. Nonlinear Sci. 30, 23 (2020)). The trivial process counts, so the score is 1 if the
    assignments have no memory, and at most the number of states.

    Parameters
    ----------
    assignments : (n_frames,) array-like of int or (n_frames, k) array-like of float
        Labels (-1 for frames without one), or probabilities.
    lag : int
        Lag time in frames.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.
    epsilon : float
        Directions of the assignments with a mean square below this are left out.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If the assignments, the lag or the lengths are invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import vamp2
    >>> round(vamp2(np.repeat([0, 1], 5000), lag=1), 2)
    2.0
    >>> round(vamp2(np.random.default_rng(0).integers(0, 2, 10_000), lag=1), 2)
    1.0
    """
    epsilon = check_number("epsilon", epsilon, low=0)
    values, segments = prepared(assignments, lengths, lag)
    return _covariances(values, segments, lag).vamp2(epsilon=epsilon)


def vamp2_cross_validated(
    assignments: Any,
    *,
    lag: int,
    lengths: Sequence[int] | None = None,
    n_folds: int = 5,
    blocks_per_fold: int = BLOCKS_PER_FOLD,
    n_processes: int | None = None,
    epsilon: float = 1e-6,
) -> CrossValidatedScore:
    """Score singular functions from some blocks of time by VAMP-2 on other blocks.

    The segments are cut into blocks of time, which are assigned to the folds in turn. For each
    fold, singular functions are estimated from the pairs of the other folds that are at least
    one lag away from it, and scored on the pairs of the fold (McGibbon & Pande, J. Chem. Phys.
    142, 124105 (2015)). With all k functions, the score would not depend on what was learned, so
    only those above the noise are scored, with a singular value of more than
    2 sqrt((k - 1) lag / pairs), or `n_processes` of them. States that a fold does not visit add
    nothing to its score.

    The spread over the folds shows how reliable the score is. It does not show whether the
    assignments were learned from the same frames.

    Parameters
    ----------
    assignments : (n_frames,) array-like of int or (n_frames, k) array-like of float
        Labels (-1 for frames without one), or probabilities.
    lag : int
        Lag time in frames.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.
    n_folds : int
        Number of folds, at least 2.
    blocks_per_fold : int
        Number of blocks in each fold; fewer if the blocks would be shorter than 20 lags.
        Segments that are shorter than a block are not cut.
    n_processes : int, optional
        Number of singular functions to score, including the trivial one. Default: those above
        the noise.
    epsilon : float
        As in `vamp2`.

    Returns
    -------
    CrossValidatedScore

    Raises
    ------
    InputError
        If an argument is invalid, or if there are too few frames for the folds.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import vamp2_cross_validated
    >>> score = vamp2_cross_validated(np.repeat(np.tile([0, 1], 50), 100), lag=2)
    >>> round(score.mean, 2), len(score.scores)
    (1.96, 5)
    """
    if n_processes is not None:
        n_processes = check_count("n_processes", n_processes)
    epsilon = check_number("epsilon", epsilon, low=0)
    values, segments = prepared(assignments, lengths, lag)
    folds = folds_of(checked_lengths(lengths, len(values)), lag, n_folds, blocks_per_fold)
    scores = []
    for fold in range(int(n_folds)):
        test = folds == fold
        train = ~within_lag(test, lag)
        score = score_of_fold(values, segments, test, train, lag, n_processes, epsilon)
        if score is not None:
            scores.append(score)
    if len(scores) < 2:
        raise InputError(
            f"n_folds={n_folds}: fewer than two folds have pairs of frames one lag ({lag} frames) "
            "apart; choose fewer folds or a shorter lag"
        )
    values = np.asarray(scores)
    return CrossValidatedScore(float(values.mean()), float(values.std(ddof=1)), values, int(lag))


def score_of_fold(
    values: np.ndarray,
    segments: np.ndarray,
    test: np.ndarray,
    train: np.ndarray,
    lag: int,
    n_processes: int | None = None,
    epsilon: float = 1e-6,
) -> float | None:
    """Return VAMP-2 on the test frames, of singular functions of the training frames.

    Parameters
    ----------
    values, segments : ndarray
        From `prepared`.
    test, train : ndarray of bool of shape (n,)
        The frames of the fold, and those that singular functions are estimated from.
    lag : int
        Lag time in frames.
    n_processes, epsilon
        As in `vamp2_cross_validated`.

    Returns
    -------
    float or None
        None if there are no pairs of frames in either set.
    """
    inside, outside = (_covariances(values, cut(segments, some), lag) for some in (test, train))
    if not inside.n_pairs or not outside.n_pairs:
        return None
    u, v = _singular_functions(outside, lag, n_processes, epsilon)
    return inside.projected(u, v).vamp2(epsilon=epsilon)


def prepared(
    assignments: Any, lengths: Sequence[int] | None, lag: int
) -> tuple[np.ndarray, np.ndarray]:
    """Check assignments, and return them with the segment of each frame.

    Returns
    -------
    values : ndarray of float64 of shape (n, k), or of int64 of shape (n,)
        Probabilities, or labels.
    segments : ndarray of int64 of shape (n,)
        Number of the continuous segment that the frame belongs to, -1 for frames without a
        label.

    Raises
    ------
    InputError
        If the assignments, the lengths or the lag are invalid.
    """
    given = np.asarray(assignments)
    if given.ndim == 2:
        if given.dtype.kind != "f" or not np.isfinite(given).all():
            raise InputError(
                "assignments: finite probabilities of shape (n_frames, k) are needed, got an array "
                f"of shape {given.shape} and dtype {given.dtype}"
            )
        values, assigned = given.astype(np.float64), np.ones(len(given), bool)
    else:
        labels = as_labels(assignments)
        n_states_of(labels, None)
        values, assigned = labels, labels >= 0
    n_frames = checked_lengths(lengths, len(values))
    checked_lag(lag, [np.empty(n) for n in n_frames])
    segments = cut(np.repeat(np.arange(len(n_frames)), n_frames), assigned)
    if (
        lag >= len(segments)
        or not ((segments[lag:] == segments[:-lag]) & (segments[lag:] >= 0)).any()
    ):
        raise InputError(f"lag={lag}: no two assigned frames of one segment are that far apart")
    return values, segments


def _covariances(values: np.ndarray, segments: np.ndarray, lag: int) -> Covariances:
    """Return the covariances of all pairs of frames that belong to one segment."""
    paired = (segments[:-lag] == segments[lag:]) & (segments[:-lag] >= 0)
    earlier, later = values[:-lag][paired], values[lag:][paired]
    if values.ndim == 1:
        return Covariances.of_labels(earlier, later, int(values.max()) + 1)
    return Covariances.of([(earlier, later)])


def _singular_functions(
    c: Covariances, lag: int, n: int | None, epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the coefficients (k, n) of the singular functions of earlier and later frames."""
    earlier, later = inverse_root(c.c00, epsilon), inverse_root(c.c11, epsilon)
    u, s, v = np.linalg.svd(earlier @ c.c01 @ later)
    if n is None:
        # Without memory the largest singular value is about this (Marchenko & Pastur 1967).
        # Overlapping pairs are not independent: only one of `lag` neighbours counts.
        n = max(1, int((s > 2 * np.sqrt((len(s) - 1) * lag / c.n_pairs)).sum()))
    return earlier @ u[:, :n], later @ v[:n].T

"""VAMP-2 scores of labels or probabilities: how much of the slow dynamics they tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count
from ..errors import InputError
from ..labels import as_labels, n_states_of
from ..segments import checked_lag, checked_lengths, cut, folds_of, within_lag
from ..tables import Shown, Table

#: Blocks in each fold: more of them spread a state that was visited once over several folds.
BLOCKS_PER_FOLD = 10


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidatedScore(Shown):
    """A score on frames that it was not estimated from.

    Parameters
    ----------
    mean, std : float
        Mean and standard deviation over the folds.
    scores : ndarray of float64 of shape (n_folds,)
        The score of each fold.
    lag : int
        Rows; scores at different lags do not compare.
    """

    mean: float
    std: float
    scores: np.ndarray
    lag: int

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return self.std / np.sqrt(len(self.scores))

    def tables(self) -> list[Table]:
        """Return a table with a row for each fold."""
        rows = tuple((fold, f"{score:.3f}") for fold, score in enumerate(self.scores.tolist()))
        title = f"VAMP-2 {self.mean:.3f} ± {self.error:.3f} on frames held out, lag {self.lag}"
        return [Table(("fold", "VAMP-2"), rows, title=f"{title} frame{'s' * (self.lag > 1)}")]


def vamp2(
    assignments: Any, *, lag: int, lengths: Sequence[int] | None = None, epsilon: float = 1e-6
) -> float:
    """VAMP-2 score of labels or probabilities.

    The squared Frobenius norm of C_00^(-1/2) C_01 C_11^(-1/2), the covariances of what a frame
    and the frame one lag later are assigned to (Wu & Noé, J. Nonlinear Sci. 30, 23 (2020)). It
    counts the trivial process: 1 without any memory, the number of states at most.

    Parameters
    ----------
    assignments : (n_frames,) array-like of int or (n_frames, k) array-like of float
        Labels (-1 for none), or probabilities.
    lag : int
        Rows within a piece.
    lengths : sequence of int, optional
        Rows of each continuous piece. Default: one piece.
    epsilon : float
        Directions of the assignments with a mean square below it are left out.

    Returns
    -------
    float

    Raises
    ------
    InputError
        When the assignments, the lag or the lengths cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import vamp2
    >>> round(vamp2(np.repeat([0, 1], 5000), lag=1), 2)
    2.0
    >>> round(vamp2(np.random.default_rng(0).integers(0, 2, 10_000), lag=1), 2)
    1.0
    """
    values, segments = prepared(assignments, lengths, lag)
    return _score(_covariances(values, segments, lag), epsilon)


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
    """VAMP-2 score of singular functions from some blocks of time, on other blocks.

    The pieces of trajectory are cut into blocks of time, dealt out to the folds in turn. For
    each fold the singular functions of the other folds' pairs, none nearer than one lag to the
    fold, are scored on the pairs of the fold (McGibbon & Pande, J. Chem. Phys. 142, 124105
    (2015)). All k functions together span whatever the assignments do and would score as on
    data of their own; so only those above the noise are taken, singular values of more than
    2 sqrt((k - 1) lag / pairs), or `n_processes` of them. What a fold does not visit adds nothing.

    This tells how far the estimate can be trusted; frames that the assignments were learnt
    from stay frames that they were learnt from.

    Parameters
    ----------
    assignments : (n_frames,) array-like of int or (n_frames, k) array-like of float
        Labels (-1 for none), or probabilities.
    lag : int
        Rows within a piece.
    lengths : sequence of int, optional
        Rows of each continuous piece. Default: one piece.
    n_folds : int
        How many folds, at least 2.
    blocks_per_fold : int
        Blocks in each fold; fewer where they would be shorter than 20 lags. Pieces that are
        shorter than a block stay whole.
    n_processes : int, optional
        Singular functions to score, the trivial one included. Default: those above the noise.
    epsilon : float
        As in `vamp2`.

    Returns
    -------
    CrossValidatedScore

    Raises
    ------
    InputError
        When an argument cannot be used or there are too few frames for the folds.

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
            f"n_folds={n_folds}: fewer than two folds have pairs of frames {lag} rows apart; "
            "choose fewer folds or a shorter lag"
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
    """VAMP-2 on the test rows, of singular functions of the training rows; None without pairs.

    Parameters
    ----------
    values, segments : ndarray of shape (n, k) and (n,)
        From `prepared`.
    test, train : ndarray of bool of shape (n,)
    """
    inside, outside = (_covariances(values, cut(segments, some), lag) for some in (test, train))
    if not inside.n_pairs or not outside.n_pairs:
        return None
    u, v = _singular_functions(outside, lag, n_processes, epsilon)
    return _score(inside.projected(u, v), epsilon)


@dataclass(frozen=True, eq=False)
class _Covariances:
    """Means of products over pairs of frames, (k, k) each."""

    c00: np.ndarray
    c01: np.ndarray
    c11: np.ndarray
    n_pairs: int

    def projected(self, u: np.ndarray, v: np.ndarray) -> _Covariances:
        """Of the functions u of the earlier and v of the later frame."""
        return _Covariances(
            u.T @ self.c00 @ u, u.T @ self.c01 @ v, v.T @ self.c11 @ v, self.n_pairs
        )


def prepared(
    assignments: Any, lengths: Sequence[int] | None, lag: int
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, k), and the number of the continuous segment of each row, -1 for none."""
    given = np.asarray(assignments)
    if given.ndim == 2:
        if given.dtype.kind != "f" or not np.isfinite(given).all():
            raise InputError(
                "assignments: finite probabilities of shape (n_frames, k) are needed, got an array "
                f"of shape {given.shape} and dtype {given.dtype}"
            )
        values, assigned = given.astype(np.float64), np.ones(len(given), bool)
    else:
        labels = as_labels(given)
        values = np.eye(n_states_of(labels, None))[labels]
        assigned = labels >= 0
    pieces = checked_lengths(lengths, len(values))
    checked_lag(lag, [np.empty(n) for n in pieces])
    segments = cut(np.repeat(np.arange(len(pieces)), pieces), assigned)
    if (
        lag >= len(segments)
        or not ((segments[lag:] == segments[:-lag]) & (segments[lag:] >= 0)).any()
    ):
        raise InputError(f"lag={lag}: no two assigned frames are that far apart in one piece")
    return values, segments


def _covariances(values: np.ndarray, segments: np.ndarray, lag: int) -> _Covariances:
    paired = (segments[:-lag] == segments[lag:]) & (segments[:-lag] >= 0)
    x, y = values[:-lag][paired], values[lag:][paired]
    n = max(len(x), 1)
    return _Covariances(x.T @ x / n, x.T @ y / n, y.T @ y / n, len(x))


def _score(c: _Covariances, epsilon: float) -> float:
    operator = _inverse_root(c.c00, epsilon) @ c.c01 @ _inverse_root(c.c11, epsilon)
    return float(np.square(operator).sum())


def _singular_functions(
    c: _Covariances, lag: int, n: int | None, epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (k, n) of the singular functions of the earlier and of the later frame."""
    earlier, later = _inverse_root(c.c00, epsilon), _inverse_root(c.c11, epsilon)
    u, s, v = np.linalg.svd(earlier @ c.c01 @ later)
    if n is None:
        # Without memory the largest singular value is about this (Marchenko & Pastur). Pairs
        # that overlap are not independent: of `lag` neighbours one counts.
        n = max(1, int((s > 2 * np.sqrt((len(s) - 1) * lag / c.n_pairs)).sum()))
    return earlier @ u[:, :n], later @ v[:n].T


def _inverse_root(matrix: np.ndarray, epsilon: float) -> np.ndarray:
    """The inverse square root within the eigenvectors of eigenvalues above `epsilon`."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > epsilon
    return (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T

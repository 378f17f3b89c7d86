"""Agreement between runs: whether other seeds find the same states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..labels import as_labels, with_article
from ..tables import Shown, Table, counted


@dataclass(frozen=True, eq=False, repr=False)
class Agreement(Shown):
    """How well runs agree; prints as a table.

    The adjusted Rand index is 1 for the same states and 0 on average for random ones.

    Parameters
    ----------
    matrix : ndarray of float64 of shape (n_runs, n_runs)
        Adjusted Rand index of each pair.
    median, worst : float
        Median and minimum over the pairs of different runs; NaN for one run.
    reference : int
        The run that agrees best with the others (highest mean).
    jaccard : ndarray of float64 of shape (n_runs, k)
        Jaccard index of each state of the reference run and its counterpart in each run: the
        number of frames in both states divided by the number in either; 0 without a counterpart.
        It shows whether a rare state was found, which hardly affects the adjusted Rand index.
    """

    matrix: np.ndarray
    median: float
    worst: float
    reference: int
    jaccard: np.ndarray

    def tables(self) -> list[Table]:
        """Return a table with a row for each run."""
        rows = tuple(
            (run, f"{self.matrix[self.reference, run]:.3f}", f"{states.min():.3f}")
            for run, states in enumerate(self.jaccard)
        )
        n = len(self.matrix)
        title = counted(n, "run")
        if n == 1:
            title += ", so there is nothing to compare it with"
        else:
            title += f": adjusted Rand index {self.median:.3f} (median), {self.worst:.3f} (worst)"
        heads = ("run", f"agreement with run {self.reference}", "Jaccard index of the worst state")
        return [Table(heads, rows, title=title)]


def match(labels_a: Any, labels_b: Any) -> np.ndarray:
    """Match the states of two runs so that matched states share as many frames as possible.

    Uses the Hungarian method (Kuhn, Nav. Res. Logist. Q. 2, 83 (1955); scipy's) on the frames
    that have a state in both runs.

    Parameters
    ----------
    labels_a, labels_b : (n_frames,) array-like of int
        States, -1 for none.

    Returns
    -------
    ndarray of int64
        ``permutation[b]`` is the counterpart in the first run of state b of the second run, so
        ``permutation[labels_b]`` are the labels of the second run in the numbering of the first.
        States without a counterpart get numbers that no state with frames in the first run has.

    Raises
    ------
    InputError
        If the runs have different numbers of frames or share no frame with a state.

    Examples
    --------
    >>> from mdgmvae.kinetics import match
    >>> match([0, 0, 1, 1, 1], [2, 2, 0, 0, 1])
    array([1, 2, 0])
    """
    from scipy.optimize import linear_sum_assignment

    table = _contingency(as_labels(labels_a, "labels_a"), as_labels(labels_b, "labels_b"))
    permutation = np.full(table.shape[1], -1, np.int64)
    rows, columns = linear_sum_assignment(-table)
    # States that share no frame are not a match.
    shared = table[rows, columns] > 0
    permutation[columns[shared]] = rows[shared]
    left_over = np.flatnonzero(permutation < 0)
    permutation[left_over] = _unused_numbers(table, permutation, len(left_over))
    return permutation


def labels_of_each(runs: Any) -> list[np.ndarray]:
    """Check the labels of several runs, (n_frames,) array-like of int each.

    Raises
    ------
    InputError
        If these are not the labels of runs.

    Examples
    --------
    >>> labels_of_each([[0, 1, 1], [1, 0, 0]])
    [array([0, 1, 1]), array([1, 0, 0])]
    """
    is_list = isinstance(runs, Sequence | np.ndarray) and not isinstance(runs, str)
    # A list of numbers is the labels of a single run.
    if not is_list or any(isinstance(run, int | np.integer) for run in runs):
        found = "these are those of one run" if is_list else f"this is {with_article(runs)}"
        raise InputError(
            f"runs: pass a list with the labels of each run, such as [gm.results.labels]; {found}"
        )
    return [as_labels(run, "runs") for run in runs]


def pairwise_agreement(runs: Sequence[Any]) -> np.ndarray:
    """Compute the adjusted Rand index of each pair of runs.

    Source: Hubert & Arabie, J. Classif. 2, 193 (1985).

    Parameters
    ----------
    runs : sequence of (n_frames,) array-like of int
        Labels of the same frames, -1 for none. Frames without a state in one of two runs do not
        count for that pair.

    Returns
    -------
    ndarray of float64 of shape (n_runs, n_runs)

    Raises
    ------
    InputError
        If there is no run, or two runs do not label the same frames.

    Examples
    --------
    >>> from mdgmvae.kinetics import pairwise_agreement
    >>> pairwise_agreement([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]]).round(2).tolist()
    [[1.0, 1.0, -0.5], [1.0, 1.0, -0.5], [-0.5, -0.5, 1.0]]
    """
    from sklearn.metrics import adjusted_rand_score

    labels = labels_of_each(runs)
    if not labels:
        raise InputError("runs: no labels were given; pass the labels of at least one run")
    matrix = np.eye(len(labels))
    for i, a in enumerate(labels):
        for j, b in enumerate(labels[:i]):
            both = _in_both(a, b)
            matrix[i, j] = matrix[j, i] = adjusted_rand_score(a[both], b[both])
    return matrix


def compare_runs(runs: Sequence[Any]) -> Agreement:
    """Compare the states of several runs, for example with different seeds.

    Parameters
    ----------
    runs : sequence of (n_frames,) array-like of int
        Labels of the same frames, -1 for none.

    Returns
    -------
    Agreement

    Raises
    ------
    InputError
        If there is no run, or two runs do not label the same frames.

    Examples
    --------
    >>> from mdgmvae.kinetics import compare_runs
    >>> found = compare_runs([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 1]])
    >>> found.median, found.jaccard[1].tolist()
    (0.0, [1.0, 1.0])
    """
    labels = labels_of_each(runs)
    matrix = pairwise_agreement(labels)
    pairs = matrix[np.triu_indices(len(labels), 1)]
    reference = int(matrix.mean(axis=1).argmax())
    jaccard = np.array([_jaccard(labels[reference], run) for run in labels])
    median, worst = (np.median(pairs), pairs.min()) if len(pairs) else (np.nan, np.nan)
    return Agreement(matrix, float(median), float(worst), reference, jaccard)


def _in_both(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if len(a) != len(b):
        raise InputError(
            f"labels: {len(a):,} and {len(b):,} labels are not of the same frames; every run "
            "needs one label per frame"
        )
    both = (a >= 0) & (b >= 0)
    if not both.any():
        raise InputError("labels: no frame has a state in both runs, so nothing can be compared")
    return both


def _contingency(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Count the frames in state i of a and state j of b."""
    both = _in_both(a, b)
    table = np.zeros((a.max() + 1, b.max() + 1), np.int64)
    np.add.at(table, (a[both], b[both]), 1)
    return table


def _unused_numbers(table: np.ndarray, permutation: np.ndarray, n: int) -> np.ndarray:
    """Numbers for n states without a counterpart: first those of states of a without frames."""
    taken = set(permutation.tolist()) | set(np.flatnonzero(table.sum(axis=1)).tolist())
    return np.array([i for i in range(len(table) + n) if i not in taken][:n], np.int64)


def _jaccard(reference: np.ndarray, run: np.ndarray) -> np.ndarray:
    table = _contingency(reference, run)
    matched = match(reference, run)
    shares = np.zeros(len(table))
    for theirs, ours in enumerate(matched):
        if ours < len(table):
            either = table[ours].sum() + table[:, theirs].sum() - table[ours, theirs]
            shares[ours] = table[ours, theirs] / either if either else 0.0
    return shares

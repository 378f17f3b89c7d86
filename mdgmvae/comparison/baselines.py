"""Compare GMVAE states with those of other methods, on the same frames and blocks of time."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..checks import check_count, checked_seeds
from ..errors import InputError
from ..kinetics.agreement_of_runs import compare_runs, pairwise_agreement
from ..kinetics.posterior import time_unit
from ..kinetics.vamp import BLOCKS_PER_FOLD, vamp2
from ..labels import as_labels, with_article
from ..presets import ROBUST
from ..progress import progress_bar
from .cross_validation import (
    Fold,
    Method,
    features_of,
    folds_of_time,
    held_out_vamp2,
    lag_of,
)
from .method_comparison import Comparison, MethodResult
from .methods import METHODS, robust

__all__ = ["METHODS", "Comparison", "Method", "MethodResult", "compare"]


def compare(
    X: np.ndarray | str | os.PathLike[str],
    *,
    lag: int | None = None,
    lag_time: float | None = None,
    lengths: Sequence[int] | None = None,
    k: int = ROBUST.k,
    n_states: int | None = None,
    seeds: Sequence[int] = (0,),
    methods: Sequence[str] | Mapping[str, Method] | None = None,
    n_folds: int = 5,
    blocks_per_fold: int = BLOCKS_PER_FOLD,
    dt: float | None = None,
    reference: Any = None,
    verbose: bool | None = None,
) -> Comparison:
    """Compare methods on the same frames, with the same lag time and number of states.

    Each method is fitted to all frames with every seed, and to the training blocks of each fold
    (cycling through the seeds). Its labels of test blocks are scored by VAMP-2 with the singular
    functions of the training blocks (McGibbon & Pande, J. Chem. Phys. 142, 124105 (2015)). Neither
    the states nor the singular functions are fitted to the test blocks.

    Parameters
    ----------
    X : (n_frames, n_x) array-like, or path of a .npy file
        Features. They are held in memory.
    lag : int, optional
        Lag time in frames.
    lag_time : float, optional
        The same in ps, instead of `lag`, for features that have times: a multiple of the time
        between frames.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment, or what the .json beside a file
        lists.
    k : int
        Number of components of "robust", which are lumped into states; more if there are more
        states.
    n_states : int, optional
        Number of states for every method. Default: the number that "robust" finds if it is
        compared, otherwise k.
    seeds : sequence of int
        Every method is fitted to all frames with each of them.
    methods : sequence of str or mapping of str to callable, optional
        Names of `METHODS` (default: all), or ``{name: method}``, where
        ``method(X, lengths, lag, n_states, seed)`` returns a function that labels features.
    n_folds, blocks_per_fold : int
        As in `mdgmvae.kinetics.vamp2_cross_validated`.
    dt : float, optional
        Time between frames in ps, for the table.
    reference : (n_frames,) array-like of int, optional
        Known states, -1 for none.
    verbose : bool, optional
        Whether to show a progress bar. Default: on a terminal or in a notebook only.

    Returns
    -------
    Comparison
        It prints as a table.

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.comparison import compare
    >>> rng = np.random.default_rng(0)
    >>> state = np.cumsum(rng.random(5000) < 0.02) % 2
    >>> X = rng.normal(size=(5000, 1)) + 8 * state[:, None]
    >>> found = compare(X, lag=2, n_states=2, methods=["k-means"])
    >>> found.rows[0].n_states, round(found.rows[0].cv_mean, 1)  # 1 + (1 - 4 x 0.02)^2
    (2, 1.8)
    """
    lag = lag_of(X, lag, lag_time)
    values, segments = features_of(X, lengths)
    chosen = _chosen(methods, check_count("k", k))
    runs = checked_seeds(seeds)
    wanted = None if n_states is None else check_count("n_states", n_states, 2)
    known = None if reference is None else as_labels(reference, "reference")
    if known is not None and len(known) != len(values):
        raise InputError(
            f"reference: {len(known):,} labels for {len(values):,} frames; pass one label per frame"
        )
    scale, unit = time_unit(dt)
    time_step = scale if unit == "ps" else float("nan")
    folds = folds_of_time(segments, lag=lag, n_folds=n_folds, blocks_per_fold=blocks_per_fold)
    labels: dict[str, list[np.ndarray]] = {}
    scores: dict[str, np.ndarray] = {}
    seconds: dict[str, list[float]] = {}
    total = len(chosen) * (len(runs) + len(folds))
    with progress_bar(total, "comparing methods", "fits", verbose=verbose) as bar:
        if wanted is None:
            wanted = _n_by_robust(chosen, values, segments, lag, runs[0]) or max(2, k)
        for name, method in chosen.items():
            labels[name], seconds[name] = [], []
            for seed in runs:
                found, took = _fit(method, values, segments, lag, wanted, seed)
                labels[name].append(found)
                seconds[name].append(took)
                bar.update()
            held_out = []
            for number, fold in enumerate(folds):
                seed = runs[number % len(runs)]
                held_out.append(held_out_score(method, values, segments, lag, wanted, seed, fold))
                bar.update()
            scores[name] = np.array(held_out)
    rows = [
        _row(name, labels[name], scores[name], seconds[name], lag, segments, known)
        for name in chosen
    ]
    return Comparison(tuple(rows), labels, scores, int(lag), time_step, wanted, tuple(runs))


def _chosen(methods: Sequence[str] | Mapping[str, Method] | None, k: int) -> dict[str, Method]:
    """Return the methods by name; "robust" gets its number of components."""
    if isinstance(methods, Mapping):
        found = dict(methods)
        for name, method in found.items():
            if not callable(method):
                raise InputError(f"methods: {name} is not a function; it is {with_article(method)}")
    else:
        if not isinstance(methods, Sequence | None):
            raise InputError(
                f"methods: pass names such as ['robust', 'k-means']; this is "
                f"{with_article(methods)}"
            )
        given = [methods] if isinstance(methods, str) else methods
        names = [*METHODS] if given is None else [*given]
        unknown = [name for name in names if name not in [*METHODS]]
        if unknown:
            raise InputError(
                f"methods: {unknown[0]!r} is not one of {', '.join(METHODS)}; pass other methods "
                "as a mapping of names to functions"
            )
        found = {name: METHODS[name] for name in names}
    if not found:
        raise InputError("methods: there is none to compare; pass at least one")
    return {
        name: functools.partial(robust, k=k) if method is robust else method
        for name, method in found.items()
    }


def _n_by_robust(
    methods: dict[str, Method], X: np.ndarray, lengths: tuple[int, ...], lag: int, seed: int
) -> int | None:
    """Return the number of states that "robust" finds, at least 2; None if it is not compared."""
    if "robust" not in methods:
        return None
    labels, _ = _fit(methods["robust"], X, lengths, lag, None, seed)
    return max(2, _n_found(labels))


def _fit(
    method: Method,
    X: np.ndarray,
    lengths: tuple[int, ...],
    lag: int,
    n_states: int | None,
    seed: int,
) -> tuple[np.ndarray, float]:
    """Labels of the frames that a method is fitted to, and the seconds that the fit took."""
    began = time.perf_counter()
    labels = as_labels(method(X, lengths, lag, n_states, seed)(X))
    return labels, time.perf_counter() - began


def held_out_score(
    method: Method,
    X: np.ndarray,
    lengths: tuple[int, ...],
    lag: int,
    n_states: int | None,
    seed: int,
    fold: Fold,
) -> float:
    """Fit a method to the training frames of a fold and score it by VAMP-2 on the test blocks.

    Parameters
    ----------
    method : callable
        A method, as for `compare`.
    X : ndarray of shape (n_frames, n_x)
    lengths : tuple of int
        Number of frames in each segment.
    lag : int
        Lag time in frames.
    n_states : int or None
    seed : int
    fold : Fold

    Returns
    -------
    float

    Examples
    --------
    >>> from mdgmvae.comparison.cross_validation import folds_of_time
    >>> from mdgmvae.data.processes import wells
    >>> X = wells(2_000, seed=0).X
    >>> fold, *_ = folds_of_time([len(X)], lag=5)
    >>> score = held_out_score(
    ...     METHODS["k-means"], X, (len(X),), lag=5, n_states=3, seed=0, fold=fold)
    >>> 1 < score < 3
    True
    """
    assign = method(X[fold.train], fold.train_lengths, lag, n_states, seed)
    return held_out_vamp2(as_labels(assign(X)), fold, lag=lag, lengths=lengths)


def _n_found(labels: np.ndarray) -> int:
    return len(np.unique(labels[labels >= 0]))


def _row(
    name: str,
    labels: list[np.ndarray],
    scores: np.ndarray,
    seconds: list[float],
    lag: int,
    lengths: tuple[int, ...],
    reference: np.ndarray | None,
) -> MethodResult:
    runs = compare_runs(labels)
    known = [
        float("nan") if reference is None else float(pairwise_agreement([run, reference])[0, 1])
        for run in labels
    ]
    return MethodResult(
        method=name,
        n_states=int(np.median([_n_found(run) for run in labels])),
        vamp2=float(np.median([vamp2(run, lag=lag, lengths=lengths) for run in labels])),
        cv_mean=float(scores.mean()),
        cv_std=float(scores.std(ddof=1)),
        agreement_median=runs.median,
        agreement_worst=runs.worst,
        reference=float(np.median(known)),
        seconds=float(np.median(seconds)),
    )

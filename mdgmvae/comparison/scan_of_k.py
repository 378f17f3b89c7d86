"""Choose the number of components: fits with several k and seeds, scored on held-out frames."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_count, check_counts, checked_seeds
from ..errors import InputError
from ..kinetics.agreement_of_runs import compare_runs
from ..kinetics.vamp import BLOCKS_PER_FOLD
from ..presets import check_names
from ..progress import progress_bar
from ..tables import Shown, Table, counted
from .choice import smallest_near_best, standard_error
from .cross_validation import Fold, features_of, folds_of_time, held_out_vamp2, lag_of

if TYPE_CHECKING:
    from ..model.gmvae import GMVAE


@dataclass(frozen=True, eq=False)
class ScannedK:
    """Results for one number of components.

    Parameters
    ----------
    k : int
        Number of components.
    scores : ndarray of float64 of shape (n_folds,)
        VAMP-2 of the states on held-out frames.
    component_scores : ndarray of float64 of shape (n_folds,)
        VAMP-2 of the components on held-out frames.
    n_states : tuple of int
        Number of states of the fit to all frames, for each seed.
    n_active : tuple of int
        Number of components with frames, for each seed.
    agreement_median, agreement_worst : float
        Median and minimum of the adjusted Rand index of the states between pairs of seeds; NaN for
        one seed.
    """

    k: int
    scores: np.ndarray
    component_scores: np.ndarray
    n_states: tuple[int, ...]
    n_active: tuple[int, ...]
    agreement_median: float
    agreement_worst: float


@dataclass(frozen=True, eq=False, repr=False)
class Selection(Shown):
    """A scan over the number of components k; prints as a table.

    Parameters
    ----------
    scanned : tuple of ScannedK
        In increasing order of k.
    lag : int
        Lag time in frames.
    seeds : tuple of int
        Seeds of the fits to all frames.
    """

    scanned: tuple[ScannedK, ...]
    lag: int
    seeds: tuple[int, ...]

    @property
    def ks(self) -> np.ndarray:
        """The numbers of components in increasing order, int64."""
        return np.array([found.k for found in self.scanned], np.int64)

    @property
    def means(self) -> np.ndarray:
        """Mean VAMP-2 of the states on held-out frames, for each k."""
        return np.array([found.scores.mean() for found in self.scanned])

    @property
    def errors(self) -> np.ndarray:
        """Standard error over the folds of each mean."""
        return np.array([standard_error(found.scores) for found in self.scanned])

    @property
    def best_k(self) -> int:
        """The smallest k within one standard error of the best score.

        All k are scored on the same blocks, and some blocks are harder for every k. Therefore, the
        error is that of the difference from the best k, fold by fold. Differences smaller than
        exp(-2) in a single fold are ignored: a process as slow as the lag time adds this much
        if it is seen in only one fold.
        """
        return self.scanned[smallest_near_best([found.scores for found in self.scanned])].k

    @property
    def is_largest(self) -> bool:
        """Whether the choice is the largest k of a scan, so that larger k may score higher."""
        return self.best_k == self.scanned[-1].k

    @property
    def title(self) -> str:
        """One sentence that states the choice."""
        best = next(found for found in self.scanned if found.k == self.best_k)
        states = as_range(best.n_states)
        return (
            f"k = {counted(best.k, 'component')}: the smallest k within one standard error of the "
            f"best VAMP-2 on held-out frames (lag time {counted(self.lag, 'frame')}); {states} "
            f"state{'' if states == '1' else 's'}"
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """What else to know about the choice: whether the scan ends too early."""
        if not self.is_largest:
            return ()
        what = "is the largest of the scan" if len(self.scanned) > 1 else "is the only one scanned"
        return (f"k = {self.best_k} {what}: larger k may score higher; scan more",)

    def tables(self) -> list[Table]:
        """Return a table with a row for each k, the chosen one marked by a star."""
        several = len(self.seeds) > 1
        heads = ["k", "VAMP-2, held out", "of components", "states", "components with frames"]
        heads += ["agreement", "worst"] * several
        rows = []
        for found in self.scanned:
            cells = [
                f"{'* ' if found.k == self.best_k else ''}{found.k}",
                *(
                    f"{scores.mean():.3f} ± {standard_error(scores):.3f}"
                    for scores in (found.scores, found.component_scores)
                ),
                as_range(found.n_states),
                as_range(found.n_active),
            ]
            cells += [f"{found.agreement_median:.3f}", f"{found.agreement_worst:.3f}"] * several
            rows.append(tuple(cells))
        note = "VAMP-2, held out: of the states, mean and standard error over the folds."
        if several:
            note += " Agreement, worst: adjusted Rand index of the states between pairs of seeds."
        return [
            Table(tuple(heads), tuple(rows), title=self.title, note=note, sentences=self.sentences)
        ]


def select_k(
    X: np.ndarray | str | os.PathLike[str],
    ks: Sequence[int] = range(2, 11),
    *,
    lag: int | None = None,
    lag_time: float | None = None,
    lengths: Sequence[int] | None = None,
    n_repeats: int = 3,
    seeds: Sequence[int] | None = None,
    preset: str = "robust",
    n_folds: int = 5,
    blocks_per_fold: int = BLOCKS_PER_FOLD,
    verbose: bool | None = None,
    **hyperparameters: Any,
) -> Selection:
    """Fit models with several numbers of components, and choose one.

    For each k a model is fitted to all frames with each seed, which shows how many states it finds
    and whether seeds agree. It is also fitted to the training blocks of each fold (cycling through
    the seeds), and its states are scored by VAMP-2 on the held-out blocks. The choice is the
    smallest k within one standard error of the best score (Breiman et al., Classification and
    Regression Trees, 1984).

    Parameters
    ----------
    X : (n_frames, n_x) array-like, or path of a .npy file
        Features. They are held in memory.
    ks : sequence of int
        Numbers of components, at least 1.
    lag : int, optional
        Lag time in frames, for the training (if the preset has kinetics), the states and the
        scores.
    lag_time : float, optional
        The same in ps, instead of `lag`, for features that have times: a multiple of the time
        between frames.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment, or what the .json beside a file
        lists.
    n_repeats : int
        Number of seeds 0, 1, ... if `seeds` are not given.
    seeds : sequence of int, optional
        Seeds of the fits to all frames.
    preset : {"robust", "paper"}
        Hyperparameters of the models.
    n_folds, blocks_per_fold : int
        As in `mdgmvae.kinetics.vamp2_cross_validated`.
    verbose : bool, optional
        Whether to show a progress bar. Default: on a terminal or in a notebook only.
    **hyperparameters
        Hyperparameters of `GMVAE` in place of the preset's.

    Returns
    -------
    Selection
        It prints as a table.

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    ::

        selection = select_k("features.npy", range(2, 9), lag=5)
        print(selection)
        model = GMVAE.from_preset("robust", k=selection.best_k, lag=5)
    """
    from ..model.gmvae import GMVAE

    lag = lag_of(X, lag, lag_time)
    values, segments = features_of(X, lengths)
    numbers = sorted(set(check_counts("ks", ks)))
    if not numbers:
        raise InputError("ks=[]: pass at least one number of components")
    for name in {"k", "seed"} & set(hyperparameters):
        raise InputError(f"{name}: is scanned; pass {name}s={[hyperparameters[name]]!r} instead")
    options = {"lag": lag, "verbose": False, **hyperparameters}
    check_names(options.keys() - {"verbose", "device"})
    runs = checked_seeds(range(check_count("n_repeats", n_repeats)) if seeds is None else seeds)
    folds = folds_of_time(segments, lag=lag, n_folds=n_folds, blocks_per_fold=blocks_per_fold)

    def estimator(k: int, seed: int) -> GMVAE:
        return GMVAE.from_preset(preset, **options, k=k, seed=seed)

    def fit(X: np.ndarray, lengths: tuple[int, ...], k: int, seed: int) -> GMVAE:
        return estimator(k, seed).fit(X, lengths=lengths)

    # The largest k is trained last, when the scan may have taken hours.
    fewest = min(int(fold.train.sum()) for fold in folds)
    for k in numbers:
        estimator(k, runs[0]).check(fewest, values.shape[1])
    scanned = []
    total = len(numbers) * (len(runs) + len(folds))
    with progress_bar(total, "scanning k", "fits", verbose=verbose) as bar:
        for k in numbers:
            scanned.append(_scan(fit, values, segments, k, lag, runs, folds, bar.update))
    return Selection(tuple(scanned), int(lag), tuple(runs))


def _scan(
    fit: Callable[[np.ndarray, tuple[int, ...], int, int], Any],
    X: np.ndarray,
    lengths: tuple[int, ...],
    k: int,
    lag: int,
    seeds: list[int],
    folds: list[Fold],
    update: Callable[[], Any],
) -> ScannedK:
    states, n_active = [], []
    for seed in seeds:
        model = fit(X, lengths, k, seed)
        states.append(model.predict_states(X))
        n_active.append(int((model.state_of_component_ >= 0).sum()))
        update()
    scores, component_scores = [], []
    for number, fold in enumerate(folds):
        model = fit(X[fold.train], fold.train_lengths, k, seeds[number % len(seeds)])
        components = model.predict(X)
        component_scores.append(held_out_vamp2(components, fold, lag=lag, lengths=lengths))
        lumped = model.state_of_component_[components]
        scores.append(held_out_vamp2(lumped, fold, lag=lag, lengths=lengths))
        update()
    runs = compare_runs(states)
    return ScannedK(
        k=k,
        scores=np.array(scores),
        component_scores=np.array(component_scores),
        n_states=tuple(len(np.unique(run)) for run in states),
        n_active=tuple(n_active),
        agreement_median=runs.median,
        agreement_worst=runs.worst,
    )


def as_range(numbers: Sequence[int]) -> str:
    """Return the smallest and the largest number as text, "4-6", or the number itself."""
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low}-{high}"

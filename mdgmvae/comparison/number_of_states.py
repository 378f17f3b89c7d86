"""How many components: fits with several k and seeds, scored on frames held out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, check_counts, checked_seeds
from ..errors import InputError
from ..kinetics.agreement import compare_runs
from ..kinetics.vamp import BLOCKS_PER_FOLD
from ..presets import check_names
from ..progress import progress_bar
from .cross_validation import (
    Fold,
    features_of,
    folds_of_time,
    held_out_vamp2,
)

__all__ = ["ScannedK", "Selection", "select_k"]


@dataclass(frozen=True, eq=False)
class ScannedK:
    """What was found with one number of components.

    Parameters
    ----------
    k : int
    scores : ndarray of float64 of shape (n_folds,)
        VAMP-2 of the metastable states on blocks of time that the model was not trained on.
    component_scores : ndarray of float64 of shape (n_folds,)
        The same of the components.
    n_macrostates : tuple of int
        Metastable states of the fit to all frames, for each seed.
    n_active : tuple of int
        Components that have frames, for each seed.
    agreement_median, agreement_worst : float
        Adjusted Rand index of the metastable states between pairs of seeds; NaN for one seed.
    """

    k: int
    scores: np.ndarray
    component_scores: np.ndarray
    n_macrostates: tuple[int, ...]
    n_active: tuple[int, ...]
    agreement_median: float
    agreement_worst: float


@dataclass(frozen=True, eq=False, repr=False)
class Selection:
    """A scan over k; a table in a notebook, `text` for a terminal.

    Parameters
    ----------
    scanned : tuple of ScannedK
        In rising order of k.
    lag : int
        Rows.
    seeds : tuple of int
    """

    scanned: tuple[ScannedK, ...]
    lag: int
    seeds: tuple[int, ...]

    @property
    def ks(self) -> np.ndarray:
        """The numbers of components, rising: int64."""
        return np.array([found.k for found in self.scanned], np.int64)

    @property
    def means(self) -> np.ndarray:
        """Mean held-out VAMP-2 of the metastable states at each k."""
        return np.array([found.scores.mean() for found in self.scanned])

    @property
    def errors(self) -> np.ndarray:
        """Standard error of each mean over the folds."""
        return np.array([standard_error(found.scores) for found in self.scanned])

    @property
    def best_k(self) -> int:
        """The smallest k that is within one standard error of the best.

        All k are scored on the same blocks, of which some are harder than others for every k;
        the error is that of the difference from the best k, fold by fold. A difference smaller
        than a process makes that is as slow as the lag and seen in one fold only, exp(-2) there,
        is none.
        """
        best = self.scanned[int(self.means.argmax())]
        least = np.exp(-2) / len(best.scores)
        for found in self.scanned:
            behind = best.scores - found.scores
            if behind.mean() <= max(standard_error(behind), least):
                return found.k
        return best.k

    def text(self) -> str:
        """The table for a terminal, the chosen k marked by a star."""
        table = self._cells()
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(str.rjust, row, widths)) for row in table]
        return "\n".join([*lines, "", self.title])

    @property
    def title(self) -> str:
        """What was chosen, in one sentence."""
        best = next(found for found in self.scanned if found.k == self.best_k)
        states = as_range(best.n_macrostates)
        return (
            f"k = {best.k}: the smallest within one standard error of the best VAMP-2 on frames "
            f"held out (lag {self.lag} rows); {states} metastable state"
            f"{'' if states == '1' else 's'}"
        )

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        head, *rows = self._cells()
        lines = [
            "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in row) + "</tr>"
            for tag, some in (("th", [head]), ("td", rows))
            for row in some
        ]
        return f"<table><caption>{self.title}</caption>{''.join(lines)}</table>"

    def _cells(self) -> list[list[str]]:
        several = len(self.seeds) > 1
        head = ["k", "VAMP-2, held out", "of components", "metastable states", "components used"]
        cells = [[*head, *["agreement", "worst"] * several]]
        for found in self.scanned:
            line = [
                f"{'* ' if found.k == self.best_k else ''}{found.k}",
                *(
                    f"{scores.mean():.3f} ± {standard_error(scores):.3f}"
                    for scores in (found.scores, found.component_scores)
                ),
                as_range(found.n_macrostates),
                as_range(found.n_active),
            ]
            line += [f"{found.agreement_median:.3f}", f"{found.agreement_worst:.3f}"] * several
            cells.append(line)
        return cells


def select_k(
    X: np.ndarray | str | os.PathLike,
    ks: Sequence[int] = range(2, 11),
    *,
    lag: int,
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

    For each k a model is fitted to all frames with each seed, which shows what it finds and
    whether seeds agree, and to the training blocks of each fold (with the seeds in turn), whose
    states are scored by VAMP-2 on the blocks held out. The choice is the smallest k within one
    standard error of the best (Breiman et al., Classification and Regression Trees, 1984).

    Parameters
    ----------
    X : (n_frames, n_x) array-like, or path of a .npy file
        Features; they are held in memory.
    ks : sequence of int
        Numbers of components, from 1.
    lag : int
        Rows, for the training (where the preset has kinetics), the lumping and the scores.
    lengths : sequence of int, optional
        Rows of each continuous piece. Default: one piece, or what the .json beside a file says.
    n_repeats : int
        Seeds 0, 1, ... where `seeds` are not given.
    seeds : sequence of int, optional
    preset : {"robust", "paper"}
    n_folds, blocks_per_fold : int
        As in `mdgmvae.kinetics.vamp2_cross_validated`.
    verbose : bool, optional
        A progress bar; None shows it on a terminal or in a notebook only.
    **hyperparameters
        Any of `GMVAE`, in place of the preset's.

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        When an argument cannot be used.

    Examples
    --------
    ::

        selection = select_k("features.npy", range(2, 9), lag=5)
        print(selection.text())
        model = GMVAE.from_preset("robust", k=selection.best_k, lag=5)
    """
    values, pieces = features_of(X, lengths)
    numbers = sorted(set(check_counts("ks", ks)))
    if not numbers:
        raise InputError("ks=[]: at least one number of components is needed")
    for name in {"k", "seed"} & set(hyperparameters):
        raise InputError(f"{name}: is scanned; give {name}s={[hyperparameters[name]]!r}")
    options = {"lag": lag, "verbose": False, **hyperparameters}
    check_names(options.keys() - {"verbose", "device"})
    runs = checked_seeds(range(check_count("n_repeats", n_repeats)) if seeds is None else seeds)
    folds = folds_of_time(pieces, lag=lag, n_folds=n_folds, blocks_per_fold=blocks_per_fold)

    def fit(X: np.ndarray, lengths: tuple[int, ...], k: int, seed: int) -> Any:
        from ..model.gmvae import GMVAE

        return GMVAE.from_preset(preset, **options, k=k, seed=seed).fit(X, lengths=lengths)

    scanned = []
    total = len(numbers) * (len(runs) + len(folds))
    with progress_bar(total, "scanning k", "fits", verbose=verbose) as bar:
        for k in numbers:
            scanned.append(_scan(fit, values, pieces, k, lag, runs, folds, bar.update))
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
    macrostates, n_active = [], []
    for seed in seeds:
        model = fit(X, lengths, k, seed)
        macrostates.append(model.predict_states(X))
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
    runs = compare_runs(macrostates)
    return ScannedK(
        k=k,
        scores=np.array(scores),
        component_scores=np.array(component_scores),
        n_macrostates=tuple(len(np.unique(run)) for run in macrostates),
        n_active=tuple(n_active),
        agreement_median=runs.median,
        agreement_worst=runs.worst,
    )


def standard_error(scores: np.ndarray) -> float:
    """Standard error of the mean."""
    return float(scores.std(ddof=1) / np.sqrt(len(scores)))


def as_range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low}-{high}"

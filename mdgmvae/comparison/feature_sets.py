"""Choose features: sets of them, scored by VAMP-2 of their slow coordinates on held-out frames."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..checks import check_count
from ..errors import InputError
from ..kinetics import vamp
from ..progress import progress_bar
from ..segments import checked_lag
from ..storage.features import FeatureSet
from ..tables import Shown, Table, counted, number
from .choice import smallest_near_best, standard_error
from .cross_validation import Fold, features_of, folds_of_time, lag_of
from .slow_coordinates import slow_coordinates

#: Features of frames, or the path of a .npy file with them.
Features: TypeAlias = "np.ndarray | str | os.PathLike[str] | FeatureSet"
#: Autocorrelation at the lag time above which a process is slower than the lag time.
_SLOW = np.exp(-1.0)


@dataclass(frozen=True, eq=False)
class ScoredFeatures:
    """Score of one set of features.

    Parameters
    ----------
    name : str
        Name of the set.
    n_features : int
        Number of columns.
    n_products : int
        Number of products of features that were added, because they show a slow process that
        the features may not show (`mdgmvae.training.products`).
    timescales : ndarray of float64 of shape (n,)
        Timescales of the slow coordinates of all frames, in frames, longest first.
    scores : ndarray of float64 of shape (n_folds,)
        VAMP-2 of the slow coordinates on held-out frames.
    """

    name: str
    n_features: int
    n_products: int
    timescales: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class FeatureSelection(Shown):
    """Sets of features, scored on the same blocks of time; prints as a table.

    Parameters
    ----------
    scored : tuple of ScoredFeatures
        In the given order.
    lag : int
        Lag time in frames.
    n_slow : int
        Number of slow processes that are scored, the same for all sets.
    is_slow : bool
        Whether any set shows a process slower than the lag time.
    """

    scored: tuple[ScoredFeatures, ...]
    lag: int
    n_slow: int
    is_slow: bool

    @property
    def scores(self) -> dict[str, np.ndarray]:
        """VAMP-2 of each set in each fold, by name."""
        return {found.name: found.scores for found in self.scored}

    @property
    def ranked(self) -> tuple[ScoredFeatures, ...]:
        """The sets, the one with the best mean score first."""
        return tuple(sorted(self.scored, key=lambda found: -found.scores.mean()))

    @property
    def best(self) -> str:
        """Name of the set with the fewest columns within one standard error of the best score.

        The error is that of the difference from the best set, fold by fold, because some blocks
        are harder for all sets. Differences smaller than exp(-2) in a single fold are ignored, as
        in `Selection.best_k`.
        """
        by_size = sorted(self.scored, key=lambda found: found.n_features)
        return by_size[smallest_near_best([found.scores for found in by_size])].name

    @property
    def title(self) -> str:
        """One sentence that states the choice."""
        scored = (
            f"the {self.n_slow} slowest processes" if self.n_slow > 1 else "the slowest process"
        )
        return (
            f"Best features: {self.best} (VAMP-2 on held-out frames, lag time "
            f"{counted(self.lag, 'frame')}, {scored})"
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """What else to know about the sets."""
        found = []
        if not self.is_slow:
            found.append(
                "no set shows a process slower than the lag time, so these scores do not tell the "
                "sets apart: try other features, or a shorter lag time"
            )
        hidden = [one.name for one in self.scored if one.n_products]
        if hidden:
            found.append(
                f"{', '.join(hidden)}: some products of features show slow processes that the "
                "features do not; they are added here and by the preset robust"
            )
        return tuple(found)

    def tables(self) -> list[Table]:
        """Return a table with a row for each set, best first, the chosen one marked by a star."""
        ranked = self.ranked
        rows = []
        for found in ranked:
            behind = ranked[0].scores - found.scores
            rows.append(
                (
                    f"{'* ' if found.name == self.best else '  '}{found.name}",
                    f"{found.n_features:,}",
                    f"{found.scores.mean():.3f} ± {standard_error(found.scores):.3f}",
                    "-"
                    if found is ranked[0]
                    else f"{behind.mean():.3f} ± {standard_error(behind):.3f}",
                    ", ".join(map(number, found.timescales[:3])) or "-",
                )
            )
        heads = ("features", "columns", "VAMP-2, held out", "behind the best")
        return [
            Table(
                (*heads, "slowest / frames"),
                tuple(rows),
                title=self.title,
                note="Best: of the sets within one standard error of the best score, the one with "
                "the fewest columns. VAMP-2, held out: of the slow coordinates, mean and standard "
                "error over the folds. Behind the best: difference, fold by fold. Slowest: "
                "timescales longer than the lag time, on all frames.",
                sentences=self.sentences,
            )
        ]


def select_features(
    feature_sets: Mapping[str, Features],
    *,
    lag: int | None = None,
    lag_time: float | None = None,
    lengths: Sequence[int] | None = None,
    n_slow: int | None = None,
    n_folds: int = 5,
    blocks_per_fold: int = vamp.BLOCKS_PER_FOLD,
    verbose: bool | None = None,
) -> FeatureSelection:
    """Rank sets of features by how much of the slow dynamics they resolve on held-out frames.

    For each fold, slow coordinates of the training blocks are computed as the preset "robust"
    computes them: time-lagged independent components of the standardised features, and of those
    of their products that show slow processes. Their VAMP-2 score on the held-out blocks
    measures how much of the slow dynamics the features resolve (Scherer et al., J. Chem. Phys.
    150, 194108 (2019)). No model is trained.

    Scores of different numbers of processes cannot be compared. Therefore the same number of
    coordinates is scored for all sets. A set with fewer columns than that resolves fewer
    processes.

    Parameters
    ----------
    feature_sets : mapping of str to (n_frames, n_x) array-like, path of a .npy file or FeatureSet
        The sets by name, all of the same frames. One set at a time is held in memory.
    lag : int, optional
        Lag time in frames.
    lag_time : float, optional
        The same in ps, instead of `lag`, for features that have times: a multiple of the time
        between frames.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment, or the segments of the files.
    n_slow : int, optional
        Number of slow processes to score. Default: the largest number of processes slower than
        the lag time in any of the sets, at least 1.
    n_folds, blocks_per_fold : int
        As in `mdgmvae.kinetics.vamp2_cross_validated`.
    verbose : bool, optional
        Whether to show a progress bar. Default: on a terminal or in a notebook only.

    Returns
    -------
    FeatureSelection
        It prints as a table.

    Raises
    ------
    InputError
        If an argument is invalid, if sets differ in their frames, or if no feature of a set
        changes.

    Examples
    --------
    >>> from mdgmvae.comparison import select_features
    >>> from mdgmvae.data.processes import wells
    >>> X = wells(4_000, seed=0).X
    >>> found = select_features({"one axis": X[:, :1], "three axes": X}, lag=5, verbose=False)
    >>> found.best, found.n_slow
    ('three axes', 2)
    """
    if not isinstance(feature_sets, Mapping) or not feature_sets:
        raise InputError(
            "feature_sets: pass one or more sets by name, such as {'dihedrals': 'dihedrals.npy'}"
        )
    lag = lag_of(next(iter(feature_sets.values())), lag, lag_time)
    wanted = None if n_slow is None else check_count("n_slow", n_slow)
    checked, fitted = _Frames(lengths), {}
    total = len(feature_sets) * (1 + check_count("n_folds", n_folds, low=2))
    with progress_bar(total, "scoring features", "fits", verbose=verbose) as progress:
        for name, values in checked.each(feature_sets):
            fitted[name] = _Fitted.of(name, values, checked.segments, lag)
            progress.update()
        longest = max(len(found.timescales) for found in fitted.values())
        n = max(1, longest) if wanted is None else wanted
        folds = folds_of_time(
            checked.segments, lag=lag, n_folds=n_folds, blocks_per_fold=blocks_per_fold
        )
        scored = []
        for name, values in checked.each(feature_sets):
            scores = []
            for fold in folds:
                scores.append(_score(name, values, fold, checked.segments, int(lag), n))
                progress.update()
            found = fitted[name]
            scored.append(
                ScoredFeatures(
                    name, values.shape[1], found.n_products, found.timescales, np.array(scores)
                )
            )
    return FeatureSelection(tuple(scored), int(lag), n, longest > 0)


class _Frames:
    """Reads sets of features, and checks that all are of the same frames."""

    def __init__(self, lengths: Sequence[int] | None) -> None:
        self._given = lengths
        self._first: str | None = None
        self.segments: tuple[int, ...] = ()

    def each(self, feature_sets: Mapping[str, Features]) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the name and the values of each set."""
        for name, features in feature_sets.items():
            try:
                values, segments = features_of(features, self._given)
            except InputError as error:
                raise InputError(f"{name}: {error}") from error
            if self._first is None:
                self._first, self.segments = name, segments
            elif segments != self.segments:
                raise InputError(
                    f"{name}: {_frames_of(segments)}, but {self._first}: "
                    f"{_frames_of(self.segments)}; compute all sets from the same frames"
                )
            yield name, values


@dataclass(frozen=True, eq=False)
class _Fitted:
    """What the slow coordinates of all frames tell about a set."""

    n_products: int
    timescales: np.ndarray

    @classmethod
    def of(cls, name: str, values: np.ndarray, segments: tuple[int, ...], lag: int) -> _Fitted:
        lag = checked_lag(lag, [np.empty(n) for n in segments])
        slow = _coordinates(name, values, segments, lag)
        r = np.asarray(slow.autocorrelation, np.float64)
        r = np.minimum(r[r > _SLOW], 1 - 1e-12)
        return cls(len(slow.products), -lag / np.log(r))


def _score(
    name: str,
    values: np.ndarray,
    fold: Fold,
    segments: tuple[int, ...],
    lag: int,
    n_slow: int,
) -> float:
    """Return VAMP-2 on the held-out blocks, of slow coordinates of the training blocks."""
    slow = _coordinates(name, values[fold.train], fold.train_lengths, lag, n_slow)
    coordinates = slow.apply(values).astype(np.float64)
    with_constant = np.column_stack([np.ones(len(coordinates)), coordinates])
    prepared, numbers = vamp.prepared(with_constant, segments, lag)
    score = vamp.score_of_fold(
        prepared, numbers, fold.test, fold.train, lag, with_constant.shape[1]
    )
    return 1.0 if score is None else score


def _coordinates(
    name: str, values: np.ndarray, segments: tuple[int, ...], lag: int, n: int | None = None
) -> Any:
    if not np.ptp(values, axis=0).any():
        raise InputError(
            f"{name}: no feature changes from frame to frame; leave this set out, or use more "
            "frames"
        )
    return slow_coordinates(values, segments, lag, n)


def _frames_of(segments: tuple[int, ...]) -> str:
    return f"{counted(sum(segments), 'frame')} in {counted(len(segments), 'segment')}"

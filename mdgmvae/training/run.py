"""One fit from beginning to end: scaling, start, restarts, the best one, all frames."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..checks import seed_of
from ..network.architecture import Architecture, architecture_of
from ..presets import Hyperparameters
from . import training_set
from .checkpoint import Checkpoint
from .dataset import Rows
from .lagged_pairs import TimePairs
from .loop import Fit, Options, random_start
from .scaling import Scaling
from .warm_start import SlowClusters

if TYPE_CHECKING:
    from .replicas import OneDevice, Replicas

#: With fewer pairs than so many lags there is no kinetics to speak of.
FEWEST_LAGS = 10


@dataclass(frozen=True, eq=False)
class Trained:
    """What a run ends with.

    Parameters
    ----------
    fit : Fit
    architecture : Architecture
    scaling : Scaling
    validation_history : dict of str to list of float
        That of the restart that was kept, with frames held out, where `fit` is of all frames.
    """

    fit: Fit
    architecture: Architecture
    scaling: Scaling
    validation_history: dict[str, list[float]] = field(default_factory=dict)


class TrainingRun:
    """What `GMVAE.fit` does with checked parameters.

    Parameters
    ----------
    rows : Rows
    lengths : sequence of int
        Rows of each continuous piece of trajectory.
    hyperparameters : Hyperparameters
    seed : int
    device : str
        From `devices.choose`: what judges the weights.
    place : OneDevice or Replicas
        What trains them.
    checkpoint : Checkpoint or None
    verbose : bool or None
    """

    def __init__(
        self,
        rows: Rows,
        lengths: Sequence[int],
        hyperparameters: Hyperparameters,
        seed: int,
        device: str,
        place: OneDevice | Replicas,
        checkpoint: Checkpoint | None,
        verbose: bool | None,
    ) -> None:
        self._rows = rows
        self._lengths = lengths
        self._hyperparameters = hyperparameters
        self._seed = seed
        self._device = device
        self._place = place
        self._checkpoint = checkpoint
        self._verbose = verbose
        given = hyperparameters.to_dict()
        taken = {n: given[n] for n in Options.__dataclass_fields__ if n in given}
        self._options = Options(**taken, seed=seed)

    def fit(self) -> Trained:
        """Train; with `refit`, once more on all frames for as long as was best."""
        everything = training_set.hold_out(len(self._rows), 0, self._lengths, self._rng())
        lag = self._hyperparameters.lag or 0
        if lag:
            # A lag that is longer than all pieces is told at once.
            self._warn_of_few_pairs(TimePairs.within(self._lengths, lag))
        split = training_set.hold_out(
            len(self._rows),
            self._hyperparameters.validation_fraction,
            self._lengths,
            self._rng(),
            lag,
        )
        if self._hyperparameters.validation_fraction > 0 and not split.held_out.any():
            self._warn_of_nothing_held_out(lag)
        scaling, architecture, initial = self._prepare(split, range(self._options.n_init))
        fits = self._train(split, scaling, architecture, self._options, initial, self._checkpoint)
        kept = training_set.best(fits)
        if not self._hyperparameters.refit or not split.held_out.any() or kept.diverged:
            return Trained(kept, architecture, scaling)
        scaling, architecture, initial = self._prepare(everything, [kept.restart])
        options = replace(self._options, n_init=1, stop_after=kept.epochs)
        final = self._train(everything, scaling, architecture, options, initial, None)[0]
        return Trained(final, architecture, scaling, kept.history)

    def _warn_of_few_pairs(self, pairs: TimePairs) -> None:
        if pairs.n_pairs < FEWEST_LAGS * pairs.lag:
            warnings.warn(
                f"lag={pairs.lag}: only {pairs.n_pairs:,} pairs of frames are that far apart, of "
                f"{len(self._rows):,} frames; states of so little time mean nothing. Shorten the "
                "lag",
                stacklevel=5,
            )

    def _warn_of_nothing_held_out(self, lag: int) -> None:
        fraction = self._hyperparameters.validation_fraction
        warnings.warn(
            f"validation_fraction={fraction:g}: {len(self._rows):,} frames are too few to hold out "
            f"blocks of time at a lag of {lag} rows; all of them train, and nothing ends the "
            "training early. Shorten the lag, or set validation_fraction=0",
            stacklevel=5,
        )

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self._seed)

    def _prepare(
        self, split: training_set.Split, restarts: Sequence[int]
    ) -> tuple[Scaling, Architecture, np.ndarray]:
        """Scaling, sizes and first weights of these restarts, all from the rows that train."""
        given, rows = self._hyperparameters, self._rows
        keep = None if split.train.all() else split.train
        kind = given.scale
        chunks = rows.chosen_chunks(keep)
        scaling = Scaling.fit(kind, chunks, rows.n_columns)
        pairs = None
        if given.lag is not None:
            pairs = TimePairs.within(self._lengths, given.lag, keep)
        if kind == "tica":
            assert pairs is not None, "GMVAE.check refuses TICA without a lag"
            scaling = Scaling.fit_tica(scaling, rows, pairs, given.tica_dim, keep)
        architecture = architecture_of(given, scaling.n_x)
        initial = random_start(architecture, self._options)[restarts]
        if given.init == "kmeans":
            clusters = SlowClusters(rows, scaling, pairs, keep)
            starts = [
                clusters.start(architecture, flat, seed_of(self._seed, number))
                for number, flat in zip(restarts, initial, strict=True)
            ]
            initial = np.stack(starts)
        return scaling, architecture, initial

    def _train(
        self,
        split: training_set.Split,
        scaling: Scaling,
        architecture: Architecture,
        options: Options,
        initial: np.ndarray,
        checkpoint: Checkpoint | None,
    ) -> list[Fit]:
        data = training_set.ScaledRows(
            self._rows,
            scaling,
            split,
            self._lengths,
            architecture,
            options,
            self._hyperparameters.lag,
            self._device,
        )
        return training_set.fit(
            data, architecture, options, self._place, checkpoint, self._verbose, initial=initial
        )

"""What comes before the first step: scaling, sizes and initial weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..checks import seed_of
from ..network.architecture import Architecture, flatten, initial_weights
from ..presets import Hyperparameters
from .dataset import Dataset
from .held_out import Split
from .lagged_pairs import LaggedPairs
from .scaling import Scaling
from .warm_start import SlowClusters


@dataclass(frozen=True, eq=False)
class Preparation:
    """What a training starts with, all from the frames that are trained on.

    Parameters
    ----------
    split : Split
    scaling : Scaling
    architecture : Architecture
    initial : ndarray of shape (n_restarts, n_weights), float32
        Initial weights of each restart.
    problems : list of str
        What the user should know, each with advice.
    """

    split: Split
    scaling: Scaling
    architecture: Architecture
    initial: np.ndarray
    problems: list[str]


def prepare(
    dataset: Dataset,
    lengths: Sequence[int],
    split: Split,
    hyperparameters: Hyperparameters,
    seed: int,
    restarts: Sequence[int],
) -> Preparation:
    """Find the scaling, the sizes of the networks and the initial weights.

    Parameters
    ----------
    dataset : Dataset
    lengths : sequence of int
        Number of frames in each segment.
    split : Split
        Only the frames that are trained on are used.
    hyperparameters : Hyperparameters
    seed : int
    restarts : sequence of int
        Numbers of the restarts.
    """
    given, keep = hyperparameters, split.keep
    pairs = None if given.lag is None else LaggedPairs.within(lengths, given.lag, keep)
    scaling = Scaling.fit(given.scale, dataset.kept_chunks(keep), dataset.n_columns)
    if given.scale == "tica":
        assert pairs is not None, "Hyperparameters.check_data refuses TICA without a lag"
        scaling = Scaling.fit_tica(scaling, dataset, pairs, given.tica_dim, keep)
    architecture = Architecture.of(given, scaling.n_x)
    initial = np.stack([random_weights(architecture, seed, number) for number in restarts])
    problems: list[str] = []
    if given.init == "kmeans":
        clusters = SlowClusters(dataset, scaling, pairs, keep)
        for i, number in enumerate(restarts):
            found = clusters.initialise(architecture, initial[i], seed_of(seed, number))
            initial[i] = found.weights
            problems += found.problems
    return Preparation(split, scaling, architecture, initial, problems)


def random_weights(architecture: Architecture, seed: int, restart: int) -> np.ndarray:
    """Draw the initial weights of a restart: shape (n_weights,), float32."""
    return flatten(architecture, initial_weights(architecture, generator(seed, restart, -1)))


def generator(seed: int, restart: int, epoch: int) -> np.random.Generator:
    """Return the random numbers of an epoch of a restart; epoch -1 draws the initial weights."""
    return np.random.default_rng([seed, restart, epoch + 1])

"""Preparation of a training: scaling, sizes of the networks and initial weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..checks import seed_of
from ..network.architecture import Architecture, flatten, initial_weights
from ..presets import Hyperparameters
from ..tables import counted
from .dataset import Dataset
from .held_out import Split
from .lagged_pairs import LaggedPairs
from .reduction import Reduction
from .scaling import Scaling
from .warm_start import SlowClusters


@dataclass(frozen=True, eq=False)
class Preparation:
    """Everything that a training starts with, derived from the frames used for training.

    Parameters
    ----------
    split : Split
        The frames used for training, and the held-out frames.
    scaling : Scaling
    architecture : Architecture
    initial : ndarray of shape (n_restarts, n_weights), float32
        Initial weights of each restart.
    problems : list of str
        Warnings for the user, each with advice.
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
    """Determine the scaling, the sizes of the networks and the initial weights.

    Parameters
    ----------
    dataset : Dataset
    lengths : sequence of int
        Number of frames in each segment.
    split : Split
        Only the frames for training are used.
    hyperparameters : Hyperparameters
    seed : int
    restarts : sequence of int
        Numbers of the restarts, which determine their random numbers.

    Returns
    -------
    Preparation

    Raises
    ------
    InputError
        If there is a lag but no pair of frames, or if TICA finds that no feature changes.
    """
    given, keep = hyperparameters, split.keep
    pairs = None if given.lag is None else LaggedPairs.within(lengths, given.lag, keep)
    scaling = Scaling.fit(given.scale, dataset.kept_chunks(keep), dataset.n_columns)
    problems: list[str] = []
    if given.scale == "tica" or given.vamp_weight > 0:
        assert pairs is not None, "Hyperparameters.check_data refuses kinetics without a lag"
        reduction = Reduction.of(dataset, pairs, scaling.apply)
        problems += _few_frames(reduction, pairs, given)
        if given.scale == "tica":
            scaling = Scaling.fit_tica(scaling, dataset, pairs, reduction, given.tica_dim, keep)
    architecture = Architecture.of(given, scaling.n_x)
    initial = np.stack([random_weights(architecture, seed, number) for number in restarts])
    if given.init == "kmeans":
        clusters = SlowClusters(dataset, scaling, pairs, keep)
        for i, number in enumerate(restarts):
            found = clusters.initialise(architecture, initial[i], seed_of(seed, number))
            initial[i] = found.weights
            problems += found.problems
    return Preparation(split, scaling, architecture, initial, problems)


def _few_frames(reduction: Reduction, pairs: LaggedPairs, given: Hyperparameters) -> list[str]:
    """Return a warning if the frames do not determine the kinetics of all features."""
    if not reduction.has_few_frames:
        return []
    few = (
        f"{len(pairs.has_partner):,} frames are few for {counted(reduction.n_columns, 'feature')} "
        f"at a lag of {counted(pairs.lag, 'frame')}"
    )
    if given.scale == "tica":
        return [
            f"{few}: slow coordinates are computed from few principal components, because noise "
            "in the others would look slow. Use more frames, or fewer features"
        ]
    return [
        f"{few}: with vamp_weight={given.vamp_weight:g} noise may look like states. Use more "
        "frames or fewer features, or scale='tica', which uses few principal components"
    ]


def random_weights(architecture: Architecture, seed: int, restart: int) -> np.ndarray:
    """Draw the initial weights of a restart: shape (n_weights,), float32."""
    return flatten(architecture, initial_weights(architecture, generator(seed, restart, -1)))


def generator(seed: int, restart: int, epoch: int) -> np.random.Generator:
    """Return the generator for an epoch of a restart; epoch -1 is for the initial weights."""
    return np.random.default_rng([seed, restart, epoch + 1])

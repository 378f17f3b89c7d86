"""Label the frames of a feature file in this process or on a cluster."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import numpy as np
from MDAnalysis.analysis.backends import BackendBase

from ..errors import InputError
from ..model.gmvae import GMVAE
from ..progress import progress_bar
from ..storage.features import FeatureSet
from ..storage.npy import FILE_NOT_VISIBLE, open_npy
from ..tables import percent
from ..trajectory.executors import cluster_for
from .results import TrajectoryResults

#: Bytes of features that a worker of a cluster labels at once.
PART_BYTES = 64 * 2**20
#: Share of the frames that may be unlike those of the training without a warning. Of held-out
#: frames, less than 0.1 % are (benchmarks/unlike_frames.py).
WARN_SHARE = 0.01
#: Frames of a part are a multiple of this, so that inference cuts all data into the same batches.
CHUNK_FRAMES = 8192


def label(
    gmvae: GMVAE,
    features: FeatureSet,
    backend: str | BackendBase | None = None,
    verbose: bool | None = None,
) -> TrajectoryResults:
    """Label the frames of a feature file with an estimator.

    Parameters
    ----------
    gmvae : GMVAE
        The trained estimator.
    features : FeatureSet
        Features of the frames, as many as in the training.
    backend, verbose
        As in `TrajectoryModel.label`.

    Returns
    -------
    TrajectoryResults

    Raises
    ------
    InputError
        If the number of features differs, or a worker cannot see their file.

    Warns
    -----
    UserWarning
        If more than 1 % of the frames are unlike those of the training.
    """
    cluster = cluster_for(backend)
    if cluster is None:
        parts = [_Part.of(gmvae, features, range(len(features)))]
    else:
        parts = _label_on(cluster, gmvae, features, verbose)
    component_probabilities = np.concatenate([part.component_probabilities for part in parts])
    labels, probabilities = gmvae.states_of(component_probabilities)
    scores = np.concatenate([part.scores for part in parts])
    unlike = gmvae.is_below_threshold(scores)
    if unlike.mean() > WARN_SHARE:
        warnings.warn(_unlike(unlike, features, gmvae.score_threshold_), stacklevel=3)
    return TrajectoryResults(
        labels=labels,
        components=component_probabilities.argmax(axis=1),
        probabilities=probabilities,
        component_probabilities=component_probabilities,
        latent=np.concatenate([part.latent for part in parts]),
        scores=scores,
        unlike_training=unlike,
        frames=features.frames,
        times=features.times,
        trajectory_index=features.trajectory_index,
        lengths=features.lengths,
        populations=np.bincount(labels, minlength=gmvae.n_states_) / len(labels),
    )


def _unlike(unlike: np.ndarray, features: FeatureSet, threshold: float | None) -> str:
    """Return the warning about frames that the model does not know."""
    n = int(unlike.sum())
    first = int(np.asarray(features.frames)[unlike.argmax()])
    return (
        f"{percent(n / len(unlike))} % of the frames ({n:,} of {len(unlike):,}, the first is frame "
        f"{first}) are unlike all frames of the training (score below {threshold:.3g}): their "
        "states mean little, however probable; unlike_training marks them. Train on frames like "
        "them too"
    )


@dataclass(frozen=True)
class _Part:
    """Some of the frames of a feature file, and the results of the model for them."""

    frames: range
    component_probabilities: np.ndarray
    latent: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, gmvae: GMVAE, X: Any, frames: range) -> _Part:
        assigned = gmvae.assign(X)
        return cls(
            frames, assigned.component_probabilities, assigned.latent, gmvae.score_samples(X)
        )


def _label_on(
    cluster: Any, gmvae: GMVAE, features: FeatureSet, verbose: bool | None
) -> list[_Part]:
    """Label the frames of a feature file on the workers of a cluster."""
    n_frames = len(features)
    n_parts = max(cluster.n_workers, cluster.min_parts)
    most = min(ceil(n_frames / n_parts), PART_BYTES // (4 * features.n_features))
    length = CHUNK_FRAMES * max(1, most // CHUNK_FRAMES)
    parts = [range(start, min(start + length, n_frames)) for start in range(0, n_frames, length)]
    with progress_bar(n_frames, "labelling", "frames", verbose=verbose) as bar:
        cluster.report = bar.update
        path = os.path.abspath(features.path)
        labelled: list[_Part] = cluster.apply(partial(_label_part, gmvae, path), parts)
    return labelled


def _label_part(gmvae: GMVAE, path: str, frames: range) -> _Part:
    if not os.path.exists(path):
        raise InputError(FILE_NOT_VISIBLE.format(path=path))
    return _Part.of(gmvae, open_npy(path)[frames.start : frames.stop], frames)

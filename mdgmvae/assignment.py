"""A model and a feature file: whether they fit, and the labels of the frames."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from MDAnalysis.analysis.backends import BackendBase
from MDAnalysis.analysis.results import Results

from .errors import InputError
from .model.gmvae import GMVAE
from .progress import progress_bar
from .storage.features import FeatureSet
from .storage.npy import UNSEEN, open_npy
from .trajectory.executors import cluster_for
from .trajectory.lag_time import time_step

if TYPE_CHECKING:
    from .states.judgement import Judgement


#: Bytes of features that a worker of a cluster labels at a time.
PART_BYTES = 64 * 2**20
#: And rows, of which there is a multiple: `inference` cuts all data at the same ones.
CHUNK_ROWS = 8192


def label(
    model: GMVAE,
    features: FeatureSet,
    backend: str | BackendBase | None = None,
    verbose: bool | None = None,
) -> Results:
    """What a model says of the rows of a feature file, with their frames and times.

    Parameters
    ----------
    model : GMVAE
    features : FeatureSet
    backend : str or BackendBase, optional
        "dask" labels on the cluster of the active dask.distributed client, where there is one. All
        others label in this process, where TensorFlow uses its threads.
    verbose : bool, optional
        A progress bar of the cluster; by default on a terminal or in a notebook only.

    Returns
    -------
    MDAnalysis.analysis.results.Results

    Raises
    ------
    InputError
        When a worker cannot see the feature file.
    """
    cluster = cluster_for(backend)
    if cluster is None:
        labels, probabilities, latent = model.assign(features.path)
    else:
        labels, probabilities, latent = _label_on(cluster, model, features, verbose)
    return Results(
        labels=labels,
        probabilities=probabilities,
        latent=latent,
        macrostates=model.macrostates_[labels],
        frames=features.frames,
        times=features.times,
        trajectory_index=features.trajectory_index,
        lengths=features.lengths,
    )


@dataclass(frozen=True)
class _Labelled:
    """What comes home from a worker: row numbers, and what the model says of these rows."""

    frames: range
    labels: np.ndarray
    probabilities: np.ndarray
    latent: np.ndarray


def _label_on(
    cluster: Any, model: GMVAE, features: FeatureSet, verbose: bool | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, probabilities and latent coordinates by the workers of a cluster."""
    n_rows = len(features)
    n_parts = max(cluster.n_workers, cluster.fewest_parts)
    most = min(ceil(n_rows / n_parts), PART_BYTES // (4 * features.n_features))
    n_part = CHUNK_ROWS * max(1, most // CHUNK_ROWS)
    parts = [range(start, min(start + n_part, n_rows)) for start in range(0, n_rows, n_part)]
    with progress_bar(n_rows, "labelling", "frames", verbose=verbose) as bar:
        cluster.report = bar.update
        path = os.path.abspath(features.path)
        labelled = cluster.apply(partial(_label_part, model, path), parts)
    joined = (
        np.concatenate([getattr(part, name) for part in labelled])
        for name in ("labels", "probabilities", "latent")
    )
    labels, probabilities, latent = joined
    return labels, probabilities, latent


def _label_part(model: GMVAE, path: str, rows: range) -> _Labelled:
    if not os.path.exists(path):
        raise InputError(UNSEEN.format(path=path))
    return _Labelled(rows, *model.assign(open_npy(path)[rows.start : rows.stop]))


def judge_results(results: Results, lag: int | None, **options: Any) -> Judgement:
    """The judgement of the states of `results`, and of its metastable states.

    Parameters
    ----------
    results : Results
        As `label` gives them.
    lag : int or None
        Rows; None is one row.
    **options
        ``n_samples``, ``seed`` of `judgement.judge`.

    Returns
    -------
    Judgement
    """
    from .states.judgement import judge

    return judge(
        results.labels,
        results.probabilities,
        lag=1 if lag is None else lag,
        lengths=results.lengths,
        dt=time_step(results.times, tuple(results.lengths)),
        macrostates=results.macrostates,
        **options,
    )


def check_same_features(features: FeatureSet, trajectory: Mapping[str, Any] | None) -> None:
    """Refuse a feature file that says that it holds other features than a model's.

    Parameters
    ----------
    features : FeatureSet
    trajectory : mapping or None
        What the model keeps of the trajectory that it was trained on.

    Raises
    ------
    InputError
        Naming the first column that differs. A plain array says nothing and is taken.
    """
    if trajectory is None or not trajectory["featurizer"] or not features.featurizer:
        return
    columns = zip(features.names, features.units, strict=True)
    known = zip(trajectory["names"], trajectory["units"], strict=True)
    for number, (its, models) in enumerate(zip(columns, known, strict=False)):
        if its != models:
            raise InputError(
                f"{features.path}: column {number} is {its[0]} ({its[1]}), the model was trained "
                f"on {models[0]} ({models[1]}); compute the same features"
            )
    if features.featurizer != trajectory["featurizer"]:
        raise InputError(
            f"{features.path}: the columns have the names of the model's, but were computed with "
            "other options (reference, periodic, ...); use the trajectory instead"
        )


def trajectory_part(features: FeatureSet, preset: str) -> dict[str, Any]:
    """What a saved model keeps of the trajectory that it was trained on."""
    return {
        "featurizer": features.featurizer,
        "selection": features.selection,
        "fingerprint": features.fingerprint,
        "names": list(features.names),
        "units": list(features.units),
        "preset": preset,
    }

"""A model and a feature file: whether they fit, and the labels of the frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from MDAnalysis.analysis.results import Results

from .errors import InputError
from .lag_time import time_step
from .model import GMVAE
from .storage import FeatureSet

if TYPE_CHECKING:
    from .judgement import Judgement


def label(model: GMVAE, features: FeatureSet) -> Results:
    """What a model says of the rows of a feature file, with their frames and times.

    Parameters
    ----------
    model : GMVAE
    features : FeatureSet

    Returns
    -------
    MDAnalysis.analysis.results.Results
    """
    labels, probabilities, latent = model.assign(features.path)
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
    from .judgement import judge

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

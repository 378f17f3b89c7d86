"""A model and a feature file: whether they fit, and the labels of the frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from MDAnalysis.analysis.results import Results

from .errors import InputError
from .model import GMVAE
from .storage import FeatureSet


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

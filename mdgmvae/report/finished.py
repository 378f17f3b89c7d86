"""Read the results that a command has written to a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..annotation.labels_file import find_labels, read_labels
from ..assignment.results import TrajectoryResults
from ..checks import as_path
from ..errors import InputError
from ..model.gmvae import GMVAE
from ..model.saved_model import SavedModel
from ..segments import continuous_lengths
from ..storage.features import FeatureSet


@dataclass(frozen=True, eq=False)
class Finished:
    """The results in a folder of `run`, `demo` or `train`.

    Parameters
    ----------
    folder : pathlib.Path
    model : GMVAE
    results : TrajectoryResults
        Without ``history``, which the model has.
    features : FeatureSet or None
        None if the folder has none, as that of `train`.
    preset : str
        Preset of the training.
    versions : dict of str to str
        Versions of the packages that wrote the model.
    """

    folder: Path
    model: GMVAE
    results: TrajectoryResults
    features: FeatureSet | None
    preset: str
    versions: dict[str, str]

    @classmethod
    def of(cls, folder: str | os.PathLike[str]) -> Finished:
        """Read a folder.

        Parameters
        ----------
        folder : path-like

        Raises
        ------
        InputError
            If the folder holds no results, or they do not belong together.
        """
        folder = as_path(folder)
        if not folder.is_dir():
            raise InputError(f"{folder}: is not a folder; pass one that run, demo or train wrote")
        labels = read_labels(find_labels(folder))
        saved = SavedModel.load(folder)
        model = GMVAE.from_saved_model(saved)
        if labels.component_probabilities.shape[1] != model.k:
            raise InputError(
                f"{folder}: labels.npz has {labels.component_probabilities.shape[1]} components, "
                f"but the model has {model.k}; they are not of the same run"
            )
        features = _features_of(folder, labels)
        preset = "paper" if saved.trajectory is None else saved.trajectory.preset
        results = _results_of(labels, features)
        return cls(folder, model, results, features, preset, saved.versions)


def labels_of_runs(
    folders: Iterable[str | os.PathLike[str]], own: Path, frames: np.ndarray
) -> list[np.ndarray]:
    """Return the states of the same frames by analyses with other seeds.

    Parameters
    ----------
    folders : iterable of path-like
        Of `run`, `demo` or `train`.
    own : Path
        The folder of the analysis that they are compared with.
    frames : ndarray of int64 of shape (n_frames,)
        The frames.

    Raises
    ------
    InputError
        If a folder is `own`, or holds no labels, or those of other frames.
    """
    runs = []
    for folder in folders:
        if as_path(folder).resolve() == own.resolve():
            raise InputError(
                f"{folder}: is the analysis itself; name folders of other seeds (--runs)"
            )
        found = read_labels(find_labels(as_path(folder)))
        if not np.array_equal(found.frames, frames):
            raise InputError(
                f"{folder}: has other frames; analyse the same ones with each seed (--runs)"
            )
        runs.append(found.labels)
    return runs


def _features_of(folder: Path, labels: Any) -> FeatureSet | None:
    """Return the features of the same frames, if the folder has them."""
    path = folder / "features.npy"
    if not path.is_file():
        return None
    features = FeatureSet.load(path)
    if not np.array_equal(features.frames, labels.frames):
        raise InputError(
            f"{path}: its frames are not those of labels.npz; they are not of the same run"
        )
    return features


def _results_of(labels: Any, features: FeatureSet | None) -> TrajectoryResults:
    """Add to the arrays of a label file what an analysis has beside them."""
    lengths = (
        continuous_lengths(labels.frames, labels.trajectory_index, labels.times)
        if features is None
        else features.lengths
    )
    n_states = labels.probabilities.shape[1]
    counts = np.bincount(labels.labels[labels.labels >= 0], minlength=n_states)
    return TrajectoryResults(
        **labels.data, lengths=tuple(lengths), populations=counts / max(counts.sum(), 1)
    )

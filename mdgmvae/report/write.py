"""Write a report of an analysis, or of a folder of results."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..annotation.labels_file import find_labels, read_labels
from ..assignment.results import TrajectoryResults
from ..assignment.trajectory_model import TrajectoryModel
from ..checks import as_path
from ..errors import InputError
from ..model.saved_model import SavedModel
from ..segments import continuous_lengths
from ..states.description import describe
from ..states.judgement import Judgement
from ..states.state_features import Description
from ..storage.atomic import atomic_file
from ..storage.features import FeatureSet
from .contents import Contents
from .page import page
from .record import REPORT, Record
from .structures import Structures


def report_analysis(
    analysis: Any,
    path: str | os.PathLike[str],
    *,
    runs: Sequence[Any] = (),
    record: Record | None = None,
    judgement: Judgement | None = None,
    description: Description | None = None,
) -> None:
    """Write a report of an analysis that has run.

    Parameters
    ----------
    analysis : GMVAEAnalysis
    path : path-like
        The .html file, which is replaced atomically.
    runs : sequence of (n_frames,) array-like of int
        Labels of the same frames by runs with other seeds, for their agreement.
    record : Record, optional
        Command, files and warnings. Default: the files of the universe.
    judgement, description : Judgement and Description, optional
        Of the states, if they have been computed already.

    Raises
    ------
    InputError
        If `path` cannot be written, or a run has other frames.
    """
    _check_name(path)
    results, model = analysis.results, analysis.model
    if description is None:
        description = describe(model, analysis.features, results)
    frames = dict(enumerate(description.representatives))
    record = Record(files=_names_of(analysis.atomgroup.universe)) if record is None else record
    structures, record = _if_possible(
        lambda: Structures.of_frames(analysis.atomgroup, frames), record
    )
    contents = Contents.of(
        model,
        results,
        analysis.features,
        structures,
        record=record,
        title=_title(record.files),
        preset=analysis.preset,
        judgement=judgement,
        description=description,
        runs=runs,
    )
    _write(path, contents)


def report_folder(
    folder: str | os.PathLike[str], path: str | os.PathLike[str] | None = None
) -> Path:
    """Write a report of a folder of results. Nothing else is read.

    Parameters
    ----------
    folder : path-like
        What `mdgmvae run`, `demo` or `train` wrote.
    path : path-like, optional
        The .html file, which is replaced atomically. Default: report.html in the folder.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If the folder holds no results, or they do not belong together.
    """
    folder = as_path(folder)
    path = folder / REPORT if path is None else as_path(path)
    _check_name(path)
    if not folder.is_dir():
        raise InputError(f"{folder}: is not a folder; pass one that run, demo or train wrote")
    labels = read_labels(find_labels(folder))
    trained = TrajectoryModel.load(folder)
    if labels.component_probabilities.shape[1] != trained.gmvae.k:
        raise InputError(
            f"{folder}: labels.npz has {labels.component_probabilities.shape[1]} components, but "
            f"the model has {trained.gmvae.k}; they are not of the same run"
        )
    features = _features_of(folder, labels)
    record = Record.of_page(folder / REPORT)
    structures, record = _if_possible(lambda: Structures.of_folder(folder / "states"), record)
    contents = Contents.of(
        trained.gmvae,
        _results_of(labels, features),
        features,
        structures,
        record=record,
        title=_title(record.files) if record.files else f"States in {folder.resolve().name}",
        preset=trained.origin.preset,
        versions=SavedModel.load(folder).versions,
    )
    _write(path, contents)
    return path


def _if_possible(
    read: Callable[[], Structures | None], record: Record
) -> tuple[Structures | None, Record]:
    """Read structures. A page without them says why there are none."""
    try:
        return read(), record
    except InputError as error:
        said = f"no structures are shown: {error}"
        return None, replace(record, warnings=tuple(dict.fromkeys([*record.warnings, said])))


def _check_name(path: str | os.PathLike[str]) -> None:
    if as_path(path).suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path}: a report is an HTML page; give a name that ends in .html")


def _write(path: str | os.PathLike[str], contents: Contents) -> None:
    text = page(contents)
    with atomic_file(path) as temporary:
        Path(temporary).write_text(text, encoding="utf-8")


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


def _names_of(universe: Any) -> tuple[str, ...]:
    """Return the names of the topology and the trajectories of a universe."""
    trajectory = universe.trajectory
    names = [universe.filename, *(getattr(trajectory, "filenames", None) or [trajectory.filename])]
    return tuple(str(name) for name in names if name is not None)


def _title(files: Sequence[str]) -> str:
    names = [Path(name).name for name in files[1:] or files]
    if not names:
        return "States of a trajectory"
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"States of {names[0]}{more}"

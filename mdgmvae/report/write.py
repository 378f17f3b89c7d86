"""Write a report of an analysis, or of a folder of results."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..checks import as_page, as_path
from ..errors import InputError
from ..states.description import describe
from ..states.judgement import Judgement
from ..states.state_features import Description
from ..storage.atomic import atomic_file
from .contents import Contents
from .finished import Finished, labels_of_runs
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
    as_page(path, "a report")
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
        title=_title(record),
        preset=analysis.preset,
        judgement=judgement,
        description=description,
        runs=runs,
    )
    _write(path, contents)


def report_folder(
    folder: str | os.PathLike[str],
    path: str | os.PathLike[str] | None = None,
    *,
    runs: Sequence[str | os.PathLike[str]] = (),
) -> Path:
    """Write a report of a folder of results. Nothing else is read.

    Parameters
    ----------
    folder : path-like
        What `mdgmvae run`, `demo` or `train` wrote.
    path : path-like, optional
        The .html file, which is replaced atomically. Default: report.html in the folder.
    runs : sequence of path-like, optional
        Folders of the same analysis with other seeds, for their agreement.

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
    path = as_page(folder / REPORT if path is None else path, "a report")
    finished = Finished.of(folder)
    others = labels_of_runs(runs, folder, finished.results.frames)
    record = Record.of_page(folder / REPORT)
    structures, record = _if_possible(lambda: Structures.of_folder(folder / "states"), record)
    contents = Contents.of(
        finished.model,
        finished.results,
        finished.features,
        structures,
        record=record,
        title=_title(record) if record.files else f"States in {folder.resolve().name}",
        preset=finished.preset,
        runs=others,
        versions=finished.versions,
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


def _write(path: str | os.PathLike[str], contents: Contents) -> None:
    text = page(contents)
    with atomic_file(path) as temporary:
        Path(temporary).write_text(text, encoding="utf-8")


def _names_of(universe: Any) -> tuple[str, ...]:
    """Return the names of the topology and the trajectories of a universe."""
    trajectory = universe.trajectory
    several = getattr(trajectory, "filenames", None)
    names = [universe.filename, *([trajectory.filename] if several is None else several)]
    return tuple(str(name) for name in names if name is not None)


def _title(record: Record) -> str:
    names = record.names[1:] or record.names
    if not names:
        return "States of a trajectory"
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"States of {names[0]}{more}"

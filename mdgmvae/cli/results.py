"""Write the files and the tables that run, demo and train have in common."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..storage.atomic import atomic_folder
from .options import Output, Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..model.gmvae import GMVAE
    from ..states.state_features import Description
    from ..storage.features import FeatureSet


@dataclass(frozen=True)
class Written:
    """What `write_results` made, beside the files.

    Parameters
    ----------
    states : Description
        The description of the states.
    text : str
        The tables for standard output.
    """

    states: Description
    text: str


@contextmanager
def results_folder(output: Output, training: Training) -> Iterator[Path]:
    """Give a folder for the results, and move its files to the output folder on success.

    When several processes train together, only the files of the first one are kept.
    """
    from ..annotation.state_files import STALE_STATES
    from ..training.distribution import is_chief

    if is_chief(training.strategy):
        # An earlier run may have written files that this one does not replace.
        stale = ["judgement.json", *(f"states/{pattern}" for pattern in STALE_STATES)]
        with atomic_folder(output.folder, output.overwrite, stale) as folder:
            yield folder
        return
    with tempfile.TemporaryDirectory(prefix="mdgmvae-") as name:
        yield Path(name)


def write_results(
    folder: Path, model: GMVAE, features: FeatureSet, results: Any, temperature: float | None
) -> Written:
    """Write the files that `run` and `train` have in common.

    These are labels.npz, history.csv, free_energy.png, states.csv and, with a lag time,
    judgement.json.

    Parameters
    ----------
    folder : Path
        Where to write.
    model : GMVAE
        The trained estimator.
    features : FeatureSet
        What it was trained on.
    results : TrajectoryResults
        The labels of these frames, with ``history``.
    temperature : float or None
        In K, for a free energy in kJ/mol; None for kT.

    Returns
    -------
    Written
    """
    from ..annotation.labels_file import LABELS, write_labels
    from ..states.description import describe_both
    from ..states.state_features import write_csv

    write_labels(folder / LABELS, results)
    _write_history(folder / "history.csv", results.history)
    _plot_free_energy(folder / "free_energy.png", results, temperature)
    states, components = describe_both(model, features, results)
    write_csv(folder / "states.csv", [states, components])
    judged = _judge(folder / "judgement.json", results, model.lag)
    return Written(states, _paragraphs(table(results, features), judged, states.brief()))


def table(results: Any, features: FeatureSet | None = None) -> str:
    """Return the table of states that every command prints after it has labelled frames."""
    from ..states.summary import summarize

    return summarize(results, features).text()


def report(written: Written, n_frames: int, seed: int, output: Output, training: Training) -> str:
    """Return what `run` and `train` print; only one of several processes prints."""
    from ..training.distribution import is_chief

    if not is_chief(training.strategy):
        return ""
    return _paragraphs(written.text, f"{n_frames:,} frames, seed {seed}: {output.folder}")


def _judge(path: Path, results: Any, lag: int | None) -> str:
    """Write judgement.json and return its text; without a lag time there is none."""
    if lag is None:
        return ""
    from ..states.judgement import judge_results

    judged = judge_results(results, lag)
    path.write_text(
        json.dumps(judged.to_dict(), indent=1, allow_nan=False) + "\n", encoding="utf-8"
    )
    return judged.text()


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)


def _write_history(path: Path, history: Mapping[str, list[float]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(history)
        writer.writerows(zip(*history.values(), strict=True))


def _plot_free_energy(path: Path, results: Any, temperature: float | None) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from .. import plot

    # More than three dimensions cannot be drawn, so the first two are.
    latent = results.latent if results.latent.shape[1] <= 3 else results.latent[:, :2]
    axes = plot.free_energy(np.asarray(latent), labels=results.labels, temperature=temperature)
    cast("Figure", axes.figure).savefig(path, dpi=150, bbox_inches="tight")

"""Write the files and the tables that run, demo and train have in common."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from ..annotation.labels_file import LABELS, write_labels
from ..errors import InputError
from ..plot.figures import DPI
from ..report.record import REPORT
from ..storage.atomic import atomic_folder
from ..tables import counted
from .options import Output, Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..model.gmvae import GMVAE
    from ..states.judgement import Judgement
    from ..states.state_features import Description
    from ..storage.features import FeatureSet


Made = TypeVar("Made")


@dataclass(frozen=True)
class Written:
    """What `write_results` made, beside the files.

    Parameters
    ----------
    states : Description or None
        The description of the states, if it could be made.
    judgement : Judgement or None
        The judgement of the states, if there is a lag time.
    text : str
        The tables for standard output.
    """

    states: Description | None
    judgement: Judgement | None
    text: str


class Extras:
    """What is written after the model and the labels, which its failure must not take along.

    Parameters
    ----------
    out : str
        The folder of the results, for messages.
    """

    def __init__(self, out: str) -> None:
        self._out = out
        self._failed: dict[str, BaseException] = {}

    def write(self, path: Path, write: Callable[[], Made]) -> Made | None:
        """Call a function that writes a file, and remember its error.

        Parameters
        ----------
        path : pathlib.Path
            The file, which is removed after an error, or a folder.
        write : callable

        Returns
        -------
        object
            What the function returns; None after an error.
        """
        if self._interrupted:
            return None
        try:
            return write()
        except (Exception, KeyboardInterrupt) as error:
            self._failed[path.name] = error
            if path.is_file():
                path.unlink()
            return None

    def raise_errors(self) -> None:
        """Say what could not be written, when the model and the labels are in their place.

        Raises
        ------
        InputError
            If an error of the input or of the system is the cause.
        KeyboardInterrupt
            If the command was interrupted.
        Exception
            Any other error itself, after a warning.
        """
        if not self._failed:
            return
        errors = list(self._failed.values())
        # The file names of the system are those of a temporary folder.
        reason = getattr(errors[0], "strerror", None) or " ".join(str(errors[0]).split())
        kept = "model was" if LABELS in self._failed else "model and the labels were"
        kept = f"{self._out}: the {kept} written, but not {', '.join(self._failed)}"
        if self._interrupted:
            raise KeyboardInterrupt(kept) from errors[-1]
        for error in errors:
            if not isinstance(error, InputError | OSError):
                warnings.warn(kept, stacklevel=2)
                raise error
        raise InputError(f"{kept} ({reason})") from errors[0]

    @property
    def _interrupted(self) -> bool:
        return any(isinstance(error, KeyboardInterrupt) for error in self._failed.values())


def save_model(save: Callable[[Path], None], folder: Path, out: str) -> None:
    """Save the trained model among the results, or elsewhere if there is no room.

    Parameters
    ----------
    save : callable
        Saves the model to a folder that does not exist yet.
    folder : pathlib.Path
        The folder of the results.
    out : str
        Its final name, for the message.

    Raises
    ------
    InputError
        If the model is kept in a folder for temporary files, which the message names.
    OSError
        If it cannot be saved there either.
    """
    try:
        save(folder / "model")
    except OSError as error:
        other = Path(tempfile.mkdtemp(prefix="mdgmvae-model-"))
        try:
            save(other / "model")
        except OSError:
            shutil.rmtree(other, ignore_errors=True)
            raise error from None
        raise InputError(
            f"{out}: the results cannot be written ({error.strerror or error}); the trained model "
            f"is kept in {other}: make room, and label the frames with mdgmvae assign {other}"
        ) from error


@contextmanager
def results_folder(output: Output, training: Training) -> Iterator[tuple[Path, Extras]]:
    """Give a folder for the results, and move its files to the output folder on success.

    What fails among the extras is reported after that. When several processes train together, only
    the files of the first one are kept.
    """
    extras = Extras(output.folder)
    from ..annotation.state_files import STALE_STATES
    from ..training.distribution import is_chief

    if is_chief(training.strategy):
        # An earlier run may have written files that this one does not replace.
        stale = ["judgement.json", REPORT, *(f"states/{pattern}" for pattern in STALE_STATES)]
        with atomic_folder(output.folder, output.overwrite, stale) as folder:
            yield folder, extras
    else:
        with tempfile.TemporaryDirectory(prefix="mdgmvae-") as name:
            yield Path(name), extras
    extras.raise_errors()


def write_results(
    folder: Path,
    extras: Extras,
    model: GMVAE,
    features: FeatureSet,
    results: Any,
    temperature: float | None,
) -> Written:
    """Write the files that `run` and `train` have in common.

    These are labels.npz, history.csv, free_energy.png, states.csv and, with a lag time,
    judgement.json.

    Parameters
    ----------
    folder : Path
        Where to write.
    extras : Extras
        It writes all but the labels.
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
    extras.write(folder / LABELS, lambda: write_labels(folder / LABELS, results))
    csv_file, figure, json_file = (
        folder / name for name in ("history.csv", "free_energy.png", "judgement.json")
    )
    extras.write(csv_file, lambda: _write_history(csv_file, results.history))
    extras.write(figure, lambda: _plot_free_energy(figure, results, temperature))
    judged = extras.write(json_file, lambda: _judge(json_file, results, model.lag))
    verdicts = "" if judged is None else judged.text()
    described = extras.write(
        folder / "states.csv",
        lambda: _describe(folder / "states.csv", model, features, results),
    )
    counted = extras.write(folder / "the table of states", lambda: table(results, features))
    brief = "" if described is None else described.brief()
    return Written(described, judged, _paragraphs(counted or "", verdicts, brief))


def _describe(path: Path, model: GMVAE, features: FeatureSet, results: Any) -> Description:
    """Describe the states and the components, write both, and return the states."""
    from ..states.description import describe_both
    from ..states.state_features import write_csv

    states, components = describe_both(model, features, results)
    write_csv(path, [states, components])
    return states


def table(results: Any, features: FeatureSet | None = None) -> str:
    """Return the table of states that every command prints after it has labelled frames."""
    from ..states.summary import summarize

    return summarize(results, features).text()


def report(written: Written, n_frames: int, seed: int, output: Output, training: Training) -> str:
    """Return what `run` and `train` print; only one of several processes prints."""
    from ..training.distribution import is_chief

    if not is_chief(training.strategy):
        return ""
    return _paragraphs(written.text, f"{counted(n_frames, 'frame')}, seed {seed}: {output.folder}")


def _judge(path: Path, results: Any, lag: int | None) -> Judgement | None:
    """Write judgement.json and return the judgement; without a lag time there is none."""
    if lag is None:
        return None
    from ..states.judgement import judge_results

    judged = judge_results(results, lag)
    path.write_text(
        json.dumps(judged.to_dict(), indent=1, allow_nan=False) + "\n", encoding="utf-8"
    )
    return judged


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
    from ..landscape.coordinates import drawable

    latent = drawable(np.asarray(results.latent))
    axes = plot.free_energy(latent, labels=results.labels, temperature=temperature)
    cast("Figure", axes.figure).savefig(path, dpi=DPI, bbox_inches="tight")

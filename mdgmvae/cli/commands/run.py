"""``mdgmvae run``: from a trajectory to its states."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from ...network.architecture import Architecture
from ...report.record import REPORT, Record
from ...storage.atomic import check_folder
from ..files import open_universe, protect
from ..options import Output, Source, Training, featurizer_of
from ..results import Written, report, results_folder, save_model, write_results
from ..start import start_tensorflow


@dataclass(frozen=True)
class RunOptions:
    """The options of `run` as a value.

    Parameters
    ----------
    source : Source
        What to read.
    select : str or None
        Atoms to analyse.
    features : str
        The value of --features.
    training : Training
        How to train.
    output : Output
        Where to write.
    states : {"analysed", "all", "none"}
        The atoms of the trajectories of the states; "none" for no trajectories.
    command : str or None
        The command as it was given, for the report; None for no report.
    warned : sequence of str
        The warnings so far, for the report.
    """

    source: Source
    select: str | None
    features: str
    training: Training
    output: Output
    states: str
    command: str | None
    warned: Sequence[str]

    @classmethod
    def of(cls, options: argparse.Namespace) -> Self:
        """Take the options from the command line."""
        return cls(
            Source.of(options),
            options.select,
            options.features,
            Training.of(options),
            Output.of(options),
            options.states,
            command_of(options),
            options.warned,
        )


def command_of(options: argparse.Namespace) -> str | None:
    """Return the command as it was given; None if no report is wanted."""
    return shlex.join(["mdgmvae", *options.words]) if options.report else None


def run(options: argparse.Namespace) -> str:
    """Learn the states of a trajectory and write them to a folder."""
    return analyse(RunOptions.of(options))


def analyse(options: RunOptions) -> str:
    """Learn the states of a trajectory, write the results and return the text to print."""
    output, training = options.output, options.training
    check_folder(output.folder, output.overwrite)
    protect(output.folder, options.source.files)
    with options.source.on_cluster() as source:
        return _analyse(replace(options, source=source), training, output)


def _analyse(options: RunOptions, training: Training, output: Output) -> str:
    from ...analysis import GMVAEAnalysis
    from ...report import report_analysis
    from ...trajectory.input_files import InputFiles

    source = options.source
    inputs = InputFiles.of(source.files)
    universe = open_universe(source.topology, source.trajectories, source.stop, source.formats)
    analysis = GMVAEAnalysis(
        universe,
        options.select,
        featurizer_of(options.features),
        preset=training.preset,
        lag_time=training.lag_time,
        **training.arguments,
    )
    start_tensorflow(
        Architecture.of(training.chosen, analysis.n_features),
        device=training.device,
        threads=training.threads,
        strategy=training.strategy,
        verbose=training.verbose,
    )
    with results_folder(output, training) as (folder, extras):
        analysis.out = folder / "features.npy"
        analysis.run(**source.reading(universe))
        results, model = analysis.results, analysis.model
        save_model(analysis.save_model, folder, output.folder)
        written = write_results(
            folder, extras, model, analysis.features, results, output.temperature
        )

        def write_states() -> None:
            _write_states(folder / "states", analysis, written, options.states)
            # The states are written from the files that the features were computed from.
            inputs.check()

        extras.write(folder / "states", write_states)

        def write_report() -> None:
            report_analysis(
                analysis,
                folder / REPORT,
                record=Record(options.command or "", tuple(source.files), tuple(options.warned)),
                judgement=written.judgement,
                description=written.states,
            )

        if options.command is not None:
            extras.write(folder / REPORT, write_report)
    return report(written, len(results.labels), model.seed_, output, training)


def _write_states(folder: Path, analysis: Any, written: Written, atoms: str) -> None:
    from ...annotation import write_states

    results, analysed = analysis.results, analysis.atomgroup
    write_states(
        analysed.universe.atoms if atoms == "all" else analysed,
        results.labels,
        folder,
        results.frames,
        format=None if atoms == "none" else "xtc",
        latent=results.latent,
        representatives=None if written.states is None else written.states.representatives,
        verbose=analysis.verbose,
    )

"""What the commands of `cli` do; each returns what is to be printed."""

from __future__ import annotations

import argparse
import csv
import json
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..errors import InputError
from ..network.architecture import Architecture
from ..presets import Hyperparameters, check_values
from ..storage.atomic import atomic_folder, check_folder
from ..storage.features import FeatureSet
from ..training.xla_cache import keep_compiled
from .files import (
    check_output,
    open_universe,
    protect,
    select_atoms,
    warn_of_other_times,
)
from .main import hyperparameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..model.gmvae import GMVAE
    from ..states.description import Description

logger = logging.getLogger(__name__)

_SUFFIXES = {"pdb": (".pdb",), "h5md": (".h5md", ".h5")}
#: Components times weights below which one thread trains faster than several.
_WORK_OF_A_THREAD = 200_000


@contextmanager
def cluster_of(options: argparse.Namespace) -> Iterator[None]:
    """Compute on the cluster that the command line names, where it names one."""
    address = getattr(options, "scheduler", None)
    if address is None:
        yield
        return
    from ..trajectory.dask_cluster import connected

    if options.backend == "multiprocessing":
        raise InputError(
            "--backend multiprocessing: processes on this machine do not belong to --scheduler; "
            "give one of the two"
        )
    options.backend = "dask"
    # Workers have working folders of their own.
    options.topology = os.path.abspath(options.topology)
    options.trajectories = [os.path.abspath(path) for path in options.trajectories]
    with connected(address):
        yield


def run(options: argparse.Namespace) -> str:
    """``mdgmvae run``: trajectory in, states learnt, annotated trajectory out."""
    check_folder(options.out, options.overwrite)
    protect(options.out, [options.topology, *options.trajectories])
    given = check_values(hyperparameters(options))
    from ..analysis import GMVAEAnalysis
    from ..annotation.writers import write_representatives, write_states
    from ..states.summary import summarize

    universe = open_universe(options.topology, options.trajectories, options.stop)
    written = select_atoms(universe, options.states_select, "--states_select")
    analysis = GMVAEAnalysis(
        universe,
        options.select,
        _features(options.features),
        preset=options.preset,
        lag_time=options.lag_time,
        seed=options.seed,
        device=options.device,
        strategy=options.strategy,
        max_memory=options.max_memory,
        checkpoint=options.checkpoint,
        verbose=options.verbose,
        **given,
    )
    _start_tensorflow(
        options, Architecture.of(Hyperparameters.of(options.preset, **given), analysis.n_features)
    )
    with _results_folder(options) as folder:
        analysis.out = folder / "features.npy"
        analysis.run(
            options.start,
            options.stop,
            options.step,
            backend=options.backend,
            n_workers=options.n_workers,
        )
        results = analysis.results
        analysis.save_model(folder / "model")
        _write_results(folder, results, options.temperature)
        write_states(
            written,
            results.labels,
            folder / "states",
            results.frames,
            latent=results.latent,
            verbose=options.verbose,
        )
        described = _describe(folder, analysis.model, analysis.features, results)
        write_representatives(written, described, folder / "representatives")
        table = summarize(results, analysis.features).text()
        table += _judge(folder, results, analysis.model.lag) + _paragraph(described.brief())
    return _report(table, len(results.labels), analysis.model.seed_, options)


def demo(options: argparse.Namespace) -> str:
    """``mdgmvae demo``: `run` on the embedded alanine dipeptide."""
    from ..data import alanine_dipeptide

    options.topology, options.trajectories = alanine_dipeptide()
    return run(options)


def featurize(options: argparse.Namespace) -> str:
    """``mdgmvae featurize``: features of a trajectory into an .npy file."""
    from ..analysis import default_selection
    from ..trajectory.streaming import featurize as compute

    if Path(options.features).resolve() == Path(options.out).with_suffix(".json").resolve():
        raise InputError(
            f"{options.features}: would be replaced by the description of {options.out}; choose "
            "another -o"
        )
    universe = open_universe(options.topology, options.trajectories, options.stop)
    features = compute(
        universe,
        _features(options.features),
        options.out,
        select=default_selection(universe, options.select),
        start=options.start,
        stop=options.stop,
        step=options.step,
        backend=options.backend,
        n_workers=options.n_workers,
        verbose=options.verbose,
    )
    return f"{len(features):,} frames, {features.n_features:,} features: {options.out}"


def train(options: argparse.Namespace) -> str:
    """``mdgmvae train``: the states of a feature file."""
    check_folder(options.out, options.overwrite)
    protect(options.out, [options.traj_file])
    features = FeatureSet.load(options.traj_file)
    given = check_values(hyperparameters(options))
    chosen = Hyperparameters.of(options.preset, **given)
    _start_tensorflow(options, Architecture.of(chosen, features.n_features))
    from ..assignment.trajectory_model import TrajectoryModel
    from ..model.gmvae import GMVAE
    from ..states.summary import summarize

    model = GMVAE.from_preset(
        options.preset,
        **given,
        seed=options.seed,
        device=options.device,
        strategy=options.strategy,
        max_memory=options.max_memory,
        checkpoint=options.checkpoint,
        verbose=options.verbose,
    )
    with _results_folder(options) as folder:
        model.fit(options.traj_file)
        trained = TrajectoryModel.of(model, features, options.preset)
        results = trained.label(features)
        results.history = model.history_
        trained.save(folder / "model")
        _write_results(folder, results, options.temperature)
        described = _describe(folder, model, features, results)
        table = summarize(results, features).text()
        table += _judge(folder, results, model.lag) + _paragraph(described.brief())
    return _report(table, len(results.labels), model.seed_, options)


def assign(options: argparse.Namespace) -> str:
    """``mdgmvae assign``: labels of other frames by a trained model."""
    from ..model.saved_model import find_model

    path = find_model(options.model)
    check_output(options.out, (".npz",), [options.topology, *options.trajectories])
    from ..annotation.labels_file import write_labels
    from ..assignment.trajectory_model import TrajectoryModel
    from ..states.summary import summarize

    trained = TrajectoryModel.load(path, device=options.device)
    if options.topology.endswith(".npy") and not options.trajectories:
        _refuse_choice_of_frames(options)
        features = FeatureSet.load(options.topology)
        _start_tensorflow(options, trained.gmvae.architecture_)
        results = trained.label(features, options.backend, options.verbose)
    elif not options.trajectories:
        raise InputError(
            f"{options.topology}: no trajectory is given; assign takes MODEL TOPOLOGY "
            "TRAJECTORY..., or MODEL FEATURES.npy"
        )
    else:
        universe = open_universe(options.topology, options.trajectories, options.stop)
        _start_tensorflow(options, trained.gmvae.architecture_)
        # Beside the labels: workers on other machines do not see this one's temporary files.
        beside = Path(options.out).absolute().parent
        with tempfile.TemporaryDirectory(prefix=".mdgmvae-", dir=beside) as folder:
            results = trained.assign(
                universe,
                start=options.start,
                stop=options.stop,
                step=options.step,
                backend=options.backend,
                n_workers=options.n_workers,
                out=Path(folder, "features.npy"),
                verbose=options.verbose,
            )
    write_labels(options.out, results)
    table = summarize(results).text()
    return f"{table}\n\n{len(results.labels):,} frames by the model {path}: {options.out}"


def annotate(options: argparse.Namespace) -> str:
    """``mdgmvae annotate``: labels into files that other tools read."""
    from .. import annotation

    inputs = [options.labels, options.topology, *options.trajectories]
    if options.format == "states":
        check_folder(options.out, options.overwrite)
        for path in inputs:
            if Path(path).resolve().parent == Path(options.out).resolve():
                raise InputError(f"{path}: lies in {options.out} itself; choose another -o")
    else:
        check_output(options.out, _SUFFIXES[options.format], inputs)
    found = annotation.read_labels(options.labels)
    universe = open_universe(options.topology, options.trajectories)
    warn_of_other_times(options.labels, found, universe)
    atoms = select_atoms(universe, options.select or "all", "--select")
    if options.format == "states":
        annotation.write_states(
            atoms,
            found.labels,
            options.out,
            found.frames,
            latent=found.latent,
            overwrite=options.overwrite,
            verbose=options.verbose,
        )
    elif options.format == "pdb":
        annotation.write_pdb(atoms, found.labels, options.out, found.frames)
    else:
        annotation.write_h5md(
            atoms, found.labels, options.out, found.frames, probabilities=found.probabilities
        )
    return f"{len(found.labels):,} labelled frames: {options.out}"


def _refuse_choice_of_frames(options: argparse.Namespace) -> None:
    for name in ("start", "stop", "step"):
        if getattr(options, name) is not None:
            raise InputError(
                f"--{name}: rows of a feature file are all labelled; leave it out, or give "
                "TOPOLOGY TRAJECTORY..."
            )


def _stale() -> list[str]:
    """What earlier results may have left that new ones do not replace: of more states, say."""
    from ..annotation.writers import STALE_REPRESENTATIVES, STALE_STATES

    return [
        "judgement.json",
        *(f"states/{pattern}" for pattern in STALE_STATES),
        *(f"representatives/{pattern}" for pattern in STALE_REPRESENTATIVES),
    ]


def _features(text: str) -> Any:
    """The value of --features: a name, several, or a file."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError("--features: is empty; give a name such as dihedrals")
    return names[0] if len(names) == 1 else names


def _start_tensorflow(options: argparse.Namespace, architecture: Architecture) -> None:
    """Choose what cannot be changed once TensorFlow has started: threads and device."""
    threads = options.threads
    if threads is None and architecture.k * architecture.n_weights < _WORK_OF_A_THREAD:
        # Handing such small products to other threads costs more than they gain.
        threads = 1
    if threads is not None and threads < 1:
        raise InputError(f"--threads {threads}: must be at least 1")
    keep_compiled()
    with _native_messages_logged(options.verbose):
        from ..network import devices
        from ..training.distribution import strategy_of

        started = devices.start(options.device, threads)
        # Processes join each other before anything is computed.
        strategy_of(getattr(options, "strategy", None))
    logger.info("%s", started)


@contextmanager
def _native_messages_logged(verbose: bool | None) -> Iterator[None]:
    """Log what native code writes to standard error.

    TensorFlow's start-up notes (which CPU, which GPU libraries it looked for) come from C++
    before its own log level applies; here they are shown with --verbose.
    """
    # Its errors come as exceptions, too. What else it calls one is mostly none: that what was
    # compiled before is not text, that there is no GPU.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if verbose else "3")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as notes:
        kept = os.dup(2)
        os.dup2(notes.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            notes.seek(0)
            for line in notes.read().decode(errors="replace").splitlines():
                logger.info("%s", line)


@contextmanager
def _results_folder(options: argparse.Namespace) -> Iterator[Path]:
    """Where results go; of processes that train together, those of the first one are kept."""
    from ..training.distribution import is_chief

    if is_chief(options.strategy):
        with atomic_folder(options.out, options.overwrite, _stale()) as folder:
            yield folder
        return
    with tempfile.TemporaryDirectory(prefix="mdgmvae-") as name:
        yield Path(name)


def _write_results(folder: Path, results: Any, temperature: float | None) -> None:
    from ..annotation.labels_file import write_labels

    write_labels(folder / "labels.npz", results)
    _write_history(folder / "history.csv", results.history)
    _plot_free_energy(folder / "free_energy.png", results, temperature)


def _judge(folder: Path, results: Any, lag: int | None) -> str:
    """Write judgement.json, and give the part on metastable states; nothing without a lag."""
    if lag is None:
        return ""
    from ..states.judgement import judge_results

    judged = judge_results(results, lag)
    text = json.dumps(judged.to_dict(), indent=1, allow_nan=False)
    (folder / "judgement.json").write_text(text + "\n", encoding="utf-8")
    return _paragraph(judged.text())


def _describe(folder: Path, model: GMVAE, features: FeatureSet, results: Any) -> Description:
    """Write states.csv, and give the description of the metastable states."""
    from ..states.description import describe_both
    from ..states.state_features import write_csv

    states, components = describe_both(model, features, results)
    write_csv(folder / "states.csv", [states, components])
    return states


def _paragraph(text: str) -> str:
    return f"\n\n{text}" if text else ""


def _write_history(path: Path, history: Mapping[str, list[float]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(history)
        writer.writerows(zip(*history.values(), strict=True))


def _plot_free_energy(path: Path, results: Any, temperature: float | None) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from .. import plot

    # More than three dimensions cannot be drawn at once: the first two are.
    latent = results.latent if results.latent.shape[1] <= 3 else results.latent[:, :2]
    axes = plot.free_energy(np.asarray(latent), labels=results.labels, temperature=temperature)
    cast("Figure", axes.figure).savefig(path, dpi=150, bbox_inches="tight")


def _report(table: str, n_frames: int, seed: int, options: argparse.Namespace) -> str:
    from ..training.distribution import is_chief

    written = f"{n_frames:,} frames, seed {seed}: {options.out}"
    return f"{table}\n\n{written}" if is_chief(options.strategy) else ""

"""``mdgmvae assign``: labels of other frames by a trained model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ...checks import as_path, real_path
from ...errors import InputError
from ...storage.features import FeatureSet
from ...storage.workplace import workplace
from ...tables import counted
from ...trajectory.on_bad_frames import ERROR
from ..files import check_output, open_universe
from ..options import Source
from ..results import table
from ..start import start_tensorflow

if TYPE_CHECKING:
    from ...assignment.trajectory_model import TrajectoryModel


def assign(options: argparse.Namespace) -> str:
    """Label the frames of a trajectory, or of a file of features, and write labels.npz."""
    from ...model.saved_model import find_model

    path, given = find_model(options.model), Source.of(options)
    check_output(options.out, (".npz",), given.files)
    from ...annotation import write_labels
    from ...assignment.trajectory_model import TrajectoryModel

    of_features = given.topology.endswith(".npy") and not given.trajectories
    if not of_features and not given.trajectories:
        raise InputError(
            f"{given.topology}: no trajectory was given; assign takes MODEL TOPOLOGY "
            "TRAJECTORY..., or MODEL FEATURES.npy"
        )
    model = TrajectoryModel.load(path, device=options.device)
    label = _label_features if of_features else _label_trajectory
    with given.on_cluster() as source:
        results = label(model, source, options)
    write_labels(options.out, results)
    n_frames = counted(len(results.labels), "frame")
    return f"{table(results)}\n\n{n_frames} by the model {path}: {options.out}"


def _label_features(model: TrajectoryModel, source: Source, options: argparse.Namespace) -> Any:
    for name in ("start", "start_time", "stop", "step"):
        if getattr(source, name) is not None:
            raise InputError(
                f"--{name}: all frames of a feature file are labelled; leave it out, or pass "
                "TOPOLOGY TRAJECTORY..."
            )
    if source.on_bad_frames != ERROR:
        raise InputError(
            "--on-bad-frames: all frames of a feature file are labelled; leave bad frames out when "
            "the features are computed (mdgmvae featurize)"
        )
    features = FeatureSet.load(source.topology)
    _start(model, options)
    return model.label(features, source.backend, options.verbose)


def _label_trajectory(model: TrajectoryModel, source: Source, options: argparse.Namespace) -> Any:
    universe = open_universe(source.topology, source.trajectories, source.stop, source.formats)
    _start(model, options)
    # Beside the labels, because workers on other machines do not see this one's temporary files.
    out = as_path(options.out)
    with workplace(real_path(out), out) as folder:
        features = folder / "features.npy"
        return model.assign(
            universe, out=features, verbose=options.verbose, **source.reading(universe)
        )


def _start(model: TrajectoryModel, options: argparse.Namespace) -> None:
    start_tensorflow(
        model.gmvae.architecture_,
        device=options.device,
        threads=options.threads,
        verbose=options.verbose,
    )

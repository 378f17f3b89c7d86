"""``mdgmvae train``: the states of a file of features."""

from __future__ import annotations

import argparse

from ...network.architecture import Architecture
from ...storage.atomic import check_folder
from ...storage.features import FeatureSet
from ...trajectory.lag_time import checked_lag_time
from ..files import protect
from ..options import Output, Training
from ..results import report, results_folder, save_model, write_results
from ..start import start_tensorflow


def train(options: argparse.Namespace) -> str:
    """Learn the states of features and write them to a folder."""
    output = Output.of(options)
    check_folder(output.folder, output.overwrite)
    protect(output.folder, [options.traj_file])
    features = FeatureSet.load(options.traj_file)
    training = Training.of(options)
    lag_time = checked_lag_time(training.lag_time, training.hyperparameters)
    start_tensorflow(
        Architecture.of(training.chosen, features.n_features),
        device=training.device,
        threads=training.threads,
        strategy=training.strategy,
        verbose=training.verbose,
    )
    from ...analysis import training as fitting
    from ...assignment.trajectory_model import TrajectoryModel
    from ...model.gmvae import GMVAE

    estimator = GMVAE.from_preset(training.preset, **training.arguments)
    fit = fitting.Training(estimator, training.preset, lag_time)
    fit.check(features.n_features, len(features))
    model = fit.estimator_for(features, training.verbose)
    with results_folder(output, training) as (folder, extras):
        model.fit(features)
        trained = TrajectoryModel.of(model, features, training.preset)
        results = trained.label(features)
        results.history = model.history_
        save_model(trained.save, folder, output.folder)
        written = write_results(folder, extras, model, features, results, output.temperature)
    return report(written, len(results.labels), model.seed_, output, training)

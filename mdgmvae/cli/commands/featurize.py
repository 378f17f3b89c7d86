"""``mdgmvae featurize``: the features of a trajectory in an .npy file."""

from __future__ import annotations

import argparse

from ...checks import as_path, real_path
from ...errors import InputError
from ...tables import counted
from ..files import check_output, open_universe
from ..options import Source, featurizer_of


def featurize(options: argparse.Namespace) -> str:
    """Compute features and write them to a file."""
    from ...analysis import default_selection
    from ...trajectory.streaming import featurize as compute

    given = Source.of(options)
    check_output(options.out, (".npy",), given.files)
    described = as_path(options.out).with_suffix(".json")
    if real_path(options.features) == real_path(described):
        raise InputError(
            f"{options.features}: would be replaced by the description of {options.out}; choose "
            "another -o"
        )
    with given.on_cluster() as source:
        universe = open_universe(source.topology, source.trajectories, source.stop, source.formats)
        features = compute(
            universe,
            featurizer_of(options.features),
            options.out,
            select=default_selection(universe, options.select),
            verbose=options.verbose,
            **source.reading(universe),
        )
    size = f"{counted(len(features), 'frame')}, {counted(features.n_features, 'feature')}"
    return f"{size}: {options.out}"

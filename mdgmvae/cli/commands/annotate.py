"""``mdgmvae annotate``: labels in files that other tools read."""

from __future__ import annotations

import argparse

from ...annotation.writers import WRITERS
from ...checks import real_path
from ...errors import InputError
from ...storage.atomic import check_folder
from ..files import check_output, open_universe, select_atoms
from ..labelled_trajectory import check_labelled
from ..options import Formats


def annotate(options: argparse.Namespace) -> str:
    """Write labelled frames in the format that was chosen."""
    from ...annotation.labels_file import find_labels, read_labels
    from ...trajectory.own_topology import check_universe_names

    labels, writer = find_labels(options.labels), WRITERS[options.format]
    inputs = [str(labels), options.topology, *options.trajectories]
    if writer.writes_folder:
        check_folder(options.out, options.overwrite)
        for path in inputs:
            if real_path(path).parent == real_path(options.out):
                raise InputError(
                    f"{path}: is an input and lies in the output folder {options.out}; choose "
                    "another -o"
                )
    else:
        check_output(options.out, writer.suffixes, inputs)
    results = read_labels(labels)
    needed = int(results.frames.max(initial=-1)) + 1
    universe = open_universe(
        options.topology, options.trajectories, needed, Formats.of(options), can_stop=False
    )
    check_universe_names(universe)
    check_labelled(options.labels, labels, results, universe)
    writer.write(
        select_atoms(universe, options.select or "all", "--select"),
        results,
        options.out,
        options.of,
        overwrite=options.overwrite,
        verbose=options.verbose,
    )
    return f"{len(results.labels):,} labelled frames: {options.out}"

"""``mdgmvae demo``: the full pipeline on the embedded alanine dipeptide."""

from __future__ import annotations

import argparse

from ..options import Output, Source, Training
from .run import RunOptions, analyse, command_of


def demo(options: argparse.Namespace) -> str:
    """Learn the states of alanine dipeptide by its dihedral angles."""
    from ...data import alanine_dipeptide

    topology, trajectories = alanine_dipeptide()
    return analyse(
        RunOptions(
            Source(topology, tuple(trajectories)),
            None,
            "dihedrals",
            Training.of(options),
            Output.of(options),
            options.states,
            command_of(options),
            options.warned,
        )
    )

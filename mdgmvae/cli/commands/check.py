"""``mdgmvae check``: whether a topology and its trajectories are sound."""

from __future__ import annotations

import argparse

from ..files import open_universe
from ..options import Source


def check(options: argparse.Namespace) -> str:
    """Read all frames, and describe what was found."""
    from ...trajectory.soundness import check_frames

    source = Source.of(options)
    universe = open_universe(source.topology, source.trajectories, source.stop, source.formats)
    found = check_frames(
        universe,
        **source.frames(universe),
        on_bad_frames=source.on_bad_frames,
        verbose=options.verbose,
    )
    return str(found)

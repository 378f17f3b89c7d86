"""Explore the results of an analysis, over latent coordinates or features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..annotation.writers import kind_of
from ..errors import InputError
from ..landscape.coordinates import chosen_coordinates, read_coordinates
from ..landscape.units import axis_label
from ..storage.features import FeatureSet
from ..trajectory.moving_atoms import MovingAtoms
from .explorer import Explorer
from .mapped_frames import MappedFrames


def explore_results(
    source: Any,
    results: Any,
    features: FeatureSet | None,
    coordinates: str | Sequence[str] | None = None,
    of: str = "states",
    *,
    palette: Sequence[str] | None = None,
    height: int = 560,
    title: str = "mdgmvae explorer",
) -> Explorer:
    """Explore the results of an analysis.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to show.
    results : TrajectoryResults
        States of the frames.
    features : FeatureSet or None
        Features of the same frames, if `coordinates` names some.
    coordinates : str or sequence of str, optional
        One or two names of features. By default the first two latent coordinates. A single
        coordinate is shown against time.
    of : {"states", "components"}
        What to show.
    palette, height, title
        As in `mdgmvae.explore`.

    Returns
    -------
    Explorer

    Raises
    ------
    InputError
        If there is no such feature, or another argument is invalid.
    """
    kind = kind_of(of)
    xy, axes, periods = _coordinates(results, features, coordinates)
    moving = MovingAtoms.of(source)
    mapped = MappedFrames.of(
        moving,
        results[kind.labels],
        xy,
        results.frames,
        axes=axes,
        periods=periods,
        n_states=np.shape(results[kind.probabilities])[1],
        palette=palette,
        name=kind.name,
        times=results.times,
    )
    return Explorer(moving, mapped, height=height, title=title)


def _coordinates(
    results: Any, features: FeatureSet | None, names: str | Sequence[str] | None
) -> tuple[np.ndarray, list[str], list[float | None] | None]:
    """Return the coordinates of each frame, their names with units, and their periods."""
    if names is None:
        latent = results.latent[:, :2]
        n_z = results.latent.shape[1]
        named = ["z"] if n_z == 1 else ["z1", "z2"]
        axes = [f"latent {name}" + (f" of {n_z}" if n_z > 2 else "") for name in named]
        return latent, axes, None
    if features is None:
        raise InputError("coordinates: there are no features here; leave them out")
    chosen = chosen_coordinates(features, names)
    if len(chosen) > 2:
        raise InputError(f"coordinates: {len(chosen)} features are named; pass one or two")
    axes = [axis_label(coordinate.name, coordinate.unit) for coordinate in chosen]
    periods = [coordinate.period for coordinate in chosen]
    return read_coordinates(features, chosen), axes, periods

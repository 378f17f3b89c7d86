"""Draw free energies, with the states in them.

Without `ax` a new figure is made. Show it in a notebook, or save it with
``axes.figure.savefig("name.png")``. A state has the same colour in all plots.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..errors import InputError
from ..labels import as_labels
from ..landscape.grid import as_points
from ..landscape.surface import FreeEnergy, free_energy_grid
from ..landscape.units import energy_unit
from . import surfaces
from .axes import COLUMN, axes_or_new, check_result

__all__ = ["free_energy", "free_energy_error"]


def free_energy(
    latent: Any,
    labels: Any = None,
    ax: Axes | None = None,
    bins: int | Sequence[int] | None = None,
    temperature: float | None = None,
) -> Axes:
    """Draw a free energy of one to three coordinates, with the states in it.

    One dimension: a curve. The area under it is divided among the states in proportion to their
    frames in each bin, and their numbers are below it, where there is room. The 95 % interval is
    grey where errors are known, up to the top of the plot where it has no upper end.
    Two dimensions: filled contours, the deepest basins darkest. A line in the colour of each state
    encloses the bins where it has more frames than any other, and its number is at their mean. A
    state in several places has a line and a number in each that holds a twentieth of its frames.
    Three dimensions: frames, coloured by the free energy of their bin.
    Bins without frames stay blank.

    Parameters
    ----------
    latent : (n_frames, n_z) array-like or FreeEnergy
        Latent coordinates, n_z from 1 to 3; or the result of `mdgmvae.landscape.free_energy`
        or `GMVAEAnalysis.free_energy`, which has its own coordinates, bins and unit.
    labels : (n_frames,) array-like of int, optional
        States of the frames; -1 for none.
    ax : matplotlib Axes, optional
        The Axes to draw on; for three dimensions with ``projection="3d"``.
    bins : int or sequence of int, optional
        Number of bins along each axis. Default: 100, 60 or 30 for one, two or three axes, and
        fewer with fewer than 10,000 frames.
    temperature : float, optional
        In K; the free energy is then in kJ/mol. Default: in units of kT.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If `latent` has more than three columns or does not fit `labels` or `ax`, or when
        `bins` or `temperature` are given with a FreeEnergy.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.plot import free_energy
    >>> axes = free_energy(np.random.default_rng(0).normal(size=(500, 1)))
    >>> axes.get_ylabel()
    'free energy / kT'
    """
    if isinstance(latent, FreeEnergy):
        if bins is not None or temperature is not None:
            raise InputError("bins, temperature: a FreeEnergy has its own; leave them out")
        points, surface = latent.points, surfaces.Surface.of(latent)
    else:
        points = as_points(latent)
        energy, edges = free_energy_grid(points, bins, temperature)
        surface = surfaces.Surface.of_latent(energy, edges, energy_unit(temperature)[1])
    draw = (surfaces.curve, surfaces.contours, surfaces.cloud)[points.shape[1] - 1]
    return _draw_surface(draw, surface, points, labels, ax)


def free_energy_error(free_energy: FreeEnergy, labels: Any = None, ax: Axes | None = None) -> Axes:
    """Draw the standard error of a free energy in two or three dimensions, with the states.

    Bins (in three dimensions the frames in them) are grey where too few blocks of time visit
    them to estimate an error.

    Parameters
    ----------
    free_energy : FreeEnergy
        The result of `mdgmvae.landscape.free_energy` or `GMVAEAnalysis.free_energy`.
    labels : (n_frames,) array-like of int, optional
        States of the frames; -1 for none.
    ax : matplotlib Axes, optional
        The Axes to draw on; for three dimensions with ``projection="3d"``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If it is not such a result, has one dimension, for which `free_energy` draws the error,
        too, or does not fit `labels` or `ax`.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.landscape import free_energy
    >>> from mdgmvae.plot import free_energy_error
    >>> found = free_energy(np.random.default_rng(0).normal(size=(500, 2)))
    >>> axes = free_energy_error(found)
    >>> axes.get_xlabel()
    '$z_1$'
    """
    check_result("free_energy", free_energy, FreeEnergy, "mdgmvae.landscape.free_energy")
    points = free_energy.points
    if points.shape[1] == 1:
        raise InputError(
            "free_energy: has one dimension; use plot.free_energy, which draws its error, too"
        )
    draw = surfaces.tiles if points.shape[1] == 2 else surfaces.cloud
    surface = surfaces.Surface.of(free_energy, errors=True)
    return _draw_surface(draw, surface, points, labels, ax)


def _draw_surface(
    draw: Callable[..., None],
    surface: surfaces.Surface,
    points: np.ndarray,
    labels: Any,
    ax: Axes | None,
) -> Axes:
    states = None if labels is None else as_labels(labels)
    if states is not None and len(states) != len(points):
        raise InputError(f"labels: there are {len(states):,} for {len(points):,} latent points")
    d = points.shape[1]
    ax = axes_or_new(ax, (COLUMN, 2.4 if d == 1 else 2.8), three_dimensional=d == 3)
    draw(ax, surface, points, states)
    return ax

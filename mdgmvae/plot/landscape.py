"""Plots: functions of arrays that draw on an Axes and return it.

Without `ax` a new figure is made; show it in a notebook, or save it with
``axes.figure.savefig("name.png")``. Every state has the same colour in all plots.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..errors import InputError
from ..labels import as_labels
from ..landscape.grid import as_points
from ..landscape.surface import FreeEnergy, free_energy_grid
from ..landscape.units import energy_unit
from . import surfaces
from .axes import new_axes, open_frame
from .palette import state_colors

__all__ = ["free_energy", "free_energy_error", "history", "populations", "trace"]

_LONG_TRACE = 10_000.0
"""Traces longer than this many ps are drawn in ns."""
_TERMS = {
    "loss": ("loss", "black", "-"),
    "val_loss": ("loss, held-out frames", "black", ":"),
    "reconstruction": ("reconstruction", "#0072B2", "-"),
    "latent": ("latent", "#D55E00", "-"),
    "negative_entropy": ("negative entropy", "#009E73", "-"),
}
"""Terms of the loss as they are named, coloured and dashed."""


def free_energy(
    latent: Any,
    labels: Any = None,
    ax: Axes | None = None,
    bins: int | Sequence[int] | None = None,
    temperature: float | None = None,
) -> Axes:
    """Draw the free energy of latent coordinates, or one with errors, and the states in it.

    One dimension: a curve; the area under it is divided among the states as the frames there
    are; grey is the 95 % interval where errors are known, up to the top where it has no upper
    end. Two: filled contours; a line in each state's colour goes round where it leads, its
    number is at the mean of its frames. Three: frames coloured by the free energy where they
    are. Places without frames stay blank.

    Parameters
    ----------
    latent : (n_frames, n_z) array-like or FreeEnergy
        Latent coordinates, n_z from 1 to 3; or what `mdgmvae.landscape.free_energy` and
        `GMVAEAnalysis.free_energy` give, of any coordinates, with bins and unit of its own.
    labels : (n_frames,) array-like of int, optional
        States of the frames, -1 for none.
    ax : matplotlib Axes, optional
        Where to draw; for three dimensions one with ``projection="3d"``.
    bins : int or sequence of int, optional
        Bins along each axis. Default: 100, 60 or 30 for one, two or three axes, fewer where
        there are less than 10,000 frames.
    temperature : float, optional
        In K; the free energy is then in kJ/mol. Default: in units of kT.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        When `latent` has more than three columns or does not fit `labels` or `ax`, or `bins` or
        `temperature` are given for a FreeEnergy.

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
    """Draw the standard error of a free energy in two or three dimensions, and the states in it.

    Bins, or frames in them, are grey where too few blocks of time have been to tell the error.

    Parameters
    ----------
    free_energy : FreeEnergy
        What `mdgmvae.landscape.free_energy` and `GMVAEAnalysis.free_energy` give.
    labels : (n_frames,) array-like of int, optional
        States of the frames, -1 for none.
    ax : matplotlib Axes, optional
        Where to draw; for three dimensions one with ``projection="3d"``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        When it has one dimension, where the error is drawn with the energy, or does not fit
        `labels` or `ax`.

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
    points = free_energy.points
    if points.shape[1] == 1:
        raise InputError("one dimension: the error is drawn with the energy; use plot.free_energy")
    draw = surfaces.tiles if points.shape[1] == 2 else surfaces.cloud
    surface = surfaces.Surface.of(free_energy, errors=True)
    return _draw_surface(draw, surface, points, labels, ax)


def _draw_surface(
    draw: Callable[..., None], surface: surfaces.Surface, points: np.ndarray, labels: Any, ax: Any
) -> Axes:
    states = None if labels is None else as_labels(labels)
    if states is not None and len(states) != len(points):
        raise InputError(f"labels: there are {len(states):,} for {len(points):,} latent points")
    d = points.shape[1]
    if ax is None:
        ax = new_axes((6.4, 4.0) if d == 1 else (5.6, 4.6), three_dimensional=d == 3)
    draw(ax, surface, points, states)
    return ax


def populations(labels_or_populations: Any, ax: Axes | None = None) -> Axes:
    """Draw the share of frames in each state as bars.

    Parameters
    ----------
    labels_or_populations : (n_frames,) array-like of int or (k,) array-like of float
        Labels, of which -1 are left out, or the shares themselves.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        When there is no state in it, or floats that are no shares.
    """
    shares = _shares(np.asarray(labels_or_populations))
    if ax is None:
        ax = new_axes((1.6 + 0.6 * max(len(shares), 4), 3.4))
    numbers = np.arange(len(shares))
    bars = ax.bar(numbers, 100 * shares, color=state_colors(len(shares)), width=0.75)
    ax.bar_label(bars, [_percent(share) for share in shares], padding=2, fontsize="small")
    ax.set_xticks(numbers)
    ax.set_xlabel("state")
    ax.set_ylabel("population / %")
    ax.margins(y=0.12)
    open_frame(ax)
    return ax


def history(history: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draw the loss and its terms against the epochs.

    Parameters
    ----------
    history : mapping of str to sequence of float
        ``results.history``: ``epoch``, ``loss``, and any of ``val_loss``, ``reconstruction``,
        ``latent`` and ``negative_entropy``.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        When there is no loss in it.
    """
    if not len(history.get("loss", ())):
        raise InputError("history: there is no loss in it; only a fitted model has a history")
    if ax is None:
        ax = new_axes((6.0, 3.8))
    epochs = np.asarray(history.get("epoch", np.arange(1, len(history["loss"]) + 1)))
    for name, (label, color, dashes) in _TERMS.items():
        values = np.asarray(history.get(name, ()), dtype=np.float64)
        if len(values) == len(epochs) and np.isfinite(values).any():
            width = 1.8 if name == "loss" else 1.2
            ax.plot(epochs, values, dashes, color=color, linewidth=width, label=label)
    ax.set_xlabel("epoch")
    ax.set_ylabel("mean over frames / nats")
    ax.legend(frameon=False, fontsize="small")
    open_frame(ax)
    return ax


def trace(labels: Any, times: Any = None, ax: Axes | None = None) -> Axes:
    """Draw the state against time, one row a state.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        States in the order of time; frames with -1 are left out.
    times : (n_frames,) array-like of float, optional
        In ps, drawn in ns when long. Default: the rows are counted.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        When times and labels do not fit or times are not finite.
    """
    states = as_labels(labels)
    if not (states >= 0).any():
        raise InputError("labels: no frame has a state, so there is nothing to draw")
    positions, label = _time_axis(times, len(states))
    n_states = int(states.max()) + 1
    if ax is None:
        ax = new_axes((8.0, 0.9 + 0.35 * max(n_states, 3)))
    starts, widths, visited = _visits(states, positions)
    for state, color in enumerate(state_colors(n_states)):
        here = visited == state
        spans = list(zip(starts[here], widths[here], strict=True))
        # The edge keeps visits visible that are narrower than a pixel.
        ax.broken_barh(spans, (state - 0.4, 0.8), color=color, linewidth=0.2)
    ax.set_yticks(np.arange(n_states))
    ax.set_ylim(n_states - 0.4, -0.6)
    ax.set_xlim(positions[0], (starts + widths).max())
    ax.set_xlabel(label)
    ax.set_ylabel("state")
    open_frame(ax)
    return ax


def _percent(share: float) -> str:
    if share == 0:
        return "0"
    return "<0.1" if share < 0.0005 else f"{100 * share:.1f}"


def _shares(values: np.ndarray) -> np.ndarray:
    if values.ndim == 1 and values.dtype.kind == "f":
        if values.size and (values >= 0).all() and np.isclose(values.sum(), 1.0, atol=1e-3):
            return values
        raise InputError(f"populations: shares of 0 to 1 that add up to 1 are needed, not {values}")
    states = as_labels(values)
    states = states[states >= 0]
    if not states.size:
        raise InputError("labels: no frame has a state, so there is nothing to draw")
    return np.bincount(states) / len(states)


def _time_axis(times: Any, n_rows: int) -> tuple[np.ndarray, str]:
    if times is None:
        return np.arange(n_rows, dtype=np.float64), "row"
    positions = np.asarray(times, dtype=np.float64)
    if positions.shape != (n_rows,) or not np.isfinite(positions).all():
        raise InputError(
            f"times: {n_rows:,} finite times in ps are needed, one a label; leave times out to "
            "count rows instead"
        )
    if np.ptp(positions) > _LONG_TRACE:
        return positions / 1000, "time / ns"
    return positions, "time / ps"


def _visits(states: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts, lengths and states of the uninterrupted visits; a gap in time ends a visit."""
    steps = np.diff(positions)
    usual = float(np.median(steps)) if len(steps) else 1.0
    ends = (np.diff(states) != 0) | (steps <= 0) | (steps > 1.5 * usual)
    first = np.flatnonzero(np.concatenate([[True], ends]))
    last = np.concatenate([first[1:] - 1, [len(states) - 1]])
    return positions[first], positions[last] + usual - positions[first], states[first]

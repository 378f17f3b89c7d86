"""Draw a free energy in one, two or three dimensions; `plot.free_energy` chooses which.

All functions take the Axes, a Surface, points of shape (n_frames, n_z), and states of shape
(n_frames,) or None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator, MultipleLocator

from ..errors import InputError
from ..landscape.units import axis_label
from . import outlines
from .axes import legend_above, open_frame, percent, size_in_points
from .palette import UNASSIGNED

if TYPE_CHECKING:
    from ..landscape.surface import FreeEnergy

_BAND = (0.0, 0.0, 0.0, 0.25)
#: More points than these would hide each other in three dimensions.
_SHOWN_POINTS = 8_000
#: Colours of free energies: without a hue, so that those of the states stand out, and from nearly
#: black in the basins to a pale grey that can be told from white.
_GREYS = ListedColormap(colormaps["bone"](np.linspace(0.0, 0.9, 256)), "free energy")
#: Width of the number of a state in points, with a margin.
_NUMBER_WIDTH = 16
#: Axes narrower than this, in points, have a legend above them, if it has no more entries.
_NARROW, _MOST_ABOVE = 300, 8
#: With more levels, only every other has a tick.
_MOST_TICKS = 11
_IN_TEXT = {"kJ/mol": "kJ mol$^{-1}$"}


@dataclass(frozen=True, eq=False)
class Surface:
    """Values on a grid, with the names of its axes.

    Parameters
    ----------
    values : ndarray of float64
        One dimension for each coordinate; NaN in bins without frames.
    edges : sequence of ndarray
        Bin edges along each axis.
    name : str
        Name of the values, with their unit.
    labels : tuple of str
        Label of each axis.
    periods : tuple of float or None
        Period of each axis.
    band : tuple of ndarray, optional
        Lower and upper end of the 95 % interval of the values.
    colormap : matplotlib Colormap
    """

    values: np.ndarray
    edges: Sequence[np.ndarray]
    name: str
    labels: tuple[str, ...]
    periods: tuple[float | None, ...]
    band: tuple[np.ndarray, np.ndarray] | None = None
    colormap: Colormap = field(default_factory=lambda: _GREYS)

    @classmethod
    def of_latent(cls, values: np.ndarray, edges: Sequence[np.ndarray], unit: str) -> Surface:
        """Make the surface of a free energy of latent coordinates, without errors."""
        d = len(edges)
        labels = ("$z$",) if d == 1 else ("$z_1$", "$z_2$", "$z_3$")[:d]
        return cls(values, edges, _quantity("free energy", unit), labels, (None,) * d)

    @classmethod
    def of(cls, found: FreeEnergy, errors: bool = False) -> Surface:
        """Make the surface of a free energy with its interval, or of its standard error."""
        labels = tuple(
            axis_label(re.sub(r"^z(\d)?$", lambda z: f"$z_{z[1]}$" if z[1] else "$z$", name), unit)
            for name, unit in zip(found.names, found.axis_units, strict=True)
        )
        if errors:
            name = _quantity("standard error", found.unit)
            periods, colormap = found.periods, colormaps["magma_r"]
            return cls(found.error, found.edges, name, labels, periods, colormap=colormap)
        name, band = _quantity("free energy", found.unit), (found.lower, found.upper)
        return cls(found.energy, found.edges, name, labels, found.periods, band)


def _quantity(name: str, unit: str) -> str:
    return f"{name} / {_IN_TEXT.get(unit, unit)}"


def curve(ax: Axes, surface: Surface, points: np.ndarray, states: np.ndarray | None) -> None:
    """Draw F(z) as steps, and divide the area under it among the states of each bin."""
    energy, edge = surface.values, surface.edges[0]
    top = max(1.1 * float(np.nanmax(energy)), 1.0)
    floor = -0.12 * top
    if states is not None:
        in_bin = np.maximum(np.histogram(points[:, 0], edge)[0], 1)
        base = np.full(len(energy), floor)
        for state, color in outlines.present(states):
            share = np.histogram(points[states == state, 0], edge)[0] / in_bin
            upper = base + share * (np.nan_to_num(energy) - floor)
            ax.stairs(upper, edge, baseline=base, fill=True, color=color, alpha=0.75, linewidth=0)
            base = upper
    if surface.band is not None:
        _band(ax, surface, floor, top)
    _legend(ax, states, surface.band is not None)
    if states is not None:
        _number_below(ax, surface, points[:, 0], states, floor / 2)
    ax.stairs(energy, edge, baseline=None, color="black", linewidth=1.3)
    ax.set_xlim(edge[0], edge[-1])
    ax.set_ylim(floor if states is not None else 0, top)
    _name_axes(ax, surface)
    ax.set_ylabel(surface.name)
    open_frame(ax)


def _number_below(
    ax: Axes, surface: Surface, positions: np.ndarray, states: np.ndarray, height: float
) -> None:
    """Write the numbers of states below their areas, the largest first and if there is room."""
    edge, period = surface.edges[0], surface.periods[0]
    room = _NUMBER_WIDTH * (edge[-1] - edge[0]) / size_in_points(ax)[0]
    sizes = np.bincount(states[states >= 0])
    taken: list[float] = []
    for state in np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]:
        (middle,) = outlines.mean_of(positions[states == state, np.newaxis], (period,))
        place = float(np.clip(middle, edge[0] + room / 2, edge[-1] - room / 2))
        if all(abs(place - other) >= room for other in taken):
            ax.text(place, height, str(state), ha="center", va="center", fontsize="small")
            taken.append(place)


def _band(ax: Axes, surface: Surface, floor: float, top: float) -> None:
    """Shade the 95 % interval, up to the top where it has no upper end."""
    assert surface.band is not None
    lower, upper = (np.clip(end, floor, top) for end in surface.band)
    ax.stairs(upper, surface.edges[0], baseline=lower, fill=True, color=_BAND, linewidth=0)


def contours(ax: Axes, surface: Surface, points: np.ndarray, states: np.ndarray | None) -> None:
    """Draw F(z1, z2) as filled contours, and outline each state in its colour."""
    energy = surface.values
    highest = max(float(np.nanmax(energy)), 1e-6)
    levels = MaxNLocator(nbins=12, steps=(1, 2, 5, 10)).tick_values(0.0, highest)
    # Bins without frames lie above the last level, and a ring of such bins is added. Basins at
    # the border are closed by it, and single empty bins leave no jagged holes.
    above = levels[-1] + levels[1] - levels[0]
    grid = outlines.ringed(np.nan_to_num(energy, nan=above), 1, surface.periods, above).T
    centers = [outlines.ringed_centers(edge) for edge in surface.edges]
    filled = ax.contourf(*centers, grid, levels=levels, cmap=surface.colormap)
    # Pale lines stand out in the basins. At high free energies, where they would only show
    # the noise, they fade.
    ax.contour(*centers, grid, levels=levels, colors="white", linewidths=0.5, alpha=0.7)
    bar = ax.figure.colorbar(filled, ax=ax, label=surface.name)
    bar.set_ticks(levels[:: 1 if len(levels) <= _MOST_TICKS else 2])
    _mark_states(ax, surface, points, states)


def tiles(ax: Axes, surface: Surface, points: np.ndarray, states: np.ndarray | None) -> None:
    """Draw the value of each bin in two dimensions; bins with an infinite value are grey."""
    values, colors = _with_grey(surface.values, surface)
    drawn = ax.pcolormesh(*surface.edges, values.T, **colors)
    ax.figure.colorbar(drawn, ax=ax, label=surface.name)
    _mark_states(ax, surface, points, states)
    if np.isinf(surface.values).any():
        ax.legend(
            handles=[Patch(color=UNASSIGNED, label="too few visits")],
            loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small",
        )  # fmt: skip


def _with_grey(values: np.ndarray, surface: Surface) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the values and the options that colour infinite ones grey."""
    top = float(values[np.isfinite(values)].max(initial=1e-6))
    colormap = surface.colormap.with_extremes(over=UNASSIGNED)
    return np.where(np.isinf(values), 2 * top, values), {"cmap": colormap, "vmin": 0.0, "vmax": top}


def _mark_states(ax: Axes, surface: Surface, points: np.ndarray, states: np.ndarray | None) -> None:
    """Outline and number the states in two dimensions, and label the axes."""
    if states is not None:
        outlines.draw(ax, surface.edges, surface.periods, points, states)
    _name_axes(ax, surface)


def _name_axes(ax: Any, surface: Surface) -> None:
    """Label the axes; the axis of an angle shows one period with round ticks."""
    for letter, label, period in zip("xyz", surface.labels, surface.periods, strict=False):
        ax.set(**{f"{letter}label": label})
        if period is not None:
            ax.set(**{f"{letter}lim": (-period / 2, period / 2)})
            axis = getattr(ax, f"{letter}axis")
            axis.set_major_locator(MaxNLocator("auto", steps=(1, 1.8, 3, 6, 9, 10)))


def cloud(ax: Any, surface: Surface, points: np.ndarray, states: np.ndarray | None) -> None:
    """Draw frames in three dimensions, coloured by the value of their bin."""
    if not hasattr(ax, "get_zlim"):
        raise InputError(
            'ax: three latent dimensions need a 3-D Axes; make one with projection="3d", or choose '
            "two columns of latent"
        )
    # Evenly spaced frames show the whole trajectory and give the same picture every time.
    shown = points[:: -(-len(points) // _SHOWN_POINTS)]
    bins = tuple(
        np.clip(np.searchsorted(edge, column, side="right") - 1, 0, len(edge) - 2)
        for edge, column in zip(surface.edges, shown.T, strict=True)
    )
    values, colors = _with_grey(surface.values[bins], surface)
    # Low free energies are drawn last, so that rare frames do not hide the basins.
    order = np.argsort(-values)
    drawn = ax.scatter(
        *shown[order].T, c=values[order], s=4, alpha=0.5, linewidth=0, depthshade=False, **colors
    )  # fmt: skip
    bar = ax.figure.colorbar(drawn, ax=ax, label=surface.name, shrink=0.7, pad=0.12)
    bar.solids.set_alpha(1.0)
    for state, color, center in _centers(points, states, surface.periods):
        ax.text(
            *center, str(state), color=color, fontsize=13, fontweight="bold", ha="center",
            va="center", zorder=1e6, path_effects=[withStroke(linewidth=3, foreground="white")],
        )  # fmt: skip
    _name_axes(ax, surface)
    for axis, period in zip((ax.xaxis, ax.yaxis, ax.zaxis), surface.periods, strict=True):
        axis.set_major_locator(MultipleLocator(period / 4) if period else MaxNLocator(nbins=4))


def _centers(
    points: np.ndarray, states: np.ndarray | None, periods: Sequence[float | None]
) -> Iterator[tuple[int, str, np.ndarray]]:
    if states is not None:
        for state, color in outlines.present(states):
            yield state, color, outlines.mean_of(points[states == state], periods)


def _legend(ax: Axes, states: np.ndarray | None, band: bool) -> None:
    handles: list[Any] = []
    if states is not None:
        n_assigned = np.count_nonzero(states >= 0)
        for state, color in outlines.present(states):
            share = np.count_nonzero(states == state) / n_assigned
            text = f"state {state}, {percent(share)} %"
            handles.append(Line2D([], [], marker="s", linestyle="", color=color, label=text))
    if band:
        handles.append(Patch(color=_BAND, label="95 % interval"))
    if not handles:
        return
    # The coloured area leaves no room for a legend inside the axes.
    if len(handles) <= _MOST_ABOVE and size_in_points(ax)[0] < _NARROW:
        legend_above(ax, handles, ncols=2)
        return
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize="small",
    )

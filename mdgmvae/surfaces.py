"""How a free energy looks in one, two and three dimensions; `plot.free_energy` chooses.

All take the Axes, points (n_frames, n_z), states (n_frames,) or None, the energy and the edges
of `landscape.free_energy_grid`, and the energy's name with its unit.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from scipy.ndimage import binary_closing, binary_opening, gaussian_filter

from .errors import InputError
from .palette import state_colors

_COLORMAP = "viridis"
_SHOWN_POINTS = 8_000
"""More points than these hide each other in three dimensions."""


def curve(
    ax: Axes,
    points: np.ndarray,
    states: np.ndarray | None,
    energy: np.ndarray,
    edges: list[np.ndarray],
    name: str,
) -> None:
    """Draw F(z) as steps; the area under it is divided as the frames of the bin are."""
    edge = edges[0]
    top = max(1.1 * float(np.nanmax(energy)), 1.0)
    floor = -0.12 * top
    if states is not None:
        in_bin = np.maximum(np.histogram(points[:, 0], edge)[0], 1)
        base = np.full(len(energy), floor)
        for state, color in _present(states):
            share = np.histogram(points[states == state, 0], edge)[0] / in_bin
            upper = base + share * (np.nan_to_num(energy) - floor)
            ax.stairs(upper, edge, baseline=base, fill=True, color=color, alpha=0.75, linewidth=0)
            base = upper
        _legend(ax, states)
    ax.stairs(energy, edge, baseline=None, color="black", linewidth=1.3)
    ax.set_xlim(edge[0], edge[-1])
    ax.set_ylim(floor if states is not None else 0, top)
    ax.set_xlabel("$z$")
    ax.set_ylabel(name)
    ax.spines[["top", "right"]].set_visible(False)


def contours(
    ax: Axes,
    points: np.ndarray,
    states: np.ndarray | None,
    energy: np.ndarray,
    edges: list[np.ndarray],
    name: str,
) -> None:
    """Draw F(z1, z2) as filled contours, each state's bins outlined in its colour."""
    levels = MaxNLocator(nbins=12).tick_values(0.0, max(float(np.nanmax(energy)), 1e-6))
    # Bins without frames lie above the last level, and there is a ring of them: so basins at
    # the border are closed, and single empty bins leave no jagged holes.
    above = levels[-1] + levels[1] - levels[0]
    surface = np.pad(np.nan_to_num(energy, nan=above), 1, constant_values=above).T
    centers = [_ringed_centers(edge) for edge in edges]
    filled = ax.contourf(*centers, surface, levels=levels, cmap=_COLORMAP)
    ax.contour(*centers, surface, levels=levels, colors="white", linewidths=0.3, alpha=0.6)
    ax.figure.colorbar(filled, ax=ax, label=name)
    if states is not None:
        _outline(ax, points, states, edges)
    for state, color, center in _centers(points, states):
        ax.plot(*center, "o", markersize=15, mfc="white", mec=color, mew=2)
        ax.text(center[0], center[1], str(state), ha="center", va="center_baseline", fontsize=9)
    ax.set_xlabel("$z_1$")
    ax.set_ylabel("$z_2$")


def _ringed_centers(edge: np.ndarray) -> np.ndarray:
    """Centres of the bins and of one more bin at each end."""
    width = edge[1] - edge[0]
    return np.concatenate([edge[:1] - width / 2, (edge[1:] + edge[:-1]) / 2, edge[-1:] + width / 2])


def _outline(ax: Axes, points: np.ndarray, states: np.ndarray, edges: list[np.ndarray]) -> None:
    """Draw a line around the bins in which a state has more frames than any other."""
    present = list(_present(states))
    counts = np.stack([np.histogramdd(points[states == s], edges)[0] for s, _ in present])
    counts = np.pad(counts, ((0, 0), (2, 2), (2, 2)))
    # Neither a single frame nor a single empty bin gets a line of its own around it.
    block = np.ones((3, 3), bool)
    occupied = binary_opening(binary_closing(counts.any(axis=0), block), block[:2, :2])
    leading = gaussian_filter(counts, (0, 1, 1), mode="constant").argmax(axis=0)
    leading = np.where(occupied, leading, -1)[1:-1, 1:-1]
    centers = [_ringed_centers(edge) for edge in edges]
    for row, (_, color) in enumerate(present):
        if (leading == row).any():
            mask = (leading == row).astype(float).T
            ax.contour(*centers, mask, levels=[0.5], colors=color, linewidths=1.5)


def cloud(
    ax: Any,
    points: np.ndarray,
    states: np.ndarray | None,
    energy: np.ndarray,
    edges: list[np.ndarray],
    name: str,
) -> None:
    """Draw frames in three dimensions, coloured by the free energy of the bin that they are in."""
    if not hasattr(ax, "get_zlim"):
        raise InputError(
            'ax: three latent dimensions need a 3-D Axes; make it with projection="3d", or choose '
            "two columns of latent"
        )
    # Evenly spaced rows: the same picture every time, with all of the trajectory in it.
    shown = points[:: -(-len(points) // _SHOWN_POINTS)]
    bins = tuple(
        np.clip(np.searchsorted(edge, column, side="right") - 1, 0, len(edge) - 2)
        for edge, column in zip(edges, shown.T, strict=True)
    )
    values = energy[bins]
    # Low free energies last, so that rare frames do not hide the basins.
    order = np.argsort(-values)
    drawn = ax.scatter(
        *shown[order].T, c=values[order], cmap=_COLORMAP, s=4, alpha=0.5, linewidth=0, vmin=0.0,
        depthshade=False,
    )  # fmt: skip
    bar = ax.figure.colorbar(drawn, ax=ax, label=name, shrink=0.7, pad=0.12)
    bar.solids.set_alpha(1.0)
    for state, color, center in _centers(points, states):
        ax.text(
            *center, str(state), color=color, fontsize=13, fontweight="bold", ha="center",
            va="center", zorder=1e6, path_effects=[withStroke(linewidth=3, foreground="white")],
        )  # fmt: skip
    ax.set(xlabel="$z_1$", ylabel="$z_2$", zlabel="$z_3$")
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_major_locator(MaxNLocator(nbins=4))


def _present(states: np.ndarray) -> Iterator[tuple[int, str]]:
    colors = state_colors(int(states.max(initial=-1)) + 1)
    for state in np.unique(states[states >= 0]):
        yield int(state), colors[int(state)]


def _centers(
    points: np.ndarray, states: np.ndarray | None
) -> Iterator[tuple[int, str, np.ndarray]]:
    if states is not None:
        for state, color in _present(states):
            yield state, color, points[states == state].mean(axis=0)


def _legend(ax: Axes, states: np.ndarray) -> None:
    n_assigned = np.count_nonzero(states >= 0)
    handles = []
    for state, color in _present(states):
        share = np.count_nonzero(states == state) / n_assigned
        text = f"state {state}, {share:.1%}"
        handles.append(Line2D([], [], marker="s", linestyle="", color=color, label=text))
    # Beside the axes: the coloured area leaves no quiet place inside.
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize="small",
    )

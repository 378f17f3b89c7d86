"""Draw the results of `mdgmvae.kinetics`.

Without `ax` a new figure is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from ..checks import check_count, check_counts
from ..errors import InputError
from ..kinetics.markov_test import ChapmanKolmogorov
from ..kinetics.timescales import ImpliedTimescales
from ..labels import as_numbers
from ..tables import counted
from .axes import COLUMN, axes_or_new, check_result, legend_above, open_frame, size_in_points
from .palette import UNASSIGNED, state_colors

__all__ = ["chapman_kolmogorov", "implied_timescales", "vamp2_scores"]

#: A Chapman-Kolmogorov test of more states than this would have unreadable panels.
_MAX_GRID = 8
#: Colour and marker of the slowest processes, from dark to pale so that they differ in grey, too.
#: They are not the colours of states, because a process is not a state.
_PROCESSES = (
    ("#440154", "o"),
    ("#3B5A9B", "s"),
    ("#21918C", "^"),
    ("#5EC962", "D"),
    ("#D8D020", "v"),
)
_FAINT = "#777777"
#: The area below the lag time is hatched, since bands are grey in print, too.
_BELOW: dict[str, Any] = {"facecolor": "#EEEEEE", "edgecolor": UNASSIGNED, "hatch": "////"}
#: Room for a decade in points, and the ticks that fit there.
_TICKS = ((105, (1, 2, 5)), (66, (1, 3)), (0, (1,)))


def implied_timescales(
    timescales: ImpliedTimescales, ax: Axes | None = None, lag: int | None = None
) -> Axes:
    """Draw implied timescales against the lag time, with 95 % intervals as bands.

    Timescales in the hatched area are shorter than the lag time and cannot be resolved. The slowest
    processes that are resolved have a colour, up to five of them; the others are thin and grey. An
    arrow at the upper or lower edge marks an interval that goes on beyond it.

    Parameters
    ----------
    timescales : ImpliedTimescales
        The result of `mdgmvae.kinetics.implied_timescales`.
    ax : matplotlib Axes, optional
        The Axes to draw on.
    lag : int, optional
        A lag time in frames, which is marked by a line.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If `timescales` are not such a result, none is positive and finite, or `lag` is no
        number of frames.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae import plot
    >>> from mdgmvae.kinetics import implied_timescales
    >>> labels = np.cumsum(np.random.default_rng(0).random(5_000) < 0.02) % 2
    >>> axes = plot.implied_timescales(implied_timescales(labels, lags=[1, 2, 5], dt=2.0), lag=2)
    >>> [text.get_text() for text in axes.get_legend().get_texts()]
    ['slowest process', 'lag time 4 ps', '95 % interval', 'below lag time']
    """
    check_result("timescales", timescales, ImpliedTimescales, "mdgmvae.kinetics.implied_timescales")
    marked = None if lag is None else check_count("lag", lag) * timescales.dt
    lags = timescales.lags * timescales.dt
    shown = np.where(np.isfinite(timescales.timescales), timescales.timescales, np.nan)
    shown[shown <= 0] = np.nan
    if not np.isfinite(shown).any():
        raise InputError("timescales: none is positive and finite, so there is nothing to draw")
    ax = axes_or_new(ax, (COLUMN, 2.9))
    # Timescales far below the lag time say nothing and would take up most of the axis.
    bottom = 0.5 * min(lags.min(), np.nanmax(shown))
    top = 2.0 * max(lags.max(), np.nanmax(shown))
    resolved = shown > lags[:, np.newaxis]
    named = np.flatnonzero(resolved.any(axis=0))[: len(_PROCESSES)]
    for process, (color, marker) in zip(named, _PROCESSES, strict=False):
        ends = (timescales.lower[:, process], timescales.upper[:, process])
        lower, upper = (np.clip(end, bottom, top) for end in ends)
        _draw_band(ax, lags, lower, upper, resolved[:, process], color)
        for edge, arrow, beyond in (
            (top, "\N{UPWARDS ARROW}", ends[1] > top),
            (bottom, "\N{DOWNWARDS ARROW}", ends[0] < bottom),
        ):
            for at in lags[resolved[:, process] & beyond]:
                _draw_arrow(ax, at, edge, arrow, color)
        label = f"process {process + 1}" if process else "slowest process"
        ax.plot(lags, shown[:, process], color=color, marker=marker, markersize=3.5, label=label)
    label = "other processes" if len(named) else "processes"
    for process in np.flatnonzero(np.isfinite(shown).any(axis=0)):
        if process not in named:
            ax.plot(
                lags,
                shown[:, process],
                ".-",
                color=_FAINT,
                linewidth=0.6,
                markersize=2,
                label=label,
            )
            label = "_"
    if marked is not None:
        ax.axvline(
            marked, color="#D55E00", linestyle="--", linewidth=1.2, zorder=1,
            label=f"lag time {marked:g} {timescales.unit}",
        )  # fmt: skip
    margin = max((lags.max() / lags.min()) ** 0.05, 1.2)
    line = np.array([lags.min() / margin, lags.max() * margin])
    ax.fill_between(line, bottom, line, **_BELOW, linewidth=0, zorder=0)
    ax.plot(line, line, color="black", linewidth=1)
    ax.set(xscale="log", yscale="log", xlim=line, ylim=(bottom, top))
    ax.set_xlabel(f"lag time / {timescales.unit}")
    ax.set_ylabel(f"implied timescale / {timescales.unit}")
    handles: list[Any] = ax.get_legend_handles_labels()[0]
    names = [str(handle.get_label()) for handle in handles]
    if np.isfinite(timescales.lower[:, named][resolved[:, named]]).any():
        band = Patch(color="black", alpha=0.25, linewidth=0)
        handles.append((band, Line2D([], [], color="black", linewidth=1.5)))
        names.append("95 % interval")
    handles.append(Patch(**_BELOW, linewidth=0))
    legend_above(ax, handles, [*names, "below lag time"], ncols=2)
    _plain_ticks(ax)
    open_frame(ax)
    return ax


def chapman_kolmogorov(
    test: ChapmanKolmogorov, ax: Axes | None = None, states: Sequence[int] | None = None
) -> Axes:
    """Draw the Chapman-Kolmogorov test, one panel for each pair of states.

    Line and band are the prediction of the model at its lag time and its 95 % interval. Points
    and bars are estimates at longer lag times. Panels in a row start from the same state, panels
    in a column end in the same state.

    Parameters
    ----------
    test : ChapmanKolmogorov
        The result of `mdgmvae.kinetics.chapman_kolmogorov`.
    ax : matplotlib Axes, optional
        The panels share the area of this Axes.
    states : sequence of int, optional
        States to draw. Default: all states with frames, but no more than the first eight.

    Returns
    -------
    matplotlib Axes
        The Axes that holds the panels as its ``child_axes``.

    Raises
    ------
    InputError
        If `test` is not such a result, or `states` is empty or names a state without frames.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae import plot
    >>> from mdgmvae.kinetics import chapman_kolmogorov
    >>> labels = np.cumsum(np.random.default_rng(0).random(5_000) < 0.02) % 2
    >>> axes = plot.chapman_kolmogorov(chapman_kolmogorov(labels, lag=2, dt=2.0))
    >>> [panel.texts[0].get_text() for panel in axes.child_axes]
    ['0 → 0', '0 → 1', '1 → 0', '1 → 1']
    """
    check_result("test", test, ChapmanKolmogorov, "mdgmvae.kinetics.chapman_kolmogorov")
    there = np.flatnonzero(np.isfinite(test.deviations)).tolist()
    shown = there[:_MAX_GRID] if states is None else check_counts("states", states, low=0)
    if not shown or not set(shown) <= set(there):
        raise InputError(f"states={shown}: choose from the states with frames, {there}")
    n = len(shown)
    ax = axes_or_new(ax, (max(COLUMN, 0.8 + 0.8 * n), max(2.6, 1.0 + 0.75 * n)))
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.set_xlabel(f"time / {test.unit}", labelpad=22)
    ax.set_ylabel("probability", labelpad=30)
    size, gap = 1 / n, 0.06 / n
    sides = size_in_points(ax)
    for i, start in enumerate(shown):
        for j, end in enumerate(shown):
            box = (j * size + gap, 1 - (i + 1) * size + gap, size - 2 * gap, size - 2 * gap)
            panel = ax.inset_axes(box)
            _draw_pair(panel, test, start, end, tuple(0.9 * size * side for side in sides))
            panel.tick_params(
                labelsize="small", labelbottom=i == n - 1, labelleft=j == 0, length=2.5
            )
    band = Patch(color="black", alpha=0.25, linewidth=0)
    predicted = (band, Line2D([], [], color="black", linewidth=1.2))
    found = Line2D([], [], color="black", marker="o", markersize=2.5, linewidth=0.8)
    names = ("model, 95 % interval", "estimate, 95 % interval")
    legend_above(ax, [predicted, found], names)
    return ax


def vamp2_scores(
    ks: Sequence[int], mean: Sequence[float], std: Sequence[float], ax: Axes | None = None
) -> Axes:
    """Draw VAMP-2 scores against the number of components, with error bars.

    Parameters
    ----------
    ks : sequence of int
        Numbers of components.
    mean, std : sequence of float
        Score and its standard deviation for each number of components.
    ax : matplotlib Axes, optional
        The Axes to draw on.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If their lengths differ, they are empty, or they are not numbers.

    Examples
    --------
    >>> from mdgmvae.plot import vamp2_scores
    >>> axes = vamp2_scores(ks=[2, 3, 4], mean=[1.4, 2.3, 2.3], std=[0.1, 0.2, 0.2])
    >>> axes.get_xticks().tolist()
    [2, 3, 4]
    """
    numbers = check_counts("ks", ks)
    values, errors = as_numbers(mean, "mean"), as_numbers(std, "std")
    if not numbers or not values.shape == errors.shape == (len(numbers),):
        raise InputError(
            f"ks: {counted(len(numbers), 'value')}, but mean of shape {values.shape} and std of "
            f"shape {errors.shape}; pass one number in each for each k"
        )
    ax = axes_or_new(ax, (COLUMN, 2.6))
    color = state_colors(1)[0]
    order = np.argsort(numbers)
    ax.errorbar(
        np.array(numbers)[order],
        values[order],
        errors[order],
        color=color,
        marker="o",
        markersize=4,
        capsize=3,
        label="score ± standard deviation",
    )
    legend_above(ax)
    ax.set_xticks(sorted(numbers))
    ax.set_xlabel("number of components")
    ax.set_ylabel("VAMP-2 score")
    ax.margins(x=0.08)
    open_frame(ax)
    return ax


def _draw_pair(
    panel: Axes, test: ChapmanKolmogorov, start: int, end: int, size: tuple[float, ...]
) -> None:
    """Draw the probability of one state, after another one, in a panel of this size in points."""
    times = np.append(0, test.multiples * test.lag) * test.dt
    color = state_colors(end + 1)[end]
    at_once = float(start == end)

    def course(values: np.ndarray) -> np.ndarray:
        return np.append(at_once, values[:, start, end])

    predicted, estimated = test.predicted, test.estimated
    band = (course(predicted.lower), course(predicted.upper))
    panel.fill_between(times, *band, color=color, alpha=0.25, linewidth=0)
    panel.plot(times, course(predicted.value), color=color, linewidth=1.2)
    found = estimated.value[:, start, end]
    bars = [found - estimated.lower[:, start, end], estimated.upper[:, start, end] - found]
    panel.errorbar(
        times[1:], found, np.clip(bars, 0, None), fmt="o", color="black", markersize=2.5,
        linewidth=0.8,
    )  # fmt: skip
    # The label has room above a probability of 1.
    share = min(12 / size[1], 0.5)
    panel.set_ylim(-0.05, (1.05 + 0.05 * share) / (1 - share))
    panel.set_yticks([0, 0.5, 1])
    panel.set_xlim(0, 1.06 * times[-1])
    # The last label would touch the first one of the next panel.
    panel.xaxis.set_major_locator(MaxNLocator(max(2, int(size[0] / 30)), prune="upper"))
    label = f"{start} → {end}"
    panel.text(0.95, 0.99, label, transform=panel.transAxes, ha="right", va="top", fontsize="small")
    open_frame(panel)


def _draw_band(
    ax: Axes, lags: np.ndarray, lower: np.ndarray, upper: np.ndarray, where: np.ndarray, color: str
) -> None:
    """Shade an interval; at a single lag time, where a band has no width, it is a line."""
    ax.fill_between(lags, lower, upper, where=where, color=color, alpha=0.2, linewidth=0)
    beside = np.pad(where, 1)
    alone = where & ~beside[:-2] & ~beside[2:]
    ax.vlines(lags[alone], lower[alone], upper[alone], color=color, alpha=0.4, linewidth=3)


def _draw_arrow(ax: Axes, lag: float, edge: float, arrow: str, color: str) -> None:
    """Mark an interval that goes on beyond the edge of the Axes."""
    is_up = arrow == "\N{UPWARDS ARROW}"
    ax.text(
        lag, edge, arrow, color=color, ha="center", va="top" if is_up else "bottom", fontsize=9,
        fontweight="bold",
    )  # fmt: skip


def _plain_ticks(ax: Axes) -> None:
    """Label the ticks as 1, 2, 5, 10, or fewer of them, rather than as powers of ten."""
    limits = (ax.get_xlim(), ax.get_ylim())
    for axis, ends, size in zip((ax.xaxis, ax.yaxis), limits, size_in_points(ax), strict=True):
        decade = size / np.log10(ends[1] / ends[0])
        axis.set_major_locator(LogLocator(subs=next(s for room, s in _TICKS if decade >= room)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())

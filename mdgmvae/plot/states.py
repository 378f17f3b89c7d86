"""Draw states: their populations, their course in time and the features that distinguish them.

Without `ax` a new figure is made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..checks import check_count
from ..errors import InputError
from ..kinetics.posterior import Estimate
from ..labels import as_labels, as_numbers
from ..states.state_features import Description
from ..tables import counted
from .axes import (
    COLUMN,
    axes_or_new,
    check_result,
    legend_above,
    open_frame,
    percent,
    size_in_points,
    ticks_that_fit,
)
from .palette import state_colors

__all__ = ["effect_sizes", "populations", "trace"]

#: Widths of a label of a bar and of an effect size, and the distance of ticks, in points.
_LABEL_WIDTH, _EFFECT_WIDTH, _TICK_ROOM = 30, 45, 12
#: Part of the time axis that is too short to see.
_FINEST = 4000
#: The colour scale of effect sizes ends here: beyond it, two distributions hardly overlap.
_STRONGEST = 4.0


def populations(
    labels_or_populations: Any, ax: Axes | None = None, *, equilibrium: Estimate | None = None
) -> Axes:
    """Draw the population of each state as a bar, and its equilibrium population with its interval.

    The share of the frames has no error of its own. The equilibrium population of the Markov model,
    a point with its 95 % credible interval, shows how well it is known.

    Parameters
    ----------
    labels_or_populations : (n_frames,) array-like of int or (k,) array-like of float
        Labels, or the populations themselves. Frames with the label -1 are left out.
    ax : matplotlib Axes, optional
        The Axes to draw on.
    equilibrium : Estimate, optional
        The result of `mdgmvae.kinetics.stationary_populations` for these states.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If no frame has a state, the populations do not add up to 1, or `equilibrium` is not such
        a result for as many states.

    Examples
    --------
    >>> from mdgmvae.plot import populations
    >>> axes = populations([0, 0, 0, 1])  # or gm.results.labels
    >>> [text.get_text() for text in axes.texts]
    ['75.0', '25.0']
    """
    shares = _shares(labels_or_populations)
    if equilibrium is not None:
        source = "mdgmvae.kinetics.stationary_populations"
        check_result("equilibrium", equilibrium, Estimate, source)
        if np.shape(equilibrium.value) != shares.shape:
            raise InputError(
                f"equilibrium: of shape {np.shape(equilibrium.value)}; pass one for each of "
                f"{counted(len(shares), 'state')}"
            )
    ax = axes_or_new(ax, (max(COLUMN, 0.8 + 0.2 * len(shares)), 2.6))
    numbers = np.arange(len(shares))
    bars = ax.bar(numbers, 100 * shares, color=state_colors(len(shares)), width=0.75)
    width = size_in_points(ax)[0]
    tops = 100 * shares
    if equilibrium is not None:
        tops = np.fmax(tops, _draw_intervals(ax, equilibrium, shares > 0))
    is_narrow = width < _LABEL_WIDTH * len(shares)
    for number, (share, top) in enumerate(zip(shares, tops, strict=True)):
        ax.annotate(
            percent(share), (number, top), (0, 2), textcoords="offset points", ha="center",
            va="bottom", fontsize="small", rotation=90 if is_narrow else 0,
        )  # fmt: skip
    ax.set_xticks(ticks_that_fit(len(shares), width, _TICK_ROOM))
    # A bar of a single state is not as wide as the figure.
    ax.set_xlim(min(-0.5, 0.5 * len(shares) - 2), max(len(shares) - 0.5, 0.5 * len(shares) + 1))
    ax.set_xlabel("state")
    ax.set_ylabel("population / %")
    ax.set_ylim(0, (1.25 if is_narrow else 1.15) * tops.max())
    if equilibrium is not None:
        bars.set_label("share of the frames")
        legend_above(ax, ncols=1)
    open_frame(ax)
    return ax


def _draw_intervals(ax: Axes, found: Estimate, there: np.ndarray) -> np.ndarray:
    """Draw equilibrium populations with their intervals; return the upper ends in percent."""
    value, lower, upper = (
        np.where(there, 100 * end, np.nan) for end in (found.value, found.lower, found.upper)
    )
    lengths = np.clip([value - lower, upper - value], 0, None)
    ax.errorbar(
        np.arange(len(value)), value, lengths, fmt="o", color="black", markersize=3, capsize=2.5,
        linewidth=1, label="in equilibrium, 95 % interval",
    )  # fmt: skip
    return np.fmax(value, upper)


def trace(labels: Any, times: Any = None, ax: Axes | None = None) -> Axes:
    """Draw the state of each frame against time, one line of bars for each state.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        States in time order; frames with the label -1 are left out.
    times : (n_frames,) array-like of float, optional
        In ps; the axis is in ns. The frames are counted without times, and if one is NaN, which
        means that it is not known. Where the times go back, another trajectory begins: it is drawn
        after the one before it, behind a dotted line.
    ax : matplotlib Axes, optional
        The Axes to draw on.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If times and labels do not fit, or a time is infinite.

    Examples
    --------
    >>> from mdgmvae.plot import trace
    >>> axes = trace([0, 0, 1, 1, 0], times=[0.0, 2.0, 4.0, 6.0, 8.0])
    >>> axes.get_xlabel(), len(axes.collections)  # bars in two lines
    ('time / ns', 2)
    """
    states = as_labels(labels)
    if not (states >= 0).any():
        raise InputError("labels: no frame has a state, so there is nothing to draw")
    positions, label = _time_axis(times, len(states))
    begins = np.flatnonzero(np.diff(positions) <= 0) + 1
    if len(begins):
        positions, label = _in_turn(positions, begins), f"{label}, one trajectory after another"
    n_states = int(states.max()) + 1
    ax = axes_or_new(ax, (COLUMN, 0.8 + 0.25 * max(n_states, 3)))
    starts, widths, visited = _visits(states, positions)
    end = (starts + widths).max()
    for state, color in enumerate(state_colors(n_states)):
        here = visited == state
        spans = _merged(starts[here], widths[here], (end - positions[0]) / _FINEST)
        # The edge keeps visits visible that would be narrower than a pixel.
        ax.broken_barh(spans, (state - 0.4, 0.8), color=color, linewidth=0.2)
    for begin in positions[begins]:
        ax.axvline(begin, color="0.5", linewidth=0.8, linestyle=":", zorder=3)
    ax.set_yticks(ticks_that_fit(n_states, size_in_points(ax)[1], _TICK_ROOM))
    ax.set_ylim(n_states - 0.4, -0.6)
    ax.set_xlim(positions[0], end)
    ax.set_xlabel(label)
    ax.set_ylabel("state")
    open_frame(ax)
    return ax


def effect_sizes(description: Description, ax: Axes | None = None, n: int = 3) -> Axes:
    """Draw effect sizes as a map, with a line for each feature and a column for each state.

    Red means that the feature is larger in the state than in all other frames, blue that it is
    smaller. For an angle they mean a rotation towards larger or smaller angles. The colour scale
    ends at an effect size of 4; the numbers are exact. They are left out where they would overlap.

    Parameters
    ----------
    description : Description
        The result of `GMVAEAnalysis.describe`.
    ax : matplotlib Axes, optional
        The Axes to draw on.
    n : int
        Number of leading features of each state. Each feature is drawn for all states.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If `description` is not such a result, fewer than two states have frames, or `n` is not a
        positive whole number.

    Examples
    --------
    ::

        axes = effect_sizes(gm.describe(), n=2)
        axes.figure.savefig("effect_sizes.png")
    """
    check_result("description", description, Description, "GMVAEAnalysis.describe")
    n = check_count("n", n)
    states = description.states
    if len(states) < 2:
        raise InputError(
            "description: there is only one state; effect sizes compare a state with others"
        )
    rows = _leading(description, n)
    effects = description.effect_size[np.ix_(states, rows)].T
    longest = max(len(description.names[row]) for row in rows)
    width = max(COLUMN, 1.2 + 0.07 * longest + 0.45 * len(states))
    ax = axes_or_new(ax, (width, 1.0 + 0.25 * len(rows)))
    # Infinite values would be left blank.
    colored = np.clip(effects, -_STRONGEST, _STRONGEST)
    image = ax.imshow(colored, cmap="RdBu_r", vmin=-_STRONGEST, vmax=_STRONGEST, aspect="auto")
    width, height = size_in_points(ax)
    has_room = width > _EFFECT_WIDTH * len(states) and height > _TICK_ROOM * len(rows)
    for (row, column), effect in np.ndenumerate(effects if has_room else effects[:0]):
        color = "white" if abs(effect) > 0.6 * _STRONGEST else "black"
        ax.text(column, row, _signed(effect), ha="center", va="center", color=color, size="small")
    ax.set_yticks(range(len(rows)), [description.names[row] for row in rows])
    # The names of the features and the colour bar take up to half of the width.
    ticks = ticks_that_fit(len(states), 0.5 * width, _TICK_ROOM)
    ax.set_xticks(ticks, [str(states[tick]) for tick in ticks])
    for tick, text in zip(ticks, ax.get_xticklabels(), strict=True):
        text.set_color(state_colors(states[tick] + 1)[states[tick]])
        text.set_fontweight("bold")
    ax.set_xlabel(description.kind)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    bar = ax.figure.colorbar(image, ax=ax, extend="both", shrink=0.9)
    bar.set_label("effect size")
    bar.outline.set_visible(False)
    return ax


def _leading(description: Description, n: int) -> list[int]:
    """Return the leading features of all states without repetition."""
    leading = [int(row) for state in description.states for row in description.order(state)[:n]]
    return list(dict.fromkeys(leading))


def _signed(effect: float) -> str:
    """Format an effect size, with the same minus sign as matplotlib has on axes."""
    return f"{effect:+.1f}".replace("-", "\N{MINUS SIGN}")


def _shares(labels_or_populations: Any) -> np.ndarray:
    values = np.asarray(labels_or_populations)
    if values.ndim == 1 and values.dtype.kind == "f":
        if values.size and (values >= 0).all() and np.isclose(values.sum(), 1.0, atol=1e-3):
            return values
        raise InputError(f"populations: must be from 0 to 1 and add up to 1, not {values}")
    states = as_labels(labels_or_populations)
    states = states[states >= 0]
    if not states.size:
        raise InputError("labels: no frame has a state, so there is nothing to draw")
    return np.bincount(states) / len(states)


def _time_axis(times: Any, n_frames: int) -> tuple[np.ndarray, str]:
    counted = np.arange(n_frames, dtype=np.float64), "frame"
    if times is None:
        return counted
    positions = as_numbers(times, "times")
    if positions.shape != (n_frames,) or np.isinf(positions).any():
        raise InputError(
            f"times: pass {n_frames:,} finite times in ps, one for each label, or leave times out "
            "to count frames"
        )
    if np.isnan(positions).any():
        return counted
    # Always in the same unit, so that a part of a trace can be set beside the whole.
    return positions / 1000, "time / ns"


def _in_turn(positions: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Shift each trajectory to the end of the one before it, given where trajectories begin.

    Examples
    --------
    >>> _in_turn(np.array([5.0, 6.0, 7.0, 0.0, 1.0]), np.array([3])).tolist()
    [5.0, 6.0, 7.0, 8.0, 9.0]
    """
    steps = np.diff(positions)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 1.0
    steps[begins - 1] = usual
    return np.cumsum(np.concatenate([positions[:1], steps]))


def _merged(starts: np.ndarray, widths: np.ndarray, gap: float) -> list[tuple[float, float]]:
    """Return bars for visits, as (start, width); a gap that nobody can see does not divide them."""
    ends = starts + widths
    apart = starts[1:] - ends[:-1] > gap
    first = np.flatnonzero(np.append(True, apart))[: len(starts)]
    last = np.append(first[1:] - 1, len(starts) - 1)[: len(first)]
    return list(zip(starts[first].tolist(), (ends[last] - starts[first]).tolist(), strict=True))


def _visits(states: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return start, length and state of each visit; a gap in time ends a visit."""
    steps = np.diff(positions)
    usual = float(np.median(steps)) if len(steps) else 1.0
    ends = (np.diff(states) != 0) | (steps > 1.5 * usual)
    first = np.flatnonzero(np.concatenate([[True], ends]))
    last = np.concatenate([first[1:] - 1, [len(states) - 1]])
    return positions[first], positions[last] + usual - positions[first], states[first]

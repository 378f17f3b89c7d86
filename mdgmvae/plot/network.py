"""Plot the transitions between states as a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..kinetics.exchange import Transitions
from ..labels import as_numbers
from ..tables import counted
from .axes import COLUMN, axes_or_new, check_result, size_in_points
from .palette import state_colors

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["transition_network"]

#: Radius of the circle of the most populated state. The states lie on a circle with radius 1.
_LARGEST, _SMALLEST = 0.24, 0.08
#: Widths of the arrows of the slowest and of the fastest transition, in points.
_THINNEST, _WIDEST = 0.8, 4.0
#: With more arrows than this, their rates would cover each other and are not written.
_MOST_RATES = 12
#: Bend of the arrows, so that both directions are seen.
_BEND = 0.16
#: Where on an arrow a rate can be, the best place first.
_PLACES = (0.45, 0.4, 0.5, 0.35, 0.55, 0.3, 0.6, 0.25, 0.65, 0.2)
#: Width of a character and height of a line in points, for a small font, and space around a rate.
_CHARACTER, _LINE, _SPACE = 5.5, 10, 2


def transition_network(transitions: Transitions, populations: Any, ax: Axes | None = None) -> Axes:
    """Draw states as circles and the transitions that were seen as arrows with their rates.

    The area of a circle is in proportion to the population of the state, except for very rare
    states. Arrows have the colour of the state where they begin, and are wider for faster
    transitions. If there are more than twelve, their rates are not written.

    Parameters
    ----------
    transitions : Transitions
        The result of `mdgmvae.kinetics.transitions` or `GMVAEAnalysis.transitions`.
    populations : (n_states,) array-like of float
        Populations of the states.
    ax : matplotlib Axes, optional
        The Axes to draw on.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If `transitions` are not such a result, or there is not one population for each state.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae import plot
    >>> from mdgmvae.kinetics import transitions
    >>> labels = np.cumsum(np.random.default_rng(0).random(5_000) < 0.02) % 2
    >>> axes = plot.transition_network(transitions(labels, lag=5, dt=1.0), [0.5, 0.5])
    >>> [text.get_text() for text in axes.texts][:2]
    ['0', '1']
    """
    check_result("transitions", transitions, Transitions, "mdgmvae.kinetics.transitions")
    shares = as_numbers(populations, "populations")
    n = len(transitions.counts)
    if shares.shape != (n,):
        raise InputError(
            f"populations: of shape {shares.shape}; pass one for each of {counted(n, 'state')}"
        )
    ax = axes_or_new(ax, (COLUMN, 2.9))
    there = np.flatnonzero(shares > 0)
    at, radius = _places(there, n), _radii(shares)
    for state, color in enumerate(state_colors(n)):
        if shares[state] > 0:
            _draw_state(ax, state, at[state], radius[state], color)
    rates = transitions.rates.value
    seen = (transitions.counts > 0) & np.isfinite(rates) & (rates > 0)
    np.fill_diagonal(seen, False)
    widths = _widths(rates, seen)
    colors = state_colors(n)
    margin = _LARGEST + 0.12
    low, high = np.nanmin(at, axis=0) - margin, np.nanmax(at, axis=0) + margin
    pairs = np.argwhere(seen)
    arrows = [_ends(at[pair], radius[pair]) for pair in pairs]
    for (start, end), ends in zip(pairs.tolist(), arrows, strict=True):
        _draw_arrow(ax, ends, widths[start, end], colors[start])
    if 0 < len(pairs) <= _MOST_RATES:
        per_point = ((high - low) / size_in_points(ax)).max()
        circles = np.column_stack([at[there], radius[there], radius[there]])
        shown = transitions.readable_rates
        texts = [_shown(rate) for rate in shown.value[seen]]
        _draw_rates(ax, arrows, texts, per_point, circles)
        ax.text(0, 0, f"rates in {shown.unit}", transform=ax.transAxes, fontsize="small")
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def _places(there: np.ndarray, n: int) -> np.ndarray:
    """Return the centres of the states, (n, 2): on a circle, the first state at the left."""
    at = np.full((n, 2), np.nan)
    angles = np.pi - 2 * np.pi * np.arange(len(there)) / max(len(there), 1)
    at[there] = np.column_stack([np.cos(angles), np.sin(angles)])
    return at


def _radii(shares: np.ndarray) -> np.ndarray:
    """Return the radius of the circle of each state."""
    largest = _LARGEST * min(1.0, 3.0 / max((shares > 0).sum(), 1) + 0.2)
    return np.asarray(np.maximum(largest * np.sqrt(shares / shares.max()), min(_SMALLEST, largest)))


def _widths(rates: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the width of each arrow in points: by the logarithm of its rate."""
    logs = np.log(np.where(seen, rates, 1.0))
    low, high = (logs[seen].min(), logs[seen].max()) if seen.any() else (0.0, 0.0)
    share = (logs - low) / (high - low) if high > low else np.full(logs.shape, 0.5)
    return np.asarray(_THINNEST + (_WIDEST - _THINNEST) * share)


def _draw_state(ax: Axes, state: int, at: np.ndarray, radius: float, color: str) -> None:
    from matplotlib.patches import Circle

    ax.add_patch(Circle((at[0], at[1]), radius, color=color, linewidth=0, zorder=3))
    # A small circle has its number beside it.
    outside = radius < 0.1
    x, y = at * (1 + 1.8 * radius) if outside else at
    ax.text(
        x, y, str(state), ha="center", va="center", zorder=4, fontweight="bold",
        color="black" if outside else "white",
    )  # fmt: skip


def _ends(at: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Return both ends of an arrow, (2, 2): on the circles, aside of the line of the centres."""
    along = (at[1] - at[0]) / np.linalg.norm(at[1] - at[0])
    aside = np.array([along[1], -along[0]])
    start = at[0] + radius[0] * (along * 0.95 + aside * 0.45) + 0.02 * along
    end = at[1] + radius[1] * (-along * 0.95 + aside * 0.45) - 0.02 * along
    return np.array([start, end])


def _draw_arrow(ax: Axes, ends: np.ndarray, width: float, color: str) -> None:
    from matplotlib.patches import FancyArrowPatch

    ax.add_patch(
        FancyArrowPatch(
            tuple(ends[0]), tuple(ends[1]), connectionstyle=f"arc3,rad={_BEND}", linewidth=width,
            arrowstyle="-|>", mutation_scale=8 + 2 * width, color=color, zorder=2,
        )
    )  # fmt: skip


def _shown(rate: float) -> str:
    """Format a rate with two significant digits, and never with an exponent.

    Examples
    --------
    >>> _shown(264.3), _shown(9.64), _shown(0.000964)
    ('260', '9.6', '0.00096')
    """
    text = np.format_float_positional(rate, precision=2, fractional=False, trim="-")
    whole, dot, decimals = text.partition(".")
    return f"{int(whole):,}{dot}{decimals}"


def _draw_rates(
    ax: Axes, arrows: list[np.ndarray], texts: list[str], per_point: float, circles: np.ndarray
) -> None:
    """Write rates on their arrows, where they cover neither each other nor another arrow.

    Parameters
    ----------
    ax : matplotlib Axes
    arrows : list of ndarray of shape (2, 2)
        Both ends of each arrow.
    texts : list of str
        The rate of each arrow.
    per_point : float
        Length of a point in units of the Axes.
    circles : ndarray of shape (n_states, 4)
        Middle and half size of each circle.
    """
    places = [_curve(ends, np.array(_PLACES)) for ends in arrows]
    lines = [_curve(ends, np.linspace(0, 1, 50)) for ends in arrows]
    taken = [*circles]
    for number, (text, middles) in enumerate(zip(texts, places, strict=True)):
        half = per_point * np.array([0.5 * _CHARACTER * len(text) + _SPACE, 0.5 * _LINE + _SPACE])
        others = np.reshape([line for i, line in enumerate(lines) if i != number], (-1, 2))
        # How far a text covers others is measured along the axis where it does so less.
        covered = [
            sum(max(0.0, (half + b[2:] - abs(middle - b[:2])).min()) for b in taken)
            + 0.2 * per_point * (abs(others - middle) < half).all(axis=1).sum()
            for middle in middles
        ]
        x, y = middles[int(np.argmin(covered))]
        taken.append(np.array([x, y, *half]))
        ax.text(
            x, y, text, ha="center", va="center", fontsize="small", zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
        )  # fmt: skip


def _curve(ends: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return points (n, 2) at these shares of an arrow, which is bent by the style "arc3"."""
    start, end = ends
    along = end - start
    control = (start + end) / 2 + _BEND * np.array([along[1], -along[0]])
    share, rest = shares[:, None], 1 - shares[:, None]
    return np.asarray(rest**2 * start + 2 * rest * share * control + share**2 * end)

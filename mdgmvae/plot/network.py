"""Plot the transitions between states as a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..kinetics.exchange import Transitions
from ..labels import as_numbers
from ..tables import counted, number
from .axes import axes_or_new, check_result, size_in_points
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
_PLACES = (0.45, 0.35, 0.55, 0.27, 0.63, 0.2)
#: Width of a character and height of a line in points, for a small font.
_CHARACTER, _LINE = 5.5, 12


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
    ax = axes_or_new(ax, (5.0, 4.4))
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
    taken: list[np.ndarray] = []
    for start, end in np.argwhere(seen).tolist():
        ends = _ends(at[[start, end]], radius[[start, end]])
        _draw_arrow(ax, ends, widths[start, end], colors[start])
        if seen.sum() <= _MOST_RATES:
            per_point = ((high - low) / size_in_points(ax)).max()
            _draw_rate(ax, ends, number(rates[start, end]), per_point, taken)
    if taken:
        ax.text(
            0, 0, f"rates in {transitions.rates.unit}", transform=ax.transAxes, fontsize="small"
        )
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


def _draw_rate(
    ax: Axes, ends: np.ndarray, text: str, per_point: float, taken: list[np.ndarray]
) -> None:
    """Write a rate on its arrow, where it covers no other rate if there is such a place.

    Parameters
    ----------
    ax : matplotlib Axes
    ends : ndarray of shape (2, 2)
        Both ends of the arrow.
    text : str
    per_point : float
        Length of a point in units of the Axes.
    taken : list of ndarray of shape (4,)
        Middle and half size of the texts so far, to which this one is added.
    """
    start, end = ends
    along = end - start
    # The curve is that of the connection style "arc3".
    control = (start + end) / 2 + _BEND * np.array([along[1], -along[0]])
    half = per_point * np.array([0.5 * _CHARACTER * len(text) + 1, 0.5 * _LINE])
    boxes = []
    for share in _PLACES:
        rest = 1 - share
        middle = rest**2 * start + 2 * rest * share * control + share**2 * end
        boxes.append(np.concatenate([middle, half]))
    # How far a text covers others is measured along the axis where it does so less.
    covered = [
        sum(max(0.0, (box[2:] + b[2:] - abs(box[:2] - b[:2])).min()) for b in taken)
        for box in boxes
    ]
    box = boxes[int(np.argmin(covered))]
    taken.append(box)
    x, y = box[:2]
    ax.text(
        x, y, text, ha="center", va="center", fontsize="small", zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
    )  # fmt: skip

"""Plots of what the states are: functions of a `Description` that draw on an Axes.

As in `mdgmvae.plot`, without `ax` a new figure is made.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ..errors import InputError
from ..states.description import Description
from .axes import new_axes
from .palette import state_colors

__all__ = ["plot_effect_sizes"]

#: Effect sizes are coloured up to this: beyond it two distributions hardly overlap.
_STRONGEST = 4.0


def plot_effect_sizes(description: Description, ax: Axes | None = None, n: int = 3) -> Axes:
    """Draw effect sizes as a map of features (rows) and states (columns).

    Red: the feature is larger in the state than in all other frames; blue: smaller; of an angle,
    a turn to larger or smaller angles. Colours go to an effect size of 4, numbers on.

    Parameters
    ----------
    description : Description
        Of `GMVAEAnalysis.describe`.
    ax : matplotlib Axes, optional
        Where to draw.
    n : int
        Leading features of each state to draw; a feature is drawn for all states.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        When there are no two states with frames, or n is not positive.
    """
    states = description.states
    if len(states) < 2:
        raise InputError("description: there is one state, so there is nothing to set it apart")
    if n < 1:
        raise InputError(f"n={n}: draw at least 1 feature of each state")
    rows = _leading(description, n)
    effects = description.effect_size[np.ix_(states, rows)].T
    if ax is None:
        longest = max(len(description.names[row]) for row in rows)
        ax = new_axes((1.9 + 0.08 * longest + 0.75 * len(states), 1.4 + 0.32 * len(rows)))
    # Clipped, since what is infinite would be left blank.
    colored = np.clip(effects, -_STRONGEST, _STRONGEST)
    image = ax.imshow(colored, cmap="RdBu_r", vmin=-_STRONGEST, vmax=_STRONGEST, aspect="auto")
    for (row, column), effect in np.ndenumerate(effects):
        color = "white" if abs(effect) > 0.6 * _STRONGEST else "black"
        ax.text(column, row, f"{effect:+.1f}", ha="center", va="center", color=color, size="small")
    ax.set_yticks(range(len(rows)), [description.names[row] for row in rows])
    ax.set_xticks(range(len(states)), [str(state) for state in states])
    for state, tick in zip(states, ax.get_xticklabels(), strict=True):
        tick.set_color(state_colors(state + 1)[state])
        tick.set_fontweight("bold")
    ax.set_xlabel(description.kind)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    bar = ax.figure.colorbar(image, ax=ax, extend="both", shrink=0.9)
    bar.set_label("effect size")
    bar.outline.set_visible(False)
    return ax


def _leading(description: Description, n: int) -> list[int]:
    """Leading features of all states, each once, those of the first state first."""
    leading = [int(row) for state in description.states for row in description.order(state)[:n]]
    return list(dict.fromkeys(leading))

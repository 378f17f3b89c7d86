"""Draw how well runs with different seeds agree.

Without `ax` a new figure is made.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ..errors import InputError
from ..kinetics.agreement_of_runs import Agreement
from .axes import COLUMN, axes_or_new, check_result, open_frame, size_in_points, ticks_that_fit
from .palette import state_colors

__all__ = ["agreement"]

#: Widths of a number in a cell, and of a tick label, in points.
_NUMBER, _TICK = 16, 12
#: Parts of the width: the matrix, and the panel of the states.
_MATRIX, _STATES = (0.0, 0.42), (0.6, 0.4)


def agreement(agreement: Agreement, ax: Axes | None = None) -> Axes:
    """Draw how well runs agree: each pair of runs, and each state of the reference run.

    Left: the adjusted Rand index of each pair of runs, 1 for the same states and 0 on average for
    random ones. Right: for each state of the reference run, the Jaccard index with its counterpart
    in each other run, 1 for the same frames and 0 if the run has no such state. The points of a
    state are in the order of the runs. They show whether a rare state was found, too.

    Parameters
    ----------
    agreement : Agreement
        The result of `mdgmvae.kinetics.compare_runs`.
    ax : matplotlib Axes, optional
        The panels share the area of this Axes.

    Returns
    -------
    matplotlib Axes
        The Axes that holds the panels as its ``child_axes``.

    Raises
    ------
    InputError
        If it is not such a result, or there is a single run.

    Examples
    --------
    >>> from mdgmvae.kinetics import compare_runs
    >>> from mdgmvae.plot import agreement
    >>> axes = agreement(compare_runs([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 1]]))
    >>> [panel.get_xlabel() for panel in axes.child_axes]
    ['run', 'state of run 0']
    """
    check_result("agreement", agreement, Agreement, "mdgmvae.kinetics.compare_runs")
    n = len(agreement.matrix)
    if n < 2:
        raise InputError("agreement: there is one run; pass the labels of two or more")
    ax = axes_or_new(ax, (COLUMN, 1.9))
    ax.set_axis_off()
    width, height = size_in_points(ax)
    pairs = ax.inset_axes((_MATRIX[0], 0.0, _MATRIX[1], 1.0))
    _draw_pairs(pairs, agreement.matrix, min(_MATRIX[1] * width, height))
    _draw_states(ax.inset_axes((_STATES[0], 0.0, _STATES[1], 1.0)), agreement, 0.4 * width)
    return ax


def _draw_pairs(panel: Axes, matrix: np.ndarray, length: float) -> None:
    """Draw the index of each pair of runs in a matrix of this length in points."""
    n = len(matrix)
    panel.imshow(matrix, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    if length >= _NUMBER * n:
        for (row, column), value in np.ndenumerate(matrix):
            panel.text(
                column, row, f"{value:.2f}", ha="center", va="center", fontsize="x-small",
                color="white" if value > 0.6 else "black",
            )  # fmt: skip
    ticks = ticks_that_fit(n, length, _TICK)
    panel.set(xticks=ticks, yticks=ticks, xlabel="run", ylabel="run")
    panel.set_title("adjusted Rand index", fontsize="small", pad=4)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)


def _draw_states(panel: Axes, agreement: Agreement, width: float) -> None:
    others = np.delete(agreement.jaccard, agreement.reference, axis=0)
    n = others.shape[1]
    # Runs lie beside each other, so that equal values do not hide each other.
    shifts = np.linspace(-0.25, 0.25, len(others)) if len(others) > 1 else np.zeros(1)
    for state, color in enumerate(state_colors(n)):
        panel.plot(state + shifts, others[:, state], "o", color=color, markersize=4, clip_on=False)
    panel.set_xticks(ticks_that_fit(n, width, _TICK))
    panel.set(
        xlim=(-0.6, n - 0.4),
        ylim=(0, 1),
        yticks=(0, 0.5, 1),
        xlabel=f"state of run {agreement.reference}",
    )
    panel.set_title("Jaccard index", fontsize="small", pad=4)
    panel.grid(axis="y", color="0.9")
    panel.set_axisbelow(True)
    open_frame(panel)

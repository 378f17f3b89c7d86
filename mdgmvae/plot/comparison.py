"""Draw comparisons of methods, of features and of numbers of components.

Without `ax` a new figure is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..comparison.choice import standard_error
from ..comparison.feature_sets import FeatureSelection
from ..comparison.method_comparison import Comparison
from ..comparison.scan_of_k import Selection, as_range
from ..kinetics.posterior import time_unit
from ..tables import counted
from .axes import (
    COLUMN,
    axes_or_new,
    check_result,
    legend_above,
    open_frame,
    shift,
    size_in_points,
    ticks_that_fit,
)

__all__ = ["feature_sets", "methods", "number_of_components"]

_HELD_OUT = "#0072B2"
_FITTED = "#D55E00"
_FAINT = "#777777"
#: Width of a character in points, at most.
_CHARACTER = 7


def methods(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the VAMP-2 score of each method, cross-validated and on all frames.

    Bars are standard errors, with one dot for each fold below them.

    Parameters
    ----------
    comparison : Comparison
        The result of `mdgmvae.comparison.compare`.
    ax : matplotlib Axes, optional
        The Axes to draw on.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If `comparison` is not such a result.

    Examples
    --------
    >>> from mdgmvae import plot
    >>> from mdgmvae.comparison import compare
    >>> from mdgmvae.data.processes import wells
    >>> X = wells(2_000, seed=0).X
    >>> axes = plot.methods(compare(X, lag=5, n_states=3, methods=["k-means"]))
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['k-means']
    """
    check_result("comparison", comparison, Comparison, "mdgmvae.comparison.compare")
    rows = comparison.rows
    ax = axes_or_new(ax, (COLUMN, 1.9 + 0.42 * len(rows)))
    lines = range(len(rows))
    for line, row in zip(lines, rows, strict=True):
        folds = _draw_folds(ax, comparison.scores[row.method], line, _HELD_OUT)
    means = [row.cv_mean for row in rows]
    errors = [standard_error(comparison.scores[row.method]) for row in rows]
    held_out = ax.errorbar(
        means, lines, xerr=errors, fmt="o", color=_HELD_OUT, capsize=3,
        label="held out: mean ± standard error",
    )  # fmt: skip
    (fitted,) = ax.plot(
        [row.vamp2 for row in rows], lines, "D", mfc="none", color=_FITTED, label="all frames"
    )
    ax.set_yticks(lines, [row.method for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(f"VAMP-2\nlag time {_lag_time(comparison.lag, comparison.dt)}")
    ax.grid(axis="x", color="0.9", zorder=0)
    ax.set_axisbelow(True)
    # Side by side, the entries would be wider than a narrow figure.
    legend_above(ax, [held_out, *folds, fitted], right=True)
    open_frame(ax)
    return ax


def feature_sets(
    selection: FeatureSelection, ax: Axes | None = None, dt: float | None = None
) -> Axes:
    """Draw the VAMP-2 score of each set of features on held-out frames, the best set on top.

    Bars are standard errors, with one dot for each fold below them. The chosen set has another
    colour and marker.

    Parameters
    ----------
    selection : FeatureSelection
        The result of `mdgmvae.comparison.select_features`.
    ax : matplotlib Axes, optional
        The Axes to draw on.
    dt : float, optional
        Time between frames in ps. Default: the lag time is shown in frames.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If `selection` is not such a result, or `dt` is not positive.

    Examples
    --------
    >>> from mdgmvae import plot
    >>> from mdgmvae.comparison import select_features
    >>> from mdgmvae.data.processes import wells
    >>> X = wells(2_000, seed=0).X
    >>> axes = plot.feature_sets(select_features({"one": X[:, :1], "three": X}, lag=5), dt=2.0)
    >>> [label.get_text().split()[0] for label in axes.get_yticklabels()]
    ['three', 'one']
    """
    check_result("selection", selection, FeatureSelection, "mdgmvae.comparison.select_features")
    lag_time = _lag_time(selection.lag, dt)
    ranked = selection.ranked
    ax = axes_or_new(ax, (COLUMN, 1.9 + 0.5 * len(ranked)))
    for line, found in enumerate(ranked):
        chosen = found.name == selection.best
        color = _FITTED if chosen else _HELD_OUT
        folds = _draw_folds(ax, found.scores, line, color)
        mean = ax.errorbar(
            found.scores.mean(), line, xerr=standard_error(found.scores), capsize=3,
            fmt="D" if chosen else "o", color=color, label="mean ± standard error",
        )  # fmt: skip
    best = Line2D([], [], marker="D", linestyle="", color=_FITTED, label="chosen set")
    names = [f"{found.name}\n{counted(found.n_features, 'column')}" for found in ranked]
    ax.set_yticks(range(len(ranked)), names)
    ax.set_ylim(len(ranked) - 0.5, -0.5)
    ax.set_xlabel(f"VAMP-2 held out\nlag time {lag_time}")
    ax.grid(axis="x", color="0.9", zorder=0)
    ax.set_axisbelow(True)
    legend_above(ax, [mean, *folds, best], right=True)
    open_frame(ax)
    return ax


def number_of_components(
    selection: Selection, ax: Axes | None = None, dt: float | None = None
) -> Axes:
    """Draw the cross-validated VAMP-2 score against the number of components k.

    Bars are standard errors, and a line marks the chosen k. The numbers along the top are the
    numbers of states that were found.

    Parameters
    ----------
    selection : Selection
        The result of `mdgmvae.comparison.select_k`.
    ax : matplotlib Axes, optional
        The Axes to draw on.
    dt : float, optional
        Time between frames in ps. Default: the lag time is shown in frames.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If `selection` is not such a result, or `dt` is not positive.

    Examples
    --------
    ::

        selection = select_k("features.npy", range(2, 9), lag=5)
        axes = number_of_components(selection, dt=2.0)
    """
    check_result("selection", selection, Selection, "mdgmvae.comparison.select_k")
    lag_time = _lag_time(selection.lag, dt)
    ax = axes_or_new(ax, (COLUMN, 2.9))
    ks, scanned = selection.ks, selection.scanned
    components = [found.component_scores for found in scanned]
    beside = ax.errorbar(
        ks,
        [scores.mean() for scores in components],
        yerr=[standard_error(scores) for scores in components],
        fmt="s",
        color=_FAINT,
        capsize=2,
        markersize=4,
        label="components",
    )
    # States and components often have the same scores.
    for part in beside.get_children():
        shift(part, 5, 0)
    ax.errorbar(
        ks,
        selection.means,
        yerr=selection.errors,
        fmt="o-",
        color=_HELD_OUT,
        capsize=4,
        label="states ± standard error",
    )
    ax.axvline(
        selection.best_k, color=_FITTED, linestyle="--", linewidth=1.2, zorder=0,
        label=f"chosen: k = {selection.best_k}",
    )  # fmt: skip
    ax.margins(x=0.08)
    width = size_in_points(ax)[0]
    _label_each(ax, ks, [str(k) for k in ks], width)
    ax.set_xlabel("components k")
    ax.set_ylabel(f"VAMP-2 held out\nlag time {lag_time}")
    top = ax.secondary_xaxis("top")
    _label_each(top, ks, [as_range(found.n_states) for found in scanned], width)
    top.set_xlabel("states found")
    top.tick_params(length=0)
    top.spines["top"].set_visible(False)
    # The gap leaves room for the numbers along the top and their label.
    legend_above(ax, gap=4.5)
    open_frame(ax)
    return ax


def _draw_folds(ax: Axes, scores: np.ndarray, line: int, color: str) -> list[Line2D]:
    """Draw a dot for each fold, below the line, where it does not look like the end of a bar."""
    folds = ax.plot(
        scores, np.full(len(scores), line), "o", color=color, mfc="none", markersize=4,
        label="one fold",
    )  # fmt: skip
    shift(folds[0], 0, -9)
    return folds


def _label_each(ax: Any, ks: np.ndarray, labels: Sequence[str], width: float) -> None:
    """Put a tick at each k, and a label at as many as fit into this width in points."""
    room = _CHARACTER * (max(map(len, labels)) + 1)
    shown = ticks_that_fit(len(ks), 0.8 * width, room)
    ax.set_xticks(ks, [label if i in shown else "" for i, label in enumerate(labels)])


def _lag_time(lag: int, dt: float | None) -> str:
    step, unit = time_unit(dt)
    return f"{lag * step:g} ps" if unit == "ps" else counted(lag, "frame")

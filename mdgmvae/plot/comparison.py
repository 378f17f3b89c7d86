"""Draw comparisons of methods, of features and of numbers of components.

Without `ax` a new figure is made.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ..comparison.choice import standard_error
from ..comparison.feature_sets import FeatureSelection
from ..comparison.number_of_states import Selection, as_range
from ..comparison.result import Comparison
from .axes import new_axes, open_frame

__all__ = ["feature_sets", "methods", "number_of_components"]

_HELD_OUT = "#0072B2"
_FITTED = "#D55E00"
_FAINT = "#777777"


def methods(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the VAMP-2 score of each method, cross-validated and on all frames.

    Parameters
    ----------
    comparison : Comparison
        The result of `mdgmvae.comparison.compare`.
    ax : matplotlib Axes, optional
        The Axes to draw on.

    Returns
    -------
    matplotlib Axes
    """
    rows = comparison.rows
    if ax is None:
        ax = new_axes((6.4, 1.9 + 0.42 * len(rows)))
    lines = np.arange(len(rows))
    for line, row in zip(lines, rows, strict=True):
        scores = comparison.scores[row.method]
        ax.plot(scores, np.full(len(scores), line), "|", color=_HELD_OUT, alpha=0.5, markersize=11)
    means = [row.cv_mean for row in rows]
    errors = [standard_error(comparison.scores[row.method]) for row in rows]
    ax.errorbar(
        means,
        lines,
        xerr=errors,
        fmt="o",
        color=_HELD_OUT,
        capsize=3,
        label="held out: mean, standard error; one tick for each fold",
    )
    ax.plot([row.vamp2 for row in rows], lines, "D", mfc="none", color=_FITTED, label="all frames")
    ax.set_yticks(lines, [row.method for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(f"VAMP-2 at a lag time of {_lag(comparison)}")
    ax.grid(axis="x", color="0.9", zorder=0)
    ax.set_axisbelow(True)
    # Side by side, the entries would be wider than a narrow figure.
    ax.legend(frameon=False, fontsize="small", loc="lower left", bbox_to_anchor=(0.0, 1.0))
    open_frame(ax)
    return ax


def feature_sets(selection: FeatureSelection, ax: Axes | None = None) -> Axes:
    """Draw the VAMP-2 score of each set of features on held-out frames, the best set on top.

    Bars are standard errors, with one tick for each fold. The chosen set is drawn in colour.

    Parameters
    ----------
    selection : FeatureSelection
        The result of `mdgmvae.comparison.select_features`.
    ax : matplotlib Axes, optional
        The Axes to draw on.

    Returns
    -------
    matplotlib Axes
    """
    ranked = selection.ranked
    if ax is None:
        ax = new_axes((6.0, 1.5 + 0.45 * len(ranked)))
    for line, found in enumerate(ranked):
        color = _FITTED if found.name == selection.best else _HELD_OUT
        ax.plot(found.scores, np.full(len(found.scores), line), "|", color=color, alpha=0.5)
        ax.errorbar(
            found.scores.mean(), line, xerr=standard_error(found.scores), fmt="o", color=color,
            capsize=3,
        )  # fmt: skip
    names = [f"{found.name}\n{found.n_features:,} columns" for found in ranked]
    ax.set_yticks(range(len(ranked)), names)
    ax.set_ylim(len(ranked) - 0.5, -0.5)
    ax.set_xlabel(f"VAMP-2 held out, lag time {selection.lag} frames")
    ax.grid(axis="x", color="0.9", zorder=0)
    ax.set_axisbelow(True)
    open_frame(ax)
    return ax


def number_of_components(selection: Selection, ax: Axes | None = None) -> Axes:
    """Draw the cross-validated VAMP-2 score against the number of components k.

    Bars are standard errors, and a line marks the chosen k. The numbers along the top are the
    numbers of states that were found.

    Parameters
    ----------
    selection : Selection
        The result of `mdgmvae.comparison.select_k`.
    ax : matplotlib Axes, optional
        The Axes to draw on.

    Returns
    -------
    matplotlib Axes
    """
    if ax is None:
        ax = new_axes((6.0, 3.9))
    ks, scanned = selection.ks, selection.scanned
    components = [found.component_scores for found in scanned]
    ax.errorbar(
        ks,
        [scores.mean() for scores in components],
        yerr=[standard_error(scores) for scores in components],
        fmt="s:",
        color=_FAINT,
        capsize=2,
        markersize=4,
        label="components",
    )
    ax.errorbar(
        ks,
        selection.means,
        yerr=selection.errors,
        fmt="o-",
        color=_HELD_OUT,
        capsize=3,
        label="states",
    )
    ax.axvline(selection.best_k, color=_FITTED, zorder=0, label=f"k = {selection.best_k}")
    ax.set_xticks(ks)
    ax.set_xlabel("components k")
    ax.set_ylabel(f"VAMP-2 held out, lag time {selection.lag} frames")
    top = ax.secondary_xaxis("top")
    top.set_xticks(ks, [as_range(found.n_states) for found in scanned])
    top.set_xlabel("states found")
    top.tick_params(length=0)
    top.spines["top"].set_visible(False)
    ax.legend(frameon=False, fontsize="small", loc="best")
    open_frame(ax)
    return ax


def _lag(comparison: Comparison) -> str:
    if np.isnan(comparison.dt):
        return f"{comparison.lag} frames"
    return f"{comparison.lag * comparison.dt:g} ps"

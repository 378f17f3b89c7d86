"""Draw the Ramachandran plot of a residue in each state.

Without `ax` a new figure is made.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.lines import Line2D

from ..errors import InputError
from ..labels import as_labels, as_numbers
from ..landscape.coordinates import coordinates_of, read_coordinates
from .axes import COLUMN, axes_or_new, legend_above, percent, size_in_points
from .palette import UNASSIGNED, state_colors

if TYPE_CHECKING:
    from ..storage.features import FeatureSet

__all__ = ["ramachandran"]

#: More panels would be too small to read.
_MOST_PANELS = 12
#: Bins along an axis, 10 degrees each.
_EDGES = np.linspace(-180, 180, 37)
#: Bins for the mutual information of angles and states, which few frames must be enough for.
_N_COARSE = 12
_COARSE = 360 / _N_COARSE
#: Brightness of the most visited bin, relative to the colour of the state.
_DARKER = 0.45
#: Height of the caption of a panel, and width from which it can be long, in points.
_CAPTION, _WIDE = 13, 78


def ramachandran(
    phi: Any, psi: Any, labels: Any, ax: Axes | None = None, name: str | None = None
) -> Axes:
    """Draw the Ramachandran plot of a residue, a panel for each state.

    The darker a bin of 10 degrees, the more frames of the state are in it, by the square root of
    their number. A grey line encloses the bins that any frame visits. Of more than twelve states,
    the most populated are drawn.

    Parameters
    ----------
    phi, psi : (n_frames,) array-like of float
        Dihedral angles in degrees.
    labels : (n_frames,) array-like of int
        States of the frames; -1 for none.
    ax : matplotlib Axes, optional
        The panels share the area of this Axes.
    name : str, optional
        Name of the residue, for the axes.

    Returns
    -------
    matplotlib Axes
        The Axes that holds the panels as its ``child_axes``.

    Raises
    ------
    InputError
        If angles and labels do not match, an angle is not finite, or no frame has a state.

    Examples
    --------
    >>> from mdgmvae.plot import ramachandran
    >>> axes = ramachandran([-60, -65, 60], [-45, -40, 50], [0, 0, 1], name="ALA2")
    >>> len(axes.child_axes), axes.get_xlabel()
    (2, 'phi ALA2 / °')
    """
    states = as_labels(labels)
    angles = np.column_stack([_angles("phi", phi, len(states)), _angles("psi", psi, len(states))])
    counts = np.bincount(states[states >= 0])
    shown = np.sort(np.argsort(-counts, kind="stable")[:_MOST_PANELS])
    shown = shown[counts[shown] > 0]
    if not len(shown):
        raise InputError("labels: no frame has a state, so there is nothing to draw")
    n_columns = min(len(shown), 4)
    ax = axes_or_new(ax, (COLUMN, 1.0 + 0.9 * math.ceil(len(shown) / n_columns)))
    visited = np.histogramdd(angles, [_EDGES, _EDGES])[0] > 0
    panels, is_narrow = _panels(ax, len(shown))
    for panel, state in zip(panels, shown.tolist(), strict=True):
        _draw_state(panel, angles[states == state], state)
        share = f"{percent(counts[state] / counts.sum())} %"
        caption = f"{state}: {share}" if is_narrow else f"state {state}, {share}"
        panel.set_title(caption, fontsize="small", pad=3)
        _outline(panel, visited)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    of = "" if name is None else f" {name}"
    ax.set_xlabel(f"phi{of} / °", labelpad=18)
    ax.set_ylabel(f"psi{of} / °", labelpad=34)
    legend_above(ax, [Line2D([], [], color=UNASSIGNED, label="visited by any frame")], gap=0.1)
    return ax


def chosen_residue(
    features: FeatureSet, labels: np.ndarray, name: str | None = None
) -> tuple[str, np.ndarray, np.ndarray]:
    """Return the name, phi and psi in degrees of a residue.

    Parameters
    ----------
    features : FeatureSet
        Features of the frames.
    labels : ndarray of int of shape (n_frames,)
        States; -1 for none.
    name : str, optional
        The residue. Default: the one whose angles have the largest mutual information with the
        state.

    Raises
    ------
    InputError
        If the features have no phi and psi of such a residue.
    """
    known = coordinates_of(features)
    names = [key.removeprefix("phi ") for key in known if key.startswith("phi ")]
    names = [residue for residue in names if f"psi {residue}" in known]
    if not names:
        raise InputError(
            "ramachandran: the features have no phi and psi of a residue; analyse with "
            "features='dihedrals', or pass angles to mdgmvae.plot.ramachandran"
        )
    if name is not None and name not in names:
        some = ", ".join(names[:6]) + (f" and {len(names) - 6:,} more" if len(names) > 6 else "")
        raise InputError(f"ramachandran: {name!r} has no phi and psi here; there are {some}")
    wanted = names if name is None else [name]
    pairs = [known[f"{angle} {residue}"] for residue in wanted for angle in ("phi", "psi")]
    angles = read_coordinates(features, pairs).reshape(len(labels), len(wanted), 2)
    found = 0 if name is not None else _most_telling(angles.transpose(1, 0, 2), labels)
    return wanted[found], angles[:, found, 0], angles[:, found, 1]


def _most_telling(angles: np.ndarray, labels: np.ndarray) -> int:
    """Return the residue with the largest mutual information of its angles and the state.

    Parameters
    ----------
    angles : ndarray of shape (n_residues, n_frames, 2)
        Phi and psi in degrees.
    labels : ndarray of int of shape (n_frames,)
        States; -1 for none.
    """
    bins = ((angles + 180) // _COARSE).astype(np.int64) % _N_COARSE
    known = labels >= 0
    information = []
    for phi, psi in bins.transpose(0, 2, 1):
        joint = np.zeros((_N_COARSE**2, labels.max() + 1))
        np.add.at(joint, (_N_COARSE * phi[known] + psi[known], labels[known]), 1 / known.sum())
        alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
        there = joint > 0
        information.append((joint[there] * np.log(joint[there] / alone[there])).sum())
    return int(np.argmax(information))


def _angles(name: str, values: Any, n_frames: int) -> np.ndarray:
    angles = as_numbers(values, name)
    if angles.shape != (n_frames,) or not np.isfinite(angles).all():
        raise InputError(
            f"{name}: pass {n_frames:,} finite angles in degrees, one for each label, not an array "
            f"of shape {angles.shape}"
        )
    wrapped: np.ndarray = (angles + 180) % 360 - 180
    return wrapped


def _panels(ax: Axes, n: int) -> tuple[list[Axes], bool]:
    """Divide the area of Axes into panels, and return them and whether they are narrow."""
    width, height = size_in_points(ax)
    n_columns = max(
        range(1, n + 1),
        key=lambda columns: min(width / columns, height / math.ceil(n / columns) - _CAPTION),
    )
    n_rows = math.ceil(n / n_columns)
    is_narrow = width < _WIDE * n_columns
    ticks = (-90, 90) if is_narrow else (-120, 0, 120)
    panels = []
    for i in range(n):
        row, column = divmod(i, n_columns)
        cell = (1 / n_columns, 1 / n_rows)
        size = (0.92 * cell[0], cell[1] - 1.2 * _CAPTION / height)
        panel = ax.inset_axes((column * cell[0], 1 - (row + 1) * cell[1], *size))
        panel.set(xlim=(-180, 180), ylim=(-180, 180), xticks=ticks, yticks=ticks)
        is_lowest = i + n_columns >= n
        panel.tick_params(
            labelsize="small", labelbottom=is_lowest, labelleft=column == 0, length=2.5
        )
        panels.append(panel)
    return panels, is_narrow


def _draw_state(panel: Axes, angles: np.ndarray, state: int) -> None:
    color = state_colors(state + 1)[state]
    rgb = np.array(to_rgb(color))
    scale = LinearSegmentedColormap.from_list("state", [np.ones(3), rgb, _DARKER * rgb])
    counts = np.histogramdd(angles, [_EDGES, _EDGES])[0]
    panel.pcolormesh(_EDGES, _EDGES, np.sqrt(counts.T), cmap=scale, vmin=0, rasterized=True)


def _outline(panel: Axes, visited: np.ndarray) -> None:
    """Enclose bins, across the border of a period, too."""
    centers = np.linspace(-185, 185, 38)
    ring = np.pad(visited.T.astype(float), 1, mode="wrap")
    panel.contour(centers, centers, ring, levels=[0.5], colors=UNASSIGNED, linewidths=0.8)

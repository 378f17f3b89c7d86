"""Make the Axes that plots draw on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from ..errors import InputError
from ..labels import with_article

#: Width of a figure in inches, unless it needs more room: that of a column of a journal.
COLUMN = 3.4
#: Width in points from which a legend has two columns.
_WIDE = 216


def axes_or_new(
    ax: Axes | None, size: tuple[float, float], *, three_dimensional: bool = False
) -> Axes:
    """Return the Axes of the user, or those of a new figure of this size in inches.

    Raises
    ------
    InputError
        If it is something else.
    """
    if isinstance(ax, Axes):
        return ax
    if ax is not None:
        raise InputError(
            f"ax: pass matplotlib Axes, as from plt.subplots(), or leave it out; this is "
            f"{with_article(ax)}"
        )
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=size, layout="constrained")
    axes: Axes = figure.add_subplot(projection="3d" if three_dimensional else None)
    return axes


def check_result(name: str, value: Any, kind: type, source: str) -> None:
    """Raise an error unless a value is what a function of this package returns.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    value : object
    kind : type
        The class of the results of the function.
    source : str
        The function, for the message.

    Raises
    ------
    InputError
        If it is of another class.
    """
    if not isinstance(value, kind):
        raise InputError(f"{name}: pass what {source} returns; this is {with_article(value)}")


def open_frame(ax: Axes) -> None:
    """Remove the lines at the top and at the right."""
    ax.spines[["top", "right"]].set_visible(False)


def size_in_points(ax: Axes) -> tuple[float, float]:
    """Return the width and height of the Axes, before the layout makes room for labels."""
    points = 72 / ax.figure.get_figure(root=True).dpi
    return points * ax.bbox.width, points * ax.bbox.height


def percent(share: float) -> str:
    """Format a share as a percentage with one decimal, without the percent sign.

    A state with few frames does not look like one without frames.

    Examples
    --------
    >>> percent(0.5506), percent(1e-4), percent(0.0)
    ('55.1', '<0.1', '0')
    """
    if share == 0:
        return "0"
    return "<0.1" if share < 0.0005 else f"{100 * share:.1f}"


def ticks_that_fit(n: int, length: float, room: float) -> range:
    """Choose ticks from 0 to n - 1, on an axis of this length, that are `room` points apart.

    Examples
    --------
    >>> list(ticks_that_fit(4, 100, 12)), list(ticks_that_fit(12, 100, 24))
    ([0, 1, 2, 3], [0, 3, 6, 9])
    """
    return range(0, n, max(1, math.ceil(room * n / length)))


def legend_above(
    ax: Axes,
    handles: Sequence[Any] | None = None,
    names: Sequence[str] | None = None,
    *,
    ncols: int | None = None,
    gap: float = 0.3,
    right: bool = False,
) -> None:
    """Draw the legend above the Axes, where it cannot cover what is drawn.

    Parameters
    ----------
    ax : matplotlib Axes
    handles : sequence of artists, optional
        Default: all artists with a label.
    names : sequence of str, optional
        Default: the labels of the artists.
    ncols : int, optional
        Number of columns. Default: two if the Axes are wide enough for long entries.
    gap : float
        Space below the legend, in units of its font size.
    right : bool
        Whether the legend ends where the Axes end, for Axes that are narrow because their labels at
        the left are wide. Default: it begins where they begin.
    """
    if ncols is None:
        ncols = 2 if size_in_points(ax)[0] >= _WIDE else 1
    handles = ax.get_legend_handles_labels()[0] if handles is None else handles
    ax.legend(
        handles, names or [str(handle.get_label()) for handle in handles],
        ncols=ncols, frameon=False, fontsize="small", loc="lower right" if right else "lower left",
        bbox_to_anchor=(float(right), 1.0), borderaxespad=gap, borderpad=0.0,
        handlelength=1.5, columnspacing=1.0,
    )  # fmt: skip


def shift(artist: Artist, x: float, y: float) -> None:
    """Move an artist that shows data by a number of points to the right and upwards."""
    assert artist.axes is not None
    scale = artist.axes.figure.get_figure(root=True).dpi_scale_trans
    artist.set_transform(artist.get_transform() + ScaledTranslation(x / 72, y / 72, scale))

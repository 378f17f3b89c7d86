"""Find texts of a figure that overlap or are cut off."""

from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

#: Pixels by which boxes may overlap: a box is a little larger than its letters.
_TOLERANCE = 2.0


def column(height: float = 2.9, **options) -> Axes:
    """Make Axes as wide as a column of a journal."""
    return Figure(figsize=(3.4, height), layout="constrained").add_subplot(**options)


def faults(ax: Axes) -> list[str]:
    """Return a line for each text that leaves the figure, or that another text or a legend covers.

    A legend must also lie beside the area that data are drawn in.
    """
    figure = ax.figure.get_figure(root=True)
    figure.draw_without_rendering()
    hidden = _not_drawn(figure)
    texts = [
        (text.get_text(), text.get_window_extent())
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in hidden
    ]
    found = [
        f"{text!r} leaves the figure"
        for text, box in texts
        if box.x0 < -_TOLERANCE or box.y0 < -_TOLERANCE
        or box.x1 > figure.bbox.x1 + _TOLERANCE or box.y1 > figure.bbox.y1 + _TOLERANCE
    ]  # fmt: skip
    found += [
        f"{first!r} overlaps {second!r}"
        for (first, one), (second, other) in combinations(texts, 2)
        if _overlap(one, other)
    ]
    if ax.get_legend() and _overlap(ax.get_legend().get_window_extent(), ax.bbox):
        found.append("the legend covers data")
    return found


def _overlap(one, other) -> bool:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width > _TOLERANCE and height > _TOLERANCE


def _not_drawn(figure: Figure) -> set[Text]:
    """Return the labels of ticks outside the limits, which matplotlib keeps for later."""
    kept = set()
    for ax in figure.findobj(Axes):
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-6 * (high - low)
            current = {*axis.get_major_ticks(), *axis.get_minor_ticks()}
            for tick in (*axis.majorTicks, *axis.minorTicks):
                if tick not in current or not low - slack <= tick.get_loc() <= high + slack:
                    kept |= {tick.label1, tick.label2}
    return kept

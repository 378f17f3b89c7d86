"""Make the Axes that plots draw on."""

from __future__ import annotations

from matplotlib.axes import Axes


def new_axes(size: tuple[float, float], *, three_dimensional: bool = False) -> Axes:
    """Make a figure of the given width and height in inches and return its Axes."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=size, layout="constrained")
    axes: Axes = figure.add_subplot(projection="3d" if three_dimensional else None)
    return axes


def open_frame(ax: Axes) -> None:
    """Remove the lines at the top and at the right."""
    ax.spines[["top", "right"]].set_visible(False)

"""Where plots draw: a new figure where no Axes is given, and a frame that is open."""

from typing import Any

from matplotlib.axes import Axes


def new_axes(size: tuple[float, float], *, three_dimensional: bool = False) -> Any:
    """The Axes of a new figure of so many inches."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=size, layout="constrained")
    return figure.add_subplot(projection="3d" if three_dimensional else None)


def open_frame(ax: Axes) -> None:
    """No lines at the top and on the right."""
    ax.spines[["top", "right"]].set_visible(False)

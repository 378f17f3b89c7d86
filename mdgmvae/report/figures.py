"""The figures of a report as PNG images."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .. import plot
from ..landscape.coordinates import drawable
from ..tables import counted
from .contents import Contents

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..kinetics.agreement_of_runs import Agreement

#: Pixels per inch of an image, and of the screen that it is shown on.
_DPI, _SCREEN_DPI = 160, 100
#: States in the Chapman-Kolmogorov test, whose panels would otherwise be too small to read.
_MOST_PANELS = 6
#: Width of a figure for a phone in inches.
_PHONE = 3.6


@dataclass(frozen=True)
class Picture:
    """An image with its caption.

    Parameters
    ----------
    png : bytes
        The image.
    width, height : int
        Its size on the screen in pixels.
    caption : str
        What it shows, in a sentence or two.
    alt : str
        The same for readers who do not see it.
    narrow : bytes or None
        The image for a phone, if this one would be too wide for it.
    """

    png: bytes
    width: int
    height: int
    caption: str
    alt: str
    narrow: bytes | None = None


def landscape(c: Contents) -> Picture:
    """Draw the free energy over the latent coordinates, with the states."""
    latent, n_z = drawable(np.asarray(c.results.latent)), c.results.latent.shape[1]
    rest = "" if latent.shape[1] == n_z else f" (the first two of {n_z})"
    axes = "coordinate" if latent.shape[1] == 1 else "coordinates"
    return _picture(
        lambda ax: plot.free_energy(latent, labels=c.results.labels, ax=ax),
        (6.4, 4.6),
        f"Free energy over the latent {axes} of the model{rest}. Each state has its colour and "
        "its number.",
        f"Free-energy landscape with {counted(c.n_states, 'state')}",
        three_dimensional=latent.shape[1] == 3,
    )


def trace(c: Contents) -> Picture:
    """Draw the state of each frame against time."""
    height = 0.9 + 0.35 * max(c.n_states, 3)
    wide, narrow = (
        _picture(
            lambda ax: plot.trace(c.results.labels, c.results.times, ax=ax),
            (width, height),
            "State of each frame against time.",
            f"Time course of {counted(c.n_states, 'state')} in {len(c.results.labels):,} frames",
        )
        for width in (9.0, _PHONE)
    )
    return replace(wide, narrow=narrow.png)


def of_kinetics(c: Contents) -> Iterator[Picture]:
    """Draw transitions, implied timescales and the Chapman-Kolmogorov test, where they exist."""
    judgement = c.judgement
    if judgement is None or c.transitions is None:
        return
    moves = c.transitions
    yield _picture(
        lambda ax: plot.transition_network(moves, c.results.populations, ax=ax),
        (5.6, 4.6),
        "Transitions between the states. Circles: states, with an area in proportion to their "
        "population. Arrows: rates, wider for faster transitions.",
        f"Network of transitions between {counted(c.n_states, 'state')}",
    )
    timescales = judgement.timescales
    if (np.isfinite(timescales.timescales) & (timescales.timescales > 0)).any():
        yield _picture(
            lambda ax: plot.implied_timescales(timescales, ax=ax),
            (5.6, 4.2),
            "Implied timescales against the lag time, with 95 % credible intervals. They should "
            "not depend on the lag time. Timescales in the hatched area are shorter than it. An "
            "arrow marks an interval that goes on beyond the axis.",
            "Implied timescales against the lag time",
        )
    test = judgement.chapman_kolmogorov
    there = np.flatnonzero(np.isfinite(test.deviations)).tolist()[:_MOST_PANELS]
    if len(there) > 1:
        yield _picture(
            lambda ax: plot.chapman_kolmogorov(test, ax=ax, states=there),
            (1.2 + 1.5 * len(there), 1.0 + 1.4 * len(there)),
            "Chapman-Kolmogorov test: the model at its lag time (lines) predicts the probabilities "
            "at longer times (points).",
            "Predicted and observed probabilities of transitions at longer times",
        )


def agreement(found: Agreement) -> Picture:
    """Draw how well runs with other seeds agree."""
    return _picture(
        lambda ax: plot.agreement(found, ax=ax),
        (6.4, 2.8),
        "Left: agreement of each pair of runs, 1 for the same states and 0 on average for random "
        f"ones. Right: how well each state of run {found.reference} is found again in each other "
        "run, a point for each in their order; 0 if it is not. Run 0 is that of this page.",
        f"Agreement of {counted(len(found.matrix), 'run')}",
    )


def history(c: Contents) -> Picture | None:
    """Draw the course of the training."""
    if not c.history:
        return None
    return _picture(
        lambda ax: plot.history(c.history, ax=ax),
        (6.4, 4.2),
        "Terms of the loss after each epoch of the training.",
        "Loss of the training against the epoch",
    )


def _picture(
    draw: Callable[[Axes], object],
    size: tuple[float, float],
    caption: str,
    alt: str,
    *,
    three_dimensional: bool = False,
) -> Picture:
    """Draw on Axes of this size in inches, without pyplot and its global state."""
    plot.require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    draw(figure.add_subplot(projection="3d" if three_dimensional else None))
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=_DPI, bbox_inches="tight", facecolor="white")
    return _small(image, caption, alt)


def _small(image: io.BytesIO, caption: str, alt: str) -> Picture:
    """Return the image with a palette of colours, which takes a third of the bytes."""
    from PIL import Image

    with Image.open(image) as full:
        width, height = full.size
        few = full.convert("RGB").quantize(128, dither=Image.Dither.NONE)
        small = io.BytesIO()
        few.save(small, format="png", optimize=True)
    width, height = (size * _SCREEN_DPI // _DPI for size in (width, height))
    return Picture(small.getvalue(), width, height, caption, alt)

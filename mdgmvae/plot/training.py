"""Draw the course of a training.

Without `ax` a new figure is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..errors import InputError
from ..labels import as_numbers, with_article
from .axes import COLUMN, axes_or_new, legend_above, open_frame

__all__ = ["history"]

#: Label, colour and line style of each term of the loss.
_TERMS: dict[str, tuple[str, str, Any]] = {
    "loss": ("loss", "black", "-"),
    "val_loss": ("loss, held-out frames", "black", ":"),
    "reconstruction": ("reconstruction", "#0072B2", "--"),
    "latent": ("latent", "#D55E00", "-."),
    "negative_entropy": ("negative entropy", "#009E73", (0, (1, 1))),
}
#: Colour of the axis and line of the objective.
_OBJECTIVE = "#882255"


def history(history: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draw the loss and its terms against the epoch.

    With a kinetic term, ``val_loss`` is the objective of the held-out frames: the loss minus the
    weighted VAMP-2 score. It cannot be compared with the loss, and is drawn on an axis of its own
    at the right.

    Parameters
    ----------
    history : mapping of str to sequence of float
        ``results.history``, with ``epoch``, ``loss`` and any of ``val_loss``,
        ``val_vamp2``, ``reconstruction``, ``latent`` and ``negative_entropy``.
    ax : matplotlib Axes, optional
        The Axes to draw on.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If it is no such mapping, or holds no loss.

    Examples
    --------
    >>> from mdgmvae.plot import history
    >>> axes = history({"loss": [3.0, 2.0, 1.5], "latent": [0.5, 0.7, 0.8]})
    >>> [text.get_text() for text in axes.get_legend().get_texts()]
    ['loss', 'latent']
    """
    if not isinstance(history, Mapping):
        raise InputError(
            "history: pass the history of a training, such as gm.results.history; this is "
            f"{with_article(history)}"
        )
    known = [name for name in ("epoch", *_TERMS, "val_vamp2") if name in history]
    terms = {name: np.atleast_1d(as_numbers(history[name], name)) for name in known}
    if not terms.get("loss", np.empty(0)).size:
        raise InputError(
            "history: holds no loss; pass the history of a fitted model, such as gm.results.history"
        )
    ax = axes_or_new(ax, (COLUMN, 2.7))
    epochs = terms.get("epoch", np.arange(1, len(terms["loss"]) + 1))
    kinetic = _drawable(terms, "val_vamp2", epochs)
    lines = []
    for name, (label, color, dashes) in _TERMS.items():
        if _drawable(terms, name, epochs) and not (name == "val_loss" and kinetic):
            width = 1.8 if name == "loss" else 1.2
            lines += ax.plot(
                epochs, terms[name], linestyle=dashes, color=color, linewidth=width, label=label
            )
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=(1, 2, 5, 10)))
    ax.set_ylabel("mean over frames / nats")
    open_frame(ax)
    if kinetic and _drawable(terms, "val_loss", epochs):
        lines += _draw_objective(ax, epochs, terms["val_loss"])
    legend_above(ax, lines)
    return ax


def _drawable(terms: Mapping[str, np.ndarray], name: str, epochs: np.ndarray) -> bool:
    values = terms.get(name, np.empty(0))
    return len(values) == len(epochs) and bool(np.isfinite(values).any())


def _draw_objective(ax: Axes, epochs: np.ndarray, values: np.ndarray) -> list[Line2D]:
    """Draw the objective of the held-out frames on an axis of its own, at the right."""
    right = ax.twinx()
    right.spines[["top", "left"]].set_visible(False)
    right.spines["right"].set(color=_OBJECTIVE, linestyle=":")
    right.tick_params(axis="y", colors=_OBJECTIVE)
    right.set_ylabel("held-out objective\n(with kinetic term) / nats", color=_OBJECTIVE)
    label = "held-out objective (right)"
    return right.plot(epochs, values, ":", color=_OBJECTIVE, linewidth=1.8, label=label)

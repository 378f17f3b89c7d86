"""Draw the course of a training.

Without `ax` a new figure is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from ..errors import InputError
from .axes import new_axes, open_frame

__all__ = ["history"]

#: Label, colour and line style of each term of the loss.
_TERMS = {
    "loss": ("loss", "black", "-"),
    "val_loss": ("loss, held-out frames", "black", ":"),
    "reconstruction": ("reconstruction", "#0072B2", "-"),
    "latent": ("latent", "#D55E00", "-"),
    "negative_entropy": ("negative entropy", "#009E73", "-"),
}


def history(history: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draw the loss and its terms against the epoch.

    Parameters
    ----------
    history : mapping of str to sequence of float
        ``results.history``, with ``epoch``, ``loss`` and any of ``val_loss``,
        ``reconstruction``, ``latent`` and ``negative_entropy``.
    ax : matplotlib Axes, optional
        The Axes to draw on.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If it holds no loss.
    """
    if not len(history.get("loss", ())):
        raise InputError("history: holds no loss; only a fitted model has a history")
    if ax is None:
        ax = new_axes((6.0, 3.8))
    epochs = np.asarray(history.get("epoch", np.arange(1, len(history["loss"]) + 1)))
    for name, (label, color, dashes) in _TERMS.items():
        values = np.asarray(history.get(name, ()), dtype=np.float64)
        if len(values) == len(epochs) and np.isfinite(values).any():
            width = 1.8 if name == "loss" else 1.2
            ax.plot(epochs, values, dashes, color=color, linewidth=width, label=label)
    ax.set_xlabel("epoch")
    ax.set_ylabel("mean over frames / nats")
    ax.legend(frameon=False, fontsize="small")
    open_frame(ax)
    return ax

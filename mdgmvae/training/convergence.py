"""Has the training converged, and what to change where it has not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..presets import Hyperparameters

#: The share of the epochs at the end, and before it, that are compared.
WINDOW = 0.2
#: Nats a frame by which the loss may still fall from the one to the other, and the share of
#: the whole fall.
TOLERANCE, SHARE = 0.01, 0.02
#: Shorter histories say nothing.
FEWEST_EPOCHS = 5


def diagnose(history: Mapping[str, Sequence[float]], parameters: Hyperparameters) -> list[str]:
    """What the course of the loss says is wrong, and what to change; empty where all is well.

    The advice is the paper's (Bozkurt Varolgunes et al. 2020, section 3): a reconstruction loss
    that stays large and does not fall asks for a wider px; a loss that jumps, for a lower
    learning rate or smaller batches.

    Parameters
    ----------
    history : mapping of str to sequence of float
        `GMVAE.history_`.
    parameters : Hyperparameters

    Returns
    -------
    list of str

    Examples
    --------
    >>> from mdgmvae.presets import Hyperparameters
    >>> parameters = Hyperparameters(n_epochs=20)
    >>> still_falling = {"loss": [9.0 - 0.2 * n for n in range(20)]}
    >>> print(diagnose(still_falling, parameters)[0][:58])
    the loss was still falling when training ended after 20 ep
    >>> diagnose({"loss": [5.0] + [1.0] * 19}, parameters)
    []
    """
    loss = np.asarray(history.get("loss", []), float)
    n = len(loss)
    if n < FEWEST_EPOCHS:
        return []
    window = max(1, round(WINDOW * n))
    late, before = loss[-window:], loss[-2 * window : -window]
    fall = float(np.median(before) - np.median(late))
    total = float(loss[0] - loss.min())
    threshold = max(TOLERANCE, SHARE * total)
    found = []
    stopped_early = n < parameters.n_epochs
    if fall > threshold and not stopped_early:
        found.append(
            f"the loss was still falling when training ended after {n} epochs (by {fall:.2g} nats "
            f"a frame over the last {window}); raise n_epochs, or lr={parameters.lr:g}"
        )
    jump = float(np.abs(np.diff(late)).max()) if window > 1 else 0.0
    if fall <= threshold and jump > max(10 * TOLERANCE, 10 * SHARE * total):
        found.append(
            f"the loss jumps by up to {jump:.2g} nats a frame from one epoch to the next; lower "
            f"lr={parameters.lr:g} or batch_size={parameters.batch_size}"
        )
    reconstruction = np.asarray(history.get("reconstruction", []), float)
    if len(reconstruction) == n and reconstruction[-1] > reconstruction[0] - TOLERANCE:
        found.append(
            f"the reconstruction loss has not fallen ({reconstruction[0]:.2f} to "
            f"{reconstruction[-1]:.2f} nats a frame); widen px_dims={parameters.px_dims}, or "
            f"lower lr={parameters.lr:g} and batch_size={parameters.batch_size}"
        )
    return found

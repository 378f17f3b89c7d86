"""Check whether a training has converged, and advise what to change if not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..presets import Hyperparameters

#: The last epochs, as a share of all, in which the loss and the states are looked at.
WINDOW = 0.2
#: States are still changing if more than this share of the frames changes state in these epochs...
CHANGED = 0.02
#: ... or would within this number of epochs, if the learning rate is constant.
FEWEST_EPOCHS_AHEAD = 10
#: The loss alone decides if there is one component. It is still decreasing if it decreases by more
#: than this from the epochs before: in nats per frame, and as a share of the total decrease. The
#: larger of the two limits applies.
TOLERANCE, SHARE = 0.01, 0.02
#: With fewer epochs, convergence is not judged.
FEWEST_EPOCHS = 5


def diagnose(history: Mapping[str, Sequence[float]], parameters: Hyperparameters) -> list[str]:
    """Find problems in the course of the training, and advise what to change.

    A training was too short if states were still changing at its end. The loss says less: it
    often goes on decreasing, because the decoder improves, long after the states are found. The
    advice follows the paper (Bozkurt Varolgunes et al. 2020, section 3): widen p(x|z) if the
    reconstruction loss stays large, and lower the learning rate or the batch size if the loss
    jumps.

    Parameters
    ----------
    history : mapping of str to sequence of float
        Values of each epoch, from `GMVAE.history_`.
    parameters : Hyperparameters
        The hyperparameters of the training.

    Returns
    -------
    list of str
        One sentence per problem. Empty if there is none.

    Examples
    --------
    >>> from mdgmvae.presets import Hyperparameters
    >>> parameters = Hyperparameters(n_epochs=20)
    >>> loss = [9.0 - 0.2 * n for n in range(20)]
    >>> diagnose({"loss": loss, "changed": [0.0] * 20}, parameters)
    []
    >>> print(diagnose({"loss": loss, "changed": [0.01] * 20}, parameters)[0][:61])
    the loss was still decreasing and the states were still chang
    """
    loss = np.asarray(history.get("loss", []), float)
    n = len(loss)
    if n < FEWEST_EPOCHS:
        return []
    window = max(1, round(WINDOW * n))
    late, before = loss[-window:], loss[-2 * window : -window]
    decrease = float(np.median(before) - np.median(late))
    total = float(loss[0] - loss.min())
    threshold = max(TOLERANCE, SHARE * total)
    found = []
    changed = _changed(history, window, parameters)
    unfinished = decrease > threshold if changed is None else decrease > 0 and changed > CHANGED
    stopped_early = n < parameters.n_epochs
    if unfinished and not stopped_early:
        states = "" if changed is None else " and the states were still changing"
        found.append(
            f"the loss was still decreasing{states} when training ended after {n} epochs (by "
            f"{decrease:.2g} nats per frame over the last {window}); raise n_epochs (now {n}) or "
            f"lr (now {parameters.lr:g})"
        )
    jump = float(np.abs(np.diff(late)).max()) if window > 1 else 0.0
    if decrease <= threshold and jump > max(10 * TOLERANCE, 10 * SHARE * total):
        found.append(
            f"the loss jumps by up to {jump:.2g} nats per frame from one epoch to the next; lower "
            f"lr={parameters.lr:g} or batch_size={parameters.batch_size}"
        )
    reconstruction = np.asarray(history.get("reconstruction", []), float)
    if len(reconstruction) == n and reconstruction[-1] > reconstruction[0] - TOLERANCE:
        found.append(
            f"the reconstruction loss has not decreased ({reconstruction[0]:.2f} to "
            f"{reconstruction[-1]:.2f} nats per frame); widen px_dims={parameters.px_dims}, or "
            f"lower lr={parameters.lr:g} and batch_size={parameters.batch_size}"
        )
    return found


def _changed(
    history: Mapping[str, Sequence[float]], window: int, parameters: Hyperparameters
) -> float | None:
    """Return the share of frames that change state in the last epochs; None if it is unknown."""
    if "changed" not in history:
        return None
    share = float(np.sum(history["changed"][-window:]))
    if parameters.lr_schedule == "constant":
        share *= max(1.0, FEWEST_EPOCHS_AHEAD / window)
    return share

"""Check whether a training has converged, and advise what to change if not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..presets import Hyperparameters

#: The last epochs, as a share of all, that are compared with as many epochs before them.
WINDOW = 0.2
#: A training has converged if the loss decreases by less than this between the two: in nats per
#: frame, and as a share of the total decrease. The larger of the two limits applies.
TOLERANCE, SHARE = 0.01, 0.02
#: With fewer epochs, convergence is not judged.
FEWEST_EPOCHS = 5


def diagnose(history: Mapping[str, Sequence[float]], parameters: Hyperparameters) -> list[str]:
    """Find problems in the course of the loss, and advise what to change.

    The advice follows the paper (Bozkurt Varolgunes et al. 2020, section 3): widen p(x|z) if the
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
    >>> decreasing = {"loss": [9.0 - 0.2 * n for n in range(20)]}
    >>> print(diagnose(decreasing, parameters)[0][:61])
    the loss was still decreasing when training ended after 20 ep
    >>> diagnose({"loss": [5.0] + [1.0] * 19}, parameters)
    []
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
    stopped_early = n < parameters.n_epochs
    if decrease > threshold and not stopped_early:
        found.append(
            f"the loss was still decreasing when training ended after {n} epochs (by "
            f"{decrease:.2g} nats per frame over the last {window}); raise n_epochs, or "
            f"lr={parameters.lr:g}"
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

"""The score below which a frame is unlike the frames of the training."""

from __future__ import annotations

import numpy as np

from ..training.dataset import Dataset
from ..training.scaling import SAMPLE_BYTES
from .trained_model import TrainedModel

#: Number of training frames whose scores are computed, evenly spread.
N_SCORED = 4096
#: Share of the frames, and smallest number of them, that form the tail of the lowest scores.
TAIL_SHARE, FEWEST_IN_TAIL = 0.01, 10
#: Smallest number of frames of which so many are a tail. Trained on ten frames, a model marked a
#: quarter of the others like them.
FEWEST = 2 * FEWEST_IN_TAIL
#: Share of frames like those of the training that would score below the threshold.
RATE = 1e-5
#: Smallest decay length of the tail, in nats: about that of a Gaussian.
SHORTEST_DECAY = 1.0


def threshold_of_fit(model: TrainedModel, dataset: Dataset, r_nent: float) -> float | None:
    """Derive the threshold from the frames of a fit, as `threshold_of` does.

    Parameters
    ----------
    model : TrainedModel
        The model that was fitted.
    dataset : Dataset
        The frames of the fit.
    r_nent : float
        Weight of the negative entropy in the score.

    Returns
    -------
    float or None
    """
    frames = Dataset(dataset.sample(SAMPLE_BYTES, N_SCORED), dataset.max_memory)
    return threshold_of(-model.loss(frames, r_nent))


def threshold_of(scores: np.ndarray) -> float | None:
    """Derive the threshold from the scores of training frames.

    The lowest scores have an exponential tail (exceedances over a high level: Pickands, Ann.
    Stat. 3, 119 (1975); a Gaussian has such a tail). It is extrapolated to the level below which
    one in 100,000 frames would fall. So it lies below held-out frames, which score a little lower
    than those of the training, and a few odd frames in the training do not draw it down to their
    own scores.

    Parameters
    ----------
    scores : ndarray of shape (n_frames,)
        In nats. Values that are not finite are left out.

    Returns
    -------
    float or None
        None with fewer than 20 finite scores, which do not tell how rare low ones are.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> round(threshold_of(-rng.exponential(2.0, 4096)))  # the true one: 2 ln(1e-5) = -23
    -26
    """
    ordered = np.sort(scores[np.isfinite(scores)].astype(np.float64))
    n = len(ordered)
    if n < FEWEST:
        return None
    n_tail = max(FEWEST_IN_TAIL, round(TAIL_SHARE * n))
    edge = ordered[n_tail]
    decay = max(SHORTEST_DECAY, float(edge - ordered[:n_tail].mean()))
    return float(edge - decay * np.log(n_tail / n / RATE))

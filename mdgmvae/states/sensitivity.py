"""How strongly the assignment to a state depends on each feature in the frames of the state."""

from __future__ import annotations

import numpy as np

from ..model.trained_model import TrainedModel
from ..storage.shown_features import ShownFeatures
from ..training.dataset import BLOCK_BYTES, Dataset, spread_out


def mean_gradients(
    model: TrainedModel,
    data: Dataset,
    shown: ShownFeatures,
    labels: np.ndarray,
    members: np.ndarray,
    n_frames: int,
) -> np.ndarray:
    """Average abs(d log q(state|x) / d feature) over frames of each state.

    Parameters
    ----------
    model : TrainedModel
    data : Dataset
        The features of n frames. Only the frames that are used are read.
    shown : ShownFeatures
    labels : ndarray of int64 of shape (n,)
    members : ndarray of bool of shape (n_states, k)
        The components that make up each state.
    n_frames : int
        Largest number of frames of each state, evenly spaced.

    Returns
    -------
    ndarray of shape (n_states, n_features), float64
        In nats per unit of the feature (per radian for angles); NaN for a state without frames.
    """
    means = np.full((len(members), len(shown)), np.nan)
    n_at_once = max(1, BLOCK_BYTES // (4 * data.n_columns))
    for state, of_state in enumerate(members):
        rows = spread_out(np.flatnonzero(labels == state), n_frames)
        if not len(rows):
            continue
        total = np.zeros(len(shown))
        for start in range(0, len(rows), n_at_once):
            raw = data.take(rows[start : start + n_at_once])
            by_column = model.membership_gradient(raw, of_state)
            total += np.abs(shown.gradient(raw, by_column)).sum(axis=0)
        means[state] = total / len(rows)
    return means

"""The metastable states that the components of a fit belong to."""

from __future__ import annotations

import numpy as np

from ..kinetics.lumping import by_decreasing_population, states_of_components
from ..presets import Hyperparameters
from ..training.microstates import microstates_of


def states_of_fit(
    components: np.ndarray,
    probabilities: np.ndarray,
    kept: np.ndarray,
    lengths: tuple[int, ...],
    parameters: Hyperparameters,
) -> np.ndarray:
    """Find the state of each component: shape (k,), int64.

    Parameters
    ----------
    components : ndarray of shape (n_frames,)
        Component of each frame.
    probabilities : ndarray of shape (number of kept frames, k)
        q(y|x) of the frames that are True in `kept` (n_frames,).
    lengths : tuple of int
        Number of frames in each segment.
    parameters : Hyperparameters
        Without a lag time, each component is a state. Without the number of states, it is found;
        see `mdgmvae.kinetics.lumping`.
    """
    k, lag = parameters.k, parameters.lag
    if lag is None:
        return np.arange(k, dtype=np.int64)
    n = parameters.n_macrostates
    finer = microstates_of(components, probabilities, kept=kept, lag=lag, lengths=lengths)
    states = states_of_components(
        components, k=k, lag=lag, lengths=lengths, n_macrostates=n, finer=finer
    )
    return by_decreasing_population(states, np.bincount(components, minlength=k))

"""Slow coordinates of features as the preset "robust" sees them, and microstates in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..checks import seed_of
from ..training.dataset import Dataset
from ..training.lagged_pairs import LaggedPairs
from ..training.microstates import clustered
from ..training.reduction import Reduction
from ..training.scaling import Scaling


def slow_coordinates(
    X: np.ndarray, lengths: Sequence[int], lag: int, n: int | None = None
) -> Scaling:
    """Fit the map from features to slow coordinates.

    The features are standardised. Products of them that show slow processes are appended
    (`mdgmvae.training.products`), and time-lagged independent components are computed.

    Parameters
    ----------
    X : ndarray of float32 of shape (n_frames, n_x)
        Features.
    lengths : sequence of int
        Number of frames in each segment.
    lag : int
        Lag time in frames.
    n : int, optional
        Number of coordinates, the slowest first. Default: as in training.

    Returns
    -------
    Scaling
        Its `apply` maps (n, n_x) to uncorrelated coordinates with mean 0 and variance 1.

    Raises
    ------
    InputError
        If no feature changes.
    """
    data, pairs = Dataset(X), LaggedPairs.within(lengths, lag)
    standard = Scaling.fit("standard", data.chunks(), data.n_columns)
    reduction = Reduction.of(data, pairs, standard.apply)
    return Scaling.fit_tica(standard, data, pairs, reduction, n)


def slow_microstates(
    X: np.ndarray, lengths: Sequence[int], lag: int, n: int, seed: int = 0
) -> np.ndarray:
    """Divide frames into microstates: k-means of the slow coordinates.

    Each coordinate is multiplied by its autocorrelation, which gives kinetic distances (Noé &
    Clementi, J. Chem. Theory Comput. 11, 5002 (2015)).

    Parameters
    ----------
    X, lengths, lag
        As in `slow_coordinates`.
    n : int
        Number of microstates.
    seed : int
        The same seed gives the same microstates.

    Returns
    -------
    ndarray of int64 of shape (n_frames,)
    """
    slow = slow_coordinates(X, lengths, lag)
    assert slow.autocorrelation is not None
    points = slow.apply(X) * np.clip(slow.autocorrelation, 0.0, 1.0)
    found = clustered(points, np.arange(len(points)), n, seed_of(seed))
    return np.unique(found, return_inverse=True)[1].astype(np.int64)

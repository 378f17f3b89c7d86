"""PCCA+: memberships of the states of a Markov model in a few metastable sets."""

from __future__ import annotations

import logging
import warnings

import numpy as np

from .markov import MarkovModel, symmetric_form

logger = logging.getLogger(__name__)

#: Above this number of sets the eigenvectors are clustered: PCCA+ takes 6 s for 13, half a
#: minute for 17.
MAX_OPTIMIZED = 10


def memberships_of(model: MarkovModel, n: int) -> np.ndarray:
    """Compute the memberships of the states of a connected Markov model in `n` metastable sets.

    PCCA+ (Röblitz & Weber, Adv. Data Anal. Classif. 7, 147 (2013)) as deeptime implements it. For
    more than `MAX_OPTIMIZED` sets, and where PCCA+ leaves a set empty, the slow eigenvectors are
    clustered instead (Ward).

    Parameters
    ----------
    model : MarkovModel
    n : int
        Number of sets, at most the number of states of the model.

    Returns
    -------
    ndarray of shape (n_states, n), float64
        Rows add up to 1. Each set has at least one state.

    Examples
    --------
    >>> model = MarkovModel.fit(np.array([[50.0, 40, 0], [40, 50, 1], [0, 1, 90]]), lag=1)
    >>> memberships_of(model, 2).round().tolist()
    [[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
    """
    size = len(model.states)
    if n == 1:
        return np.ones((size, 1))
    if n == size:
        return np.eye(size)
    if n > MAX_OPTIMIZED:
        return _clustered_eigenvectors(model, n)
    found = _pcca(model, n)
    if found is None or len(set(found.argmax(axis=1).tolist())) < n:
        logger.info("PCCA+ left one of %d sets empty; clustering eigenvectors instead", n)
        return _clustered_eigenvectors(model, n)
    return found


def _pcca(model: MarkovModel, n: int) -> np.ndarray | None:
    """Run deeptime's PCCA+; return None where it fails."""
    from deeptime.markov import pcca

    # PCCA+ sorts eigenvalues by magnitude, but -1 (states that alternate) is not a slow process.
    # Staying put with probability 1/2 makes all eigenvalues positive and keeps the eigenvectors.
    lazy = (model.transition_matrix + np.eye(len(model.states))) / 2
    try:
        with warnings.catch_warnings():
            # If complex parts and divisions by zero matter, they show up in the memberships.
            warnings.simplefilter("ignore")
            with np.errstate(all="ignore"):
                found = np.asarray(pcca(lazy, n, model.stationary.copy()).memberships)
    except (AssertionError, ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        logger.info("PCCA+ failed: %s", error)
        return None
    return found if bool(np.isfinite(found).all()) else None


def _clustered_eigenvectors(model: MarkovModel, n: int) -> np.ndarray:
    """Cluster the slow eigenvectors, each weighted by its eigenvalue; memberships are 0 or 1."""
    from sklearn.cluster import AgglomerativeClustering

    root = np.sqrt(model.stationary)
    values, vectors = np.linalg.eigh(symmetric_form(model.transition_matrix, model.stationary))
    slow = (vectors / root[:, None])[:, ::-1][:, 1:n] * values[::-1][1:n]
    memberships: np.ndarray = np.eye(n)[AgglomerativeClustering(n).fit_predict(slow)]
    return memberships

"""The slowest relaxation of labelled frames, and how many transitions are independent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse.csgraph import connected_components

from ..labels import as_labels, n_states_of
from ..segments import discrete_trajectories
from .markov import count_matrix, timescales_of

#: No lag time exceeds this share of the longest segment: beyond it, too few pairs are left.
LONGEST_LAG = 0.1


def relaxation_time(
    labels: Any, *, lengths: Sequence[int] | None = None, k: int | None = None
) -> float:
    """Estimate the relaxation time of the slowest process between states, without a given lag.

    Labels that recross a boundary are not Markovian, and at short lag times their implied
    timescales are too short. Therefore the lag time is increased until it reaches the timescale
    that it gives, or a tenth of the longest segment.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame in time order, -1 for none.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.
    k : int, optional
        Number of states. Default: one more than the largest label.

    Returns
    -------
    float
        In frames. 0 if frames do not depend on those before them, or if there is nothing to
        relax. Sets of states that never exchange a frame count separately.

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.cumsum(rng.random(50_000) < 0.02) % 2
    >>> 20 < relaxation_time(labels) < 30  # -1 / ln(1 - 2 x 0.02) = 24.5
    True
    """
    longest = _longest(labels, lengths)
    return _converged(labels, 1, lengths, k, longest)[1] if longest > 1 else 0.0


def recrossing(
    labels: Any, lag: int, lengths: Sequence[int] | None = None, k: int | None = None
) -> float:
    """Estimate how many counted transitions there are for each independent one.

    A trajectory that crosses a boundary may cross it several times before it settles. At a lag
    time that is short compared with this, the Markov model counts all crossings as if they were
    independent. Its slowest timescale is then too short by the same factor: populations are
    determined by the number of true transitions, and so is the timescale at long lag times.

    Parameters
    ----------
    labels, lengths, k
        As in `relaxation_time`.
    lag : int
        Lag time of the Markov model in frames.

    Returns
    -------
    float
        The slowest timescale at long lag times over that at `lag`; 1 if it does not grow.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels = np.cumsum(rng.random(50_000) < 0.02) % 2
    >>> recrossing(labels, lag=1) < 1.1
    True
    >>> blurred = np.where(rng.random(50_000) < 0.02, 1 - labels, labels)
    >>> recrossing(blurred, lag=1) > 2
    True
    """
    at_lag, converged = _converged(labels, lag, lengths, k, _longest(labels, lengths))
    return max(1.0, converged / at_lag) if at_lag > 0 else 1.0


def _converged(
    labels: Any, lag: int, lengths: Sequence[int] | None, k: int | None, longest: int
) -> tuple[float, float]:
    """Return the slowest timescale at a lag time, and the longest at increasing lag times."""
    states = as_labels(labels)
    k = n_states_of(states, k)
    first = converged = _slowest(count_matrix(states, lag, lengths, k), lag)
    while lag < (longer := int(min(converged, longest))) <= LONGEST_LAG * longest:
        lag = longer
        converged = max(converged, _slowest(count_matrix(states, lag, lengths, k), lag))
    return first, converged


def _slowest(counts: np.ndarray, lag: int) -> float:
    """Return the slowest timescale within the connected sets of the symmetrised counts.

    Symmetric counts need no iteration, unlike the most likely reversible model.
    """
    symmetric = counts + counts.T
    there = symmetric.sum(axis=1) > 0
    symmetric = symmetric[np.ix_(there, there)]
    root = np.sqrt(symmetric.sum(axis=1))
    n_sets, _ = connected_components(symmetric, directed=False)
    if n_sets == len(root):
        return 0.0
    # Each set has one eigenvalue 1, which belongs to its stationary distribution.
    values = np.linalg.eigvalsh(symmetric / root[:, None] / root[None, :])
    return float(timescales_of(values[-1 - n_sets], lag))


def _longest(labels: Any, lengths: Sequence[int] | None) -> int:
    return max(map(len, discrete_trajectories(labels, lengths)), default=0)

"""Kinetics of states whose frames are not all assigned correctly.

A frame near a border may be assigned to the wrong side, and a trajectory that crosses a border may
return at once. Both make the states lose a share of their memory within a moment, and after that
relax as slowly as the true states. Implied timescales of a Markov model at a short lag time are
then too short, and its predictions fail. But if nothing else is slow, the correlations at
multiples of the lag are C(m lag) = Q L^m Q^T, where L holds the true eigenvalues, and

    C(lag)^-1 C(2 lag)

has the true eigenvalues, however the frames are assigned (projected Markov models: Noé, Wu, Prinz &
Plattner, J. Chem. Phys. 139, 184114 (2013); Wu, Prinz & Noé, J. Chem. Phys. 143, 144101 (2015)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from ..segments import discrete_trajectories
from .markov import timescales_of

#: Number of blocks of time, each of which is left out once to estimate errors.
N_BLOCKS = 20
#: Multiples of the lag time that are predicted.
MULTIPLES = (3, 4, 5)


@dataclass(frozen=True, eq=False)
class ProjectedModel:
    """The relaxation of n states from correlations at multiples of a lag time.

    Parameters
    ----------
    lag : int
        Lag time in frames.
    timescales : ndarray of float64 of shape (n - 1,)
        In frames, from C(lag) and C(2 lag), the slowest first. They do not depend on how many
        frames are assigned wrongly.
    later : ndarray of float64 of shape (n - 1,)
        The same from C(2 lag) and C(4 lag).
    error : ndarray of float64 of shape (n - 1,)
        Standard error of the difference between `timescales` and `later`.
    difference : float
        Largest deviation of a transition probability at three to five lags from
        P(lag) (P(lag)^-1 P(2 lag))^(m - 1).
    deviation : float
        The same in units of the standard error.
    """

    lag: int
    timescales: np.ndarray
    later: np.ndarray
    error: np.ndarray
    difference: float
    deviation: float

    @classmethod
    def fit(
        cls, labels: np.ndarray, lag: int, lengths: Sequence[int] | None
    ) -> ProjectedModel | None:
        """Estimate the model, with errors from leaving out blocks of time.

        Parameters
        ----------
        labels : ndarray of int64 of shape (n_frames,)
            State of each frame in time order, -1 for none.
        lag : int
            Lag time in frames.
        lengths : sequence of int or None
            Number of frames in each segment.

        Returns
        -------
        ProjectedModel or None
            None if no segment is longer than five lags, or if the correlations do not determine
            the timescales.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> labels = np.cumsum(rng.random(50_000) < 0.01) % 2
        >>> blurred = np.where(rng.random(50_000) < 0.05, 1 - labels, labels)
        >>> found = ProjectedModel.fit(blurred, 5, None)
        >>> bool(45 < found.timescales[0] < 55)  # -1 / ln(1 - 2 x 0.01) = 49.5
        True
        """
        counts = _counts_in_blocks(labels, lag, lengths)
        if not counts[-1].any():
            return None
        total = counts.sum(axis=1)
        try:
            values = _relaxation(total, lag)
            left_out = [_relaxation(total - counts[:, block], lag) for block in range(N_BLOCKS)]
        except np.linalg.LinAlgError:
            return None
        rates, later, off = values
        n = len(rates)
        spread = _jackknife([np.log(later_b / rates_b) for rates_b, later_b, _ in left_out])
        errors = _jackknife([off_b for _, _, off_b in left_out])
        known = errors > 0
        deviation = np.abs(off[known]) / errors[known]
        return cls(
            lag,
            timescales=1 / rates,
            later=1 / later,
            error=spread[:n] / rates,
            difference=float(np.abs(off).max()),
            deviation=float(deviation.max()) if known.any() else 0.0,
        )


def timescale_between(labels: np.ndarray, lag: int, lengths: Sequence[int] | None) -> float:
    """Return the fastest of the timescales between states; 0 if they are not determined.

    Parameters
    ----------
    labels, lag, lengths
        As in `ProjectedModel.fit`.
    """
    counts = _counts_in_blocks(labels, lag, lengths, (1, 2)).sum(axis=1)
    if not counts[-1].any():
        return 0.0
    try:
        return float(1 / _rates(counts[0], counts[1], lag)[-1])
    except np.linalg.LinAlgError:
        return 0.0


def _counts_in_blocks(
    labels: np.ndarray,
    lag: int,
    lengths: Sequence[int] | None,
    multiples: Sequence[int] = (1, 2, *MULTIPLES),
) -> np.ndarray:
    """Count pairs at each multiple of the lag in each block of time, without direction.

    Returns
    -------
    ndarray of shape (n_multiples, N_BLOCKS, n, n)
        For states with frames.
    """
    there = labels >= 0
    kept = np.full(len(labels), -1)
    kept[there] = np.unique(labels[there], return_inverse=True)[1]
    n = int(kept.max()) + 1
    segments = discrete_trajectories(kept, lengths)
    total = sum(map(len, segments))
    counts = np.zeros((len(multiples), N_BLOCKS * n * n))
    begin = 0
    for segment in segments:
        block = np.arange(begin, begin + len(segment)) * N_BLOCKS // total
        begin += len(segment)
        for row, multiple in zip(counts, multiples, strict=True):
            steps = multiple * lag
            if len(segment) > steps:
                code = (block[:-steps] * n + segment[:-steps]) * n + segment[steps:]
                row += np.bincount(code, minlength=len(row))
    of_pairs = counts.reshape(len(multiples), N_BLOCKS, n, n)
    return np.asarray(of_pairs + of_pairs.swapaxes(2, 3))


def _rates(earlier: np.ndarray, later: np.ndarray, step: int) -> np.ndarray:
    """Return the relaxation rates (n - 1,) between two correlation matrices, slowest first.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a process has decayed, or has not begun to decay.
    """
    values = eigh(
        later / later.sum(), earlier / earlier.sum(), eigvals_only=True, check_finite=False
    )
    times = timescales_of(values[::-1][1:], step)
    if not np.all(np.isfinite(times) & (times > 0)):
        raise np.linalg.LinAlgError("processes are not determined")
    return np.asarray(1 / times)


def _relaxation(counts: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rates from C(lag) and C(2 lag), from C(2 lag) and C(4 lag), and what is not predicted.

    The last is the difference (n_multiples, n, n) between predicted and seen probabilities.
    """
    rates = _rates(counts[0], counts[1], lag)
    later = _rates(counts[1], counts[3], 2 * lag)
    of_state = counts.sum(axis=2, keepdims=True)
    if not of_state.all():
        raise np.linalg.LinAlgError("a state has no pairs of frames")
    seen = counts / of_state
    step = np.linalg.solve(seen[0], seen[1])
    predicted = [seen[0] @ np.linalg.matrix_power(step, m - 1) for m in MULTIPLES]
    return rates, later, np.asarray(predicted) - seen[2:]


def _jackknife(values: Sequence[np.ndarray]) -> np.ndarray:
    """Return the standard errors from values with one block left out each."""
    return np.asarray(np.std(values, axis=0) * np.sqrt(len(values) - 1))

"""The Chapman-Kolmogorov test: does a Markov model tell what happens later?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, check_counts
from ..segments import checked_lag, discrete_trajectories
from .posterior import Estimate, Posterior, time_unit


@dataclass(frozen=True, eq=False)
class ChapmanKolmogorov:
    """Does the model at one lag tell what happens at multiples of it?

    Parameters
    ----------
    lag : int
        Rows.
    multiples : ndarray of int64 of shape (n,)
        The lags compared, in units of `lag`.
    predicted, estimated : Estimate of shape (n, k, k)
        Powers of the transition matrix at `lag`, and those estimated at the longer lags; NaN
        there from and to states that have no pairs at that lag.
    deviations : ndarray of float64 of shape (k,)
        Largest deviation of each state's transition probabilities, in units of the error
        (standard deviations of both estimates together); NaN for states without frames.
    differences : ndarray of float64 of shape (k,)
        Largest deviation of each state's transition probabilities itself.
    dt : float
        Time of a row, in `unit`.
    unit : str
        "ps" or "rows".
    """

    lag: int
    multiples: np.ndarray
    predicted: Estimate
    estimated: Estimate
    deviations: np.ndarray
    differences: np.ndarray
    dt: float
    unit: str

    @property
    def max_deviation(self) -> float:
        """The largest deviation of all, in units of the error; NaN without any."""
        known = self.deviations[np.isfinite(self.deviations)]
        return float(known.max()) if len(known) else float("nan")


def chapman_kolmogorov(
    labels: Any,
    *,
    lag: int,
    multiples: Sequence[int] = (1, 2, 3, 4, 5),
    lengths: Sequence[int] | None = None,
    dt: float | None = None,
    k: int | None = None,
    n_samples: int = 100,
    seed: int = 0,
) -> ChapmanKolmogorov:
    """The Chapman-Kolmogorov test: powers of one model against models at longer lags.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        States, -1 for none.
    lag : int
        Rows.
    multiples : sequence of int
        Lags to compare, in units of `lag`; those too long for the longest piece are left out.
    lengths : sequence of int, optional
        Rows of each continuous piece. Default: one piece.
    dt : float, optional
        ps per row, for the picture.
    k : int, optional
        Number of states. Default: one more than the largest label.
    n_samples : int
        Models from the posterior at each lag, at least 2.
    seed : int
        Same seed, same errors.

    Returns
    -------
    ChapmanKolmogorov

    Raises
    ------
    InputError
        When an argument cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import chapman_kolmogorov
    >>> labels = np.cumsum(np.random.default_rng(0).random(20_000) < 0.02) % 2
    >>> chapman_kolmogorov(labels, lag=5).max_deviation < 3
    True
    """
    n_samples = check_count("n_samples", n_samples, low=2)
    pieces = discrete_trajectories(labels, lengths)
    lag, longest = checked_lag(lag, pieces), max(map(len, pieces))
    steps = [m for m in check_counts("multiples", multiples) if m * lag < longest] or [1]
    model = Posterior.fit(labels, lag=lag, lengths=lengths, k=k, n_samples=n_samples, seed=seed)
    predicted = model.estimate(
        lambda p, pi: np.array([np.linalg.matrix_power(p, m) for m in steps])
    )
    longer = [
        Posterior.fit(
            labels,
            lag=m * lag,
            lengths=lengths,
            k=len(model.stationary),
            n_samples=n_samples,
            seed=seed,
        )
        for m in steps
    ]
    # Pieces that are shorter than a lag do not tell whether their states last so long.
    unknown = np.array([~(m.counted[:, None] & m.counted[None, :]) for m in longer])
    nothing = np.where(unknown, np.nan, 0.0)
    estimated = Estimate.of(
        np.array([other.transition_matrix for other in longer]) + nothing,
        np.array([other.sampled_matrices for other in longer]).swapaxes(0, 1) + nothing,
    )
    difference = np.nan_to_num(np.abs(predicted.value - estimated.value))
    error = np.nan_to_num(np.sqrt(predicted.std**2 + estimated.std**2))
    # A state that is never left has no error, and nothing to be in error.
    deviation = np.divide(difference, error, out=np.zeros_like(error), where=error > 0)
    alone = np.where(model.populated, 0.0, np.nan)
    scale, unit = time_unit(dt)
    return ChapmanKolmogorov(
        int(lag),
        np.asarray(steps, np.int64),
        predicted,
        estimated,
        deviation.max(axis=(0, 2)) + alone,
        difference.max(axis=(0, 2)) + alone,
        scale,
        unit,
    )

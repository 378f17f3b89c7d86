"""The Chapman-Kolmogorov test of whether a Markov model predicts longer lag times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, check_counts
from ..errors import InputError
from ..segments import checked_lag, discrete_trajectories
from ..tables import Shown, Table, number
from .posterior import Estimate, Posteriors, time_unit


@dataclass(frozen=True, eq=False, repr=False)
class ChapmanKolmogorov(Shown):
    """How well the model at one lag time predicts multiples of it; prints as a table.

    Parameters
    ----------
    lag : int
        Lag time in frames.
    multiples : ndarray of int64 of shape (n,)
        The lag times compared, in units of `lag`.
    predicted, estimated : Estimate of shape (n, k, k)
        Powers of the transition matrix at `lag`, and the matrices estimated at the longer lag
        times. The latter are NaN for states without pairs of frames at that lag time.
    deviations : ndarray of float64 of shape (k,)
        Largest deviation of the transition probabilities out of each state, in units of the
        error (standard deviations of both estimates together). NaN for states without frames.
    differences : ndarray of float64 of shape (k,)
        Largest deviation of the transition probabilities out of each state, as a probability.
    dt : float
        Time between frames, in `unit`.
    unit : str
        "ps" or "frames".
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
        """Largest deviation over all states, in units of the error; NaN if there is none."""
        known = self.deviations[np.isfinite(self.deviations)]
        return float(known.max()) if len(known) else float("nan")

    def tables(self) -> list[Table]:
        """Return a table with a row for each state."""
        rows = tuple(
            (state, number(difference), number(deviation))
            for state, (difference, deviation) in enumerate(
                zip(self.differences.tolist(), self.deviations.tolist(), strict=True)
            )
        )
        longest = self.lag * self.dt * int(self.multiples.max())
        return [
            Table(
                ("state", "largest difference", "in units of the error"),
                rows,
                title=f"Chapman-Kolmogorov test: lag time {self.lag * self.dt:g} {self.unit}, "
                f"up to {longest:g} {self.unit}",
                note="Difference between the transition probabilities that the model at the lag "
                "predicts and those estimated at longer lag times.",
            )
        ]


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
    """Compare powers of one Markov model with models at longer lag times.

    Source: Prinz et al., J. Chem. Phys. 134, 174105 (2011).

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame in time order, -1 for none.
    lag : int
        Lag time in frames.
    multiples : sequence of int
        Lag times to compare, in units of `lag`. Lag times that exceed the longest segment are
        left out.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.
    dt : float, optional
        Time between frames in ps, for the table and the plot.
    k : int, optional
        Number of states. Default: one more than the largest label.
    n_samples : int
        Number of models drawn from the posterior at each lag time, at least 2.
    seed : int
        The same seed gives the same errors.

    Returns
    -------
    ChapmanKolmogorov
        The predicted and the estimated transition probabilities at each lag time. `differences`
        holds the largest difference of each state, and `deviations` the same in units of the
        error, of which `max_deviation` is the largest.

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.kinetics import chapman_kolmogorov
    >>> labels = np.cumsum(np.random.default_rng(0).random(20_000) < 0.02) % 2
    >>> test = chapman_kolmogorov(labels, lag=5)
    >>> test.max_deviation < 3  # in units of the error
    True
    """
    n_samples = check_count("n_samples", n_samples, low=2)
    return chapman_kolmogorov_of(
        Posteriors(labels, lengths, k, n_samples, seed), lag, dt, multiples
    )


def chapman_kolmogorov_of(
    models: Posteriors,
    lag: int,
    dt: float | None,
    multiples: Sequence[int] = (1, 2, 3, 4, 5),
) -> ChapmanKolmogorov:
    """Run `chapman_kolmogorov` on posteriors that may already be fitted."""
    segments = discrete_trajectories(models.labels, models.lengths)
    lag, longest = checked_lag(lag, segments), max(map(len, segments))
    multiples = check_counts("multiples", multiples)
    if not multiples:
        raise InputError("multiples=[]: pass at least one lag time, in units of the lag")
    steps = [m for m in multiples if m * lag < longest] or [1]
    model = models.at(lag)
    predicted = model.estimate(
        lambda p, pi: np.array([np.linalg.matrix_power(p, m) for m in steps])
    )
    longer = [models.at(m * lag) for m in steps]
    # Segments shorter than the lag time do not show whether their states last that long.
    unknown = np.array([~(m.counted[:, None] & m.counted[None, :]) for m in longer])
    nothing = np.where(unknown, np.nan, 0.0)
    estimated = Estimate.of(
        np.array([other.transition_matrix for other in longer]) + nothing,
        np.array([other.sampled_matrices for other in longer]).swapaxes(0, 1) + nothing,
    )
    difference = np.nan_to_num(np.abs(predicted.value - estimated.value))
    # If the labels are Markovian, as this tests, transitions are independent: errors that allow for
    # recrossing would hide it.
    repeated = np.array([other.recrossing for other in longer])[:, None, None]
    variance = predicted.std**2 / model.recrossing + estimated.std**2 / repeated
    error = np.nan_to_num(np.sqrt(variance))
    # A state that is never left has no error and no deviation.
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

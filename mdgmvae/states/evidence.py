"""Evidence on each state: counts, times, tests and scores, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..kinetics.certainty import AssignmentQuality, assignment_quality
from ..kinetics.dwell_times import Visits, share_in_visits, visits
from ..kinetics.gap import Gap
from ..kinetics.lumping import Lumping, lump
from ..kinetics.markov_test import ChapmanKolmogorov, chapman_kolmogorov_of
from ..kinetics.posterior import Estimate, Posteriors
from ..kinetics.projected import ProjectedModel
from ..kinetics.rates import Lifetimes, lifetimes_of, passage_times_of, populations_of
from ..kinetics.reversibility import DetailedBalance, detailed_balance
from ..kinetics.timescales import ImpliedTimescales, default_lags, timescales_at
from ..kinetics.trend import trend_of
from ..kinetics.vamp import CrossValidatedScore, vamp2, vamp2_cross_validated
from ..segments import checked_lag, discrete_trajectories


@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """The kinetics of k states (or components) of a trajectory.

    Parameters
    ----------
    kind : str
        "state" or "component".
    lag : int
        Lag time in frames.
    dt : float
        Time between frames, in `unit`.
    unit : str
        "ps" or "frames".
    frames : ndarray of int64 of shape (k,)
        Frames in each state.
    visits : Visits
        Visits of at least one lag. Shorter stays are regarded as recrossings of a barrier.
    share_in_visits : ndarray of float64 of shape (k,)
        Share of the frames of each state that lie in its visits; NaN where unknown.
    equilibrium_populations : Estimate of shape (k,)
        Populations in the Markov model at the lag time.
    lifetimes : Lifetimes
        In `unit`.
    passage_times : Estimate of shape (k, k)
        Mean first passage times from the first to the second index, in `unit`.
    timescales : ImpliedTimescales
        At several lag times.
    chapman_kolmogorov : ChapmanKolmogorov
    lumping : Lumping
        The metastable states that these states form at the lag time.
    vamp2 : float
        VAMP-2 score of the labels on all frames.
    cross_validated : CrossValidatedScore or None
        The same score on held-out frames. None if there are too few frames.
    quality : AssignmentQuality or None
        How certain the assignment is. None without probabilities.
    balance : DetailedBalance
        Whether transitions are as frequent as their reverse.
    trend : float
        Correlation of the slowest process with time, from 0 to 1.
    projected : ProjectedModel or None
        The relaxation if frames are assigned wrongly. None for components and where it is not
        determined.
    gap : Gap or None
        The timescales between and within the states. None for components, and where nothing
        finer than the states is known.
    """

    kind: str
    lag: int
    dt: float
    unit: str
    frames: np.ndarray
    visits: Visits
    share_in_visits: np.ndarray
    equilibrium_populations: Estimate
    lifetimes: Lifetimes
    passage_times: Estimate
    timescales: ImpliedTimescales
    chapman_kolmogorov: ChapmanKolmogorov
    lumping: Lumping
    vamp2: float
    cross_validated: CrossValidatedScore | None
    quality: AssignmentQuality | None
    balance: DetailedBalance
    trend: float
    projected: ProjectedModel | None
    gap: Gap | None = None

    @property
    def populations(self) -> np.ndarray:
        """Share of the frames in each state, (k,) float64."""
        return np.asarray(self.frames / self.frames.sum())

    @property
    def lag_time(self) -> float:
        """The lag time in `unit`."""
        return self.lag * self.dt


def evidence_of(
    labels: np.ndarray,
    probabilities: np.ndarray | None,
    *,
    kind: str,
    k: int,
    lag: int,
    lengths: Sequence[int] | None,
    dt: float | None,
    n_samples: int,
    seed: int,
) -> Evidence:
    """Gather the evidence on labels (n_frames,) of k states, with the arguments of `judge`.

    Raises
    ------
    InputError
        If an argument is invalid.
    """
    segments = discrete_trajectories(labels, lengths)
    lag = checked_lag(lag, segments)
    longest = max(map(len, segments))
    # Timescales that still increase at twice the lag have not converged.
    lags = sorted({*default_lags(lag, longest), *([2 * lag] if 2 * lag < longest else [])})
    models = Posteriors(labels, lengths, k, n_samples, seed)
    test = chapman_kolmogorov_of(models, lag, dt)
    return Evidence(
        kind=kind,
        lag=lag,
        dt=test.dt,
        unit=test.unit,
        frames=np.bincount(labels[labels >= 0], minlength=k),
        visits=visits(labels, lengths=lengths, k=k, min_frames=lag),
        share_in_visits=share_in_visits(labels, lengths, k, lag),
        equilibrium_populations=populations_of(models.at(lag)),
        lifetimes=lifetimes_of(models.at(lag), visits(labels, lengths=lengths, k=k), dt),
        passage_times=passage_times_of(models.at(lag), dt),
        timescales=timescales_at(models, lags, dt),
        chapman_kolmogorov=test,
        lumping=lump(labels, lag=lag, lengths=lengths, k=k),
        vamp2=vamp2(labels, lag=lag, lengths=lengths),
        cross_validated=_cross_validated(labels, lag, lengths),
        quality=None if probabilities is None else assignment_quality(probabilities),
        balance=detailed_balance(labels, lag=lag, lengths=lengths, k=k),
        trend=trend_of(labels, lag, lengths),
        projected=ProjectedModel.fit(labels, lag, lengths) if kind == "state" else None,
    )


def _cross_validated(
    labels: np.ndarray, lag: int, lengths: Sequence[int] | None
) -> CrossValidatedScore | None:
    try:
        return vamp2_cross_validated(labels, lag=lag, lengths=lengths)
    except InputError:  # too few frames for the folds
        return None

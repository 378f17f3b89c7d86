"""A plain judgement of states: what these frames support, and what they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..kinetics.certainty import AssignmentQuality, assignment_quality
from ..kinetics.dwell_times import Visits, visits
from ..kinetics.lumping import Lumping, lump
from ..kinetics.markov_test import ChapmanKolmogorov, chapman_kolmogorov
from ..kinetics.posterior import Estimate
from ..kinetics.rates import Lifetimes, mean_first_passage_times, stationary_populations
from ..kinetics.rates import lifetimes as estimate_lifetimes
from ..kinetics.timescales import ImpliedTimescales, default_lags, implied_timescales
from ..kinetics.vamp import CrossValidatedScore, vamp2, vamp2_cross_validated
from ..labels import as_labels, n_states_of
from ..segments import checked_lag, discrete_trajectories
from ..trajectory.lag_time import time_step

if TYPE_CHECKING:
    from .verdicts import Verdict


@dataclass(frozen=True, eq=False, repr=False)
class Judgement:
    """What is known of the states of a trajectory, and what is to be said of it.

    It shows itself as a table in a notebook; `text` gives the same for a terminal.

    Parameters
    ----------
    kind : str
        What the states are called: "state", "component" or "metastable state".
    lag : int
        Rows.
    dt : float
        Time of a row in `unit`, "ps" or "rows".
    unit : str
    frames : ndarray of int64 of shape (k,)
        Frames in each state.
    visits : Visits
        Visits of at least one lag; shorter stays are returns over a barrier.
    populations : Estimate
        Of the Markov model at the lag, (k,).
    lifetimes : Lifetimes
    passage_times : Estimate
        Mean first passage times (k, k) from row to column, in `unit`.
    timescales : ImpliedTimescales
        At several lags.
    chapman_kolmogorov : ChapmanKolmogorov
    lumping : Lumping
        The metastable states at the lag that the states make up.
    vamp2 : float
        VAMP-2 score of the labels on all frames.
    cross_validated : CrossValidatedScore or None
        The same on other blocks of time; None where there are too few frames.
    quality : AssignmentQuality or None
        Where probabilities were given.
    macrostates : Judgement or None
        The same of the lumped labels, where they were given.
    """

    kind: str
    lag: int
    dt: float
    unit: str
    frames: np.ndarray
    visits: Visits
    populations: Estimate
    lifetimes: Lifetimes
    passage_times: Estimate
    timescales: ImpliedTimescales
    chapman_kolmogorov: ChapmanKolmogorov
    lumping: Lumping
    vamp2: float
    cross_validated: CrossValidatedScore | None
    quality: AssignmentQuality | None
    macrostates: Judgement | None

    @property
    def states(self) -> list[Verdict]:
        """The verdict on each state, in a word and in a sentence."""
        from .verdicts import on_states

        return on_states(self)

    @property
    def verdicts(self) -> list[str]:
        """Sentences for the person who wants to use these states; those on macrostates last."""
        from .verdicts import sentences

        return sentences(self) + (self.macrostates.verdicts if self.macrostates else [])

    @property
    def is_supported(self) -> bool:
        """Whether every state (macrostate, where there are any) is metastable and supported."""
        judged = self.macrostates or self
        return all(state.word == "metastable" for state in judged.states)

    def text(self) -> str:
        """A table of the states, and the verdicts."""
        from .judgement_text import as_text

        return as_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as lists, numbers and strings for JSON; None for what is not finite."""
        from .judgement_text import as_dict

        return as_dict(self)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from .judgement_text import as_html

        return as_html(self)


def judge(
    labels: Any,
    probabilities: Any = None,
    *,
    lag: int,
    lengths: Sequence[int] | None = None,
    dt: float | None = None,
    macrostates: Any = None,
    n_samples: int = 50,
    seed: int = 0,
) -> Judgement:
    """Judge the states of a trajectory by its kinetics.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        States in the order of time, -1 for none.
    probabilities : (n_frames, k) array-like of float, optional
        q(y|x); adds how sure the assignment is, and empty components.
    lag : int
        Rows within a piece: the time that a state has to outlive.
    lengths : sequence of int, optional
        Rows of each continuous piece of trajectory. Default: one piece.
    dt : float, optional
        ps per row; without it (or NaN) times are in rows.
    macrostates : (n_frames,) array-like of int, optional
        Lumped labels (`mdgmvae.kinetics.lump`), judged too; `labels` are then components.
    n_samples : int
        Sampled Markov models for each error, at least 2.
    seed : int
        Same seed, same errors.

    Returns
    -------
    Judgement

    Raises
    ------
    InputError
        When an argument cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.states import judge
    >>> labels = np.repeat([0, 1, 0, 1, 0, 2], [900, 700, 800, 700, 900, 300])
    >>> for sentence in judge(labels, lag=10, dt=2.0).verdicts[:2]:
    ...     print(sentence)
    states 0 and 1 were entered only 2 times each: their populations and lifetimes are rough
    state 2 was entered once and never left: its population and lifetime are not supported by \
these data
    """
    states = as_labels(labels)
    quality = None if probabilities is None else assignment_quality(probabilities)
    if quality is not None and len(np.asarray(probabilities)) != len(states):
        raise InputError(
            f"probabilities: there are {len(np.asarray(probabilities)):,} rows for "
            f"{len(states):,} labels"
        )
    k = n_states_of(states, quality.n_components if quality else None)
    pieces = discrete_trajectories(states, lengths)
    checked_lag(lag, pieces)
    longest = max(map(len, pieces))
    # Twice the lag: what still rises there has not converged.
    lags = sorted({*default_lags(lag, longest), *([2 * lag] if 2 * lag < longest else [])})
    model: dict[str, Any] = {"lengths": lengths, "k": k, "n_samples": n_samples, "seed": seed}
    timescales = implied_timescales(states, lags=lags, dt=dt, **model)
    return Judgement(
        kind="state" if macrostates is None else "component",
        lag=int(lag),
        dt=timescales.dt,
        unit=timescales.unit,
        frames=np.bincount(states[states >= 0], minlength=k),
        visits=visits(states, lengths=lengths, k=k, min_rows=int(lag)),
        populations=stationary_populations(states, lag=lag, **model),
        lifetimes=estimate_lifetimes(states, lag=lag, dt=dt, **model),
        passage_times=mean_first_passage_times(states, lag=lag, dt=dt, **model),
        timescales=timescales,
        chapman_kolmogorov=chapman_kolmogorov(states, lag=lag, dt=dt, **model),
        lumping=lump(states, lag=lag, lengths=lengths, k=k),
        vamp2=vamp2(states, lag=lag, lengths=lengths),
        cross_validated=_cross_validated(states, lag, lengths),
        quality=quality,
        macrostates=None
        if macrostates is None
        else replace(
            judge(
                _checked_macrostates(macrostates, states),
                lag=lag, lengths=lengths, dt=dt, n_samples=n_samples, seed=seed,
            ),
            kind="metastable state",
        ),
    )  # fmt: skip


def _cross_validated(
    states: np.ndarray, lag: int, lengths: Sequence[int] | None
) -> CrossValidatedScore | None:
    try:
        return vamp2_cross_validated(states, lag=lag, lengths=lengths)
    except InputError:  # too few frames for the folds
        return None


def _checked_macrostates(macrostates: Any, states: np.ndarray) -> np.ndarray:
    lumped = as_labels(macrostates)
    if len(lumped) != len(states):
        raise InputError(f"macrostates: there are {len(lumped):,} for {len(states):,} labels")
    return lumped


def judge_results(results: Any, lag: int, **options: Any) -> Judgement:
    """Judge the components and the states of an analysis.

    Parameters
    ----------
    results : TrajectoryResults
    lag : int
        In frames.
    **options
        ``n_samples``, ``seed`` of `judge`.

    Returns
    -------
    Judgement
    """
    return judge(
        results.components,
        results.component_probabilities,
        lag=lag,
        lengths=results.lengths,
        dt=time_step(results.times, results.lengths),
        macrostates=results.labels,
        **options,
    )

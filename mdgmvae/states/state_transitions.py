"""Transitions between the states of an analysis or an assignment."""

from __future__ import annotations

from typing import Any

from ..kinetics.exchange import Transitions, transitions
from ..trajectory.lag_time import time_step


def transitions_of(results: Any, lag: int, **options: Any) -> Transitions:
    """Count the transitions between the states of results, with rates and passage times.

    Parameters
    ----------
    results : Results
        With ``labels``, ``lengths``, ``times`` and ``populations``.
    lag : int
        Lag time in frames.
    **options
        ``n_samples`` and ``seed`` of `mdgmvae.kinetics.transitions`.

    Returns
    -------
    Transitions
        In ps, or in frames where times are unknown.

    Raises
    ------
    InputError
        If no frames are one lag apart, or an option is invalid.
    """
    return transitions(
        results.labels,
        lag=lag,
        lengths=results.lengths,
        dt=time_step(results.times, results.lengths),
        k=len(results.populations),
        **options,
    )

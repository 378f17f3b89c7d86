"""Propose a lag time: the shortest from which implied timescales no longer rise."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..checks import check_count, check_counts, checked_seed
from ..errors import InputError
from ..kinetics.timescales import ImpliedTimescales, implied_timescales, timescale_cell
from ..presets import ROBUST
from ..segments import checked_lag
from ..storage.features import FeatureSet
from ..tables import Shown, Table
from .cross_validation import features_of
from .slow_coordinates import slow_microstates

#: Number of microstates, and frames in each if there are few of them.
N_MICROSTATES, _FRAMES_IN_MICROSTATE = 30, 50
#: Factor by which the timescales of a plateau may differ, up to twice the lag time.
PLATEAU = 1.1
#: Largest number of processes that are shown.
_SHOWN = 3
_N_SAMPLES = 30


@dataclass(frozen=True, eq=False, repr=False)
class ProposedLag(Shown):
    """A lag time in frames, with the implied timescales from which it was derived.

    Parameters
    ----------
    lag : int or None
        The proposed lag time in frames; None if there is no plateau.
    reason : str
        Why this lag time, or why none.
    timescales : ImpliedTimescales
        Of the microstates, at all lag times that were tried.
    """

    lag: int | None
    reason: str
    timescales: ImpliedTimescales

    @property
    def title(self) -> str:
        """One sentence that states the proposal."""
        if self.lag is None:
            return f"no lag time is proposed: {self.reason}"
        dt, unit = self.timescales.dt, self.timescales.unit
        time = f" ({self.lag * dt:g} ps)" if unit == "ps" else ""
        return f"lag time {self.lag} frame{'s' * (self.lag > 1)}{time}: {self.reason}"

    @property
    def _longest_shown(self) -> int:
        """At longer lag times, the timescales say no more."""
        if self.lag is not None:
            return 4 * self.lag
        found = self.timescales
        resolved = found.lags[found.timescales[:, 0] > 2 * found.lags * found.dt]
        return 2 * int(resolved.max(initial=self.timescales.lags[0]))

    def tables(self) -> list[Table]:
        """Return a table with a row for each lag time, the proposed one marked by a star."""
        found = self.timescales
        n = min(_SHOWN, found.timescales.shape[1])
        rows = [
            (
                f"{'* ' if lag == self.lag else ''}{lag}",
                *map(timescale_cell, found.timescales[i, :n], found.lower[i], found.upper[i]),
            )
            for i, lag in enumerate(found.lags.tolist())
            if lag <= self._longest_shown
        ]
        heads = [f"timescale {process} / {found.unit}" for process in range(1, n + 1)]
        return [
            Table(
                ("lag time / frames", *heads),
                tuple(rows),
                title=self.title,
                note="Implied timescales of microstates, in brackets: 95 % credible interval. "
                "Without an interval there is no reliable estimate at this lag time. Timescales "
                "that grow in proportion to the lag time are noise.",
            )
        ]


def propose_lag(
    X: np.ndarray | str | os.PathLike[str] | FeatureSet,
    *,
    lengths: Sequence[int] | None = None,
    lags: Sequence[int] | None = None,
    shortest: int | None = None,
    dt: float | None = None,
    seed: int = 0,
) -> ProposedLag:
    """Propose the lag time at which the implied timescales of microstates reach a plateau.

    The frames are divided into microstates in their slow coordinates. The proposal is the
    shortest lag time from which all timescales longer than twice the lag time stay within 10 %
    up to twice the lag time. Shorter ones are not resolved there.

    Parameters
    ----------
    X : (n_frames, n_x) array-like, path of a .npy file or FeatureSet
        Features. They are held in memory.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment, or the segments of the file.
    lags : sequence of int, optional
        Lag times in frames to try. Default: from 1 to a tenth of the longest segment, each about
        1.4 times the one before.
    shortest : int, optional
        Shorter lag times are proposed only if there is no plateau from here on. Default: that of
        the preset "robust". With a shorter lag time, faster processes count as states.
    dt : float, optional
        Time between frames in ps, for the table.
    seed : int
        The same seed gives the same microstates.

    Returns
    -------
    ProposedLag
        It prints as a table.

    Raises
    ------
    InputError
        If an argument is invalid, or no feature changes.

    Examples
    --------
    >>> from mdgmvae.comparison import propose_lag
    >>> from mdgmvae.data.processes import wells
    >>> propose_lag(wells(4_000, seed=0).X).lag
    5
    """
    seed = checked_seed(seed)
    values, segments = features_of(X, lengths)
    default = ROBUST.lag or 1
    shortest = default if shortest is None else check_count("shortest", shortest)
    tried = _lags(max(segments), shortest) if lags is None else check_counts("lags", lags)
    tried = sorted(set(tried))
    if not tried:
        raise InputError("lags=[]: pass at least one lag time")
    for end in (tried[0], tried[-1]):
        checked_lag(end, [np.empty(n) for n in segments], "lags")
    n = max(2, min(N_MICROSTATES, len(values) // _FRAMES_IN_MICROSTATE))
    # Slow coordinates at a short lag time include those that are slow at a longer one.
    coarse = min(default, max(segments) - 1)
    microstates = slow_microstates(values, segments, coarse, n, seed)
    found = implied_timescales(
        microstates, lags=tried, lengths=segments, dt=dt, n_samples=_N_SAMPLES, seed=seed
    )
    lag, reason = _proposal(found, shortest)
    return ProposedLag(lag, reason, found)


def plateaus(found: ImpliedTimescales) -> dict[int, int]:
    """Return the lag times from which timescales stay the same up to twice the lag time.

    Returns
    -------
    dict of int to int
        For each such lag time in frames, the number of processes that it resolves: those with
        timescales longer than twice the lag time.
    """
    lags, values = found.lags.tolist(), found.timescales / found.dt
    plateau = {}
    for i, lag in enumerate(lags):
        later = [j for j in range(i + 1, len(lags)) if lags[j] <= 2 * lag]
        resolved = int((values[i] > 2 * lag).sum())
        # At least one of the later lag times has to be near the end of the range.
        if not resolved or not later or lags[later[-1]] < 1.4 * lag:
            continue
        here, there = values[i, :resolved], values[later, :resolved]
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(np.isinf(here) & np.isinf(there), 1.0, there / here)
        if ((ratio < PLATEAU) & (ratio > 1 / PLATEAU)).all():
            plateau[lag] = resolved
    return plateau


def _proposal(found: ImpliedTimescales, shortest: int) -> tuple[int | None, str]:
    """Return the lag time in frames, or None, and the reason."""
    good = plateaus(found)
    if good:
        later = [lag for lag in good if lag >= shortest]
        lag = min(later, default=max(good))
        n = good[lag]
        what = f"the {n} slowest timescales stay" if n > 1 else "the slowest timescale stays"
        return lag, f"{what} within {PLATEAU - 1:.0%} up to twice this lag time".replace("%", " %")
    slowest = found.timescales[:, 0] / found.dt
    if not (slowest > 2 * found.lags).any():
        return None, "no process is slower than twice the lag time; use other features"
    return None, (
        "the timescales change with the lag time at all lag times; there may be no metastable "
        "states, too few frames, or features that miss a slow process"
    )


def _lags(longest: int, shortest: int) -> list[int]:
    """Return lag times from 1 to a tenth of the longest segment, `shortest` among them."""
    last = max(2, longest // 10)
    powers = np.arange(int(2 * np.log2(last)) + 1) / 2
    lags = {int(lag) for lag in np.round(2.0**powers)}
    if shortest <= last // 2:
        lags |= {shortest, 2 * shortest}
    return sorted(lag for lag in lags if lag < longest)

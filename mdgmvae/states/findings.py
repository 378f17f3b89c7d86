"""Findings: what each kind of evidence says about all states together.

Each finding has a name, which is the same in the table, in the text and in JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..kinetics.gap import GAP, LEAST_KEPT
from ..tables import named, number, percent
from .evidence import Evidence
from .verdicts import CASUAL, FEW_EVENTS, lag_of, n_events, on_states, time_of

#: Differences of fewer errors than this are chance.
ERRORS = 3.0
#: Probabilities that differ by less than this pass the Chapman-Kolmogorov test.
CK_DIFFERENCE = 0.05
#: Timescales that grow by this factor when the lag time is doubled have not converged.
RISE = 1.15
#: What is said of values that do not depend on how frames are assigned.
ALLOWED = "after correcting for misassigned frames"
#: Smallest loss of VAMP-2 on held-out frames that is reported.
SCORE_LOSS = 0.1
#: Largest correlation of the slowest process with time in equilibrium.
TREND = 0.7


@dataclass(frozen=True)
class Finding:
    """What one kind of evidence says about the states.

    Parameters
    ----------
    name : str
        "lifetimes", "events", "gap", "barriers", "Chapman-Kolmogorov", "timescales", "held-out
        frames", "detailed balance" or "stationarity".
    holds : bool or None
        Whether the evidence is in favour of the states. None if it could not be tested.
    seen : str
        What was seen, with numbers.
    sentence : str
        Conclusion and advice, if it does not hold and no sentence about single states says so.
    """

    name: str
    holds: bool | None
    seen: str
    sentence: str = ""

    @property
    def word(self) -> str:
        """Whether it holds: "yes", "no" or "not tested"."""
        return "not tested" if self.holds is None else "yes" if self.holds else "no"


def findings_of(e: Evidence) -> list[Finding]:
    """Return what each kind of evidence says about the states."""
    lifetimes, events = _lifetimes(e), _events(e)
    if (e.frames > 0).sum() < 2:
        return [lifetimes, events]
    return [
        lifetimes,
        events,
        _gap(e),
        _barriers(e),
        _chapman_kolmogorov(e),
        _timescales(e),
        _held_out(e),
        _balance(e),
        _stationarity(e, bool(events.holds)),
    ]


def _lifetimes(e: Evidence) -> Finding:
    lifetimes = e.lifetimes.from_model.value[e.frames > 0]
    fast = any(verdict.word == "not metastable" for verdict in on_states(e))
    seen = f"shortest {time_of(e, lifetimes.min())}, lag time {lag_of(e)}"
    return Finding("lifetimes", not fast, seen)


def _events(e: Evidence) -> Finding:
    fewest = min(n_events(e, state) for state in np.flatnonzero(e.frames).tolist())
    if fewest >= FEW_EVENTS:
        return Finding(
            "events", True, f"every state was entered and left at least {fewest:,} times"
        )
    if fewest == 0:
        return Finding("events", False, "a state was never entered, or never left")
    times = "once" if fewest == 1 else f"only {fewest} times"
    return Finding("events", False, f"a state was entered or left {times}")


def _gap(e: Evidence) -> Finding:
    gap = e.gap
    if gap is None:
        return Finding("gap", None, "nothing finer than the states is known")
    between, within = (time_of(e, value * e.dt) for value in (gap.between, gap.within))
    if gap.within <= 0:
        within = "none within them"
    else:
        within += f" within them, ratio {number(gap.ratio)}"
    seen = f"{between} between the states, {within}"
    if gap.is_there and gap.ratio < GAP:
        seen += ", but independent of the states"
    return Finding(
        "gap",
        gap.is_there,
        seen,
        f"there is no gap in the timescales ({seen}; a gap is at least {GAP:g}): the "
        f"number of {e.kind}s is arbitrary. {CASUAL}",
    )


def _barriers(e: Evidence) -> Finding:
    gap = e.gap
    if gap is None:
        return Finding("barriers", None, "nothing finer than the states is known")
    least = f"{percent(float(gap.kept.min()))} %"
    return Finding(
        "barriers",
        gap.has_barriers,
        f"the {e.kind}s explain at least {least} of each slow process",
        f"there are no barriers between the {e.kind}s: they explain only {least} of a slow process "
        f"({percent(LEAST_KEPT)} % would be enough), because it goes on within them. {CASUAL}",
    )


def _chapman_kolmogorov(e: Evidence) -> Finding:
    ck = e.chapman_kolmogorov
    with np.errstate(invalid="ignore"):
        is_off = (ck.deviations > ERRORS) & (ck.differences > CK_DIFFERENCE)
    failed = np.flatnonzero(is_off).tolist()
    known = ck.differences[np.isfinite(ck.deviations)]
    seen = f"probabilities are off by up to {number(known.max() if len(known) else 0.0)}"
    if not failed:
        return Finding("Chapman-Kolmogorov", True, seen)
    if e.projected is not None and is_blurred(e):
        seen += f", by {number(e.projected.difference)} {ALLOWED}"
        return Finding("Chapman-Kolmogorov", True, seen)
    worst = max(failed, key=lambda state: ck.deviations[state])
    return Finding(
        "Chapman-Kolmogorov",
        False,
        seen,
        f"the Chapman-Kolmogorov test fails for {named(e.kind, failed)} (a probability is off by "
        f"{ck.differences[worst]:.2f}, {ck.deviations[worst]:.1f} times the error): choose a "
        f"longer lag time or other {e.kind}s",
    )


def _timescales(e: Evidence) -> Finding:
    its = e.timescales
    lags = its.lags.tolist()
    if 2 * e.lag not in lags:
        return Finding("timescales", None, "no segment is longer than twice the lag time")
    now, later = lags.index(e.lag), lags.index(2 * e.lag)
    before, after = its.timescales[now], its.timescales[later]
    with np.errstate(invalid="ignore"):
        # The intervals allow for recrossings, which are what the increase shows.
        error = np.hypot(
            (its.upper[now] - before) / np.sqrt(its.recrossing[now]),
            (after - its.lower[later]) / np.sqrt(its.recrossing[later]),
        )
        slow = np.isfinite(before) & (before > e.lag_time)
        longer = slow & (after > RISE * before)
        rising = longer & (after - before > error)
    # The first process that tells most; the slowest if none is longer.
    shown = int((rising if rising.any() else longer).argmax())
    seen = (
        f"{time_of(e, before[shown])} at lag {lag_of(e)}, "
        f"{time_of(e, after[shown])} at lag {lag_of(e, 2)}"
    )
    if rising.any() and e.projected is not None and is_blurred(e):
        true = e.projected.timescales[min(shown, len(e.projected.timescales) - 1)] * e.dt
        return Finding("timescales", True, f"{seen}, {time_of(e, true)} {ALLOWED}")
    return Finding(
        "timescales",
        not rising.any(),
        f"{seen}, within the error" if longer.any() and not rising.any() else seen,
        f"implied timescales still increase with the lag time ({seen}): choose a longer lag time",
    )


def is_blurred(e: Evidence) -> bool:
    """Return whether wrongly assigned frames are all that makes timescales increase.

    Then there are barriers between the states, timescales that do not depend on how frames are
    assigned do not increase, and probabilities that allow for wrongly assigned frames are right.
    """
    model = e.projected
    if model is None or e.gap is None or not (e.gap.is_there and e.gap.has_barriers):
        return False
    rise = model.later - model.timescales
    return not (
        ((model.later > RISE * model.timescales) & (rise > ERRORS * model.error)).any()
        or (model.difference > CK_DIFFERENCE and model.deviation > ERRORS)
    )


def _held_out(e: Evidence) -> Finding:
    score = e.cross_validated
    if score is None:
        return Finding("held-out frames", None, "too few frames to hold some out")
    said = f"{score.mean:.2f} ± {score.std:.2f}"
    return Finding(
        "held-out frames",
        e.vamp2 - (score.mean + 2 * score.error) < SCORE_LOSS,
        f"VAMP-2 {said} on held-out frames, {e.vamp2:.2f} on all",
        f"VAMP-2 is {e.vamp2:.2f} on all frames, but {said} on held-out frames: a slow process "
        "was seen in only part of the trajectory",
    )


def _balance(e: Evidence) -> Finding:
    balance = e.balance
    if not balance.dof:
        return Finding("detailed balance", None, "fewer than three states or components")
    net = f"{percent(balance.net_flux)} % of the transitions"
    return Finding(
        "detailed balance",
        not balance.is_violated,
        f"net flux around cycles of states or components: {net}",
        f"the dynamics is irreversible: frames go around in a cycle (net flux: {net}), so there "
        "is no equilibrium between the states, and their free energies and lifetimes have no "
        "meaning",
    )


def _stationarity(e: Evidence, has_events: bool) -> Finding:
    trend = f"correlation of the slowest process with time {e.trend:.2f}"
    if e.trend <= TREND and not has_events:
        # A relaxation out of a state that is never seen again has a small correlation, too.
        return Finding(
            "stationarity",
            None,
            f"too few transitions to rule out a drift (correlation with time {e.trend:.2f})",
        )
    return Finding(
        "stationarity",
        e.trend <= TREND,
        trend,
        f"the slowest process is correlated with time ({trend}): the frames drift, relax or are "
        f"pulled from one {e.kind} to the next instead of going back and forth in equilibrium. "
        "Leave out the relaxation, or simulate longer",
    )


def remarks_of(e: Evidence, findings: Sequence[Finding]) -> list[str]:
    """Return what to keep in mind about states that are supported."""
    allowed = [f for f in findings if f.holds and f.seen.endswith(ALLOWED)]
    if e.projected is None or not allowed:
        return []
    at_lag = e.timescales.timescales[e.timescales.lags.tolist().index(e.lag)]
    true = e.projected.timescales * e.dt
    factor = float((true / at_lag[: len(true)]).max())
    return [
        f"some frames near the borders are misassigned, which makes lifetimes, rates and "
        f"timescales at this lag time too fast by a factor of up to {number(factor)}: choose a "
        "longer lag time for them"
    ]


def sentences_of(findings: Sequence[Finding]) -> list[str]:
    """Return the conclusions from what does not hold."""
    return [f.sentence for f in findings if f.holds is False and f.sentence]

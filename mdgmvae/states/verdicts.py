"""The sentences of a judgement: each says what was seen, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..kinetics.certainty import CERTAIN

if TYPE_CHECKING:
    from .judgement import Judgement

#: Fewer entries or exits than this leave an error of half the value or more.
FEW_EVENTS = 5
#: A deviation from the Chapman-Kolmogorov equation counts when it is this many errors ...
CK_ERRORS = 3.0
#: ... and this much of a probability.
CK_DIFFERENCE = 0.05
#: Timescales that grow by this factor when the lag is doubled have not converged.
RISE = 1.15
#: Share of the frames that should be assigned with certainty.
SURE_SHARE = 0.8
#: Loss of VAMP-2 on other blocks of time that is worth a sentence.
SCORE_LOSS = 0.1


@dataclass(frozen=True)
class Verdict:
    """What is said of a state.

    Parameters
    ----------
    state : int
    word : str
        "metastable", "few events", "not supported", "not metastable" or "empty".
    reason : str
        Why: "empty", "short-lived", "forgotten", "events", "" for metastable.
    """

    state: int
    word: str
    reason: str


def on_states(j: Judgement) -> list[Verdict]:
    """The verdict on each state."""
    return [_on_state(j, state) for state in range(len(j.frames))]


def sentences(j: Judgement) -> list[str]:
    """Everything that there is to say, what concerns single states first."""
    verdicts = on_states(j)
    said = [
        *_said_of_empty(j, _with(verdicts, "empty")),
        *_said_of_fast(j, _with(verdicts, "short-lived"), _with(verdicts, "forgotten")),
        *_said_of_exchange(j),
        *_said_of_certainty(j),
    ]
    if j.macrostates:  # of which the rest is said
        return said
    said += [
        *_said_of_events(j, _with(verdicts, "events")),
        *_said_of_sets(j),
        *_said_of_chapman_kolmogorov(j),
        *_said_of_timescales(j),
        *_said_of_score(j),
    ]
    return said or [f"nothing in these frames speaks against these {j.kind}s at this lag"]


def _on_state(j: Judgement, state: int) -> Verdict:
    lag = j.lag * j.dt
    if not j.frames[state]:
        return Verdict(state, "empty", "empty")
    if j.lifetimes.from_model.value[state] < lag:
        return Verdict(state, "not metastable", "short-lived")
    if j.lifetimes.memory.value[state] < lag:
        return Verdict(state, "not metastable", "forgotten")
    if (j.frames > 0).sum() == 1:
        return Verdict(state, "not supported", "")  # said once, of the trajectory
    events = _events(j, state)
    if events < FEW_EVENTS:
        return Verdict(state, "not supported" if events < 2 else "few events", "events")
    return Verdict(state, "metastable", "")


def _events(j: Judgement, state: int) -> int:
    return int(min(j.visits.entries[state], j.visits.exits[state]))


def _with(verdicts: Sequence[Verdict], reason: str) -> list[int]:
    return [verdict.state for verdict in verdicts if verdict.reason == reason]


def _said_of_empty(j: Judgement, states: list[int]) -> list[str]:
    return [f"{_named(j, states)} {_has(states)} no frames"] if states else []


def _said_of_fast(j: Judgement, short: list[int], forgotten: list[int]) -> list[str]:
    lag = _time(j, j.lag * j.dt)
    said = []
    if short:
        lives = "lives" if len(short) == 1 else "live"
        times = _times(j, j.lifetimes.from_model.value[short])
        said.append(
            f"{_named(j, short)} {lives} shorter than the lag ({times} against {lag}): "
            "not metastable"
        )
    if forgotten:
        times = _times(j, j.lifetimes.memory.value[forgotten])
        keep = "keeps" if len(forgotten) == 1 else "keep"
        said.append(
            f"{_named(j, forgotten)} {keep} no memory over the lag ({times} against {lag}): "
            "not metastable"
        )
    return said


def _said_of_exchange(j: Judgement) -> list[str]:
    if (j.frames > 0).sum() == 1:
        (state,) = np.flatnonzero(j.frames)
        return [f"all frames are in {j.kind} {state}: there is nothing to tell apart"]
    if j.lumping.n == 1:
        return [
            f"all {j.kind}s exchange within the lag: nothing in them is slower, and there is one "
            "metastable state"
        ]
    groups = [np.flatnonzero(j.lumping.of_component == n).tolist() for n in range(j.lumping.n)]
    return [
        f"{_named(j, group)} exchange within the lag: one metastable state"
        for group in groups
        if len(group) > 1
    ]


def _said_of_events(j: Judgement, states: list[int]) -> list[str]:
    """Alike ones together."""
    stories: dict[str, list[int]] = {}
    for state in states:
        stories.setdefault(_story(j, state), []).append(state)
    said = []
    for story, alike in stories.items():
        one = len(alike) == 1
        what = "its population and lifetime" if one else "their populations and lifetimes"
        each = " each" if not one and "times" in story else ""
        few = _events(j, alike[0]) < 2
        follows = f"{what} are {'not supported by these data' if few else 'rough'}"
        said.append(f"{_named(j, alike)} {'was' if one else 'were'} {story}{each}: {follows}")
    return said


def _story(j: Judgement, state: int) -> str:
    entries, exits = int(j.visits.entries[state]), int(j.visits.exits[state])
    if entries == exits == 0:
        return "never entered and never left"
    if exits == 0:
        return f"{_often('entered', entries)} and never left"
    if entries == 0:
        return f"there at the start, {_often('left', exits)} and never entered"
    if entries <= exits:
        return _often("entered", entries)
    return _often("left", exits)


def _often(verb: str, n: int) -> str:
    return f"{verb} once" if n == 1 else f"{verb} only {n} times" if n < FEW_EVENTS else verb


def _said_of_sets(j: Judgement) -> list[str]:
    n_sets = 1 + int(np.isinf(j.lumping.timescales).sum())
    if n_sets == 1:
        return []
    return [
        f"the {j.kind}s fall into {n_sets} sets that never exchange a frame: how populated one is "
        "beside another is not known from these data"
    ]


def _said_of_chapman_kolmogorov(j: Judgement) -> list[str]:
    ck = j.chapman_kolmogorov
    with np.errstate(invalid="ignore"):
        failed = np.flatnonzero(
            (ck.deviations > CK_ERRORS) & (ck.differences > CK_DIFFERENCE)
        ).tolist()
    if not failed:
        return []
    worst = max(failed, key=lambda state: ck.deviations[state])
    return [
        f"Chapman-Kolmogorov test fails for {_named(j, failed)} (by {ck.differences[worst]:.2f}, "
        f"{ck.deviations[worst]:.1f} times the error): choose a longer lag or other {j.kind}s"
    ]


def _said_of_timescales(j: Judgement) -> list[str]:
    its = j.timescales
    lags = its.lags.tolist()
    if 2 * j.lag not in lags:
        return []
    now, later = lags.index(j.lag), lags.index(2 * j.lag)
    before, after = its.timescales[now], its.timescales[later]
    with np.errstate(invalid="ignore"):
        error = np.hypot(its.upper[now] - before, after - its.lower[later])
        slow = np.isfinite(before) & (before > j.lag * j.dt)
        rising = np.flatnonzero(slow & (after > RISE * before) & (after - before > error))
    if not len(rising):
        return []
    first = rising[0]
    return [
        f"implied timescales still rise with the lag ({_time(j, before[first])} at "
        f"{_time(j, j.lag * j.dt)}, {_time(j, after[first])} at {_time(j, 2 * j.lag * j.dt)}): "
        "choose a longer one"
    ]


def _said_of_score(j: Judgement) -> list[str]:
    score = j.cross_validated
    if score is None:
        return []
    if j.vamp2 - (score.mean + 2 * score.error) < SCORE_LOSS:
        return []
    return [
        f"VAMP-2 is {score.mean:.2f} +- {score.std:.2f} on other blocks of time, {j.vamp2:.2f} on "
        "all: something slow was seen in some blocks only"
    ]


def _said_of_certainty(j: Judgement) -> list[str]:
    if j.quality is None or j.quality.share_certain >= SURE_SHARE:
        return []
    return [
        f"frames are assigned with little certainty ({100 * j.quality.share_certain:.0f} % have a "
        f"q above {CERTAIN})"
    ]


def _named(j: Judgement, states: Sequence[int]) -> str:
    if len(states) == 1:
        return f"{j.kind} {states[0]}"
    return f"{j.kind}s {', '.join(map(str, states[:-1]))} and {states[-1]}"


def _has(states: Sequence[int]) -> str:
    return "has" if len(states) == 1 else "have"


def _time(j: Judgement, value: float) -> str:
    return f"{number(value)} {j.unit}"


def _times(j: Judgement, values: np.ndarray) -> str:
    low, high = number(values.min()), number(values.max())
    return f"{low} {j.unit}" if low == high else f"{low} to {high} {j.unit}"


def number(value: float) -> str:
    """Two or more significant digits, no more than that is worth.

    Examples
    --------
    >>> [number(value) for value in (0.123, 3.14, 31.4, 31415.9, float("inf"), float("nan"))]
    ['0.12', '3.1', '31', '31,416', 'inf', '-']
    """
    if np.isnan(value):
        return "-"
    if np.isinf(value):
        return "inf"
    if value >= 10 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"

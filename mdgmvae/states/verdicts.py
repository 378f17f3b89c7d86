"""Verdicts on single states: a word for each one, and sentences about what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..kinetics.certainty import CERTAIN
from ..tables import named, number
from .evidence import Evidence

#: With fewer transitions in or out than this, the error is half the value or more.
FEW_EVENTS = 5
#: A state of which a smaller share of the frames lies in visits of a lag time does not last one.
LASTING_SHARE = 0.5
#: Smallest share of the frames that should be assigned with certainty.
SURE_SHARE = 0.8
#: What to do about states that are a matter of choice.
CASUAL = (
    "Look for slower processes with a larger k, a longer lag time or other features, or set the "
    "number of states (n_macrostates) yourself"
)


@dataclass(frozen=True)
class Verdict:
    """The verdict on one state.

    Parameters
    ----------
    state : int
    word : str
        "metastable", "no gap", "few events", "not supported", "not metastable" or "empty".
    reason : str
        "empty", "short-lived", "interrupted", "forgotten", "events" or "gap"; "" if there is no
        reason.
    """

    state: int
    word: str
    reason: str


def on_states(e: Evidence) -> list[Verdict]:
    """Return the verdict on each state."""
    return [_on_state(e, state) for state in range(len(e.frames))]


def sentences(e: Evidence) -> list[str]:
    """Return the conclusions about single states (or components)."""
    verdicts = on_states(e)
    said = [
        *_about_empty(e, _with(verdicts, "empty")),
        *_about_fast(e, _with(verdicts, "short-lived"), _with(verdicts, "forgotten")),
        *_about_interrupted(e, _with(verdicts, "interrupted")),
        *_about_exchange(e),
        *_about_certainty(e),
    ]
    if e.kind == "component":
        return said
    return [*said, *_about_events(e, _with(verdicts, "events")), *_about_sets(e)]


def _on_state(e: Evidence, state: int) -> Verdict:
    if not e.frames[state]:
        return Verdict(state, "empty", "empty")
    if e.lifetimes.from_model.value[state] < e.lag_time:
        return Verdict(state, "not metastable", "short-lived")
    if e.lifetimes.memory.value[state] < e.lag_time:
        return Verdict(state, "not metastable", "forgotten")
    if e.share_in_visits[state] < LASTING_SHARE:
        return Verdict(state, "not metastable", "interrupted")
    if (e.frames > 0).sum() == 1:
        return Verdict(state, "not supported", "")  # the reason is in a sentence about all frames
    events = n_events(e, state)
    if events < FEW_EVENTS:
        return Verdict(state, "not supported" if events < 2 else "few events", "events")
    if e.gap is not None and not (e.gap.is_there and e.gap.has_barriers):
        return Verdict(state, "no gap", "gap")
    return Verdict(state, "metastable", "")


def n_events(e: Evidence, state: int) -> int:
    """Return how often a state was seen to be entered and left, whichever was rarer."""
    return int(min(e.visits.entries[state], e.visits.exits[state]))


def _with(verdicts: Sequence[Verdict], reason: str) -> list[int]:
    return [verdict.state for verdict in verdicts if verdict.reason == reason]


def _about_empty(e: Evidence, states: list[int]) -> list[str]:
    return [f"{named(e.kind, states)} {_has(states)} no frames"] if states else []


def _about_fast(e: Evidence, short: list[int], forgotten: list[int]) -> list[str]:
    lag = lag_of(e)
    said = []
    if short:
        times = _times(e, e.lifetimes.from_model.value[short])
        lifetimes = "a lifetime" if len(short) == 1 else "lifetimes"
        said.append(
            f"{named(e.kind, short)} {_has(short)} {lifetimes} of {times}, shorter than the lag "
            f"time of {lag}: not metastable"
        )
    if forgotten:
        times = _times(e, e.lifetimes.memory.value[forgotten])
        relax = "relaxes" if len(forgotten) == 1 else "relax"
        said.append(
            f"{named(e.kind, forgotten)} {relax} to equilibrium in {times}, within the lag time of "
            f"{lag}: not metastable"
        )
    return said


def _about_interrupted(e: Evidence, states: list[int]) -> list[str]:
    if not states:
        return []
    stay = "stays" if len(states) == 1 else "stay"
    return [
        f"{named(e.kind, states)} hardly ever {stay} for the lag time of {lag_of(e)}: "
        "their frames are scattered, so the lifetime is shorter than the lag time, whatever the "
        "Markov model says: not metastable"
    ]


def _about_exchange(e: Evidence) -> list[str]:
    if (e.frames > 0).sum() == 1:
        (state,) = np.flatnonzero(e.frames)
        return [f"all frames are in {e.kind} {state}: nothing to compare it with"]
    if e.lumping.n == 1:
        return [
            f"all {e.kind}s exchange within the lag time: no process between them is slower, so "
            "they are one metastable state"
        ]
    groups = [np.flatnonzero(e.lumping.of_component == n).tolist() for n in range(e.lumping.n)]
    return [
        f"{named(e.kind, group)} exchange within the lag time: they are one metastable state"
        for group in groups
        if len(group) > 1
    ]


def _about_events(e: Evidence, states: list[int]) -> list[str]:
    """Return one sentence for each group of states with the same history."""
    stories: dict[str, list[int]] = {}
    for state in states:
        stories.setdefault(_story(e, state), []).append(state)
    said = []
    for story, alike in stories.items():
        one = len(alike) == 1
        what = "its population and lifetime" if one else "their populations and lifetimes"
        each = " each" if not one and "times" in story else ""
        few = n_events(e, alike[0]) < 2
        follows = f"{what} are {'not supported by these data' if few else 'rough estimates'}"
        said.append(f"{named(e.kind, alike)} {'was' if one else 'were'} {story}{each}: {follows}")
    return said


def _story(e: Evidence, state: int) -> str:
    entries, exits = int(e.visits.entries[state]), int(e.visits.exits[state])
    if entries == exits == 0:
        return "never entered and never left"
    if exits == 0:
        return f"{_often('entered', entries)} and never left"
    if entries == 0:
        return f"occupied at the start, {_often('left', exits)} and never entered"
    if entries <= exits:
        return _often("entered", entries)
    return _often("left", exits)


def _often(verb: str, n: int) -> str:
    return f"{verb} once" if n == 1 else f"{verb} only {n} times" if n < FEW_EVENTS else verb


def _about_sets(e: Evidence) -> list[str]:
    n_sets = 1 + int(np.isinf(e.lumping.timescales).sum())
    if n_sets == 1:
        return []
    return [
        f"the {e.kind}s form {n_sets} sets without transitions between them: these data do not "
        "determine the relative populations of the sets"
    ]


def _about_certainty(e: Evidence) -> list[str]:
    if e.quality is None or e.quality.share_certain >= SURE_SHARE:
        return []
    return [
        f"frames are assigned with little certainty: {100 * e.quality.share_certain:.0f} % have an "
        f"assignment probability above {CERTAIN}"
    ]


def _has(states: Sequence[int]) -> str:
    return "has" if len(states) == 1 else "have"


def time_of(e: Evidence, value: float) -> str:
    """Return a time with its unit."""
    return f"{number(value)} {e.unit}"


def lag_of(e: Evidence, times: int = 1) -> str:
    """Return a multiple of the lag time with its unit. It is known exactly."""
    return f"{times * e.lag_time:g} {e.unit}"


def _times(e: Evidence, values: np.ndarray) -> str:
    low, high = number(values.min()), number(values.max())
    return f"{low} {e.unit}" if low == high else f"{low} to {high} {e.unit}"

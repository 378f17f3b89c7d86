"""The verdict on the states in two plain sentences."""

from __future__ import annotations

import numpy as np

from ..states.judgement import Judgement
from ..tables import counted, named, number


def verdict(judgement: Judgement | None, n_states: int) -> tuple[str, str]:
    """Return two sentences: what was found, and whether the data support it.

    Parameters
    ----------
    judgement : Judgement or None
        None if the model was trained without a lag time.
    n_states : int
        Number of states.

    Examples
    --------
    >>> verdict(None, 3)[1][:44]
    'The model has no lag time, so it is not know'
    """
    if judgement is None:
        return (
            f"The model divides the frames into {counted(n_states, 'state')}.",
            "The model has no lag time, so it is not known whether they are metastable.",
        )
    n = int((judgement.frames > 0).sum())
    if judgement.is_supported:
        return _exchange(judgement, n), "Nothing in these frames speaks against these states."
    reason = judgement.verdicts[0]
    found = "The model finds a single state."
    if n > 1:
        found = f"The model finds {n:,} states, but the data do not support all of them."
        metastable = [said.state for said in judgement.states if said.word == "metastable"]
        if metastable:
            is_are = "is" if len(metastable) == 1 else "are"
            found += f" {named('State', metastable)} {is_are} metastable."
    return found, f"{reason[0].upper()}{reason[1:]}."


def _exchange(judgement: Judgement, n: int) -> str:
    """Say how many states there are, and how long they live."""
    lifetimes = judgement.lifetimes.from_model.value[judgement.frames > 0]
    known = lifetimes[np.isfinite(lifetimes)]
    text = f"The molecule visits {counted(n, 'metastable state')}"
    if not len(known):
        return f"{text}."
    shortest, longest = number(known.min()), number(known.max())
    if shortest == longest:
        return f"{text}, which live for {shortest} {judgement.unit} on average."
    return f"{text}, which live for {shortest} to {longest} {judgement.unit} on average."

"""Judgement of states: how well the data support them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..checks import check_count
from ..errors import InputError
from ..kinetics.certainty import assignment_quality
from ..kinetics.gap import Cells, Gap, gap_of
from ..labels import as_labels, n_states_of
from ..tables import Shown, Table, counted, named, percent, to_plain
from ..training.microstates import microstates_of
from ..trajectory.lag_time import time_step
from .evidence import Evidence, evidence_of
from .findings import Finding, findings_of, remarks_of, sentences_of
from .verdicts import Verdict, on_states, sentences

#: Models drawn from the posterior.
N_SAMPLES = 50
#: What the columns of the table mean.
NOTE = (
    "Population: share of the analysed frames. Equilibrium population and lifetime: of the Markov "
    "model at the lag time, with 95 % credible intervals in brackets. Visits and transitions out: "
    "stays of at least one lag time, and those that were seen to end."
)
#: The conclusion if nothing speaks against the states.
FINE = "the data support these states at this lag time"


@dataclass(frozen=True, eq=False, repr=False)
class Judgement(Shown, Evidence):
    """How well the data support the states; prints as a table with sentences.

    The attributes of `mdgmvae.states.evidence.Evidence` refer to the states.

    Parameters
    ----------
    components : Judgement or None
        The same for the components of the mixture, if the states of the frames were given.
    state_of_component : ndarray of int64 of shape (number of components,) or None
        The state that each component belongs to, -1 for components without frames; None if
        there are no `components`.
    """

    components: Judgement | None = None
    state_of_component: np.ndarray | None = None

    @property
    def states(self) -> list[Verdict]:
        """One-word verdict on each state."""
        return on_states(self)

    @property
    def verdicts(self) -> list[str]:
        """Conclusions about the states, as sentences: on single states, then on all of them."""
        said = sentences(self)
        if self.kind == "component":
            return said
        findings = self.findings
        conclusions = [*said, *sentences_of(findings)] or [FINE]
        return [*conclusions, *remarks_of(self, findings)]

    @property
    def findings(self) -> list[Finding]:
        """What each kind of evidence says about the states."""
        return findings_of(self)

    @property
    def is_supported(self) -> bool:
        """Whether all evidence supports the states, and every one of them is metastable."""
        return all(verdict.word == "metastable" for verdict in self.states) and all(
            finding.holds is not False for finding in self.findings
        )

    def tables(self) -> list[Table]:
        """Return the table of the states and, if they differ, of the components."""
        table = Table(
            (
                *(self.kind, "frames", "population / %", "equilibrium population / %"),
                *(f"lifetime / {self.unit}", "visits", "transitions out", "verdict"),
            ),
            tuple(map(self._row, self.states)),
            title=self._title(),
            note=NOTE,
            sentences=tuple(self.verdicts),
        )
        tables = [table] if self.kind == "component" else [table, self._table_of_findings()]
        if self.components is None or np.array_equal(self.components.frames, self.frames):
            return tables
        return [*tables, self._table_of_components(self.components)]

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the labels as lists, numbers and strings for JSON.

        Numbers that are not finite are None. "states" holds the one-word verdicts.
        """
        nested = {"components", "state_of_component"}
        plain = {
            field.name: to_plain(getattr(self, field.name))
            for field in fields(self)
            if field.name not in nested
        }
        plain["lumping"].pop("labels")
        plain["chapman_kolmogorov"]["max_deviation"] = to_plain(
            self.chapman_kolmogorov.max_deviation
        )
        return {
            **plain,
            "populations": to_plain(self.populations),
            "states": [verdict.word for verdict in self.states],
            "verdicts": self.verdicts,
            "findings": {
                found.name: {"holds": found.holds, "seen": found.seen} for found in self.findings
            },
            "is_supported": self.is_supported,
            "state_of_component": to_plain(self.state_of_component),
            "components": None if self.components is None else self.components.to_dict(),
        }

    def _title(self) -> str:
        n = int((self.frames > 0).sum())
        score = f"VAMP-2 {self.vamp2:.2f}"
        if self.cross_validated is not None:
            held_out = self.cross_validated
            score += f" ({held_out.mean:.2f} ± {held_out.std:.2f} on held-out frames)"
        return (
            f"{counted(n, self.kind)} in {counted(int(self.frames.sum()), 'frame')}, lag time "
            f"{self.lag_time:g} {self.unit}, {score}"
        )

    def _row(self, verdict: Verdict) -> tuple[Any, ...]:
        state = verdict.state
        there = bool(self.frames[state])
        return (
            state,
            f"{self.frames[state]:,}",
            percent(self.populations[state]),
            self.equilibrium_populations.cell(state, shown=percent) if there else "0",
            self._lifetime(verdict),
            f"{self.visits.visits[state]:,}",
            f"{self.visits.exits[state]:,}",
            verdict.word,
        )

    def _lifetime(self, verdict: Verdict) -> str:
        if verdict.reason == "interrupted":
            # The Markov model sees only every lag-th frame.
            return f"< {self.lag_time:g}"
        return self.lifetimes.from_model.cell(verdict.state)

    def _table_of_findings(self) -> Table:
        return Table(
            ("evidence", "holds", "seen"),
            tuple((found.name, found.word, found.seen) for found in self.findings),
            title=self._title_of_findings(),
        )

    def _title_of_findings(self) -> str:
        """Return what follows from the evidence, with the states that it concerns."""
        if self.is_supported:
            return "The states are supported by the data"
        failed = [verdict.state for verdict in self.states if verdict.word != "metastable"]
        if not failed or len(failed) == len(self.states):
            return "The states are not supported by the data"
        return (
            f"Not all states are supported by the data: {named(self.kind, failed)} "
            f"{'is' if len(failed) == 1 else 'are'} not"
        )

    def _table_of_components(self, components: Judgement) -> Table:
        of_component = np.asarray(self.state_of_component).tolist()
        return Table(
            ("component", "state", "frames", "population / %", f"lifetime / {self.unit}", "alone"),
            tuple(
                (
                    verdict.state,
                    "-" if of_component[verdict.state] < 0 else of_component[verdict.state],
                    f"{components.frames[verdict.state]:,}",
                    percent(components.populations[verdict.state]),
                    components._lifetime(verdict),
                    verdict.word,
                )
                for verdict in components.states
            ),
            title="Components of the mixture that make up the states",
            note="Alone: the verdict on the component as a state of its own. Components that no "
            "gap in the timescales separates belong to one state, even if each is metastable "
            "alone.",
        )


def judge(
    labels: Any,
    probabilities: Any = None,
    *,
    lag: int,
    lengths: Sequence[int] | None = None,
    dt: float | None = None,
    states: Any = None,
    n_samples: int = N_SAMPLES,
    seed: int = 0,
) -> Judgement:
    """Judge the states of a trajectory by their kinetics.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        Components (or states) of the frames in time order, -1 for none.
    probabilities : (n_frames, k) array-like of float, optional
        Probabilities of the components, q(y|x). If given, the judgement includes how certain the
        assignment is, and counts components without frames.
    lag : int
        Lag time in frames. A metastable state has to live longer than this.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.
    dt : float, optional
        Time between frames in ps. Without it (or with NaN) times are in frames.
    states : (n_frames,) array-like of int, optional
        States of the frames, -1 for none; `labels` are then components. The judgement refers to
        the states, and its `components` to the components. Default: the judgement refers to
        `labels`.
    n_samples : int
        Number of sampled Markov models for each interval, at least 2.
    seed : int
        The same seed gives the same intervals.

    Returns
    -------
    Judgement

    Raises
    ------
    InputError
        If an argument is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.states import judge
    >>> labels = np.repeat([0, 1, 0, 1, 0, 2], [900, 700, 800, 700, 900, 300])
    >>> for sentence in judge(labels, lag=10, dt=2.0).verdicts[:2]:
    ...     print(sentence)
    states 0 and 1 were entered only 2 times each: their populations and lifetimes are rough \
estimates
    state 2 was entered once and never left: its population and lifetime are not supported by \
these data
    """
    options = {"lag": lag, "lengths": lengths, "dt": dt, "n_samples": n_samples, "seed": seed}
    return _judged(labels, probabilities, states, None, options)


def judge_results(results: Any, lag: int | None, **options: Any) -> Judgement:
    """Judge the states and the components of an analysis or an assignment.

    Parameters
    ----------
    results : Results
        With ``labels``, ``probabilities``, ``components``, ``component_probabilities``,
        ``lengths`` and ``times``.
    lag : int or None
        Lag time in frames. None means one frame.
    **options
        ``n_samples`` and ``seed`` of `judge`.

    Returns
    -------
    Judgement
        Judgement of the states; its ``components`` is the judgement of the components.

    Raises
    ------
    InputError
        If an argument is invalid.
    """
    lengths = tuple(results.lengths)
    options = {
        "lag": 1 if lag is None else lag,
        "lengths": lengths,
        "dt": time_step(results.times, lengths),
        "n_samples": N_SAMPLES,
        "seed": 0,
        **options,
    }
    n_states = results.probabilities.shape[1]
    return _judged(
        results.components, results.component_probabilities, results.labels, n_states, options
    )


def _judged(
    labels: Any,
    probabilities: Any,
    states: Any,
    n_states: int | None,
    options: dict[str, Any],
) -> Judgement:
    components = as_labels(labels)
    q = _checked_probabilities(probabilities, components)
    k = n_states_of(components, None if q is None else q.shape[1])
    check_count("n_samples", options["n_samples"], low=2)
    within = {"lag": options["lag"], "lengths": options["lengths"]}
    if states is None:
        judged = evidence_of(components, q, kind="state", k=k, **options)
        return _judgement(judged, gap=_gap(components, components, q, **within))
    of_frames = _checked_states(states, components)
    n = n_states_of(of_frames, n_states)
    of_component = _state_of_component(components, of_frames, k)
    of_states = None if q is None else _summed(q, of_component, n)
    judged = evidence_of(of_frames, of_states, kind="state", k=n, **options)
    by_component = evidence_of(components, q, kind="component", k=k, **options)
    return _judgement(
        judged,
        gap=_gap(of_frames, components, q, **within),
        # Cycles and trends show in the components, even if there are only two states. But many
        # fast transitions within the states would hide a cycle between them.
        balance=judged.balance if judged.balance.is_violated else by_component.balance,
        trend=by_component.trend,
        components=_judgement(by_component),
        state_of_component=of_component,
    )


def _gap(
    states: np.ndarray,
    components: np.ndarray,
    q: np.ndarray | None,
    *,
    lag: int,
    lengths: Sequence[int] | None,
) -> Gap | None:
    divisions = [Cells(components, lag, lengths, are_parts=True)]
    if q is not None:
        finer = microstates_of(components, q, lag=lag, lengths=lengths)
        divisions.append(Cells(finer, lag, lengths))
    return gap_of(states, divisions)


def _judgement(evidence: Evidence, **changed: Any) -> Judgement:
    known = {field.name: getattr(evidence, field.name) for field in fields(evidence)}
    return Judgement(**{**known, **changed})


def _checked_probabilities(probabilities: Any, labels: np.ndarray) -> np.ndarray | None:
    if probabilities is None:
        return None
    q = np.asarray(probabilities)
    assignment_quality(q)
    if len(q) != len(labels):
        raise InputError(
            f"probabilities: there are {len(q):,} frames for {len(labels):,} labels; pass "
            "both for the same frames"
        )
    return q


def _checked_states(states: Any, components: np.ndarray) -> np.ndarray:
    of_frames = as_labels(states, "states")
    if len(of_frames) != len(components):
        raise InputError(
            f"states: there are {len(of_frames):,} for {len(components):,} labels; pass both for "
            "the same frames"
        )
    return of_frames


def _state_of_component(components: np.ndarray, states: np.ndarray, k: int) -> np.ndarray:
    """Most frequent state of each component, (k,) int64; -1 without frames."""
    both = (components >= 0) & (states >= 0)
    frames = np.zeros((k, int(states.max()) + 1), np.int64)
    np.add.at(frames, (components[both], states[both]), 1)
    return np.asarray(np.where(frames.any(axis=1), frames.argmax(axis=1), -1))


def _summed(q: np.ndarray, of_component: np.ndarray, n: int) -> np.ndarray:
    """Probabilities (n_frames, n) of the states; components without a state are left out."""
    members = of_component[:, np.newaxis] == np.arange(n)
    sums = q.astype(np.float64) @ members
    total = sums.sum(axis=1, keepdims=True)
    shares: np.ndarray = np.full_like(sums, 1 / n)
    return np.asarray(np.divide(sums, total, out=shares, where=total > 0))

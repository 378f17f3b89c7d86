"""What a report shows, gathered before any of it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kinetics.agreement_of_runs import Agreement, compare_runs, labels_of_each
from ..kinetics.exchange import Transitions
from ..model.saved_model import installed_versions
from ..presets import Hyperparameters
from ..states.description import describe
from ..states.judgement import Judgement, judge_results
from ..states.state_features import Description
from ..states.state_transitions import transitions_of
from ..states.summary import StateTable, summarize
from ..tables import counted, number
from ..trajectory.lag_time import time_step
from .record import Record

if TYPE_CHECKING:
    from ..model.gmvae import GMVAE
    from ..storage.features import FeatureSet
    from .structures import Structures

#: From this time on, times are given in ns.
_LONG = 10_000.0


@dataclass(frozen=True, eq=False)
class Contents:
    """The result of an analysis, and how it came about.

    Parameters
    ----------
    title : str
        Title of the page.
    record : Record
        Command, files and warnings.
    facts : tuple of (str, str)
        What was analysed: pairs of a name and a value.
    results : TrajectoryResults
    summary : StateTable
        Frames and mean features of each state.
    judgement : Judgement or None
        None if the model has no lag time.
    transitions : Transitions or None
        None without a lag time, and if there is a single state.
    description : Description or None
        None if the features are not known.
    structures : Structures or None
        None if the atoms are not known.
    agreement : Agreement or None
        Of runs with other seeds, if their labels were given.
    history, parameters : dict
        Of the training.
    versions : dict of str to str
        Of the packages that were used.
    """

    title: str
    record: Record
    facts: tuple[tuple[str, str], ...]
    results: Any
    summary: StateTable
    judgement: Judgement | None
    transitions: Transitions | None
    description: Description | None
    structures: Structures | None
    agreement: Agreement | None
    history: dict[str, list[float]]
    parameters: dict[str, Any]
    versions: dict[str, str]

    @classmethod
    def of(
        cls,
        model: GMVAE,
        results: Any,
        features: FeatureSet | None,
        structures: Structures | None,
        *,
        record: Record,
        title: str,
        preset: str,
        judgement: Judgement | None = None,
        description: Description | None = None,
        runs: Sequence[Any] = (),
        versions: dict[str, str] | None = None,
    ) -> Contents:
        """Evaluate results.

        Parameters
        ----------
        model : GMVAE
            The trained estimator.
        results : TrajectoryResults
            Labels of the frames.
        features : FeatureSet or None
            Features of the same frames, if they are known.
        structures : Structures or None
            Representative structures of the states.
        record : Record
            Command, files and warnings.
        title : str
            Title of the page.
        preset : str
            Preset of the training.
        judgement : Judgement, optional
            Default: computed, if the model has a lag time.
        description : Description, optional
            Default: computed, if the features are known.
        runs : sequence of (n_frames,) array-like of int
            Labels of the same frames by runs with other seeds.
        versions : dict of str to str, optional
            Versions of packages with which the model was trained. Default: those installed.
        """
        if judgement is None and model.lag is not None:
            judgement = judge_results(results, model.lag)
        if description is None and features is not None:
            description = describe(model, features, results)
        moves = None
        if model.lag is not None and (np.asarray(results.populations) > 0).sum() > 1:
            moves = transitions_of(results, model.lag)
        others = labels_of_each(runs)
        return cls(
            title=title,
            record=record,
            facts=tuple(_facts(model, results, features, preset)),
            results=results,
            summary=summarize(results, features),
            judgement=judgement,
            transitions=moves,
            description=description,
            structures=structures,
            agreement=compare_runs([results.labels, *others]) if others else None,
            history=dict(model.history_),
            parameters=_parameters(model),
            versions=versions or installed_versions(),
        )

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.results.populations)


def _parameters(model: GMVAE) -> dict[str, Any]:
    """Return all that determined the training, and the device that it ran on."""
    given = model.get_params(deep=False)
    chosen = {field.name: given[field.name] for field in fields(Hyperparameters)}
    return {**chosen, "seed": model.seed_, "device": model.device_}


def _facts(
    model: GMVAE, results: Any, features: FeatureSet | None, preset: str
) -> list[tuple[str, str]]:
    """Say in words what was analysed, and how."""
    facts = [("frames", _frames(results))]
    if features is not None:
        kind = (features.featurizer or {}).get("kind", "computed elsewhere")
        facts += [
            ("atoms", features.selection or "all"),
            ("features", f"{kind}, {counted(features.n_features, 'column')}"),
        ]
    lag = "none" if model.lag is None else _time(model.lag, results)
    facts += [("lag time", lag), ("model", f"preset {preset}, k = {model.k}, n_z = {model.n_z}")]
    return facts


def _frames(results: Any) -> str:
    text = f"{len(results.labels):,}"
    if len(results.lengths) > 1:
        text += f" in {counted(len(results.lengths), 'segment')}"
    dt = time_step(results.times, results.lengths)
    if dt is None:
        return text
    total = dt * (len(results.labels) - len(results.lengths))
    shown = f"{number(total / 1000)} ns" if total >= _LONG else f"{number(total)} ps"
    return f"{text}, every {dt:g} ps ({shown} in total)"


def _time(lag: int, results: Any) -> str:
    dt = time_step(results.times, results.lengths)
    frames = counted(lag, "frame")
    return frames if dt is None else f"{lag * dt:g} ps ({frames})"

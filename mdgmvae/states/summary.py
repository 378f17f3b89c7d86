"""The table of states: population, certainty and mean features of each state."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..labels import representative_rows
from ..storage.shown_features import ShownFeatures, with_unit
from ..tables import Shown, Table, counted, percent
from ..training.dataset import Dataset
from .moments import StateMoments, means_and_spreads
from .state_features import KINDS, check_described

if TYPE_CHECKING:
    from ..storage.features import FeatureSet

#: Means are shown for up to this number of features. If there are more, no means are shown.
MAX_SHOWN = 6


@dataclass(frozen=True)
class StateSummary:
    """One row of the table of states.

    Parameters
    ----------
    state : int
        Number of the state (or component).
    n_frames : int
    population : float
        Share of the analysed frames.
    probability : float
        Mean assignment probability of the frames in the state; NaN without frames.
    stays : int
        Number of uninterrupted stays in the state, however short.
    representative : int
        Number of the frame nearest to the centre of the state in latent space; -1 without frames.
    means : mapping of str to str
        Mean of each shown feature with its unit; for angles, the circular mean in degrees.
    of_state : int or None
        For a component, the state that it belongs to; -1 without frames.
    """

    state: int
    n_frames: int
    population: float
    probability: float
    stays: int
    representative: int
    means: Mapping[str, str]
    of_state: int | None = None


@dataclass(frozen=True, eq=False, repr=False)
class StateTable(Shown):
    """A table of states (or components) that is displayed as text and in notebooks.

    Parameters
    ----------
    of : {"states", "components"}
        What a row describes.
    rows : tuple of StateSummary
        One for each state, including states without frames.
    """

    of: str
    rows: tuple[StateSummary, ...]

    def tables(self) -> list[Table]:
        """Return the table."""
        kind = KINDS[self.of]
        shown = list(dict.fromkeys(name for row in self.rows for name in row.means))
        heads = [kind, "frames", "population / %", "mean assignment probability", "stays"]
        heads += ["representative frame", *shown]
        if self.of == "components":
            heads.insert(1, "state")
        n, n_frames = sum(row.n_frames > 0 for row in self.rows), self.n_frames
        return [
            Table(
                tuple(heads),
                tuple(self._cells(row, shown) for row in self.rows),
                title=f"{counted(n, kind)} in {counted(n_frames, 'frame')}",
                note=f"Population: share of the analysed frames. Stays: uninterrupted stretches "
                f"in the {kind}, however short. Representative: the frame nearest to the centre "
                f"of the {kind} in latent space."
                + (" Last columns: means over the frames of the state." if shown else ""),
            )
        ]

    @property
    def n_frames(self) -> int:
        """Number of frames in all states."""
        return sum(row.n_frames for row in self.rows)

    def _cells(self, row: StateSummary, shown: Sequence[str]) -> tuple[Any, ...]:
        there = row.n_frames > 0
        state = () if self.of == "states" else (row.of_state if there else "-",)
        return (
            row.state,
            *state,
            f"{row.n_frames:,}",
            percent(row.population),
            f"{row.probability:.2f}" if there else "-",
            f"{row.stays:,}",
            row.representative if there else "-",
            *(row.means.get(name, "-") for name in shown),
        )


def summarize(results: Any, features: FeatureSet | None = None, of: str = "states") -> StateTable:
    """Summarize each state, or each component, of the model.

    Parameters
    ----------
    results : Results
        Of an analysis or an assignment: ``labels`` and ``probabilities`` of states, ``components``
        and ``component_probabilities``, ``latent``, ``frames``, and ``lengths`` if there are
        several segments.
    features : FeatureSet, optional
        Features of these frames. The table shows their means if there are at most six.
    of : {"states", "components"}
        What a row describes.

    Returns
    -------
    StateTable

    Raises
    ------
    InputError
        If `of` has another value, or `features` and `results` have different frames.

    Examples
    --------
    >>> import numpy as np
    >>> from MDAnalysis.analysis.results import Results
    >>> from mdgmvae.states import summarize
    >>> results = Results(
    ...     labels=np.array([0, 0, 1]), frames=np.array([5, 6, 7]),
    ...     probabilities=np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]]),
    ...     latent=np.array([[0.1], [0.1], [3.0]]),
    ... )
    >>> print(summarize(results).text().split("Population:")[0].rstrip())
    2 states in 3 frames
                                   mean assignment         representative
    state  frames  population / %      probability  stays           frame
        0       2            66.7             0.80      1               5
        1       1            33.3             0.80      1               7
    """
    if of not in [*KINDS]:
        raise InputError(f"of={of!r}: choose 'states' or 'components'")
    check_described(results, features)
    if of == "states":
        labels, probabilities = results.labels, results.probabilities
    else:
        labels, probabilities = results.components, results.component_probabilities
    n = probabilities.shape[1]
    begins = _begins(labels, getattr(results, "lengths", (len(labels),)))
    stays = np.bincount(labels[begins & (labels >= 0)], minlength=n)
    representatives = representative_rows(labels, results.latent)
    means = [{}] * n if features is None else _means(labels, n, features)
    rows = []
    for state in range(n):
        own = np.flatnonzero(labels == state)
        there = len(own) > 0
        rows.append(
            StateSummary(
                state=state,
                n_frames=len(own),
                population=len(own) / len(labels),
                probability=float(probabilities[own, state].mean()) if there else math.nan,
                stays=int(stays[state]),
                representative=int(results.frames[representatives[state]]) if there else -1,
                means=means[state],
                of_state=_state_of(results.labels[own]) if of == "components" else None,
            )
        )
    return StateTable(of, tuple(rows))


def _state_of(states: np.ndarray) -> int:
    """Return the most frequent state among the frames of a component, -1 without frames."""
    known = states[states >= 0]
    return int(np.bincount(known).argmax()) if len(known) else -1


def _begins(labels: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """Mask (n_frames,) of the frames that begin a stay, including the first of each segment."""
    begins = np.ones(len(labels), bool)
    begins[1:] = labels[1:] != labels[:-1]
    begins[np.cumsum([0, *lengths])[:-1]] = True
    return begins


def _means(labels: np.ndarray, n: int, features: FeatureSet) -> list[dict[str, str]]:
    """Means of the features in each state, by name; empty if there are too many features."""
    if len(features) != len(labels):
        raise InputError(
            f"{features.path}: has {counted(len(features), 'frame')} for "
            f"{counted(len(labels), 'label')}; pass the features from which the results were "
            "computed"
        )
    shown = ShownFeatures.of(features.names, features.units)
    if len(shown) > MAX_SHOWN:
        return [{}] * n
    sums = StateMoments.sum_up(shown, Dataset(features).chunks(), labels, n)
    mean, _ = means_and_spreads(shown, sums)
    return [
        {
            name: with_unit(value, unit)
            for name, unit, value in zip(shown.names, shown.units, values.tolist(), strict=True)
        }
        if sums.n[state]
        else {}
        for state, values in enumerate(mean)
    ]

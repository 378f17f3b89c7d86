"""The table of states: frames, population, how sure, how often entered, what it looks like."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..labels import representative_rows
from ..storage.features import FeatureSet
from ..storage.shown_features import NO_COLUMN, ShownFeatures

#: Features whose mean is shown for each state, where there are no more than this many.
MAX_SHOWN = 6


@dataclass(frozen=True)
class StateSummary:
    """A row of the table.

    Parameters
    ----------
    state : int
    n_frames : int
    population : float
        Share of the frames.
    confidence : float
        Mean of q(y|x) of the state over its frames; NaN for an empty state.
    visits : int
        Times that the state was entered within a continuous piece of trajectory.
    representative : int
        Frame number nearest to the state's centre in latent space; -1 for an empty state.
    means : dict of str to str
        Mean of each shown feature, with its unit; angles in degrees, as circular means.
    macrostate : int or None
        The metastable state that the component belongs to; -1 for an empty one, None where
        nothing is known of them.
    """

    state: int
    n_frames: int
    population: float
    confidence: float
    visits: int
    representative: int
    means: dict[str, str]
    macrostate: int | None = None


def describe_states(results: Any, features: FeatureSet | None = None) -> list[StateSummary]:
    """Describe each component that the model has, empty ones too.

    Parameters
    ----------
    results : Results
        With ``labels``, ``probabilities``, ``latent``, ``frames``, ``lengths`` where there are
        several continuous pieces, and ``macrostates`` where components are lumped.
    features : FeatureSet, optional
        Whose rows are those frames; adds the means of the features, where there are few.

    Returns
    -------
    list of StateSummary
    """
    labels, probabilities = results.labels, results.probabilities
    lengths = getattr(results, "lengths", (len(labels),))
    entered = _entered(labels, lengths)
    representatives = representative_rows(labels, results.latent)
    summaries = []
    for state in range(probabilities.shape[1]):
        rows = np.flatnonzero(labels == state)
        row = representatives.get(state)
        sure = float(probabilities[rows, state].mean()) if len(rows) else math.nan
        summaries.append(
            StateSummary(
                state=state,
                n_frames=len(rows),
                population=len(rows) / len(labels),
                confidence=sure,
                visits=int((labels[entered] == state).sum()),
                representative=-1 if row is None else int(results.frames[row]),
                means=_means(rows, features) if features is not None else {},
                macrostate=_macrostate(results, rows),
            )
        )
    return summaries


def _macrostate(results: Any, rows: np.ndarray) -> int | None:
    macrostates = getattr(results, "macrostates", None)
    if macrostates is None:
        return None
    return int(macrostates[rows[0]]) if len(rows) else -1


def states_text(states: Sequence[StateSummary]) -> str:
    """The table as lines of text.

    Examples
    --------
    >>> print(states_text([StateSummary(0, 3, 1.0, 0.98, 1, 7, {})]))
    state  frames  population  mean q  visits  representative frame
        0       3     100.0 %    0.98       1                     7
    """
    table = _cells(states)
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    )


def states_html(states: Sequence[StateSummary]) -> str:
    """The table for a notebook."""
    head, *body = _cells(states)
    rows = "".join(f"<tr>{_html_cells('td', row)}</tr>" for row in body)
    return f"<table><thead><tr>{_html_cells('th', head)}</tr></thead><tbody>{rows}</tbody></table>"


def _html_cells(tag: str, cells: Sequence[str]) -> str:
    return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)


def _cells(states: Sequence[StateSummary]) -> list[list[str]]:
    shown = list(dict.fromkeys(name for state in states for name in state.means))
    lumped = any(state.macrostate is not None for state in states)
    head = ["state", "frames", "population", "mean q", "visits", "representative frame", *shown]
    if lumped:
        head.insert(1, "metastable")
    table = [head]
    for state in states:
        empty = state.n_frames == 0
        row = [
            str(state.state),
            f"{state.n_frames:,}",
            f"{100 * state.population:.1f} %",
            "-" if empty else f"{state.confidence:.2f}",
            str(state.visits),
            "-" if empty else str(state.representative),
            *(state.means.get(name, "-") for name in shown),
        ]
        if lumped:
            row.insert(1, "-" if empty else str(state.macrostate))
        table.append(row)
    return table


def _entered(labels: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """Rows at which a state begins: the first of each piece, and wherever the label changes."""
    entered = np.ones(len(labels), bool)
    entered[1:] = labels[1:] != labels[:-1]
    starts = np.cumsum([0, *lengths])[:-1]
    entered[starts] = True
    return entered


def _means(rows: np.ndarray, features: FeatureSet) -> dict[str, str]:
    """Means of the features of a state; a cos/sin pair is one angle."""
    columns = _shown_columns(features)
    means = {}
    for name, column in columns.items():
        if not len(rows):
            continue
        values = np.asarray(features.values[rows][:, column], np.float64)
        if len(column) == 2:
            degrees = math.degrees(math.atan2(values[:, 1].mean(), values[:, 0].mean()))
            means[name] = f"{degrees:.0f}°"
        elif features.units[column[0]] == "radian":
            angle = math.atan2(np.sin(values).mean(), np.cos(values).mean())
            means[name] = f"{math.degrees(angle):.0f}°"
        else:
            means[name] = f"{values.mean():.2f}"
    return means


def _shown_columns(features: FeatureSet) -> dict[str, list[int]]:
    """Columns of each feature to show, by its name; none where there are too many."""
    shown = ShownFeatures.of(features.names, features.units)
    if len(shown) > MAX_SHOWN:
        return {}
    return {
        name: [first] if second == NO_COLUMN else [first, second]
        for name, first, second in zip(
            shown.names, shown.first.tolist(), shown.second.tolist(), strict=True
        )
    }

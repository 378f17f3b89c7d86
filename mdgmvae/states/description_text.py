"""A description of states as text, as a table of a notebook, as JSON and as CSV."""

from __future__ import annotations

import csv
import html
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..storage.atomic import atomic_file
from .description import LARGE

if TYPE_CHECKING:
    from .description import Description, FeatureOfState

_CALLED = {"states": "state", "components": "component"}
_HEAD = ("feature", "mean", "spread", "effect size", "gradient")
_COLUMNS = (
    *("kind", "state", "n_frames", "population", "feature", "unit", "mean", "spread"),
    *("effect_size", "gradient", "representatives"),
)
#: Characters of a line of `as_lines`.
_WIDTH = 96


def as_text(d: Description, n: int) -> str:
    """A paragraph for each state: a headline, and a table of the leading features."""
    tables = {state: [_HEAD, *map(_cells, d.top(state, n))] for state in d.states}
    rows = [row for table in tables.values() for row in table]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    paragraphs = []
    for state, table in tables.items():
        lines = [_headline(d, state)]
        for name, *numbers in table:
            cells = [name.ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
            lines.append("    " + "  ".join(cells))
        paragraphs.append("\n".join(lines))
    return "\n".join(paragraphs)


def as_lines(d: Description, n: int) -> str:
    """A line for each state with what sets it apart, or an empty string."""
    if len(d.states) < 2:
        return ""
    large = {
        state: [f for f in d.top(state, n) if abs(f.effect_size) >= LARGE] for state in d.states
    }
    if not any(large.values()):
        return ""
    lines = [f"what sets the {_CALLED[d.of]}s apart: mean +- spread (effect size)"]
    # As wide as the column of states in the tables that are printed before.
    lines += [f"{state:>5}  {_joined(found, _WIDTH - 7)}" for state, found in large.items()]
    return "\n".join(lines)


def as_html(d: Description, n: int = 5) -> str:
    """The same as `as_text` for a notebook."""
    head = (_CALLED[d.of], "frames", "population", *_HEAD, "representative frames")
    rows = []
    for state in d.states:
        count, share = f"{d.n_frames[state]:,}", f"{100 * d.populations[state]:.1f} %"
        for rank, feature in enumerate(d.top(state, n)):
            of_state = (str(state), count, share) if rank == 0 else ("", "", "")
            frames = ", ".join(map(str, d.representatives[state])) if rank == 0 else ""
            rows.append((*of_state, *_cells(feature), frames))
    body = "".join(f"<tr>{_tags('td', row)}</tr>" for row in rows)
    return f"<table><thead><tr>{_tags('th', head)}</tr></thead><tbody>{body}</tbody></table>"


def as_dict(d: Description) -> dict[str, Any]:
    """Lists, numbers and strings only; None for what is not finite. Empty states are left out."""
    states = []
    for state in d.states:
        features = [
            {name: _plain(value) for name, value in vars(feature).items()}
            for feature in d.top(state, len(d.names))
        ]
        states.append(
            {
                "state": state,
                "n_frames": int(d.n_frames[state]),
                "population": float(d.populations[state]),
                "representatives": d.representatives[state].tolist(),
                "features": features,
            }
        )
    return {"of": d.of, "states": states}


def write_csv(path: str | os.PathLike, descriptions: Sequence[Description]) -> None:
    """A line for each state (with frames) and feature of all `descriptions`; replaced whole."""
    with (
        atomic_file(path) as temporary,
        open(temporary, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for d in descriptions:
            for state in d.states:
                writer.writerows(_csv_rows(d, state))


def _csv_rows(d: Description, state: int) -> list[list[Any]]:
    of_state = [d.kind, state, int(d.n_frames[state]), f"{d.populations[state]:.6g}"]
    frames = " ".join(map(str, d.representatives[state]))
    rows = []
    for f in d.top(state, len(d.names)):
        numbers = (f"{value:.6g}" for value in (f.mean, f.spread, f.effect_size, f.gradient))
        rows.append([*of_state, f.name, f.unit, *numbers, frames])
    return rows


def _headline(d: Description, state: int) -> str:
    frames = ", ".join(map(str, d.representatives[state]))
    return (
        f"{_CALLED[d.of]} {state}: {d.n_frames[state]:,} frames "
        f"({100 * d.populations[state]:.1f} %), such as {frames}"
    )


def _cells(f: FeatureOfState) -> tuple[str, ...]:
    mean, spread = _measured(f)
    gradient = "-" if np.isnan(f.gradient) else f"{f.gradient:.2g}"
    return f.name, mean, spread, _signed(f.effect_size, 2), gradient


def _joined(found: Sequence[FeatureOfState], width: int) -> str:
    """Features one after the other, as many as fit, one at least."""
    text = ""
    for f in found:
        mean, spread = _measured(f)
        said = f"{f.name} {mean} +- {spread} ({_signed(f.effect_size, 1)})"
        if text and len(text) + 2 + len(said) > width:
            break
        text += f", {said}" if text else said
    return text or "no single feature"


def _measured(f: FeatureOfState) -> tuple[str, str]:
    """Mean and spread with their unit."""
    if f.unit == "degree":
        return f"{f.mean:.0f}°", f"{f.spread:.0f}°"
    unit = {"angstrom": " Å", "1": ""}.get(f.unit, f" {f.unit}")
    return f"{_number(f.mean)}{unit}", f"{_number(f.spread)}{unit}"


def _number(value: float) -> str:
    """Two decimals, or two significant digits of what is small or large."""
    if np.isnan(value):
        return "-"
    return f"{value:.2f}" if value == 0 or 0.05 <= abs(value) < 1e5 else f"{value:.2g}"


def _signed(value: float, digits: int) -> str:
    return "-" if np.isnan(value) else f"{value:+.{digits}f}"


def _tags(tag: str, cells: Sequence[str]) -> str:
    return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value

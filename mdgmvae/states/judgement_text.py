"""A judgement as text, as a table of a notebook and as JSON."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .verdicts import number, on_states

if TYPE_CHECKING:
    from ..kinetics.posterior import Estimate
    from .judgement import Judgement


def as_text(j: Judgement) -> str:
    """The table and the verdicts as lines of text."""
    table = _cells(j)
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = [_headline(j)]
    for row in table:
        *numbers, last = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join([*numbers, last.strip()]))
    lines += [f"- {sentence}" for sentence in _own_verdicts(j)]
    return "\n".join(lines) + (f"\n\n{as_text(j.macrostates)}" if j.macrostates else "")


def as_html(j: Judgement) -> str:
    """The same for a notebook."""
    head, *body = _cells(j)
    rows = "".join(f"<tr>{_tags('td', row)}</tr>" for row in body)
    said = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in _own_verdicts(j))
    return (
        f"<p>{html.escape(_headline(j))}</p><table><thead><tr>{_tags('th', head)}</tr></thead>"
        f"<tbody>{rows}</tbody></table><ul>{said}</ul>"
        f"{as_html(j.macrostates) if j.macrostates else ''}"
    )


def as_dict(j: Judgement) -> dict[str, Any]:
    """Lists, numbers and strings only; None for what is not finite. Labels are left out."""
    plain = {field.name: _plain(getattr(j, field.name)) for field in fields(j)}
    plain["lumping"].pop("labels")
    plain["macrostates"] = as_dict(j.macrostates) if j.macrostates else None
    plain["chapman_kolmogorov"]["max_deviation"] = _plain(j.chapman_kolmogorov.max_deviation)
    words = [verdict.word for verdict in on_states(j)]
    return {**plain, "states": words, "verdicts": _own_verdicts(j)}


def _own_verdicts(j: Judgement) -> list[str]:
    from .verdicts import sentences

    return sentences(j)


def _headline(j: Judgement) -> str:
    n = int((j.frames > 0).sum())
    score = f"VAMP-2 {j.vamp2:.2f}"
    if j.cross_validated is not None:
        score += f" ({j.cross_validated.mean:.2f} +- {j.cross_validated.std:.2f} cross-validated)"
    return (
        f"{n} {j.kind}{'' if n == 1 else 's'} in {j.frames.sum():,} frames, lag "
        f"{j.lag * j.dt:g} {j.unit}, {score}"
    )


def _cells(j: Judgement) -> list[list[str]]:
    name = j.kind.removesuffix(" state")
    head = [name, "population / %", f"lifetime / {j.unit}", "visits >= lag", "exits"]
    table = [[*head, "verdict"]]
    for verdict in on_states(j):
        state = verdict.state
        there = j.frames[state] > 0
        table.append(
            [
                str(state),
                _interval(j.populations, state, _percent) if there else "0",
                _interval(j.lifetimes.from_model, state, number) if there else "-",
                f"{j.visits.visits[state]:,}",
                f"{j.visits.exits[state]:,}",
                verdict.word,
            ]
        )
    return table


def _interval(estimate: Estimate, state: int, shown: Any) -> str:
    value, lower, upper = (
        shown(values[state]) for values in (estimate.value, estimate.lower, estimate.upper)
    )
    return value if lower == upper == value else f"{value} ({lower} to {upper})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _tags(tag: str, cells: Sequence[str]) -> str:
    return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return [_plain(entry) for entry in value]
    if isinstance(value, (np.integer, int)) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, (np.floating, float)):
        return float(value) if np.isfinite(value) else None
    return value

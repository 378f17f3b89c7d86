"""Markdown tables of the results of paper.py."""

from collections.abc import Sequence

import numpy as np

Row = dict[str, str]

#: Name in the column "method" of the row that evaluates the known basins, for comparison.
KNOWN = "known basins"
#: Epochs at which the paper's code printed its loss.
COURSE = (1, 51, 101, 151, 201, 251, 301, 351, 401)
#: Losses of the held-out frames that it printed in a published run of the paper's notebook.
PUBLISHED = (4.57, 0.974, 0.357, 0.032, -0.116, -0.305, -0.396, -0.438, -0.460)
#: Number of implied timescales in the table.
SHOWN = 3


def loss_table(rows: Sequence[Row]) -> str:
    """Return the loss by epoch on Mueller-Brown, with the values that the paper's code printed."""
    lines = [
        f"\nLoss on Mueller-Brown by epoch\n\n| | {' | '.join(map(str, COURSE))} |",
        f"|---|{'--:|' * len(COURSE)}",
        f"| paper's code, published | {' | '.join(f'{loss:.3f}' for loss in PUBLISHED)} |",
    ]
    for row in sorted(rows, key=lambda row: (row["method"], -int(row["frames"]), int(row["seed"]))):
        losses = [f"{float(loss):.3f}" for loss in row["course"].split()]
        if row["data"].startswith("mueller_brown") and len(losses) == len(COURSE):
            name = f"{row['method']}, {int(row['frames']):,} frames, seed {row['seed']}"
            lines.append(f"| {name} | {' | '.join(losses)} |")
    return "\n".join(lines)


def table(rows: Sequence[Row]) -> str:
    """Return a table with a line for each run."""
    lines = []
    for data, frames in dict.fromkeys((row["data"], row["frames"]) for row in rows):
        unit = "ps" if data.startswith("alanine") else "frames"
        times = " | ".join(f"t{i + 1} / {unit}" for i in range(SHOWN))
        lines += [
            f"\n{data}, {int(frames):,} frames\n",
            f"| method | seed | used | states | ARI | lumped | rarest | VAMP-2 | {times} | CK | "
            "loss | time / s |",
            f"|---|--:|--:|--:|--:|--:|--:|--:|{'--:|' * SHOWN}--:|--:|--:|",
        ]
        some = [row for row in rows if (row["data"], row["frames"]) == (data, frames)]
        methods = list(dict.fromkeys(row["method"] for row in some))
        for row in sorted(some, key=lambda row: (methods.index(row["method"]), int(row["seed"]))):
            lines.append(f"| {' | '.join(_cells(row))} |")
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    scores = [f"{float(row[name]):.3f}" for name in ("ari", "ari_lumped", "rarest", "vamp2")]
    is_known = row["method"] == KNOWN
    # "robust" scales its inputs, so its loss cannot be compared.
    has_loss = row["loss"] and row["method"] != "robust"
    return [
        row["method"],
        "" if is_known else row["seed"],
        row["used"],
        row["states"],
        *scores,
        *_timescales(row),
        f"{float(row['ck']):.3f}",
        f"{float(row['loss']):.3f}" if has_loss else "",
        f"{float(row['seconds']):.0f}" if row["seconds"] else "",
    ]


def _timescales(row: Row) -> list[str]:
    values, lower, upper = (
        np.array(row[name].split(), float) for name in ("timescales", "lower", "upper")
    )
    cells = [
        f"{value:.3g} ({low:.3g}-{high:.3g})"
        for value, low, high in zip(values, lower, upper, strict=True)
    ]
    return [*cells, *[""] * SHOWN][:SHOWN]

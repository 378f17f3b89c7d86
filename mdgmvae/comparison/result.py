"""What a comparison of methods found: a table to show, to write and to compute with."""

from __future__ import annotations

import csv
import html
import io
import os
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from ..errors import InputError
from ..storage.atomic import atomic_file


@dataclass(frozen=True)
class MethodResult:
    """A row of the comparison; medians over the seeds where there are several.

    Parameters
    ----------
    method : str
    n_states : int
        States that have frames.
    vamp2 : float
        VAMP-2 of the states on all frames, which they were learnt from.
    cv_mean, cv_std : float
        VAMP-2 on blocks of time that the method was not fitted to: mean and standard deviation
        over the folds.
    agreement_median, agreement_worst : float
        Adjusted Rand index between pairs of seeds; NaN for one seed.
    reference : float
        Adjusted Rand index against the reference; NaN without one.
    seconds : float
        Time of a fit to all frames.
    """

    method: str
    n_states: int
    vamp2: float
    cv_mean: float
    cv_std: float
    agreement_median: float
    agreement_worst: float
    reference: float
    seconds: float


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Methods on the same data; a table in a notebook, `text` for a terminal.

    Parameters
    ----------
    rows : tuple of MethodResult
        In the order in which the methods were given.
    labels : dict of str to list of ndarray of int64 of shape (n_frames,)
        States by each method, for each seed.
    scores : dict of str to ndarray of float64 of shape (n_folds,)
        VAMP-2 on each fold; the folds are the same for all methods.
    lag : int
        Rows.
    dt : float
        ps per row, NaN where not known.
    n_states : int
        Number of states that the methods were asked for.
    seeds : tuple of int
    """

    rows: tuple[MethodResult, ...]
    labels: dict[str, list[np.ndarray]]
    scores: dict[str, np.ndarray]
    lag: int
    dt: float
    n_states: int
    seeds: tuple[int, ...]

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, for a data frame."""
        return [asdict(row) for row in self.rows]

    def difference(self, method: str, other: str) -> tuple[float, float]:
        """How much more a method scores on frames held out than another.

        Fold by fold, since some blocks of time are harder for every method than others.

        Returns
        -------
        mean, error : float
            Mean over the folds and its standard error.

        Raises
        ------
        InputError
            When one of them was not compared.
        """
        for name in (method, other):
            if name not in self.scores:
                raise InputError(f"{name!r} was not compared; there are {', '.join(self.scores)}")
        differences = self.scores[method] - self.scores[other]
        error = differences.std(ddof=1) / np.sqrt(len(differences))
        return float(differences.mean()), float(error)

    @property
    def title(self) -> str:
        """What is compared, in one line."""
        time = "" if np.isnan(self.dt) else f" ({self.lag * self.dt:g} ps)"
        seeds = f"{len(self.seeds)} seed{'s' if len(self.seeds) > 1 else ''}"
        folds = max(map(len, self.scores.values()))
        return (
            f"{self.n_states} states, lag {self.lag} rows{time}, {seeds}, {folds} folds of blocks "
            "of time"
        )

    def text(self) -> str:
        """The table for a terminal."""
        table = self._cells()
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
            for row in table
        ]
        return "\n".join([self.title, "", *lines])

    def to_csv(self, path: str | os.PathLike) -> None:
        """Write the rows to a .csv file, replacing it whole.

        Raises
        ------
        InputError
            When it cannot be written.
        """
        out = io.StringIO()
        writer = csv.DictWriter(out, [field.name for field in fields(MethodResult)])
        writer.writeheader()
        writer.writerows(self.as_dicts())
        with atomic_file(path) as temporary:
            temporary.write_text(out.getvalue(), encoding="utf-8")

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        head, *rows = self._cells()
        lines = [
            f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in row)}</tr>"
            for tag, some in (("th", [head]), ("td", rows))
            for row in some
        ]
        return f"<table><caption>{html.escape(self.title)}</caption>{''.join(lines)}</table>"

    def _cells(self) -> list[list[str]]:
        several = len(self.seeds) > 1
        known = any(np.isfinite(row.reference) for row in self.rows)
        head = ["method", "states", "VAMP-2", "VAMP-2, held out"]
        head += ["agreement", "worst"] * several + ["ARI"] * known + ["seconds"]
        cells = [head]
        for row in self.rows:
            line = [row.method, str(row.n_states), f"{row.vamp2:.3f}"]
            line += [f"{row.cv_mean:.3f} ± {row.cv_std:.3f}"]
            line += [f"{row.agreement_median:.3f}", f"{row.agreement_worst:.3f}"] * several
            line += [f"{row.reference:.3f}"] * known
            cells.append([*line, f"{row.seconds:.1f}"])
        return cells

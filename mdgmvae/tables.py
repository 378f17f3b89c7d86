"""Tables as text, HTML and CSV, and a base class of results that are displayed as tables."""

from __future__ import annotations

import csv
import html
import math
import os
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from .errors import printable

#: Two spaces between columns.
_GAP = "  "
#: Width of the text below a table, in characters.
_LINE_WIDTH = 100
#: Largest number of lines of a head, and width of a name up to which its unit is below it.
_HEAD_LINES, _NAME_WIDTH = 2, 20
#: Characters with which a formula begins.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Matches a cell that holds a number. Only columns of such cells are right-aligned.
_NUMBER = re.compile(r"[*\s]*([-+±]?(\d|inf|nan)|-?$)")


@dataclass(frozen=True)
class Table:
    """A table with a title above it, and notes below.

    Parameters
    ----------
    columns : tuple of str
        Heads of the columns. In text, a long head takes two lines.
    rows : tuple of tuple
        One cell per column. Text and HTML show ``str(cell)``.
    title : str
        A line above the table.
    note : str
        A paragraph below the table that explains it.
    sentences : tuple of str
        A list below the table.

    Examples
    --------
    >>> table = Table(("state", "mean distance"), ((0, "3.1 Å"), (1, "12.5 Å")), title="2 states")
    >>> print(table.text())
    2 states
               mean
    state  distance
        0     3.1 Å
        1    12.5 Å
    >>> table.html()[:24]
    '<table><caption>2 states'
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    title: str = ""
    note: str = ""
    sentences: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the table as text, with columns of numbers aligned to the right."""
        lines = [printable(self.title)] if self.title else []
        if self.rows:
            lines += self._lines()
        if self.note:
            lines += textwrap.wrap(printable(self.note), _LINE_WIDTH)
        lines += [f"- {printable(sentence)}" for sentence in self.sentences]
        return "\n".join(lines)

    def html(self, *, with_heads: bool = False) -> str:
        """Return the table as HTML. Every cell, head and sentence is escaped.

        Parameters
        ----------
        with_heads : bool
            Whether each cell has the head of its column as its attribute ``data-head``, from which
            a style sheet can make a list of each row where the screen is narrow.
        """
        parts = []
        if self.rows:
            caption = f"<caption>{html.escape(self.title)}</caption>" if self.title else ""
            heads = self.columns if with_heads else ()
            body = "".join(f"<tr>{_tags('td', row, heads)}</tr>" for row in self.rows)
            head = f"<thead><tr>{_tags('th', self.columns)}</tr></thead>"
            parts.append(f"<table>{caption}{head}<tbody>{body}</tbody></table>")
        elif self.title:
            parts.append(f"<p>{html.escape(self.title)}</p>")
        if self.note:
            parts.append(f"<p>{html.escape(self.note)}</p>")
        if self.sentences:
            parts.append(f"<ul>{_tags('li', self.sentences)}</ul>")
        return "".join(parts)

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the columns and rows to a .csv file.

        A text that a spreadsheet would run as a formula, such as a name that begins with "=", gets
        an apostrophe in front.

        Parameters
        ----------
        path : path-like
            The file to write. To replace a file as a whole, write to the path that
            `mdgmvae.storage.atomic.atomic_file` yields.
        """
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self.columns)
            writer.writerows([[_harmless(cell) for cell in row] for row in self.rows])

    def _lines(self) -> list[str]:
        body = [[printable(str(cell)) for cell in row] for row in self.rows]
        columns = list(zip(*body, strict=True))
        heads = [_wrapped(head, cells) for head, cells in zip(self.columns, columns, strict=True)]
        height = max(map(len, heads))
        heads = [[""] * (height - len(head)) + head for head in heads]
        widths = [
            max(map(len, (*head, *cells))) for head, cells in zip(heads, columns, strict=True)
        ]
        adjust = [_alignment(cells) for cells in columns]
        lines = [
            _GAP.join(
                place(cell, width) for place, cell, width in zip(adjust, row, widths, strict=True)
            )
            for row in (*zip(*heads, strict=True), *body)
        ]
        return [line.rstrip() for line in lines]


class Shown:
    """Base class of results that are displayed as text at the prompt and as HTML in notebooks."""

    def tables(self) -> Sequence[Table]:
        """Return the tables that display this result."""
        raise NotImplementedError

    def text(self) -> str:
        """Return the tables as text."""
        return "\n\n".join(table.text() for table in self.tables())

    def __repr__(self) -> str:
        """Return the tables as text."""
        return self.text()

    def _repr_html_(self) -> str:
        return "".join(table.html() for table in self.tables())


def to_plain(value: Any) -> Any:
    """Convert a value to numbers, strings, lists and dictionaries that JSON can hold.

    Arrays and tuples become lists, dataclasses become dictionaries, and NaN and infinity become
    None.

    Parameters
    ----------
    value : object

    Returns
    -------
    object

    Examples
    --------
    >>> to_plain({"energy": np.array([1.5, np.nan]), "n": np.int64(3)})
    {'energy': [1.5, None], 'n': 3}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: to_plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [to_plain(entry) for entry in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value


def named(kind: str, numbers: Sequence[int]) -> str:
    """Return the name of one or several states or components.

    Parameters
    ----------
    kind : str
        "state" or "component".
    numbers : sequence of int
        One or more numbers.

    Returns
    -------
    str

    Examples
    --------
    >>> named("state", [0]), named("component", [0, 2, 3])
    ('state 0', 'components 0, 2 and 3')
    """
    if len(numbers) == 1:
        return f"{kind} {numbers[0]}"
    return f"{kind}s {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def counted(n: int, noun: str) -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> counted(1, "frame"), counted(20_000, "frame")
    ('1 frame', '20,000 frames')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def number(value: float) -> str:
    """Format a number with two significant digits, or as a whole number from 10 upwards.

    Parameters
    ----------
    value : float

    Returns
    -------
    str
        "-" for NaN.

    Examples
    --------
    >>> [number(value) for value in (0.123, 3.14, 31.4, 31415.9, float("inf"), float("nan"))]
    ['0.12', '3.1', '31', '31,416', 'inf', '-']
    """
    if np.isnan(value):
        return "-"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    if abs(value) >= 10 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def percent(share: float) -> str:
    """Format a share as a percentage with one decimal, without the percent sign.

    Parameters
    ----------
    share : float
        From 0 to 1.

    Returns
    -------
    str
        "-" for NaN.

    Examples
    --------
    >>> percent(0.5489), percent(float("nan"))
    ('54.9', '-')
    """
    return "-" if np.isnan(share) else f"{100 * share:.1f}"


def interval(
    value: float, lower: float, upper: float, shown: Callable[[float], str] = number
) -> str:
    """Format a value and its interval, if there is one.

    Parameters
    ----------
    value, lower, upper : float
        The value and the ends of its interval, NaN if they are unknown.
    shown : callable
        Formats each of the three numbers.

    Returns
    -------
    str
        Without the interval if both ends are unknown, or look the same as the value.

    Examples
    --------
    >>> interval(57.2, 51.1, 63.4), interval(0.0, 0.0, 0.0), interval(4.0, np.nan, np.nan)
    ('57 (51 to 63)', '0', '4.0')
    """
    middle, low, high = shown(value), shown(lower), shown(upper)
    known = low != "-" or high != "-"
    return f"{middle} ({low} to {high})" if known and not low == middle == high else middle


def _harmless(cell: Any) -> Any:
    """Return a cell of a .csv file, changed if it is a formula and not a number."""
    if not isinstance(cell, str) or len(cell) < 2 or not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def _wrapped(head: str, cells: Sequence[str]) -> list[str]:
    """Wrap a head that is wider than the cells into two lines, the unit below the name."""
    if len(head) <= max(map(len, (*cells, ""))):
        return [head]
    name, _, unit = head.rpartition(" / ")
    if " " in name and len(name) <= _NAME_WIDTH:
        return [name, f"/ {unit}"]
    # A unit that has no line of its own stays on the same line as the word before it.
    words = head.replace(" / ", "\0/\0")
    widths = range(max(map(len, words.split(" "))), len(words) + 1)
    wrapped = (textwrap.wrap(words, width, break_on_hyphens=False) for width in widths)
    lines = next((lines for lines in wrapped if len(lines) <= _HEAD_LINES), [""])
    return [line.replace("\0", " ") for line in lines]


def _alignment(cells: Sequence[str]) -> Callable[[str, int], str]:
    return str.rjust if all(map(_NUMBER.match, cells)) else str.ljust


def _tags(tag: str, cells: Sequence[Any], heads: Sequence[str] = ()) -> str:
    given = [f' data-head="{html.escape(head)}"' for head in heads] or [""] * len(cells)
    return "".join(
        f"<{tag}{attribute}>{html.escape(str(cell))}</{tag}>"
        for cell, attribute in zip(cells, given, strict=True)
    )

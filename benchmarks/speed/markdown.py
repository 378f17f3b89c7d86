"""Read numbers from the Markdown tables that the benchmarks print."""

import re


def cell(text: str, heading: str, row: str, column: str) -> float | None:
    """Return the first number of a cell in the first table below a heading.

    The heading and the name of the column need only begin with the given text. The result is None
    if there is no such table, row, column or number. "1/23" is read as a fraction.

    Examples
    --------
    >>> text = "Size S\\n\\n| | rate |\\n|---|--:|\\n| ours | 1,234 (1 to 2) |"
    >>> cell(text, "Size S", "ours", "rate")
    1234.0
    """
    columns: list[str] | None = None
    is_below = False
    for line in text.splitlines():
        is_below = is_below or line.strip("# ").startswith(heading)
        if not is_below or not line.startswith("|"):
            if columns is not None:
                return None
            continue
        cells = [part.strip() for part in line.strip("| \n").split(" | ")] if columns else None
        if columns is None:
            columns = [part.strip() for part in line.strip().strip("|").split("|")]
        elif cells and cells[0] == row:
            names = [number for number, name in enumerate(columns) if name.startswith(column)]
            return _number(cells[names[0]]) if names and names[0] < len(cells) else None
    return None


def _number(text: str) -> float | None:
    found = re.match(r"(1/)?([\d,]+\.?\d*)", text)
    if not found:
        return None
    value = float(found[2].replace(",", ""))
    return 1 / value if found[1] and value else value

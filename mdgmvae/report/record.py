"""What a page remembers of the command that made it, beside what the page shows."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

#: Name of the page in a folder of results.
REPORT = "report.html"
#: The element of the page that holds the record.
_ELEMENT = re.compile(
    r'<script type="application/json" id="record">(.*?)</script>', re.DOTALL | re.ASCII
)


@dataclass(frozen=True)
class Record:
    """How the results came about, as far as it is known.

    Parameters
    ----------
    command : str
        The command that repeats the analysis; "" if it is unknown.
    files : tuple of str
        The topology and the trajectories.
    warnings : tuple of str
        Warnings that were given.
    """

    command: str = ""
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def element(self) -> str:
        """Return the element of the page that holds the record.

        Examples
        --------
        >>> Record("mdgmvae demo").element()[44:]
        '{"command": "mdgmvae demo", "files": [], "warnings": []}</script>'
        """
        return f'<script type="application/json" id="record">{as_script(asdict(self))}</script>'

    @classmethod
    def of_page(cls, path: Path) -> Record:
        """Read the record of an earlier page; an empty one if there is none, or it is damaged."""
        try:
            found = _ELEMENT.search(path.read_text(encoding="utf-8"))
            values = json.loads(found[1]) if found else {}
        except (OSError, ValueError, RecursionError):
            return cls()
        if not isinstance(values, dict):
            return cls()
        command = values.get("command")
        return cls(
            command if isinstance(command, str) else "",
            _texts(values.get("files")),
            _texts(values.get("warnings")),
        )


def _texts(values: object) -> tuple[str, ...]:
    """Return the texts of a list, and nothing if it is no list."""
    found = values if isinstance(values, list) else []
    return tuple(text for text in found if isinstance(text, str))


def as_script(value: object) -> str:
    r"""Return a value as JSON that cannot end the script element that it is written into.

    Examples
    --------
    >>> as_script({"name": "</script>"})
    '{"name": "\\u003c/script>"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")

"""What a page remembers of the command that made it, beside what the page shows."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..trajectory.input_files import shortest_names

#: Name of the page in a folder of results.
REPORT = "report.html"
#: The element of a page that holds its data (`mdgmvae.viewer.page`).
_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


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

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files without folders, except where these tell files apart."""
        return tuple(shortest_names(self.files))

    def to_dict(self) -> dict[str, Any]:
        """Return the record as values for JSON."""
        return asdict(self)

    @classmethod
    def of_page(cls, path: Path) -> Record:
        """Read the record of an earlier page; an empty one if there is none, or it is damaged."""
        try:
            found = _DATA.search(path.read_text(encoding="utf-8"))
            data = json.loads(found[1]) if found else None
        except (OSError, ValueError, RecursionError):
            return cls()
        values = data.get("record") if isinstance(data, dict) else None
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

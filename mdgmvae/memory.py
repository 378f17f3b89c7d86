"""How much memory features may take: a number of bytes, or such as "2 GB"."""

from __future__ import annotations

import math
import re
from typing import Any

from .errors import InputError

#: Bytes of features that are held in memory where nothing else is asked for.
DEFAULT = 512 * 2**20
#: Less is no budget.
LEAST = 2**20
_NUMBER = r"[0-9]+\.?[0-9]*(?:e[+-]?[0-9]+)?|\.[0-9]+"
_UNITS = {
    "": 1,
    **{letter: 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}


def checked_memory(max_memory: Any) -> int:
    """The budget in bytes.

    Parameters
    ----------
    max_memory : None, int or str
        None is `DEFAULT`.

    Raises
    ------
    InputError
        When it is no amount of memory, or less than a megabyte.

    Examples
    --------
    >>> checked_memory("1.5 GB"), checked_memory("64MiB"), checked_memory(2_000_000)
    (1500000000, 67108864, 2000000)
    """
    if max_memory is None:
        return DEFAULT
    found = re.fullmatch(rf"\s*({_NUMBER})\s*([a-z]*)\s*", str(max_memory).lower())
    unit = _UNITS.get(found[2]) if found else None
    wanted = float(found[1]) * unit if found and unit else math.inf
    if isinstance(max_memory, bool) or not math.isfinite(wanted):
        raise InputError(f"max_memory={max_memory!r}: give bytes, or such as '500 MB' or '2 GiB'")
    n_bytes = int(wanted)
    if n_bytes < LEAST:
        raise InputError(f"max_memory={max_memory!r}: is less than 1 MiB; give more")
    return n_bytes

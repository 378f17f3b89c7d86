"""Checks of values that users give: numbers, counts, seeds, amounts of memory."""

from __future__ import annotations

import math
import re
from typing import Any

from .errors import InputError

#: Bytes of features that are held in memory where nothing else is asked for.
DEFAULT_MEMORY = 512 * 2**20
#: Less is no budget.
LEAST_MEMORY = 2**20
_NUMBER = r"[0-9]+\.?[0-9]*(?:e[+-]?[0-9]+)?|\.[0-9]+"
_UNITS = {
    "": 1,
    **{letter: 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}


def check_number(
    name: str,
    value: Any,
    *,
    whole: bool = False,
    low: float = -math.inf,
    high: float = math.inf,
) -> int | float:
    """A finite number within bounds, or an `InputError` that names it.

    Examples
    --------
    >>> check_number("lr", 1, low=0)
    1.0
    """
    kind = "a whole number" if whole else "a number"
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        shown = str(value)[:20] if isinstance(value, int) else repr(value)
        raise InputError(f"{name}={shown}: must be {kind}") from error
    is_whole = math.isfinite(number) and number == int(number)
    is_number = not isinstance(value, str) and not is_bool(value)
    if not is_number or not math.isfinite(number) or (whole and not is_whole):
        raise InputError(f"{name}={value!r}: must be {kind}")
    if not low <= number <= high:
        bounds = f"at least {low:g}"
        if high < math.inf:
            bounds += f" and at most {high:g}"
        raise InputError(f"{name}={value!r}: must be {bounds}")
    # Not by way of the float, which has 53 bits.
    return int(value) if whole else number


def is_bool(value: Any) -> bool:
    """Whether a value is Python's or NumPy's True or False."""
    # NumPy's bool is no subclass of Python's; NumPy itself is not imported here.
    return isinstance(value, bool) or type(value).__name__ == "bool"


def check_count(name: str, value: Any, low: int = 1) -> int:
    """A whole number that is at least `low`, or an `InputError` that names it.

    Examples
    --------
    >>> check_count("n", 3.0)
    3
    """
    return int(check_number(name, value, whole=True, low=low))


def check_counts(name: str, values: Any, low: int = 1) -> list[int]:
    """Several whole numbers, each at least `low`, or an `InputError` that names them.

    Examples
    --------
    >>> check_counts("ks", range(2, 5))
    [2, 3, 4]
    """
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise InputError(f"{name}={values!r}: give several whole numbers, such as [2, 3]")
    return [check_count(name, value, low) for value in values]


def draw_seed() -> int:
    """A seed that nobody chose, from the entropy of the operating system."""
    from numpy.random import SeedSequence

    return int(SeedSequence().generate_state(1)[0])


def seed_of(*numbers: int) -> int:
    """A seed of 32 bits, for what takes no more, from a seed of any size and other numbers.

    Examples
    --------
    >>> seed_of(2**62, 1) < 2**32, seed_of(3, 0) == seed_of(3, 1)
    (True, False)
    """
    from numpy.random import SeedSequence

    return int(SeedSequence(numbers).generate_state(1)[0])


def checked_seeds(seeds: Any) -> list[int]:
    """Several seeds, at least one.

    Raises
    ------
    InputError
        When there is none, or one is no seed.

    Examples
    --------
    >>> checked_seeds(range(3))
    [0, 1, 2]
    """
    found = [checked_seed(seed) for seed in check_counts("seeds", seeds, low=0)]
    if not found:
        raise InputError("seeds=[]: at least one seed is needed")
    return found


def checked_seed(seed: Any) -> int:
    """The seed as an int.

    Raises
    ------
    InputError
        When it is not a whole number from 0 to 2**63 - 1.

    Examples
    --------
    >>> checked_seed(7.0)
    7
    """
    number = check_count("seed", seed, low=0)
    if number >= 2**63:
        raise InputError(f"seed={seed!r}: must be below 2**63")
    return number


def checked_memory(max_memory: Any) -> int:
    """The budget in bytes.

    Parameters
    ----------
    max_memory : None, int or str
        None is `DEFAULT_MEMORY`.

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
        return DEFAULT_MEMORY
    found = re.fullmatch(rf"\s*({_NUMBER})\s*([a-z]*)\s*", str(max_memory).lower())
    unit = _UNITS.get(found[2]) if found else None
    wanted = float(found[1]) * unit if found and unit else math.inf
    if isinstance(max_memory, bool) or not math.isfinite(wanted):
        raise InputError(f"max_memory={max_memory!r}: give bytes, or such as '500 MB' or '2 GiB'")
    n_bytes = int(wanted)
    if n_bytes < LEAST_MEMORY:
        raise InputError(f"max_memory={max_memory!r}: is less than 1 MiB; give more")
    return n_bytes

"""Check values from users: numbers, flags, counts, seeds, amounts of memory and paths."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any

from .errors import InputError

#: Default limit on the memory for features, in bytes.
DEFAULT_MEMORY = 512 * 2**20
#: Smallest limit on the memory that a user may set, in bytes.
MIN_MEMORY = 2**20
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
    """Check that a value is a finite number within bounds, and convert it.

    Parameters
    ----------
    name : str
        Name of the option, for the message.
    value : object
    whole : bool
        Whether the value must be a whole number.
    low, high : float
        Smallest and largest allowed value.

    Returns
    -------
    int or float
        An int if `whole`, else a float.

    Raises
    ------
    InputError
        If the value is not a number, is not finite or is out of bounds.

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
    # Convert `value`, not `number`: a float is exact only for whole numbers up to 2**53.
    return int(value) if whole else number


def is_bool(value: Any) -> bool:
    """Return whether a value is a Python or NumPy bool.

    Parameters
    ----------
    value : object

    Returns
    -------
    bool
    """
    # NumPy's bool (bool_ before NumPy 2) does not derive from Python's. Comparing the name avoids
    # importing NumPy.
    return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")


def checked_flag(name: str, value: Any) -> bool:
    """Check that a value is True or False, or 1 or 0, and convert it to bool.

    Text such as "no" would otherwise count as True.

    Parameters
    ----------
    name : str
        Name of the option, for the message.
    value : object

    Returns
    -------
    bool

    Raises
    ------
    InputError
        If the value is something else.

    Examples
    --------
    >>> checked_flag("annotate", 0)
    False
    """
    if is_bool(value) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise InputError(f"{name}={value!r}: must be True or False")


def check_count(name: str, value: Any, low: int = 1) -> int:
    """Check that a value is a whole number, and convert it to int.

    Parameters
    ----------
    name : str
        Name of the option, for the message.
    value : object
    low : int
        Smallest allowed value.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If the value is not a whole number or is below `low`.

    Examples
    --------
    >>> check_count("n", 3.0)
    3
    """
    return int(check_number(name, value, whole=True, low=low))


def check_counts(name: str, values: Any, low: int = 1) -> list[int]:
    """Check that all values are whole numbers, and convert them to int.

    Parameters
    ----------
    name : str
        Name of the option, for the message.
    values : iterable
    low : int
        Smallest allowed value.

    Returns
    -------
    list of int

    Raises
    ------
    InputError
        If `values` is not a sequence of whole numbers, or one of them is below `low`.

    Examples
    --------
    >>> check_counts("ks", range(2, 5))
    [2, 3, 4]
    """
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise InputError(f"{name}={values!r}: pass several whole numbers, such as [2, 3]")
    return [check_count(name, value, low) for value in values]


def draw_seed() -> int:
    """Draw a seed from the entropy source of the operating system.

    Returns
    -------
    int
    """
    from numpy.random import SeedSequence

    return int(SeedSequence().generate_state(1)[0])


def seed_of(*numbers: int) -> int:
    """Derive a 32-bit seed from a seed of any size and other numbers.

    scikit-learn does not accept larger seeds.

    Parameters
    ----------
    *numbers : int
        The seed, and numbers that distinguish its uses.

    Returns
    -------
    int

    Examples
    --------
    >>> seed_of(2**62, 1) < 2**32, seed_of(3, 0) == seed_of(3, 1)
    (True, False)
    """
    from numpy.random import SeedSequence

    return int(SeedSequence(numbers).generate_state(1)[0])


def checked_seeds(seeds: Any) -> list[int]:
    """Check a sequence of seeds, and convert them to int.

    Parameters
    ----------
    seeds : iterable

    Returns
    -------
    list of int

    Raises
    ------
    InputError
        If there are no seeds, or a value is not a seed.

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
    """Check a seed, and convert it to int.

    Parameters
    ----------
    seed : object

    Returns
    -------
    int

    Raises
    ------
    InputError
        If the seed is not a whole number from 0 to 2**63 - 1.

    Examples
    --------
    >>> checked_seed(7.0)
    7
    """
    number = check_count("seed", seed, low=0)
    if number >= 2**63:
        raise InputError(f"seed={seed!r}: must be below 2**63")
    return number


def checked_memory(max_memory: Any, name: str = "max_memory") -> int:
    """Convert an amount of memory to bytes.

    Parameters
    ----------
    max_memory : None, int or str
        Bytes, or a number with a unit, such as "500 MB" or "2 GiB". None is `DEFAULT_MEMORY`.
    name : str
        Name of the option, for the message.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If `max_memory` is not an amount of memory, or is less than 1 MiB.

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
        raise InputError(
            f"{name}={max_memory!r}: pass a number of bytes, or an amount such as "
            "'500 MB' or '2 GiB'"
        )
    n_bytes = int(wanted)
    if n_bytes < MIN_MEMORY:
        raise InputError(f"{name}={max_memory!r}: must be at least 1 MiB")
    return n_bytes


def as_path(path: str | os.PathLike[str]) -> Path:
    """Return a path from a user, in which a leading "~" is the home folder.

    Only a shell replaces it, so it would otherwise become a folder of this name.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If it is not the name of a file or folder.

    Examples
    --------
    >>> as_path("~/model") == Path.home() / "model"
    True
    """
    if not isinstance(path, str | bytes | os.PathLike):
        raise InputError(f"{path!r}: is not the name of a file or folder; pass a string or a path")
    name = os.fsdecode(path)
    if not name or "\0" in name:
        why = "it contains a null" if name else "it is empty"
        raise InputError(f"{name!r}: is not the name of a file or folder, because {why}")
    # Path.expanduser refuses names such as "~backup.xtc".
    return Path(os.path.expanduser(name))


def as_page(path: str | os.PathLike[str], what: str) -> Path:
    """Return the path of a web page that is to be written.

    Parameters
    ----------
    path : path-like
    what : str
        What the page is, for the message.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If it is not the name of a file, or does not end in .html.

    Examples
    --------
    >>> as_page("states.html", "a report").name
    'states.html'
    """
    page = as_path(path)
    if page.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path}: {what} is an HTML page; give a name that ends in .html")
    return page


def real_path(path: str | os.PathLike[str]) -> Path:
    """Return a path from a user as it is called without symbolic links.

    Unlike `pathlib.Path.resolve`, this raises no error at a link that leads back to itself.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> real_path("model") == Path.cwd() / "model"
    True
    """
    return Path(os.path.realpath(as_path(path)))

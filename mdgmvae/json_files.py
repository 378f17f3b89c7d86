"""Read JSON files from anywhere: each value is checked against a kind before it is used.

A kind is a function that returns the value, converted, or raises `Unfit`. Kinds are combined::

    record({"names": listed(text), "dt": number(0)}, optional={"note": text})

A damaged or hostile file can only raise an `InputError` in one line.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np

from .errors import InputError

Kind: TypeAlias = Callable[[Any], Any]

#: Lists and objects may be nested as deeply as this. Featurizers of featurizers need ten or so.
DEEPEST = 32
#: Whole numbers are at most as large as those of NumPy.
LARGEST = 2**63 - 1

_SEAL = re.compile(rb', "checksum": "([0-9a-f]{64})"}\n\Z')


#: Longest reason in a message, in characters. Damaged values can be of any length.
_LONGEST = 300


class Unfit(ValueError):
    """Raised by a kind when a value is not of this kind.

    Parameters
    ----------
    reason : str
        What is wrong. Only the beginning of a long text is kept.
    """

    def __init__(self, reason: str) -> None:
        short = reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]} ..."
        super().__init__(" ".join(short.split()))


def read_json(
    path: str | os.PathLike[str], kind: Kind, advice: str, sealed: bool | None = None
) -> Any:
    """Read a JSON file, in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Parameters
    ----------
    path : path-like
        The file.
    kind : callable
        What it has to contain.
    advice : str
        What to do if it is something else, for the message.
    sealed : bool, optional
        Whether it must end with the checksum that `seal` appends. By default, a checksum is only
        compared if there is one.

    Returns
    -------
    object
        What `kind` returns.

    Raises
    ------
    InputError
        If the file is missing, cannot be read, is not JSON or contains something else, or if it
        has changed since it was sealed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "x.json"
    >>> _ = path.write_text('{"k": 3}')
    >>> read_json(path, record({"k": whole(1)}), "write it again")
    {'k': 3}
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is not a file; pass the name of a JSON file")
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the name and the folder") from error
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{path}: cannot be read ({reason}); check its permissions") from error
    value = parse_json(content, lambda value: value, str(path), advice)
    found = _SEAL.search(content)
    if found and hashlib.sha256(content[: found.start()]).hexdigest() != found[1].decode():
        raise InputError(
            f"{path}: has changed since it was written; {advice}. To keep a change that you made "
            'yourself, remove "checksum" at its end'
        )
    # The kind first: it may say better what is wrong with a file that is no such file at all.
    checked = check_kind(value, kind, str(path), advice)
    if sealed and not found:
        raise InputError(f"{path}: does not end with its checksum; {advice}")
    return checked


def seal(path: str | os.PathLike[str]) -> None:
    """Append a checksum to a JSON object that is not empty, by which `read_json` knows changes.

    Parameters
    ----------
    path : path-like
        A file that ends with the bracket of the object.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "x.json"
    >>> _ = path.write_text('{"k": 3}')
    >>> seal(path)
    >>> path.read_text()[:28]
    '{"k": 3, "checksum": "bfa60a'
    """
    digest = hashlib.sha256()
    with open(path, "r+b") as file:
        end = file.seek(-16, os.SEEK_END) if os.path.getsize(path) > 16 else 0
        end = file.seek(end) + file.read().rindex(b"}")
        file.seek(end)
        file.truncate()
        file.seek(0)
        while piece := file.read(2**20):
            digest.update(piece)
        file.write(f', "checksum": "{digest.hexdigest()}"}}\n'.encode())


def check_kind(value: Any, kind: Kind, source: str, advice: str) -> Any:
    """Return a value converted by a kind.

    Raises
    ------
    InputError
        If it is not of this kind.
    """
    try:
        return kind(value)
    except Unfit as error:
        raise InputError(f"{source}: {error}; {advice}") from error


def parse_json(content: bytes | str, kind: Kind, source: str, advice: str) -> Any:
    """Do the same as `read_json` with text that is in memory.

    Parameters
    ----------
    content : bytes or str
        The text.
    kind : callable
        What it has to contain.
    source : str
        Where it is from, for the message.
    advice : str
        What to do if it is something else, for the message.

    Returns
    -------
    object
        What `kind` returns.

    Raises
    ------
    InputError
        If the text is not JSON or contains something else.
    """
    try:
        if isinstance(content, bytes):
            content = content.decode(json.detect_encoding(content))
        value = json.loads(
            content.removeprefix("\ufeff"),
            object_pairs_hook=_without_repetition,
            parse_constant=_refuse_constant,
        )
    except Unfit as error:
        raise InputError(f"{source}: {error}; {advice}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        is_value = isinstance(error, ValueError)
        reason = " ".join(str(error).split()) if is_value else "nested too deep"
        raise InputError(f"{source}: is not JSON ({reason}); {advice}") from error
    return check_kind(value, kind, source, advice)


def text(value: Any) -> str:
    """Text that can be written as UTF-8."""
    if not isinstance(value, str):
        raise Unfit(f"must be text, not {_shown(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Unfit("contains an incomplete character") from error
    return value


def flag(value: Any) -> bool:
    """Either true or false."""
    if not isinstance(value, bool):
        raise Unfit(f"must be true or false, not {_shown(value)}")
    return value


def whole(low: int = -LARGEST - 1, high: int = LARGEST) -> Kind:
    """Return the kind of whole numbers from `low` to `high`."""

    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            bounds = f" from {low} to {high}" if (low, high) != (-LARGEST - 1, LARGEST) else ""
            raise Unfit(f"must be a whole number{bounds}, not {_shown(value)}")
        return value

    return check


def number(low: float = -math.inf, high: float = math.inf) -> Kind:
    """Return the kind of finite numbers from `low` to `high`."""

    def check(value: Any) -> float:
        is_number = type(value) in (int, float) and abs(value) < 1e308 and low <= value <= high
        if not is_number:
            bounds = f" from {low:g} to {high:g}" if (low, high) != (-math.inf, math.inf) else ""
            raise Unfit(f"must be a finite number{bounds}, not {_shown(value)}")
        # A whole number stays one.
        return cast(float, value)

    return check


def optional(kind: Kind) -> Kind:
    """Return the kind of values of a kind, or null."""
    return lambda value: None if value is None else kind(value)


def choice(*values: str) -> Kind:
    """Return the kind of some texts."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            raise Unfit(f"must be one of {', '.join(values)}, not {_shown(value)}")
        return value

    return check


def listed(kind: Kind, length: int | None = None) -> Kind:
    """Return the kind of lists of a kind, of any length or of one."""

    def check(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Unfit(f"must be a list, not {_shown(value)}")
        if length is not None and len(value) != length:
            raise Unfit(f"found {len(value):,}, expected {length:,}")
        found = []
        for index, item in enumerate(value):
            found.append(_inside(f"entry {index}", kind, item))
        return found

    return check


def mapping(kind: Kind) -> Kind:
    """Return the kind of objects with any names, whose values are of a kind."""

    def check(value: Any) -> dict[str, Any]:
        return {text(name): _inside(name, kind, item) for name, item in _object(value).items()}

    return check


def record(required: Mapping[str, Kind], optional: Mapping[str, Kind] | None = None) -> Kind:
    """Return the kind of objects with these names; other names are left out."""

    def check(value: Any) -> dict[str, Any]:
        given = _object(value)
        missing = [name for name in required if name not in given]
        if missing:
            raise Unfit(f"has no {', '.join(missing)}")
        kinds = {**required, **(optional or {})}
        return {n: _inside(n, kind, given[n]) for n, kind in kinds.items() if n in given}

    return check


def whole_numbers(length: int, low: int = -LARGEST - 1) -> Kind:
    """Return the kind of lists of so many whole numbers of at least `low`; it gives int64."""

    def check(value: Any) -> np.ndarray:
        return _array(value, length, {int}, np.int64, low, "whole numbers")

    return check


def numbers(length: int, low: float = -math.inf) -> Kind:
    """Return the kind of lists of so many finite numbers, or null for NaN; it gives float64."""

    def check(value: Any) -> np.ndarray:
        kinds = {int, float, type(None)}
        return _array(value, length, kinds, np.float64, low, "finite numbers or null")

    return check


def anything(value: Any) -> Any:
    """Any JSON value that is not nested too deeply, with numbers and text of the usual size."""
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            raise Unfit(f"is nested more than {DEEPEST} levels deep")
        if isinstance(item, dict):
            for name in item:
                text(name)
            waiting.extend((inner, depth + 1) for inner in item.values())
        elif isinstance(item, list):
            waiting.extend((inner, depth + 1) for inner in item)
        elif isinstance(item, str):
            text(item)
        elif type(item) is int:
            whole()(item)
        elif isinstance(item, float):
            number()(item)
    return value


def _array(
    value: Any, length: int, types: set[type], dtype: type, low: float, what: str
) -> np.ndarray:
    if not isinstance(value, list):
        raise Unfit(f"must be a list, not {_shown(value)}")
    if len(value) != length:
        raise Unfit(f"found {len(value):,}, expected {length:,}")
    try:
        found: np.ndarray = np.array(value if set(map(type, value)) <= types else None, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unfit(f"must be {what}") from error
    # An infinite number is one with too many digits; null has become NaN.
    if found.ndim != 1 or np.isinf(found).any() or (found < low).any():
        raise Unfit(f"must be {what}" + (f" of at least {low:g}" if low > -LARGEST else ""))
    return found


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit(f"must be an object, not {_shown(value)}")
    return value


def _inside(name: str, kind: Kind, value: Any) -> Any:
    try:
        return kind(value)
    except Unfit as error:
        raise Unfit(f"{name[:40]}: {error}") from error


def _shown(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", type(None): "null"}
    if type(value) in kinds:
        return kinds[type(value)]
    if type(value) is int and abs(value) > 10**30:
        return "a number of many digits"
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise Unfit(f"{name[:40]!r} is given twice")
            seen.add(name)
    return found


def _refuse_constant(name: str) -> Any:
    raise Unfit(f"{name} is not a number of JSON; write null for an unknown value")

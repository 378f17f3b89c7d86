"""Check pairs, triples and quadruples of atom indices from users."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ...errors import InputError


def check_switch(value: Any, option: str, allowed: tuple[Any, ...] = (True, False)) -> None:
    """Raise an error unless an option is True, False or another value that it can have.

    A text such as "no" would count as True.

    Raises
    ------
    InputError
        The message names the option.

    Examples
    --------
    >>> from mdgmvae.featurizers.topology.indices import check_switch
    >>> check_switch(True, "periodic")
    """
    if not isinstance(value, bool | np.bool_ | None) or value not in allowed:
        choices = " or ".join(map(str, allowed))
        raise InputError(f"{option}={value!r}: must be {choices}")


def checked_tuples(values: Any, size: int, option: str) -> tuple[tuple[int, ...], ...]:
    """Check tuples of indices, and return them as tuples of int.

    Parameters
    ----------
    values : array_like
        0-based indices, (n, size) integers.
    size : int
        Number of atoms in each tuple.
    option : str
        Name of the option in error messages.

    Returns
    -------
    tuple of tuple of int
        The indices.

    Raises
    ------
    InputError
        If the shape is wrong, an index is negative or repeated, or a tuple is given twice.

    Examples
    --------
    >>> from mdgmvae.featurizers.topology.indices import checked_tuples
    >>> checked_tuples([[0, 1], [1, 2]], 2, "pairs")
    ((0, 1), (1, 2))
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{option}: pass tuples of {size} atom indices") from error
    if (
        array.ndim != 2
        or array.shape[1] != size
        or array.shape[0] == 0
        or array.dtype.kind not in "iu"
    ):
        raise InputError(
            f"{option}: pass (n, {size}) integers, 0-based indices into the atoms given; "
            f"got an array of shape {array.shape} and type {array.dtype}"
        )
    rows: list[tuple[int, ...]] = [tuple(row) for row in array.tolist()]
    seen = set()
    for number, row in enumerate(rows):
        if min(row) < 0 or len(set(row)) < size:
            raise InputError(
                f"{option}[{number}] is {row}: pass {size} different indices, 0 or larger"
            )
        if row in seen:
            raise InputError(f"{option}[{number}] repeats {row}: pass it only once")
        seen.add(row)
    return tuple(rows)


def checked_indices(rows: Iterable[tuple[int, ...]], n_atoms: int, option: str) -> np.ndarray:
    """Check indices against the number of atoms, and return them as an int64 array.

    Parameters
    ----------
    rows : iterable of tuple of int
        0-based indices into the atoms given.
    n_atoms : int
        Number of atoms.
    option : str
        Name of the option in error messages.

    Returns
    -------
    numpy.ndarray
        The indices, (n, size) int64.

    Raises
    ------
    InputError
        If an index is too large. The message names the first tuple with such an index.
    """
    array = np.array(list(rows), dtype=np.int64)
    outside = np.flatnonzero((array >= n_atoms).any(axis=1))
    if outside.size:
        number = int(outside[0])
        raise InputError(
            f"{option}[{number}] is {tuple(array[number].tolist())}, but {n_atoms} atoms were "
            f"given; use indices from 0 to {n_atoms - 1}"
        )
    return array

"""The two files that features are kept in, x.npy and x.json: opened with checks, written by rows.

Rows are written with plain file writes rather than through a memory map, so that the memory
that a run occupies does not grow with the file.
"""

import json
import os
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from ..errors import InputError

_HEADER = 128  # room for any shape, so that the number of rows can be written at the end
#: What a worker says that looks for a feature file in vain.
UNSEEN = (
    "{path}: a worker cannot see the feature file; give out= in a folder that all workers share"
)
_LISTED = 4096  # values of an array that are turned into text at a time


def check_npy_name(path: str | os.PathLike) -> Path:
    """Refuse a name for a feature file that does not end in .npy."""
    path = Path(path)
    if path.suffix != ".npy":
        raise InputError(f"{path}: features are written to a file that ends in .npy; rename it")
    return path


def write_header(path: str | os.PathLike, n_rows: int, n_columns: int) -> None:
    """Write, or write again, the header of a float32 .npy file, leaving its rows alone.

    Parameters
    ----------
    path : path-like
        The file; created when it does not exist.
    n_rows, n_columns : int
        Its shape.

    Examples
    --------
    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "x.npy")
    >>> write_header(path, 2, 3)
    >>> write_rows(path, 0, np.ones((2, 3)))
    >>> np.load(path).shape
    (2, 3)
    """
    description = repr({"descr": "<f4", "fortran_order": False, "shape": (n_rows, n_columns)})
    start = b"\x93NUMPY\x01\x00" + (_HEADER - 10).to_bytes(2, "little")
    text = description.ljust(_HEADER - len(start) - 1) + "\n"
    with open(path, "r+b" if os.path.exists(path) else "xb") as stream:
        stream.write(start + text.encode("ascii"))


def write_rows(path: str | os.PathLike, row: int, values: np.ndarray) -> None:
    """Write rows into a file that `write_header` made, from the row number `row` on.

    Parameters
    ----------
    path : path-like
        The file. Several processes may write different rows at the same time.
    row : int
        Number of the first row.
    values : numpy.ndarray
        (n, n_columns), converted to float32.

    Raises
    ------
    InputError
        When the disk is full or the file cannot be written from here.
    """
    block = np.ascontiguousarray(values, dtype="<f4")
    try:
        with open(path, "r+b", buffering=0) as stream:
            stream.seek(_HEADER + row * block.shape[1] * block.itemsize)
            rest = block.data.cast("B")
            while rest:
                rest = rest[stream.write(rest) :]
    except FileNotFoundError as error:
        raise InputError(UNSEEN.format(path=path)) from error
    except OSError as error:
        raise InputError(
            f"{Path(path).parent}: features cannot be written there ({error.strerror}); give out= "
            "on a disk with more room"
        ) from error


def open_npy(path: str | os.PathLike) -> np.ndarray:
    """Open a two-dimensional .npy file of real numbers as a memory map.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    numpy.memmap
        (n_frames, n_features), read only, of the type in the file.

    Raises
    ------
    InputError
        When the file is missing, no .npy, cut, or holds something else.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of an .npy file")
    try:
        with path.open("rb") as stream:
            shape, fortran, dtype = _read_header(path, stream)
            offset, size = stream.tell(), os.fstat(stream.fileno()).st_size
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the name and the folder") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    if dtype.kind not in "fiu":
        raise InputError(
            f"{path}: holds {'Python objects' if dtype.hasobject else f'the type {dtype}'}, not "
            "real numbers; save it again with np.save(path, array.astype('float32'))"
        )
    if len(shape) != 2 or 0 in shape:
        raise InputError(
            f"{path}: has the shape {shape}; an array of (n_frames, n_features) with at least "
            "one of each is needed" + ("; use array.reshape(-1, 1)" if len(shape) == 1 else "")
        )
    if size < offset + dtype.itemsize * shape[0] * shape[1]:
        raise InputError(
            f"{path}: the file is cut (its header announces {shape[0]:,} rows, "
            f"{(size - offset) // (dtype.itemsize * shape[1]):,} are there); copy it again"
        )
    return np.memmap(
        path, dtype=dtype, mode="r", offset=offset, shape=shape, order="F" if fortran else "C"
    )


def _read_header(path: Path, stream: Any) -> tuple[tuple[int, ...], bool, np.dtype]:
    magic = stream.read(6)
    if magic[:4] == b"PK\x03\x04":
        raise InputError(f"{path}: is an .npz archive; save the one array in it with np.save")
    if magic != b"\x93NUMPY":
        raise InputError(f"{path}: is not an .npy file; write one with np.save")
    stream.seek(0)
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(stream)
        # 3.0 differs from 2.0 by names of fields that are not ASCII, and has no reader of its
        # own; a file with fields is refused in any case.
        return np.lib.format.read_array_header_2_0(stream)
    except ValueError as error:
        raise InputError(f"{path}: the header of the .npy file is damaged ({error})") from error


def read_description(path: Path, npy: Path) -> dict[str, Any]:
    """Read the .json beside a feature file.

    Raises
    ------
    InputError
        When it is no JSON object.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            described = json.load(stream)
    except (OSError, ValueError) as error:
        raise InputError(unfit(path, npy, str(error))) from error
    if not isinstance(described, dict):
        raise InputError(unfit(path, npy, "it holds no description"))
    return described


def write_description(path: Path, described: dict[str, Any]) -> None:
    """Write the .json beside a feature file; strict JSON, in which NaN of an array is null.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    described : dict
        JSON-able values, and arrays of one dimension, which are written as lists.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "x.json"
    >>> write_description(path, {"unit": "ps", "times": np.array([0.5, np.nan])})
    >>> path.read_text()
    '{"unit": "ps", "times": [0.5, null]}\\n'
    """
    with path.open("w", encoding="utf-8") as stream:
        stream.write("{")
        for number, (key, value) in enumerate(described.items()):
            stream.write(f"{', ' if number else ''}{json.dumps(key)}: ")
            if isinstance(value, np.ndarray):
                _write_list(stream, value)
            else:
                stream.write(json.dumps(value, allow_nan=False))
        stream.write("}\n")


def _write_list(stream: TextIO, values: np.ndarray) -> None:
    """A value for each frame, in pieces: as Python's objects they take ten times the memory."""
    stream.write("[")
    for start in range(0, len(values), _LISTED):
        piece = [
            None if value != value else value for value in values[start : start + _LISTED].tolist()
        ]
        stream.write((", " if start else "") + json.dumps(piece, allow_nan=False)[1:-1])
    stream.write("]")


def unfit(path: Path, npy: Path, why: str) -> str:
    """Say that a description does not belong to an .npy file, and what to do."""
    return f"{path}: does not describe {npy.name} ({why}); remove or rename it, or write both again"

"""Read and write the two files of a feature set, x.npy and x.json.

Arrays are written with plain file writes instead of a memory map, so that memory use does not
grow with the size of the file.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO

import numpy as np

from ..checks import as_path
from ..errors import InputError
from ..json_files import seal
from .npy_header import Header, read_header

#: Error message of a worker process that cannot find the feature file.
FILE_NOT_VISIBLE = (
    "{path}: a worker cannot see the feature file; set out= to a path that all workers share"
)
# Number of array values that are converted to text at once.
_VALUES_AT_ONCE = 4096
# Pieces of a file from which its digest is computed.
_PIECE, _MOST_PIECES = 2**20, 64


def check_npy_name(path: str | os.PathLike[str]) -> Path:
    """Check that the name of a feature file ends in .npy, and return it as a Path.

    Parameters
    ----------
    path : path-like
        The name to check.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If the name has another suffix.
    """
    path = as_path(path)
    if path.suffix != ".npy":
        raise InputError(
            f"{path}: the name of a feature file must end in .npy; choose another name"
        )
    return path


def write_header(path: str | os.PathLike[str], n_rows: int, n_columns: int) -> None:
    """Write or replace the header of a float32 .npy file, and keep its data.

    NumPy pads the header, so that the number of rows can be corrected after all rows have been
    written.

    Parameters
    ----------
    path : path-like
        The file. It is created if it does not exist.
    n_rows, n_columns : int
        Shape of the array.

    Examples
    --------
    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "x.npy")
    >>> write_header(path, 2, 3)
    >>> write_rows(path, 0, np.ones((2, 3)))
    >>> np.load(path).shape
    (2, 3)
    """
    with open(path, "r+b" if os.path.exists(path) else "xb") as stream:
        stream.write(_header(n_rows, n_columns))


def write_rows(path: str | os.PathLike[str], row: int, values: np.ndarray) -> None:
    """Write consecutive rows to a file that `write_header` created.

    Parameters
    ----------
    path : path-like
        The file. Several processes may write different rows at the same time.
    row : int
        Index of the first row to write.
    values : numpy.ndarray
        (n, n_columns) array. It is converted to float32.

    Raises
    ------
    InputError
        If the disk is full or this process cannot write to the file.
    """
    block = np.ascontiguousarray(values, dtype="<f4")
    n_columns = block.shape[1]
    try:
        with open(path, "r+b", buffering=0) as stream:
            stream.seek(len(_header(0, n_columns)) + row * n_columns * block.itemsize)
            rest = block.data.cast("B")
            while rest:
                rest = rest[stream.write(rest) :]
    except FileNotFoundError as error:
        raise InputError(FILE_NOT_VISIBLE.format(path=path)) from error
    except OSError as error:
        raise InputError(
            f"{Path(path).parent}: cannot write features there ({error.strerror}); set out= "
            "to a file on a disk with more space"
        ) from error


def _header(n_rows: int, n_columns: int) -> bytes:
    """Return the header of a float32 .npy file. Its length does not depend on `n_rows`."""
    stream = BytesIO()
    described = {"descr": "<f4", "fortran_order": False, "shape": (n_rows, n_columns)}
    np.lib.format.write_array_header_1_0(stream, described)
    return stream.getvalue()


def open_npy(path: str | os.PathLike[str]) -> np.ndarray:
    """Open a two-dimensional .npy file of real numbers as a memory map.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    numpy.memmap
        (n_frames, n_features), read-only, with the data type of the file.

    Raises
    ------
    InputError
        If the file is missing, is not an .npy file or is truncated, or if it does not contain a
        two-dimensional array of real numbers.
    """
    path = as_path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; pass the name of an .npy file")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a file; pass the name of an .npy file")
    try:
        with path.open("rb") as stream:
            header = _read_header(path, stream)
            offset, size = stream.tell(), os.fstat(stream.fileno()).st_size
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the name and the folder") from error
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror or error}); check its permissions"
        ) from error
    shape, dtype = header.shape, header.dtype
    if dtype.kind not in "fiu":
        raise InputError(
            f"{path}: holds {'Python objects' if dtype.hasobject else f'the type {dtype}'}, not "
            "real numbers; save it again with np.save(path, array.astype('float32'))"
        )
    if len(shape) != 2 or 0 in shape:
        raise InputError(
            f"{path}: has the shape {shape}, but features are an array of shape (n_frames, "
            "n_features) with at least one frame and one feature"
            + ("; use array.reshape(-1, 1)" if len(shape) == 1 else "")
        )
    if size < offset + header.n_bytes:
        raise InputError(
            f"{path}: the file is truncated (its header specifies {shape[0]:,} frames, but it has "
            f"{(size - offset) // (dtype.itemsize * shape[1]):,}); copy it again"
        )
    order: Literal["F", "C"] = "F" if header.fortran else "C"
    try:
        return np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape, order=order)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be mapped into memory ({error})") from error


def _read_header(path: Path, stream: BinaryIO) -> Header:
    """Read the header of an open .npy file."""
    start = stream.read(6)
    if start[:4] == b"PK\x03\x04":
        raise InputError(f"{path}: is an .npz archive; save the array that you need with np.save")
    if start != np.lib.format.MAGIC_PREFIX:
        raise InputError(f"{path}: is not an .npy file; write one with np.save")
    stream.seek(0)
    try:
        return read_header(stream)
    except ValueError as error:
        raise InputError(
            f"{path}: the header of the .npy file is damaged ({error}); write the file again"
        ) from error


def digest_of(path: str | os.PathLike[str]) -> str:
    """Return a digest by which the .json file beside an .npy file recognises it.

    It is a SHA-256 digest of the size and of all bytes or, of a file larger than 64 MiB, of 64
    pieces of 1 MiB at equal distances from the first to the last. So it takes less than a tenth
    of a second for any file. Another array is always recognised; a single changed byte only in a
    piece that was read.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    str
        In hexadecimal.
    """
    with open(path, "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        digest = hashlib.sha256(size.to_bytes(8, "little"))
        # Not a list before its length is known: a file may have petabytes of holes.
        pieces: Sequence[int] = range(0, size, _PIECE)
        if len(pieces) > _MOST_PIECES:
            last = size - _PIECE
            pieces = [last * i // (_MOST_PIECES - 1) for i in range(_MOST_PIECES)]
        for start in pieces:
            stream.seek(start)
            digest.update(stream.read(_PIECE))
    return digest.hexdigest()


def write_description(path: Path, described: dict[str, Any]) -> None:
    """Write the .json file beside a feature file.

    The result is strict JSON: NaN values of an array are written as null. It ends with a checksum.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    described : dict
        JSON values and one-dimensional arrays. Arrays are written as lists.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "x.json"
    >>> write_description(path, {"unit": "ps", "times": np.array([0.5, np.nan])})
    >>> path.read_text()[:48]
    '{"unit": "ps", "times": [0.5, null], "checksum":'
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
    seal(path)


def _write_list(stream: TextIO, values: np.ndarray) -> None:
    """Write an array as a JSON list, one part at a time.

    As Python objects, the whole array would take ten times its memory.
    """
    stream.write("[")
    for start in range(0, len(values), _VALUES_AT_ONCE):
        part = [
            None if value != value else value
            for value in values[start : start + _VALUES_AT_ONCE].tolist()
        ]
        stream.write((", " if start else "") + json.dumps(part, allow_nan=False)[1:-1])
    stream.write("]")

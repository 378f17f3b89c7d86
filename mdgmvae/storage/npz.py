"""Read .npz files from anywhere: shapes and sizes are checked before an array is read."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import Literal, NamedTuple, cast

import numpy as np

from ..errors import InputError
from .npy_header import Header, read_header

#: Arrays of a compressed file may take this many times the size of the file, or so many bytes.
#: Labels, the only such files that users might make, are compressed up to a hundredfold.
_MOST_COMPRESSED, _ALWAYS_ALLOWED = 100, 2**26
_ERRORS = (
    *(OSError, ValueError, EOFError, RuntimeError, LookupError, ArithmeticError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
_WORDS = {"f": "floating-point", "i": "integer", "u": "unsigned integer", "U": "text"}


class Entry(NamedTuple):
    """What an array of an .npz file has to be.

    Parameters
    ----------
    kinds : str
        Allowed kinds of the data type, such as "iuf".
    shape : tuple of (int, str or None)
        Numbers are fixed; a name stands for the same number in all arrays; None is any number.
    bytes : int, optional
        Size of an item of the data type.
    required : bool
        Whether the array must be there.
    finite : bool
        Whether all numbers must be finite.
    """

    kinds: str
    shape: tuple[int | str | None, ...]
    bytes: int | None = None
    required: bool = True
    finite: bool = False


def read_npz(
    path: str | os.PathLike[str], entries: Mapping[str, Entry], advice: str, strict: bool = True
) -> dict[str, np.ndarray]:
    """Read arrays from an .npz file.

    Parameters
    ----------
    path : path-like
        The file.
    entries : mapping of str to Entry
        The arrays to read.
    advice : str
        What to do if the file cannot be used, for the message.
    strict : bool
        Whether to refuse other arrays, and compressed ones. Otherwise they are not read.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    InputError
        If the file is missing, is not an .npz file, or an array is missing or does not fit. The
        message names it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "x.npz"
    >>> np.savez(path, a=np.arange(3))
    >>> read_npz(path, {"a": Entry("i", ("n",))}, "save it again")
    {'a': array([0, 1, 2])}
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a file; pass the name of an .npz file")
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            size = os.fstat(file.fileno()).st_size
            chosen = _chosen(archive, entries, size, strict)
            arrays: dict[str, np.ndarray] = {}
            sizes: dict[str, int] = {}
            for name, info in chosen.items():
                with archive.open(info) as member:
                    header = read_header(member)
                    _check(name, entries[name], header, info, member.tell(), sizes)
                    arrays[name] = _read(header, cast(BufferedIOBase, member))
                if entries[name].finite and not np.isfinite(arrays[name]).all():
                    raise ValueError(f"{name} contains numbers that are not finite")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except _ERRORS as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{path}: cannot be read ({reason}); {advice}") from error
    return arrays


def _chosen(
    archive: zipfile.ZipFile, entries: Mapping[str, Entry], size: int, strict: bool
) -> dict[str, zipfile.ZipInfo]:
    """Find the arrays in the archive, and check how much memory they claim."""
    infos = archive.infolist()
    found = {info.filename.removesuffix(".npy"): info for info in infos}
    if len(found) != len(infos):
        raise ValueError("two arrays have the same name")
    missing = [name for name, entry in entries.items() if entry.required and name not in found]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    unknown = [name for name in found if name not in entries]
    if strict and unknown:
        raise ValueError(f"{unknown[0][:40]!r} is not an array of such a file")
    chosen = {name: found[name] for name in entries if name in found}
    for name, info in chosen.items():
        is_stored = info.compress_type == zipfile.ZIP_STORED
        if not is_stored and (strict or info.compress_type != zipfile.ZIP_DEFLATED):
            raise ValueError(f"{name} is compressed")
        if info.flag_bits & 1:
            raise ValueError(f"{name} is encrypted")
        if is_stored and info.file_size != info.compress_size:
            raise ValueError(f"{name} has two sizes")
    stored = sum(i.file_size for i in chosen.values() if i.compress_type == zipfile.ZIP_STORED)
    claimed = sum(info.file_size for info in chosen.values())
    if stored > size or claimed > max(_ALWAYS_ALLOWED, _MOST_COMPRESSED * size):
        raise ValueError(f"it claims to contain {claimed:,} bytes")
    return chosen


def _check(
    name: str,
    entry: Entry,
    header: Header,
    info: zipfile.ZipInfo,
    n_header: int,
    sizes: dict[str, int],
) -> None:
    """Compare the header of an array with what it has to be; `sizes` are the named numbers."""
    dtype = header.dtype
    if dtype.hasobject or dtype.kind not in entry.kinds:
        wanted = " or ".join(_WORDS[kind] for kind in entry.kinds)
        raise ValueError(f"{name} has the type {str(dtype)[:40]} instead of {wanted}")
    if entry.bytes is not None and dtype.itemsize != entry.bytes:
        raise ValueError(f"{name} has the type {dtype} instead of one of {8 * entry.bytes} bits")
    fits = len(header.shape) == len(entry.shape)
    if fits:
        for found, given in zip(header.shape, entry.shape, strict=True):
            size = sizes.setdefault(given, found) if isinstance(given, str) else given
            fits = fits and size in (None, found)
    if not fits:
        shape = ", ".join(
            str(sizes.get(n, n) if isinstance(n, str) else n or "any number") for n in entry.shape
        )
        raise ValueError(f"{name} has shape {header.shape} instead of ({shape})")
    if n_header + header.n_bytes != info.file_size:
        raise ValueError(f"{name} has {info.file_size:,} bytes, but its header says otherwise")


def _read(header: Header, member: BufferedIOBase) -> np.ndarray:
    order: Literal["F", "C"] = "F" if header.fortran else "C"
    array: np.ndarray = np.empty(header.shape, header.dtype, order)
    flat = array.reshape(-1, order="A") if array.ndim else array.reshape(1)
    rest = flat.view(np.uint8).data if array.nbytes else memoryview(b"")
    while rest:
        count = member.readinto(rest)
        if not count:
            raise EOFError("it is cut")
        rest = rest[count:]
    # The checksum of the archive is compared at the end.
    if member.read(1):
        raise ValueError("an array is longer than its header says")
    native: np.ndarray = array.astype(array.dtype.newbyteorder("="), copy=False)
    return native

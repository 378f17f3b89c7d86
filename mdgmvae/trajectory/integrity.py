"""Check from the headers of the frames that trajectory files are complete.

MDAnalysis' readers silently stop early if an XTC or DCD file is truncated, and overrun memory if
the number of atoms grows within an XTC file. Only headers are read here, so that a file of
100,000 frames takes about a second.
"""

import logging
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from ..errors import InputError

logger = logging.getLogger(__name__)

# Up to this number of atoms, XTC frames hold uncompressed floats.
_XTC_SMALL = 9
_DCD_HEADER = 84
_FOLDER_FORMATS = {"DTR", "STK", "ZARR", "ZARRTRAJ"}


@dataclass(frozen=True)
class _Frame:
    """Byte offset of the end of a frame, and its number of atoms."""

    end: int
    n_atoms: int


class _Damaged(Exception):
    """Raised if the current frame is damaged. The message describes the damage."""


class _Truncated(_Damaged):
    """Raised if the file ends within the current frame."""

    def __init__(self, size: int) -> None:
        super().__init__(f"ends early (file cut at byte {size:,})")


def check_trajectory(
    path: str | os.PathLike[str],
    *,
    n_atoms: int | None = None,
    stop: int | None = None,
    before: int | None = 0,
) -> None:
    """Raise an error unless a trajectory file can be read to its end, or up to `stop`.

    In XTC, TRR and DCD files, the headers of all frames are read. A file of another format only
    has to exist and must not be empty; everything else is left to its reader.

    Parameters
    ----------
    path : path-like
        The trajectory file. Its suffix gives the format.
    n_atoms : int, optional
        Number of atoms of the topology, which the file must match.
    stop : int, optional
        Frames from this number on are not needed, and may be damaged or missing.
    before : int or None
        Number of frames in the files before this one. It is added to the value of --stop that
        the error message recommends. With None, the message recommends none.

    Raises
    ------
    InputError
        If the file is missing, empty or a folder, if its format does not match its suffix, if it
        is truncated within a frame or contains other data between frames, or if its number of
        atoms is not `n_atoms` or changes within the file.

    Examples
    --------
    >>> from MDAnalysisTests.datafiles import XTC
    >>> check_trajectory(XTC, n_atoms=47681)
    """
    path = Path(path)
    _check_file(path, path.suffix[1:].upper(), n_atoms, stop, before)


def check_universe(universe: Any, stop: int | None = None) -> None:
    """Apply `check_trajectory` to all trajectory files of a universe.

    Parameters
    ----------
    universe : MDAnalysis.Universe
        The universe. Frames in memory or in a stream are not checked.
    stop : int, optional
        Frames from this number on, counted over all files, are not needed, and may be damaged
        or missing.

    Raises
    ------
    InputError
        If a file fails the check.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, XTC
    >>> check_universe(mda.Universe(GRO, XTC))
    """
    reader = universe.trajectory
    readers = getattr(reader, "readers", [reader])
    starts = getattr(reader, "_start_frames", [0])
    # The last start may be the total number of frames, for which there is no reader.
    for part, first in zip(readers, map(int, starts), strict=False):
        if stop is not None and first >= stop:
            break
        if _is_file(part):
            local_stop = None if stop is None else stop - first
            _check_file(Path(part.filename), str(part.format), part.n_atoms, local_stop, first)


def _is_file(reader: Any) -> bool:
    """Return whether a reader reads a file, rather than an array or a stream."""
    in_memory = getattr(reader, "format", None) == "MEMORY"
    return not in_memory and isinstance(reader.filename, str | Path)


def _check_file(
    path: Path, file_format: str, n_atoms: int | None, stop: int | None, before: int | None
) -> None:
    """Check one file of a given format. See `check_trajectory`."""
    if path.is_dir():
        if file_format in _FOLDER_FORMATS:
            return
        raise InputError(f"{path}: is a folder; pass the name of a trajectory file")
    try:
        with path.open("rb", buffering=0) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size == 0:
                raise InputError(f"{path}: the file is empty; copy it again")
            read_frames = _FRAME_READERS.get(file_format)
            if read_frames is not None:
                _check_frames(path, read_frames(stream, size), size, n_atoms, stop, before)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the name and the folder") from error
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror or error}); check its permissions"
        ) from error


def _check_frames(
    path: Path,
    frames: Iterator[_Frame | int],
    size: int,
    n_atoms: int | None,
    stop: int | None,
    before: int | None,
) -> None:
    """Check the frames of a file up to `stop` or the end of the file."""
    count = 0
    expected: int | None = None
    try:
        for frame in frames:
            if isinstance(frame, int):  # the number of frames in the header of the file
                expected = frame
                continue
            if stop is not None and count >= stop:
                return
            if n_atoms is not None and frame.n_atoms != n_atoms:
                raise InputError(_atom_count_message(path, count, frame.n_atoms, n_atoms))
            n_atoms = frame.n_atoms
            if frame.end > size:
                raise _Truncated(size)
            count += 1
    except _Damaged as damage:
        if stop is not None and count >= stop:
            return
        if count == 0 and not isinstance(damage, _Truncated):
            raise InputError(
                f"{path}: {damage}; give the file the suffix of its format, or copy it again"
            ) from damage
        raise InputError(_damage_message(path, count, str(damage), expected, before)) from damage
    if expected is not None and expected > count:
        # Not a warning: many programs write the planned number of frames and never correct it.
        logger.info("%s: the header specifies %d frames, the file has %d", path, expected, count)


def _atom_count_message(path: Path, frame: int, found: int, wanted: int) -> str:
    if frame == 0:
        return (
            f"{path}: has {found:,} atoms, but the topology has {wanted:,}; use the topology "
            "that belongs to this trajectory"
        )
    return (
        f"{path}: frame {frame:,} has {found:,} atoms, but the frames before it have {wanted:,}; "
        "write the trajectory again with one selection of atoms"
    )


def _damage_message(
    path: Path, count: int, what: str, expected: int | None, before: int | None
) -> str:
    """Return the error message for a file that is damaged after `count` frames."""
    total = f" of about {expected:,}" if expected is not None and expected > count else ""
    plural = "" if count == 1 and not total else "s"
    advice = "copy the file again"
    if before is not None and before + count:
        stop = before + count
        advice += f", or use the frames before the damage: --stop {stop} (stop={stop})"
    return f"{path}: frame {count:,} {what}; {count:,}{total} frame{plural} can be read; {advice}"


def _read(stream: FileIO, offset: int, n_bytes: int) -> bytes:
    stream.seek(offset)
    return stream.read(n_bytes)


def _header_error(offset: int, kind: str) -> _Damaged:
    return _Damaged(f"does not begin with the header of a {kind} frame (at byte {offset:,})")


def _xtc_frames(stream: FileIO, size: int) -> Iterator[_Frame]:
    """Yield the frames of an XTC file.

    A frame consists of a magic number, the number of atoms, step, time and box, the number of
    atoms again, and the compressed coordinates.
    """
    offset = 0
    while offset < size:
        header = _read(stream, offset, 96)
        if len(header) >= 4 and header[:4] not in (b"\0\0\x07\xcb", b"\0\0\x07\xe7"):
            raise _header_error(offset, "XTC")
        if len(header) < 56:
            raise _Truncated(size)
        magic, n_atoms = struct.unpack_from(">ii", header)
        (n_coordinates,) = struct.unpack_from(">i", header, 52)
        if n_atoms < 0 or n_coordinates != n_atoms:
            raise _Damaged(f"has a damaged header (at byte {offset:,})")
        if n_atoms <= _XTC_SMALL:
            length = 56 + 12 * n_atoms
        else:
            layout, data = (">i", 92) if magic == 1995 else (">q", 96)
            if len(header) < data:
                raise _Truncated(size)
            (n_bytes,) = struct.unpack_from(layout, header, 88)
            if n_bytes < 0:
                raise _Damaged(f"has a damaged header (at byte {offset:,})")
            length = data + (n_bytes + 3) // 4 * 4
        offset += length
        yield _Frame(offset, n_atoms)


def _trr_frames(stream: FileIO, size: int) -> Iterator[_Frame]:
    """Yield the frames of a TRR file.

    A frame consists of a magic number, a version, the sizes of its blocks, the number of atoms,
    step, time and lambda, and the blocks.
    """
    offset = 0
    while offset < size:
        header = _read(stream, offset, 76)
        if len(header) >= 4 and header[:4] != b"\0\0\x07\xc9":
            raise _header_error(offset, "TRR")
        if len(header) < 76:
            raise _Truncated(size)
        sizes = struct.unpack_from(">10i", header, 24)
        (n_atoms,) = struct.unpack_from(">i", header, 64)
        _, _, box, virial, pressure, _, _, *vectors = sizes
        if header[12:24] != b"GMX_trn_file" or min(sizes) < 0 or n_atoms < 0:
            raise _Damaged(f"has a damaged header (at byte {offset:,})")
        # The precision is not stored. It follows from the size of a block with a known number of
        # values.
        largest = max(vectors)
        real = box // 9 if box else (largest // (3 * n_atoms) if n_atoms else 4)
        if real not in (4, 8):
            raise _Damaged(f"has a damaged header (at byte {offset:,})")
        offset += 76 + 2 * real + box + virial + pressure + sum(vectors)
        yield _Frame(offset, n_atoms)


def _dcd_frames(stream: FileIO, size: int) -> Iterator[_Frame | int]:
    """Yield the number of frames in the header of a DCD file, then its frames.

    All frames have the same size. If atoms are fixed, the first frame is larger, because only it
    contains them.
    """
    first = _read(stream, 0, 16 + _DCD_HEADER)
    # Fortran record markers are four or eight bytes long, in either byte order.
    for order in "<>":
        for marker, code in ((4, "i"), (8, "q")):
            if first[: marker + 4] == struct.pack(order + code, _DCD_HEADER) + b"CORD":
                yield from _dcd_records(stream, size, order, marker)
                return
    raise _Damaged("does not begin with the header of a DCD file")


def _dcd_records(stream: FileIO, size: int, order: str, marker: int) -> Iterator[_Frame | int]:
    """Yield the frames of a DCD file with the given byte order and size of record markers."""
    code = order + ("i" if marker == 4 else "q")

    def record(offset: int) -> tuple[int, int]:
        """Return the length of the record at `offset`, and the start of the next one."""
        raw = _read(stream, offset, marker)
        if len(raw) < marker:
            raise _Truncated(size)
        (length,) = struct.unpack(code, raw)
        return length, offset + length + 2 * marker

    header = _read(stream, marker, _DCD_HEADER)
    if len(header) < _DCD_HEADER:
        raise _Truncated(size)
    control = struct.unpack(order + "20i", header[4:])
    announced, n_fixed, charmm = control[0], control[8], control[19] != 0
    _, title = record(0)
    _, atoms = record(title)
    if record(atoms)[0] != 4:
        # MDAnalysis writes titles that are longer than their record marker says, but with the
        # right number of lines.
        (n_lines,) = struct.unpack(order + "i", _read(stream, title + marker, 4))
        atoms = title + 4 + 80 * n_lines + 2 * marker
    length, offset = record(atoms)
    raw = _read(stream, atoms + marker, 4)
    if length != 4 or len(raw) < 4:
        raise _Damaged("has a damaged DCD header")
    (n_atoms,) = struct.unpack(order + "i", raw)
    if n_fixed:
        offset = record(offset)[1]
    if n_atoms < 1 or not 0 <= n_fixed <= n_atoms:
        raise _Damaged("has a damaged DCD header")

    has_cell = charmm and control[10] != 0
    n_dims = 4 if charmm and control[11] == 1 else 3
    cell = 48 + 2 * marker if has_cell else 0
    yield announced
    n_free = n_atoms
    while offset < size:
        if record(offset)[0] != (48 if has_cell else 4 * n_free):
            raise _header_error(offset, "DCD")
        offset += cell + n_dims * (4 * n_free + 2 * marker)
        yield _Frame(offset, n_atoms)
        n_free = n_atoms - n_fixed


_FRAME_READERS: dict[str, Callable[[FileIO, int], Iterator[Any]]] = {
    "XTC": _xtc_frames,
    "TRR": _trr_frames,
    "DCD": _dcd_frames,
    "LAMMPS": _dcd_frames,
}

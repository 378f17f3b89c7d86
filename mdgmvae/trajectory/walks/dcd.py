"""DCD: coordinates of CHARMM, NAMD and others, in records of Fortran."""

import struct
from collections.abc import Iterator
from typing import IO

from .frame import Damaged, Frame, Truncated, no_header, read_at

_HEADER = 84


def dcd_frames(stream: IO[bytes], size: int) -> Iterator[Frame | int]:
    """Yield the number of frames in the header of a DCD file, then its frames.

    All frames have the same size. If atoms are fixed, the first frame is larger, because only it
    contains them.
    """
    first = read_at(stream, 0, 16 + _HEADER)
    # Fortran record markers are four or eight bytes long, in either byte order.
    for order in "<>":
        for marker, code in ((4, "i"), (8, "q")):
            if first[: marker + 4] == struct.pack(order + code, _HEADER) + b"CORD":
                yield from _dcd_records(stream, size, order, marker)
                return
    raise Damaged("does not begin with the header of a DCD file")


def _dcd_records(stream: IO[bytes], size: int, order: str, marker: int) -> Iterator[Frame | int]:
    """Yield the frames of a DCD file with the given byte order and size of record markers."""
    code = order + ("i" if marker == 4 else "q")

    def record(offset: int) -> tuple[int, int]:
        """Return the length of the record at `offset`, and the start of the next one."""
        raw = read_at(stream, offset, marker)
        if len(raw) < marker:
            raise Truncated(size)
        (length,) = struct.unpack(code, raw)
        return length, offset + length + 2 * marker

    header = read_at(stream, marker, _HEADER)
    if len(header) < _HEADER:
        raise Truncated(size)
    control = struct.unpack(order + "20i", header[4:])
    announced, n_fixed, charmm = control[0], control[8], control[19] != 0
    _, title = record(0)
    _, atoms = record(title)
    if record(atoms)[0] != 4:
        # MDAnalysis writes titles that are longer than their record marker says, but with the
        # right number of lines.
        (n_lines,) = struct.unpack(order + "i", read_at(stream, title + marker, 4))
        atoms = title + 4 + 80 * n_lines + 2 * marker
    length, offset = record(atoms)
    raw = read_at(stream, atoms + marker, 4)
    if length != 4 or len(raw) < 4:
        raise Damaged("has a damaged DCD header")
    (n_atoms,) = struct.unpack(order + "i", raw)
    if n_fixed:
        offset = record(offset)[1]
    if n_atoms < 1 or not 0 <= n_fixed <= n_atoms:
        raise Damaged("has a damaged DCD header")

    has_cell = charmm and control[10] != 0
    n_dims = 4 if charmm and control[11] == 1 else 3
    cell = 48 + 2 * marker if has_cell else 0
    yield announced
    n_free = n_atoms
    while offset < size:
        if record(offset)[0] != (48 if has_cell else 4 * n_free):
            raise no_header(offset, "a DCD")
        length = cell + n_dims * (4 * n_free + 2 * marker)
        yield Frame(offset, offset + length, n_atoms)
        offset += length
        n_free = n_atoms - n_fixed

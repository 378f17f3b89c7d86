"""Text formats with a fixed number of lines for each frame.

These are XYZ, GRO, TINKER, LAMMPS dumps and Amber's coordinates.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from .frame import Damaged, Frame, Truncated, check_text, no_header


def xyz_frames(stream: IO[bytes], size: int) -> Iterator[Frame]:
    """Yield the frames of an XYZ file: number of atoms, a comment, a line for each atom."""
    for begin, first in _first_lines(stream):
        n_atoms = _count(first, begin, "an XYZ")
        comment, *lines = _lines(stream, n_atoms + 1)
        check_text(comment, begin)
        _check_atoms(stream, lines, 4)
        yield Frame(begin, 0, n_atoms)


def gro_frames(stream: IO[bytes], size: int) -> Iterator[Frame]:
    """Yield the frames of a GRO file: title, number of atoms, atoms, box."""
    for begin, title in _first_lines(stream):
        check_text(title, begin)
        n_atoms = _count(_lines(stream, 1)[0], begin, "a GRO")
        *atoms, box = _lines(stream, n_atoms + 1)
        _check_atoms(stream, atoms, 1)
        if not box.strip():
            raise Damaged("does not end with a box")
        yield Frame(begin, 0, n_atoms)


def tinker_frames(stream: IO[bytes], size: int) -> Iterator[Frame]:
    """Yield the frames of a TINKER file: number of atoms and a title, maybe a box, atoms."""
    for begin, first in _first_lines(stream):
        n_atoms = _count(first, begin, "a TINKER")
        line = _lines(stream, 1)[0]
        fields = line.split()
        has_box = len(fields) == 6 and b"." in fields[0]
        atoms = _lines(stream, n_atoms) if has_box else [line, *_lines(stream, n_atoms - 1)]
        _check_atoms(stream, atoms, 5)
        yield Frame(begin, 0, n_atoms)


def lammps_frames(stream: IO[bytes], size: int) -> Iterator[Frame]:
    """Yield the frames of a LAMMPS dump: sections that begin with ITEM, the last with atoms."""
    for begin, first in _first_lines(stream):
        if not first.startswith(b"ITEM:"):
            raise no_header(begin, "a LAMMPS")
        n_atoms, line = None, first
        while not line.startswith(b"ITEM: ATOMS"):
            if line.startswith(b"ITEM: NUMBER OF ATOMS"):
                n_atoms = _count(_lines(stream, 1)[0], begin, "a LAMMPS")
            line = _lines(stream, 1)[0]
        if n_atoms is None:
            raise no_header(begin, "a LAMMPS")
        n_columns = max(1, len(line.split()) - 2)
        _check_atoms(stream, _lines(stream, n_atoms), n_columns)
        yield Frame(begin, 0, n_atoms)


def lammps_steps(path: Path, begins: np.ndarray) -> np.ndarray:
    """Read the numbers of the simulation steps from a LAMMPS dump.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    begins : numpy.ndarray
        The first byte of each frame, (n,).

    Returns
    -------
    numpy.ndarray
        Step of each frame, (n,) int64.
    """
    steps = np.empty(len(begins), np.int64)
    with path.open("rb") as stream:
        for frame, begin in enumerate(begins.tolist()):
            stream.seek(begin)
            stream.readline()
            steps[frame] = int(stream.readline())
    return steps


def mdcrd_frames(stream: IO[bytes], size: int, n_atoms: int) -> Iterator[Frame]:
    """Yield the frames of a file by Amber: a title, and for each frame numbers and maybe a box.

    The numbers are in columns of eight characters, ten in a line. Only the number of atoms tells
    where a frame ends.
    """
    check_text(stream.readline(), 0)
    n_lines, rest = divmod(3 * n_atoms, 10)
    widths = [80] * n_lines + [8 * rest] * (rest > 0)
    # The box of a single atom looks like its coordinates, and is not expected.
    box_width: int | None = 0 if n_atoms == 1 else None
    begin, ahead = stream.tell(), stream.readline()
    if not ahead:
        raise Truncated(size)
    while ahead.strip():
        lines = [ahead, *islice(stream, len(widths) - 1)]
        ahead = stream.readline()
        check_text(b"".join(lines), begin)
        lengths = [len(line.rstrip()) for line in lines]
        wrong = [row for row, length in enumerate(lengths) if length != widths[row]]
        if not ahead and (len(lines) < len(widths) or wrong == [len(lines) - 1]):
            raise Truncated(stream.tell())
        if wrong:
            raise Damaged(
                f"has a line of {lengths[wrong[0]]} characters, where {n_atoms:,} atoms need "
                f"{widths[wrong[0]]}"
            )
        if box_width is None:
            box_width = len(ahead.rstrip()) if len(ahead.split()) == 3 else 0
        if box_width:
            if len(ahead.rstrip()) < box_width and not ahead.endswith(b"\n"):
                raise Truncated(stream.tell())
            if len(ahead.split()) != 3:
                raise Damaged("does not end with a box, as the first frame does")
            ahead = stream.readline()
        yield Frame(begin, 0, n_atoms)
        begin = stream.tell() - len(ahead)


def _first_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the first line of each frame, until only blank lines are left."""
    while True:
        begin = stream.tell()
        first = stream.readline()
        if not first.strip():
            break
        yield begin, first
    for line in stream:
        begin += len(first)
        first = line
        if line.strip():
            raise no_header(begin, "a")


def _count(line: bytes, offset: int, kind: str) -> int:
    """Return the number of atoms that a line begins with."""
    fields = line.split()
    if not fields or not fields[0].isdigit() or len(fields[0]) > 9:
        raise no_header(offset, kind)
    return int(fields[0])


def _lines(stream: IO[bytes], n_lines: int) -> list[bytes]:
    """Return the next lines."""
    lines = list(islice(stream, n_lines))
    if len(lines) < n_lines:
        raise Truncated(stream.tell())
    return lines


def _check_atoms(stream: IO[bytes], lines: list[bytes], n_columns: int) -> None:
    """Raise an error if the lines of the atoms hold binary data, or the last one is cut."""
    if not lines:
        return
    last = lines[-1]
    if not last.endswith(b"\n") and (
        len(last.split()) < n_columns or _is_shorter(last, lines[:-1])
    ):
        raise Truncated(stream.tell())
    check_text(b"".join(lines), stream.tell())
    if len(last.split()) < n_columns:
        raise Damaged("has a line with too few columns")


def _is_shorter(last: bytes, others: list[bytes]) -> bool:
    """Return whether the last line seems to be cut within a number.

    Most programs write lines of one length, or numbers with as many decimals as the others.
    """
    for size in (len, _decimals):
        sizes = {size(line.rstrip()) for line in others}
        if len(sizes) == 1 and size(last.rstrip()) < min(sizes):
            return True
    return False


def _decimals(line: bytes) -> int:
    """Return the number of decimals of the last number in a line."""
    return len(line.split()[-1].partition(b".")[2]) if line.strip() else 0

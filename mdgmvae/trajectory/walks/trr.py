"""TRR: coordinates, velocities and forces of GROMACS in full precision.

A frame consists of a magic number, a version, the sizes of its blocks, the number of atoms, step,
time and lambda, and the blocks.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from .frame import Frame, Truncated, bad_header, no_header, read_at

#: Where the header of a frame has the size of its coordinates.
_SIZE_OF_COORDINATES = 52


def trr_frames(stream: IO[bytes], size: int) -> Iterator[Frame]:
    """Yield the frames of a TRR file."""
    offset = 0
    while offset < size:
        header = read_at(stream, offset, 76)
        if len(header) >= 4 and header[:4] != b"\0\0\x07\xc9":
            raise no_header(offset, "a TRR")
        if len(header) < 76:
            raise Truncated(size)
        sizes = struct.unpack_from(">10i", header, 24)
        (n_atoms,) = struct.unpack_from(">i", header, 64)
        real = _bytes_per_number(sizes, n_atoms)
        if header[4:24] != b"\0\0\0\x0d\0\0\0\x0cGMX_trn_file" or real is None:
            raise bad_header(offset)
        length = 76 + 2 * real + sum(sizes)
        yield Frame(offset, offset + length, n_atoms)
        offset += length


def have_coordinates(path: Path, begins: np.ndarray) -> np.ndarray:
    """Return which frames have coordinates. Others have velocities or forces only.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    begins : numpy.ndarray
        The first byte of each frame, (n,).

    Returns
    -------
    numpy.ndarray
        (n,) bool.
    """
    with path.open("rb", buffering=0) as stream:
        sizes = b"".join(read_at(stream, begin + _SIZE_OF_COORDINATES, 4) for begin in begins)
    found: np.ndarray = np.frombuffer(sizes, ">i4") > 0
    return found


def _bytes_per_number(sizes: tuple[int, ...], n_atoms: int) -> int | None:
    """Return 4 or 8 for the precision of a frame, or None if its sizes contradict each other.

    The precision is not stored. It follows from the size of a block with a known number of
    values. Every block is either empty or complete.
    """
    inputs, energies, box, virial, pressure, topology, symbols, *vectors = sizes
    if n_atoms < 0 or any((inputs, energies, topology, symbols)):
        return None
    largest = max(vectors)
    real = box // 9 if box else (largest // (3 * n_atoms) if n_atoms else 4)
    tensors = all(part in (0, 9 * real) for part in (box, virial, pressure))
    complete = all(part in (0, 3 * n_atoms * real) for part in vectors)
    return real if real in (4, 8) and tensors and complete else None

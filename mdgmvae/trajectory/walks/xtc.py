"""XTC: compressed coordinates of GROMACS.

A frame consists of a magic number, the number of atoms, step, time and box, the number of atoms
again, and the compressed coordinates: precision, the smallest and the largest coordinates as
integers, an index into a table of sizes, the number of bytes, and a stream of bits.
"""

import math
import struct
from collections.abc import Iterator
from typing import IO

from .frame import Damaged, Frame, Truncated, bad_header, no_header, read_at

#: Bytes of the header up to the number of atoms that the coordinates begin with.
HEAD = 56
#: Up to this number of atoms, frames hold uncompressed floats.
SMALL = 9
#: The indices into the table of sizes that occur. Readers crash at others.
SMALLEST_INDEX, LARGEST_INDEX = 9, 72
#: Magic number of frames whose number of bytes has 64 bits.
_LONG = 2023
_LARGEST_SIZE = 2**31 - 3
_NAN = -(2**31)


def xtc_frames(stream: IO[bytes], size: int) -> Iterator[Frame]:
    """Yield the frames of an XTC file."""
    offset = number = 0
    precisions: dict[bytes, int] = {}
    while offset < size:
        header = read_at(stream, offset, 96)
        if len(header) >= 4 and header[:4] not in (b"\0\0\x07\xcb", b"\0\0\x07\xe7"):
            raise no_header(offset, "an XTC")
        if len(header) < HEAD:
            raise Truncated(size)
        magic, n_atoms = struct.unpack_from(">ii", header)
        box = struct.unpack_from(">9f", header, 16)
        (n_coordinates,) = struct.unpack_from(">i", header, 52)
        # The sum is not finite if one of the numbers is not.
        if n_atoms < 0 or n_coordinates != n_atoms or not math.isfinite(sum(box)):
            raise bad_header(offset)
        if n_atoms <= SMALL:
            length = HEAD + 12 * n_atoms
        else:
            data = 96 if magic == _LONG else 92
            if len(header) < data:
                raise Truncated(size)
            precisions.setdefault(header[HEAD : HEAD + 4], number)
            if len(precisions) > 1:
                _check_precisions(precisions)
            n_bytes = _checked_bytes(header, magic, n_atoms, offset)
            length = data + (n_bytes + 3) // 4 * 4
        yield Frame(offset, offset + length, n_atoms)
        offset += length
        number += 1


def _checked_bytes(header: bytes, magic: int, n_atoms: int, offset: int) -> int:
    """Check the header of compressed coordinates and return the number of their bytes.

    Readers trust these numbers, and crash if one of them is wrong.
    """
    layout = ">f7iq" if magic == _LONG else ">f7ii"
    precision, x0, y0, z0, x1, y1, z1, index, n_bytes = struct.unpack_from(layout, header, HEAD)
    sizes = x1 - x0, y1 - y0, z1 - z0
    # Writers store coordinates that are NaN like this. Their frame can be decoded.
    has_nan = min(x0, y0, z0) == _NAN
    if (
        not 0 < precision < math.inf
        or min(sizes) < 0
        or (max(sizes) >= _LARGEST_SIZE and not has_nan)
        or not SMALLEST_INDEX <= index <= LARGEST_INDEX
        # Readers reserve 1.2 integers for each coordinate.
        or not 0 < n_bytes <= 4 * int(3.6 * n_atoms)
    ):
        raise bad_header(offset)
    return int(n_bytes)


def _check_precisions(found: dict[bytes, int]) -> None:
    """Raise an error if the precision changes to a number that no program uses.

    Joined files may have several powers of ten. Any other number, next to them, is damage, by
    which all coordinates of the frame would be scaled.
    """
    for raw, number in found.items():
        (precision,) = struct.unpack(">f", raw)
        power = math.log10(precision) if precision > 0 else 0.5
        if abs(power - round(power)) > 1e-9:
            raise Damaged(f"has the precision {precision:g}, unlike other frames", number)

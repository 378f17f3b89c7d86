"""NetCDF 3: trajectories of AMBER.

The header lists dimensions, attributes and variables. Behind the variables without frames lie the
frames, which all have the same size.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ...errors import InputError
from .frame import Damaged, Frame, Truncated, read_at

_MOST_HEADER_BYTES = 2**20
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8}
_UNKNOWN = 2**32 - 1
#: Units of variables in AMBER's convention.
_UNITS = {b"coordinates": b"angstrom", b"cell_lengths": b"angstrom", b"time": b"picosecond"}
#: Scale factors without effect.
_ONE = {b"", struct.pack(">f", 1.0), struct.pack(">d", 1.0)}


class _Header:
    """The header of a file, read number by number."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 4
        self._offset = ">I" if raw[3] == 1 else ">Q"
        #: Attributes of each variable.
        self.attributes_of: dict[bytes, dict[bytes, bytes]] = {}

    def number(self, layout: str = ">I") -> int:
        (value,) = struct.unpack_from(layout, self._raw, self._at)
        self._at += struct.calcsize(layout)
        return int(value)

    def skip(self, n_bytes: int) -> bytes:
        found = self._raw[self._at : self._at + n_bytes]
        if len(found) < n_bytes:
            raise struct.error("too short")
        self._at += (n_bytes + 3) // 4 * 4
        return found

    def count(self) -> int:
        """Return the number of items of the list that begins here."""
        self.number()
        return self.number()

    def attributes(self) -> dict[bytes, bytes]:
        """Return the values of the attributes that are listed here, by name."""
        found = {}
        for _ in range(self.count()):
            name = self.skip(self.number())
            size = _SIZES[self.number()]
            found[name] = self.skip(size * self.number())
        return found

    def variable(self) -> tuple[bool, int, int, int]:
        """Return whether a variable has frames, its size, its padded size and its offset."""
        name = self.skip(self.number())
        dimensions = [self.number() for _ in range(self.number())]
        self.attributes_of[name] = self.attributes()
        size = _SIZES[self.number()]
        padded = self.number()
        begin = self.number(self._offset)
        shape = [self.lengths[d] for d in dimensions]
        has_frames = bool(shape) and shape[0] == 0
        for length in shape[1:] if has_frames else shape:
            size *= length
        return has_frames, size, padded, begin

    def read(self) -> tuple[int, int, int, int]:
        """Return the number of frames and of atoms, the first offset and the size of a frame."""
        n_frames = self.number()
        names = []
        self.lengths: list[int] = []
        for _ in range(self.count()):
            names.append(self.skip(self.number()))
            self.lengths.append(self.number())
        self.attributes()
        variables = [self.variable() for _ in range(self.count())]
        moving = [variable for variable in variables if variable[0]]
        # A single variable is not padded.
        sizes = [size if len(moving) == 1 else padded for _, size, padded, _ in moving]
        begin = min(offset for *_, offset in moving)
        return n_frames, self.lengths[names.index(b"atom")], begin, sum(sizes)


def check_units(path: Path) -> None:
    """Raise an error if a NetCDF 3 file is in other units than AMBER's.

    MDAnalysis looks at the units, but mdtraj does not.

    Parameters
    ----------
    path : pathlib.Path
        A file in which `netcdf_frames` has found frames.

    Raises
    ------
    InputError
        If coordinates are not in angstrom, times not in ps, or one of them has to be scaled.
    """
    with path.open("rb") as stream:
        raw = read_at(stream, 0, _MOST_HEADER_BYTES)
    if raw[:3] != b"CDF":
        return
    header = _Header(raw)
    header.read()
    for name, right in _UNITS.items():
        attributes = header.attributes_of.get(name, {})
        unit = attributes.get(b"units", right).lower().rstrip(b"\0s ")
        factor = attributes.get(b"scale_factor", b"")
        if unit != right or factor not in _ONE:
            what = (
                "a scale factor" if unit == right else f"the unit {unit.decode(errors='replace')}"
            )
            raise InputError(
                f"{path}: its {name.decode()} has {what}, which mdtraj ignores; read the file with "
                "MDAnalysis, or write it again with cpptraj"
            )


def netcdf_frames(stream: IO[bytes], size: int) -> Iterator[Frame | int]:
    """Yield the frames of a NetCDF file. NetCDF 4, which is HDF5, is left to its reader."""
    raw = read_at(stream, 0, _MOST_HEADER_BYTES)
    if raw[:4] not in (b"CDF\x01", b"CDF\x02"):
        if raw[:4] == b"\x89HDF":
            return
        raise Damaged("does not begin with the header of a NetCDF file")
    try:
        n_frames, n_atoms, begin, length = _Header(raw).read()
    except (struct.error, KeyError, ValueError, IndexError, MemoryError) as error:
        if size < _MOST_HEADER_BYTES:
            raise Truncated(size) from error
        raise Damaged("has a damaged NetCDF header") from error
    if length <= 0:
        raise Damaged("has a damaged NetCDF header")
    if n_frames == _UNKNOWN:
        n_frames = (size - begin) // length
    yield n_frames
    for frame in range(n_frames):
        yield Frame(begin + frame * length, begin + (frame + 1) * length, n_atoms)
    end = begin + n_frames * length
    if size >= end + 4:
        raise Damaged(
            f"is not counted in the header of the file, which ends at byte {end:,} of {size:,}"
        )

"""Read XTC files faster than MDAnalysis' reader, with the same result.

MDAnalysis' reader converts the box of every frame in Python, although most boxes do not change.
For 3,000 atoms, that takes an eighth of the time. `XTCFrames` converts a box only if it has
changed. It uses private attributes of the reader. If one of them is missing in some version of
MDAnalysis, `can_read` returns False and the reader itself is used.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from MDAnalysis.coordinates.chain import ChainReader
from MDAnalysis.coordinates.XTC import XTCReader
from MDAnalysis.lib.mdamath import triclinic_box

from .frames import file_of_frames

logger = logging.getLogger(__name__)

#: Attributes of the readers that are used here. Most of them are private.
_REQUIRED_ATTRIBUTES = {
    XTCReader: ("_xdr.seek", "_xdr.read_direct_x", "_frame", "_kwargs", "convert_units"),
    ChainReader: ("_start_frames", "readers"),
}


class XTCFrames:
    """Iterable over the given frames of XTC files, which yields the Timestep of their reader.

    Parameters
    ----------
    reader : MDAnalysis.coordinates.XTC.XTCReader or ChainReader
        A reader that `can_read` accepts.
    numbers : sequence of int
        Frame numbers in any order.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, XTC
    >>> from mdgmvae.trajectory.xtc_frames import XTCFrames
    >>> [timestep.time for timestep in XTCFrames(mda.Universe(GRO, XTC).trajectory, [0, 3])]
    [0.0, 300.0]
    """

    def __init__(self, reader: Any, numbers: Sequence[int]) -> None:
        self._reader, self._numbers = reader, numbers

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._numbers)

    def __iter__(self) -> Iterator[Any]:
        """Yield the Timestep at each frame, and rewind the reader at the end."""
        reader = self._reader
        files = [_File(part) for part in getattr(reader, "readers", [reader])]
        starts = [int(start) for start in getattr(reader, "_start_frames", [0])]
        which, _ = file_of_frames(reader, np.asarray(self._numbers))
        for number, file in zip(self._numbers, which.tolist(), strict=True):
            timestep = files[file].read(number - starts[file])
            timestep.frame = number
            reader.ts = timestep
            yield timestep
        reader.rewind()


class _File:
    """The file of one reader. Reading updates the reader as its own methods would."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._next = -1  # The position is unknown, so the first read has to seek.
        self._box = b""

    def read(self, number: int) -> Any:
        """Read one frame into the Timestep of the reader."""
        reader = self._reader
        timestep = reader.ts
        if number != self._next:
            reader._xdr.seek(number)
        try:
            frame = reader._xdr.read_direct_x(timestep.positions)
        except StopIteration as error:
            raise EOFError("the file ends there") from error
        self._next = number + 1
        reader.convert_pos_from_native(timestep.positions)
        box = frame.box.tobytes()
        if box != self._box:
            timestep.dimensions = triclinic_box(*frame.box)
            if timestep.dimensions is not None:
                reader.convert_pos_from_native(timestep.dimensions[:3])
            self._box = box
        reader._frame, timestep.time = number, frame.time
        timestep.data["step"] = frame.step
        return timestep


def can_read(reader: Any) -> bool:
    """Return whether `XTCFrames` gives the same frames as a reader.

    Parameters
    ----------
    reader : MDAnalysis.coordinates.base.ProtoReader
        Any reader.

    Returns
    -------
    bool
        False for other formats, for readers with transformations, auxiliary data, a subset of
        the atoms or a time step set by the user, and for readers that lack an attribute that
        `XTCFrames` uses.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import DCD, GRO, PSF, XTC
    >>> from mdgmvae.trajectory.xtc_frames import can_read
    >>> can_read(mda.Universe(GRO, XTC).trajectory), can_read(mda.Universe(PSF, DCD).trajectory)
    (True, False)
    """
    # A subclass may change frames in any way, so only these exact types are accepted.
    if type(reader) not in _REQUIRED_ATTRIBUTES or reader.transformations or reader.aux_list:
        return False
    missing = [
        name for name in _REQUIRED_ATTRIBUTES[type(reader)] if not _has_attribute(reader, name)
    ]
    if missing:
        logger.info(
            "%s: read by MDAnalysis' own reader, because it has no attribute %s",
            reader.filename,
            missing[0],
        )
        return False
    if type(reader) is ChainReader:
        return all(can_read(part) for part in reader.readers)
    return bool(
        reader.ts.has_positions
        and reader.convert_units
        and reader._kwargs.get("sub") is None
        and reader._kwargs.get("dt") is None
    )


def _has_attribute(thing: Any, name: str) -> bool:
    """Return whether an object has an attribute. The name may contain dots."""
    first, _, rest = name.partition(".")
    return hasattr(thing, first) and (not rest or _has_attribute(getattr(thing, first), rest))

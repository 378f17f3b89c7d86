"""Frames of an XTC file as MDAnalysis gives them, without what its reader repeats at every frame.

The reader makes a unit cell of the box, in Python, for every frame, though most boxes stay what
they are: that alone is an eighth of the time of a frame of 3,000 atoms.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from MDAnalysis.coordinates.chain import ChainReader
from MDAnalysis.coordinates.XTC import XTCReader
from MDAnalysis.lib.mdamath import triclinic_box

from .frames import file_of_frames


class XTCFrames:
    """Chosen frames of XTC files, one after the other in the reader's own Timestep.

    Parameters
    ----------
    reader : MDAnalysis.coordinates.XTC.XTCReader or ChainReader
        One that `can_read` accepts.
    numbers : sequence of int
        Frames, in any order.

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
        return len(self._numbers)

    def __iter__(self) -> Iterator[Any]:
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
    """The file of one reader, whose state stays what the reader would have left."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._next = -1  # unknown: the first read has to seek
        self._box = b""

    def read(self, number: int) -> Any:
        """Read one frame into the reader's Timestep."""
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
    """Whether `XTCFrames` gives just what a reader would.

    Parameters
    ----------
    reader : object
        Of any kind.

    Returns
    -------
    bool
        False for other formats, transformations, auxiliary data, a part of the atoms, a time step
        of the user's.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import DCD, GRO, PSF, XTC
    >>> from mdgmvae.trajectory.xtc_frames import can_read
    >>> can_read(mda.Universe(GRO, XTC).trajectory), can_read(mda.Universe(PSF, DCD).trajectory)
    (True, False)
    """
    # Subclasses may do anything, so they are left alone.
    if type(reader) not in (XTCReader, ChainReader) or reader.transformations or reader.aux_list:
        return False
    if type(reader) is ChainReader:
        return all(can_read(part) for part in reader.readers)
    return (
        reader.ts.has_positions
        and reader.convert_units
        and reader._kwargs.get("sub") is None
        and reader._kwargs.get("dt") is None
    )

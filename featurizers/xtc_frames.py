"""Frames of an XTC file as MDAnalysis gives them, without what its reader repeats at every frame.

The reader makes a unit cell of the box, in Python, for every frame, though most boxes stay what
they are: that is a fifth of the time of a frame of 3,000 atoms.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from MDAnalysis.coordinates.XTC import XTCReader
from MDAnalysis.lib.formats.libmdaxdr import XTCFile
from MDAnalysis.lib.mdamath import triclinic_box


class XTCFrames:
    """Chosen frames of an XTC, one after the other in the reader's own Timestep.

    Parameters
    ----------
    reader : MDAnalysis.coordinates.XTC.XTCReader
        One that `can_read` accepts.
    numbers : sequence of int
        Frames, in any order.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, XTC
    >>> from mdgmvae.featurizers.xtc_frames import XTCFrames
    >>> [timestep.time for timestep in XTCFrames(mda.Universe(GRO, XTC).trajectory, [0, 3])]
    [0.0, 300.0]
    """

    def __init__(self, reader: Any, numbers: Sequence[int]) -> None:
        self._reader, self._numbers = reader, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Any]:
        reader = self._reader
        timestep = reader.ts
        next_number, last_box = 0, b""
        with XTCFile(str(reader.filename)) as file:
            # Without them the first seek goes through the whole file.
            file.set_offsets(reader._xdr.offsets)
            for number in self._numbers:
                if number != next_number:
                    file.seek(number)
                next_number = number + 1
                try:
                    frame = file.read_direct_x(timestep.positions)
                except StopIteration as error:
                    raise EOFError("the file ends there") from error
                reader.convert_pos_from_native(timestep.positions)
                box = frame.box.tobytes()
                if box != last_box:
                    timestep.dimensions = triclinic_box(*frame.box)
                    if timestep.dimensions is not None:
                        reader.convert_pos_from_native(timestep.dimensions[:3])
                    last_box = box
                timestep.frame, timestep.time = number, frame.time
                timestep.data["step"] = frame.step
                yield timestep
        reader.rewind()


def can_read(reader: Any) -> bool:
    """Whether `XTCFrames` gives just what a reader would.

    Parameters
    ----------
    reader : object
        Of any kind.

    Returns
    -------
    bool
        False for what is no plain XTC: other formats, chains, transformations, auxiliary data,
        a part of the atoms, a time step of the user's.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import DCD, GRO, PSF, XTC
    >>> from mdgmvae.featurizers.xtc_frames import can_read
    >>> can_read(mda.Universe(GRO, XTC).trajectory), can_read(mda.Universe(PSF, DCD).trajectory)
    (True, False)
    """
    return (
        type(reader) is XTCReader
        and reader.ts.has_positions
        and reader.convert_units
        and not reader.transformations
        and not reader.aux_list
        and reader._kwargs.get("sub") is None
        and reader._kwargs.get("dt") is None
    )

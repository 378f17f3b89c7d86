"""Read XTC files faster and more safely than MDAnalysis' reader, with the same result.

A single wrong bit in the compressed coordinates can make MDAnalysis' decoder write beyond its
arrays, which kills the process. mdtraj's decoder notices most of these bits, so frames are decoded
by it. The stream of bits is checked first where that costs little.

MDAnalysis' reader also converts the box of every frame in Python, although most boxes do not
change; here a box is converted only if it has changed. `XTCFrames` uses private attributes of the
reader. If one of them is missing in some version of MDAnalysis, `can_read` returns False and the
reader itself is used.
"""

import errno
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from MDAnalysis.coordinates.chain import ChainReader
from MDAnalysis.coordinates.XTC import XTCReader
from MDAnalysis.lib.mdamath import triclinic_box

from .ascii_names import ascii_name
from .frames import file_of_frames
from .walks.xtc_streams import damaged_streams

logger = logging.getLogger(__name__)

# Small enough for the cache of a processor.
_CHUNK_BYTES = 2**20
# Streams are checked together, and frames of up to so many bytes always. That costs a twentieth of
# the time of decoding them for 22 atoms, and more for larger frames.
_MOST_CHECKED, _CHECKED_BYTES, _SMALL_FRAME = 1000, 16 * 2**20, 1000
_DAMAGED = "its compressed coordinates are damaged, or were NaN when it was written"

#: Attributes of the readers that are used here. Most of them are private.
_REQUIRED_ATTRIBUTES = {
    XTCReader: ("_auxs", "_xdr.offsets", "_frame", "_kwargs", "convert_units"),
    ChainReader: ("_auxs", "_start_frames", "readers"),
}


class XTCFrames:
    """Iterable over the given frames of XTC files, which yields the Timestep of their reader.

    Afterwards the reader has to be told its frame.

    Parameters
    ----------
    reader : MDAnalysis.coordinates.XTC.XTCReader or ChainReader
        A reader that `can_read` accepts.
    numbers : sequence of int
        Frame numbers in any order.
    thorough : bool
        Whether to check all streams of bits before they are decoded.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, XTC
    >>> from mdgmvae.trajectory.xtc_frames import XTCFrames
    >>> [timestep.time for timestep in XTCFrames(mda.Universe(GRO, XTC).trajectory, [0, 3])]
    [0.0, 300.0]
    """

    def __init__(self, reader: Any, numbers: Sequence[int], *, thorough: bool = False) -> None:
        self._reader, self._numbers, self._thorough = reader, numbers, thorough

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._numbers)

    def __iter__(self) -> Iterator[Any]:
        """Yield the Timestep at each frame."""
        reader, numbers = self._reader, list(self._numbers)
        files = [_File(part, self._thorough) for part in getattr(reader, "readers", [reader])]
        starts = [int(start) for start in getattr(reader, "_start_frames", [0])]
        which, _ = file_of_frames(reader, np.asarray(numbers))
        for (number, n_following), file in zip(runs_of(numbers), which.tolist(), strict=True):
            timestep = files[file].read(number - starts[file], n_following)
            timestep.frame = number
            for auxiliary in reader._auxs.values():
                timestep = auxiliary.update_ts(timestep)
            reader.ts = timestep
            yield timestep


def runs_of(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield each number, and how many of those after it count on from it."""
    ends = np.flatnonzero(np.diff(numbers, append=numbers[-1:]) != 1)
    run_ends = np.repeat(ends, np.diff(ends, prepend=-1))
    yield from zip(numbers, (run_ends - np.arange(len(numbers))).tolist(), strict=True)


class XTCDecoder:
    """Decode frames of an XTC file. Damaged coordinates raise an error.

    Parameters
    ----------
    path : path-like
        The file.
    offsets : numpy.ndarray
        The first byte of each frame, int64.
    thorough : bool
        Whether to check every stream of bits before it is decoded. By default, only those of
        small frames are checked, which costs little. At the others, a decoder can crash.

    Raises
    ------
    FileNotFoundError
        If the file has disappeared.
    """

    def __init__(
        self, path: str | os.PathLike[str], offsets: np.ndarray, *, thorough: bool = False
    ) -> None:
        from mdtraj.formats import XTCTrajectoryFile

        self._path = path
        try:
            with ascii_name(path) as name:
                self._file = XTCTrajectoryFile(name)
        except OSError as error:  # mdtraj gives no number of the error.
            missing = errno.ENOENT
            raise FileNotFoundError(missing, os.strerror(missing), os.fspath(path)) from error
        self._file.offsets = offsets
        self._edges = np.append(offsets, os.path.getsize(path)).astype(np.int64)
        frame_bytes = int(np.diff(self._edges[:2])[0])
        self._checks = thorough or frame_bytes <= _SMALL_FRAME
        self._most_checked = max(1, min(_MOST_CHECKED, _CHECKED_BYTES // frame_bytes))
        self._next = 0
        # Frames known to be sound: from the first number up to the second.
        self._sound = (0, 0)

    def _check(self, number: int, n_following: int) -> int:
        """Check the stream of a frame and of some after it; return how many of them are sound."""
        begin, end = self._sound
        if begin <= number < end:
            return end - number
        n_frames = min(self._most_checked, n_following + 1, len(self._edges) - 1 - number)
        edges = self._edges[number : number + n_frames + 1]
        with open(self._path, "rb", buffering=0) as stream:
            stream.seek(int(edges[0]))
            raw = stream.read(int(edges[-1] - edges[0]))
        if len(raw) < edges[-1] - edges[0]:
            raise EOFError("the file ends there")
        damaged = np.flatnonzero(damaged_streams(raw, edges[:-1] - edges[0]))
        n_sound = int(damaged[0]) if len(damaged) else n_frames
        self._sound = (number, number + n_sound)
        return n_sound

    def read(self, number: int, n_frames: int = 1, n_following: int = 0) -> tuple[np.ndarray, ...]:
        """Read consecutive frames.

        Parameters
        ----------
        number : int
            Number of the first one.
        n_frames : int
            How many to read. Fewer are returned if one of them is damaged, or the file ends.
        n_following : int
            How many frames after the first one will be read sooner or later.

        Returns
        -------
        positions, times, steps, boxes : numpy.ndarray
            Of each frame, in nm and ps.

        Raises
        ------
        OSError
            If the first frame is damaged.
        EOFError
            If the file ends before it.
        """
        if self._checks:
            n_frames = min(n_frames, self._check(number, max(n_following, n_frames - 1)))
            if n_frames == 0:
                raise OSError(_DAMAGED)
        if number != self._next:
            self._file.seek(number)
        # The position is unknown after an error.
        self._next = -1
        try:
            found = self._file.read(n_frames)
        except (RuntimeError, OSError) as error:
            if n_frames > 1:
                return self.read(number)
            raise OSError(_DAMAGED) from error
        if len(found[0]) == 0:
            raise EOFError("the file ends there")
        self._next = number + len(found[0])
        positions, times, steps, boxes = found
        if boxes is None:  # None of the frames has one.
            boxes = np.zeros((len(positions), 3, 3), np.float32)
        return positions, times, steps, boxes


class _File:
    """The file of one reader. Reading updates the reader as its own methods would."""

    def __init__(self, reader: Any, thorough: bool) -> None:
        self._reader, self._thorough = reader, thorough
        self._decoder: XTCDecoder | None = None
        self._chunk: tuple[np.ndarray, ...] = (np.empty(0),)
        self._first = -1
        self._length = max(1, _CHUNK_BYTES // (12 * reader.n_atoms))
        self._box = b""

    def read(self, number: int, n_following: int) -> Any:
        """Read one frame into the Timestep of the reader.

        Parameters
        ----------
        number : int
            Number of the frame in this file.
        n_following : int
            How many frames after it will be read next.
        """
        reader = self._reader
        timestep = reader.ts
        row = number - self._first
        if self._first < 0 or not 0 <= row < len(self._chunk[0]):
            if self._decoder is None:
                self._decoder = XTCDecoder(
                    reader.filename, reader._xdr.offsets, thorough=self._thorough
                )
            # Another file may follow.
            n_frames = min(self._length, n_following + 1, reader.n_frames - number)
            self._chunk = self._decoder.read(number, n_frames, n_following)
            self._first, row = number, 0
        positions, times, steps, boxes = (values[row] for values in self._chunk)
        timestep.positions = positions
        reader.convert_pos_from_native(timestep.positions)
        box = boxes.tobytes()
        if box != self._box:
            timestep.dimensions = triclinic_box(*boxes)
            if timestep.dimensions is not None:
                reader.convert_pos_from_native(timestep.dimensions[:3])
            self._box = box
        reader._frame, timestep.time = number, float(times)
        timestep.data["step"] = int(steps)
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
        False for other formats, for readers with transformations, a subset of the atoms or a time
        step set by the user, and for readers that lack an attribute that `XTCFrames` uses.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import DCD, GRO, PSF, XTC
    >>> from mdgmvae.trajectory.xtc_frames import can_read
    >>> can_read(mda.Universe(GRO, XTC).trajectory), can_read(mda.Universe(PSF, DCD).trajectory)
    (True, False)
    """
    # A subclass may change frames in any way, so only these exact types are accepted.
    if type(reader) not in _REQUIRED_ATTRIBUTES or reader.transformations:
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
        return all(can_read(part) and not part.aux_list for part in reader.readers)
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

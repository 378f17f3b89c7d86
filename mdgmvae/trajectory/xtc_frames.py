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
_CUT = "the file ends there"
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
        reader = self._reader
        files = [_File(part, self._thorough) for part in getattr(reader, "readers", [reader])]
        for file, numbers, local in parts_of(reader, self._numbers):
            for number, timestep in zip(numbers, files[file].read(local), strict=True):
                timestep.frame = number
                for auxiliary in reader._auxs.values():
                    timestep = auxiliary.update_ts(timestep)
                reader.ts = timestep
                yield timestep


def parts_of(
    reader: Any, numbers: Sequence[int]
) -> Iterator[tuple[int, Sequence[int], np.ndarray]]:
    """Divide frame numbers into parts, each of which is in one file.

    Parameters
    ----------
    reader : MDAnalysis.coordinates.base.ProtoReader
        The trajectory.
    numbers : sequence of int
        Frame numbers in any order.

    Yields
    ------
    file : int
        Index of the file.
    numbers : sequence of int
        The numbers of a part.
    local : numpy.ndarray
        Their numbers within the file, int64.
    """
    frames = np.asarray(numbers, np.int64)
    files, _ = file_of_frames(reader, frames)
    local = frames - np.asarray(getattr(reader, "_start_frames", [0]), np.int64)[files]
    begin = 0
    for end in _part_ends(files, 0):
        yield int(files[begin]), numbers[begin:end], local[begin:end]
        begin = end


def _part_ends(values: np.ndarray, step: int) -> list[int]:
    """Return where parts end in which each value is larger by `step` than the one before it."""
    ends: list[int] = (np.flatnonzero(np.diff(values) != step) + 1).tolist()
    return [*ends, len(values)]


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
        # Numbers of frames known to be sound.
        self._sound: set[int] = set()

    def _n_sound(self, number: int, n_frames: int) -> int:
        """Return how many consecutive frames from `number` on are known to be sound."""
        n_sound = 0
        while n_sound < n_frames and number + n_sound in self._sound:
            n_sound += 1
        return n_sound

    def _check(self, frames: np.ndarray) -> None:
        """Check the streams of frames together."""
        frames = np.unique(frames[: self._most_checked])
        begins, ends = self._edges[frames], self._edges[frames + 1]
        sizes = ends - begins
        if (sizes <= 0).any():  # It has been cut since it was indexed.
            raise EOFError(_CUT)
        breaks = np.flatnonzero(np.diff(frames) != 1) + 1
        parts = []
        with open(self._path, "rb", buffering=0) as stream:
            for first, last in zip([0, *breaks], [*breaks - 1, len(frames) - 1], strict=True):
                stream.seek(int(begins[first]))
                parts.append(stream.read(int(ends[last] - begins[first])))
        raw = b"".join(parts)
        if len(raw) < sizes.sum():
            raise EOFError(_CUT)
        self._sound = set(frames[~damaged_streams(raw, np.cumsum(sizes) - sizes)].tolist())

    def _check_before(self, number: int, n_frames: int, ahead: np.ndarray | None) -> int:
        """Return how many of the frames from `number` on are sound."""
        n_frames = min(n_frames, len(self._edges) - 1 - number)
        if n_frames < 1:
            raise EOFError(_CUT)
        if number not in self._sound:
            these = np.arange(number, number + n_frames)
            try:
                self._check(these if ahead is None else ahead)
            except EOFError:  # It may end before one of the later frames.
                self._check(these[:1])
        return self._n_sound(number, n_frames)

    def read(
        self, number: int, n_frames: int = 1, ahead: np.ndarray | None = None
    ) -> tuple[np.ndarray, ...]:
        """Read consecutive frames.

        Parameters
        ----------
        number : int
            Number of the first one.
        n_frames : int
            How many to read. Fewer are returned if one of them is damaged, or the file ends.
        ahead : numpy.ndarray, optional
            Numbers of the frames that will be read sooner or later, int64, those of this call
            first. Their streams are checked together, which is faster.

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
            n_frames = self._check_before(number, n_frames, ahead)
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
            raise EOFError(_CUT)
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
        self._length = max(1, _CHUNK_BYTES // (12 * reader.n_atoms))
        self._box = b""

    def read(self, numbers: np.ndarray) -> Iterator[Any]:
        """Read frames one after the other into the Timestep of the reader, and yield it.

        Parameters
        ----------
        numbers : numpy.ndarray
            Numbers of the frames in this file, in any order, int64.
        """
        reader = self._reader
        if self._decoder is None:
            self._decoder = XTCDecoder(
                reader.filename, reader._xdr.offsets, thorough=self._thorough
            )
        begin = 0
        for end in _part_ends(numbers, 1):
            while begin < end:
                first, n_frames = int(numbers[begin]), min(self._length, end - begin)
                chunk = self._decoder.read(first, n_frames, numbers[begin:])
                for row, decoded in enumerate(zip(*chunk, strict=True)):
                    yield self._show(first + row, *decoded)
                begin += len(chunk[0])

    def _show(self, number: int, positions: Any, time: Any, step: Any, box: np.ndarray) -> Any:
        """Update the reader and its Timestep to a frame."""
        reader = self._reader
        timestep = reader.ts
        timestep.positions = positions
        reader.convert_pos_from_native(timestep.positions)
        raw = box.tobytes()
        if raw != self._box:
            timestep.dimensions = triclinic_box(*box)
            if timestep.dimensions is not None:
                reader.convert_pos_from_native(timestep.dimensions[:3])
            self._box = raw
        reader._frame, timestep.time = number, float(time)
        timestep.data["step"] = int(step)
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

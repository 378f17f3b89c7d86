"""Read frames of an MDAnalysis trajectory, and name the file and the frame in every error."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from MDAnalysis.coordinates.XTC import XTCReader

from ..errors import LEAVE_OUT, FrameError, MDGMVAEError
from .frames import Place, place_of
from .xtc_frames import XTCDecoder, XTCFrames, can_read, parts_of

#: Most characters of a reader's own message.
_LONGEST_REASON = 200


class FrameReader:
    """Iterable over the given frames of a trajectory, which yields the Timestep of each.

    Parameters
    ----------
    reader : MDAnalysis.coordinates.base.ProtoReader
        Any trajectory.
    numbers : sequence of int
        Frame numbers in any order.
    skip : bool
        Whether to go on after a frame that cannot be read. The coordinates of its Timestep are
        NaN.
    thorough : bool
        Whether to check all compressed coordinates before they are decoded.

    Raises
    ------
    FrameError
        If a frame cannot be read. The error names its file.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, XTC
    >>> from mdgmvae.trajectory.frame_reader import FrameReader
    >>> [timestep.time for timestep in FrameReader(mda.Universe(GRO, XTC).trajectory, [0, 3])]
    [0.0, 300.0]
    """

    def __init__(
        self,
        reader: Any,
        numbers: Sequence[int] | np.ndarray,
        *,
        skip: bool = False,
        thorough: bool = False,
    ) -> None:
        self._reader, self._numbers, self._skip = reader, [int(n) for n in numbers], skip
        self._thorough = thorough

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._numbers)

    def __iter__(self) -> Iterator[Any]:
        """Yield the Timestep at each frame, and rewind the reader at the end."""
        rest = self._numbers
        read = XTCFrames if can_read(self._reader) else _Plain
        while rest:
            frames, n_read = iter(read(self._reader, rest, thorough=self._thorough)), 0
            try:
                for timestep in frames:
                    n_read += 1
                    yield timestep
                break
            except MDGMVAEError:
                raise
            except Exception as error:
                if self._reader.transformations and not isinstance(error, OSError | EOFError):
                    raise  # The fault may be that of a transformation by the user.
                place = place_of(self._reader, rest[n_read])
                fault = unreadable_frame(rest[n_read], error, place)
                if not self._skip:
                    raise fault from error
            yield self._unread(rest[n_read])
            rest = rest[n_read + 1 :]
        self._reader.rewind()

    def _unread(self, number: int) -> Any:
        """Return a Timestep in place of that of a frame that cannot be read."""
        timestep = self._reader.ts
        timestep.positions = np.full((timestep.n_atoms, 3), np.nan, np.float32)
        timestep.frame = number
        return timestep


class _Plain:
    """Iterable over frames that MDAnalysis' own reader reads."""

    def __init__(self, reader: Any, numbers: Sequence[int], *, thorough: bool = False) -> None:
        self._reader, self._numbers, self._thorough = reader, numbers, thorough

    def __iter__(self) -> Iterator[Any]:
        """Yield the Timestep at each frame."""
        reader = self._reader
        parts = getattr(reader, "readers", [reader])
        decoders: dict[int, XTCDecoder] = {}
        for file, numbers, local in parts_of(reader, self._numbers):
            part = parts[file]
            is_xtc = isinstance(part, XTCReader) and hasattr(getattr(part, "_xdr", None), "offsets")
            # Damaged coordinates would crash MDAnalysis' reader.
            if is_xtc and file not in decoders:
                decoders[file] = XTCDecoder(
                    part.filename, part._xdr.offsets, thorough=self._thorough
                )
            for place, number in enumerate(numbers):
                if is_xtc:
                    decoders[file].read(int(local[place]), ahead=local[place:])
                yield reader[number]


@contextmanager
def keep_current_frame(trajectory: Any) -> Iterator[None]:
    """Return to the current frame of a trajectory at the end of the block, after an error too."""
    frame = trajectory.ts.frame
    try:
        yield
    finally:
        trajectory[frame]


def unreadable_frame(number: int, error: Exception, place: Place) -> FrameError:
    """Return the error for a frame whose reader has raised an error of any type."""
    reason = reason_of(error).replace("{", "{{").replace("}", "}}")
    fault = f"cannot be read ({reason}); copy the file again, {LEAVE_OUT}"
    return FrameError(number, fault, (), place.file, place.frame)


def reason_of(error: Exception) -> str:
    """Return the message of an error in a single line that is not too long."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]} ..."

"""Frame numbers: which frames to read, and their files."""

import operator
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError

#: Largest number of a frame. `sys.maxsize` is often given for "no end".
_LARGEST = 2**63 - 1


class Place(NamedTuple):
    """Where a frame is.

    Attributes
    ----------
    file : str
        Name of its file. It is empty for a frame in memory.
    frame : int
        Number of the frame in this file.
    """

    file: str
    frame: int


def frame_numbers(
    n_frames: int,
    start: int | None = None,
    stop: int | None = None,
    step: int | None = None,
    frames: Iterable[Any] | None = None,
) -> np.ndarray:
    """Return the numbers of the chosen frames.

    Parameters
    ----------
    n_frames : int
        Number of frames of the trajectory.
    start, stop, step : int, optional
        The frames, as in a slice.
    frames : iterable of int or bool, optional
        Frame numbers in any order, or a mask with one value for each frame. Use it instead of a
        slice.

    Returns
    -------
    numpy.ndarray
        Frame numbers in the given order, int64. Negative numbers in `frames` are counted from
        the end.

    Raises
    ------
    InputError
        If a slice and `frames` are both given, a number is out of range, or no frame is left.

    Examples
    --------
    >>> frame_numbers(10, start=4, step=3)
    array([4, 7])
    >>> frame_numbers(10, frames=[5, 3, -1])
    array([5, 3, 9])
    """
    check_slice(start, stop, step)
    if frames is None:
        if step == 0:
            raise InputError("step=0 selects no frames; use a positive or a negative number")
        numbers = np.arange(n_frames, dtype=np.int64)[slice(start, stop, step)]
        if len(numbers) == 0:
            values = {"start": start, "stop": stop, "step": step}
            given = ", ".join(f"{n}={value}" for n, value in values.items() if value is not None)
            raise InputError(
                f"{given}: no frame is left; the trajectory has frames 0 to {n_frames - 1:,}"
                if n_frames
                else "the trajectory has no frames"
            )
        return numbers
    if not (start is None and stop is None and step is None):
        raise InputError(
            "frames= cannot be combined with start, stop or step; use one or the other"
        )
    chosen = np.asarray(as_sequence(frames))
    if chosen.dtype == bool:
        if chosen.shape != (n_frames,):
            raise InputError(
                f"frames= is a mask of shape {chosen.shape}, but the trajectory has {n_frames:,} "
                "frames; pass one value for each frame"
            )
        chosen = np.flatnonzero(chosen)
    if chosen.ndim != 1:
        raise InputError(f"frames= has the shape {chosen.shape}; pass a list of frame numbers")
    if len(chosen) == 0:
        raise InputError("frames= selects no frame; pass frame numbers or a mask")
    if chosen.dtype.kind not in "iu":
        raise InputError(f"frames= has the type {chosen.dtype}; pass whole numbers or a mask")
    outside = (chosen < -n_frames) | (chosen >= n_frames)
    if outside.any():
        raise InputError(
            f"frames= contains frame {chosen[outside][0]:,}, but the trajectory has {n_frames:,} "
            f"frames; pass numbers from 0 to {n_frames - 1:,}"
        )
    numbers = chosen.astype(np.int64)
    return np.where(numbers < 0, numbers + n_frames, numbers)


def as_sequence(frames: Iterable[Any] | None) -> Sequence[Any] | np.ndarray | None:
    """Return frame numbers or a mask as a sequence that can be read more than once.

    Parameters
    ----------
    frames : iterable of int or bool, or None

    Returns
    -------
    sequence or None
        None if `frames` is None.

    Raises
    ------
    InputError
        If `frames` is not iterable, such as a single number.
    """
    if frames is None or isinstance(frames, np.ndarray):
        return frames
    if isinstance(frames, str) or not hasattr(frames, "__iter__"):
        raise InputError(f"frames={frames!r}: pass a list of frame numbers, such as [5], or a mask")
    return list(frames)


def check_slice(start: Any, stop: Any, step: Any) -> None:
    """Raise an error if a bound or the step of a slice is not a whole number or None.

    Raises
    ------
    InputError
        If a value is not a whole number, or does not fit into 64 bits. The message names it.
    """
    for name, value in (("start", start), ("stop", stop), ("step", step)):
        if value is None:
            continue
        if not hasattr(value, "__index__"):
            raise InputError(f"{name}={value!r}: must be a whole number")
        if not -_LARGEST <= operator.index(value) <= _LARGEST:
            raise InputError(f"{name}={value!r}: no trajectory has so many frames")


def frames_needed(stop: int | None, frames: Iterable[Any] | None) -> int | None:
    """Return how many leading frames must be readable, or None if all must be.

    Parameters
    ----------
    stop : int or None
        End of the slice of frames.
    frames : iterable of int or bool, or None
        Frame numbers or a mask.

    Returns
    -------
    int or None
    """
    if frames is not None:
        chosen = np.asarray(as_sequence(frames))
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        whole = chosen.dtype.kind in "iu" and chosen.size > 0 and chosen.min() >= 0
        return int(chosen.max()) + 1 if whole else None
    check_slice(None, stop, None)
    return stop if stop is not None and stop >= 0 else None


def file_of_frames(reader: Any, frames: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return the file of an MDAnalysis trajectory to which each frame belongs.

    Parameters
    ----------
    reader : MDAnalysis.coordinates.base.ProtoReader
        The trajectory.
    frames : numpy.ndarray
        Frame numbers, (n,).

    Returns
    -------
    trajectory_index : numpy.ndarray
        Index of the file of each frame, (n,) int64.
    joined : bool
        Whether the reader joins its files into one continuous trajectory.
    """
    starts = getattr(reader, "_start_frames", None)
    if starts is None:
        return np.zeros(len(frames), dtype=np.int64), False
    # The last entry may be the total number of frames, which is above every frame number.
    index = np.searchsorted(np.asarray(starts), frames, side="right") - 1
    return index.astype(np.int64), hasattr(reader, "_sf")


def place_of(reader: Any, number: int) -> Place:
    """Return the file of a frame of an MDAnalysis trajectory, and its number in this file."""
    index = int(file_of_frames(reader, np.array([number]))[0][0])
    name = getattr(getattr(reader, "readers", [reader])[index], "filename", None)
    first = int(getattr(reader, "_start_frames", [0])[index])
    return Place("" if name is None else str(name), number - first)

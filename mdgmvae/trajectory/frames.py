"""Which frames are meant: their numbers, the file of each, and the continuous pieces they form."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import InputError


def frame_numbers(
    n_frames: int,
    start: int | None = None,
    stop: int | None = None,
    step: int | None = None,
    frames: Iterable[Any] | None = None,
) -> np.ndarray:
    """Work out which frames are meant.

    Parameters
    ----------
    n_frames : int
        How many frames there are.
    start, stop, step : int, optional
        As in a slice.
    frames : iterable of int or bool, optional
        Frame numbers in any order, or a mask with one entry a frame.

    Returns
    -------
    numpy.ndarray
        int64, in the order asked for; none negative.

    Raises
    ------
    InputError
        When both ways are mixed, a number is out of range, or no frame is left.

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
            raise InputError("step=0 makes no sense; give a positive or a negative number")
        numbers = np.arange(n_frames, dtype=np.int64)[slice(start, stop, step)]
        if len(numbers) == 0:
            raise InputError(
                f"start={start}, stop={stop}, step={step} leave none of the {n_frames:,} frames"
            )
        return numbers
    if not (start is None and stop is None and step is None):
        raise InputError("frames= cannot be combined with start, stop or step; give one of both")
    chosen = np.asarray(listed(frames))
    if chosen.dtype == bool:
        if chosen.shape != (n_frames,):
            raise InputError(
                f"frames= is a mask of shape {chosen.shape}, the trajectory has {n_frames:,} frames"
            )
        chosen = np.flatnonzero(chosen)
    if chosen.ndim != 1 or len(chosen) == 0:
        raise InputError("frames= chooses no frame; give frame numbers or a mask")
    if chosen.dtype.kind not in "iu":
        raise InputError(f"frames= must be whole numbers or a mask, not {chosen.dtype}")
    outside = (chosen < -n_frames) | (chosen >= n_frames)
    if outside.any():
        raise InputError(
            f"frames= asks for frame {chosen[outside][0]:,}, the trajectory has {n_frames:,}"
        )
    numbers = chosen.astype(np.int64)
    return np.where(numbers < 0, numbers + n_frames, numbers)


def listed(frames: Iterable[Any] | None) -> Sequence[Any] | np.ndarray | None:
    """Frame numbers or a mask as something that can be gone through more than once.

    Raises
    ------
    InputError
        When it is a single number, say.
    """
    if frames is None or isinstance(frames, np.ndarray):
        return frames
    if isinstance(frames, str) or not hasattr(frames, "__iter__"):
        raise InputError(f"frames={frames!r}: give several frame numbers, such as [5], or a mask")
    return list(frames)


def check_slice(start: Any, stop: Any, step: Any) -> None:
    """Refuse what cannot be part of a slice."""
    for name, value in (("start", start), ("stop", stop), ("step", step)):
        if value is not None and not hasattr(value, "__index__"):
            raise InputError(f"{name}={value!r}: must be a whole number")


def frames_needed(stop: int | None, frames: Iterable[Any] | None) -> int | None:
    """Tell how many frames from the beginning must be readable; None when all must be."""
    if frames is not None:
        chosen = np.asarray(listed(frames))
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        whole = chosen.dtype.kind in "iu" and chosen.size > 0 and chosen.min() >= 0
        return int(chosen.max()) + 1 if whole else None
    check_slice(None, stop, None)
    return stop if stop is not None and stop >= 0 else None


def continuous_lengths(
    frames: np.ndarray, trajectory_index: np.ndarray, joined: bool = False
) -> tuple[int, ...]:
    """Divide rows into continuous pieces of trajectory.

    A piece ends where the file changes and where the step from frame to frame changes or is
    not positive.

    Parameters
    ----------
    frames : numpy.ndarray
        (n,) frame numbers, row by row.
    trajectory_index : numpy.ndarray
        (n,) which file.
    joined : bool
        The files continue each other, so a change of file ends nothing.

    Returns
    -------
    tuple of int
        Rows of each piece.

    Examples
    --------
    >>> continuous_lengths(np.array([0, 1, 2, 10, 12, 14, 15]), np.zeros(7, int))
    (3, 3, 1)
    """
    steps = np.diff(frames)
    changes = np.zeros(len(steps), bool) if joined else np.diff(trajectory_index) != 0
    broken = changes | (steps <= 0)
    # Within a piece every step equals the one before; the first step of a piece is free.
    suspicious = broken.copy()
    suspicious[1:] |= steps[1:] != steps[:-1]
    ends: list[int] = []
    begin = 0
    for row in np.flatnonzero(suspicious) + 1:
        if broken[row - 1] or row - begin > 1:
            ends.append(int(row))
            begin = int(row)
    edges = [0, *ends, len(frames)]
    return tuple(after - before for before, after in pairwise(edges))


def file_of_frames(reader: Any, frames: np.ndarray) -> tuple[np.ndarray, bool]:
    """Tell which file of an MDAnalysis trajectory each frame is in.

    Returns
    -------
    trajectory_index : numpy.ndarray
        int64, one a frame.
    joined : bool
        Whether the reader joins its files to one continuous trajectory.
    """
    starts = getattr(reader, "_start_frames", None)
    if starts is None:
        return np.zeros(len(frames), dtype=np.int64), False
    # The last entry may be the total, which no frame reaches.
    index = np.searchsorted(np.asarray(starts), frames, side="right") - 1
    return index.astype(np.int64), hasattr(reader, "_sf")

"""Frames from a time on: leave out the equilibration of each file."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..checks import check_number
from ..errors import InputError
from ..featurizers.topology.atoms import as_atoms
from .frame_reader import FrameReader, keep_current_frame
from .frame_times import TimedFile, timed_files
from .on_bad_frames import ERROR, skips


def frames_from(
    source: Any, start_time: float, *, stop: int | None = None, on_bad_frames: str = ERROR
) -> np.ndarray:
    """Return the numbers of the frames from a time on, in each trajectory file.

    Of each file, the frames before the first one at this time or later are left out. A file that
    begins later, such as a continuation, is kept as a whole. Pass the numbers as `frames`
    wherever frames are chosen.

    Parameters
    ----------
    source : MDAnalysis.Universe or MDAnalysis.AtomGroup
        The trajectory. Only the frames that are left out are read.
    start_time : float
        In ps, as each file counts it.
    stop : int, optional
        Frame to stop at, which is left out. Default: the end of the trajectory.
    on_bad_frames : {'error', 'skip'}
        Raise an error at a frame that cannot be read, or go on.

    Returns
    -------
    numpy.ndarray
        Frame numbers, int64.

    Raises
    ------
    InputError
        If a file has no times, or there is no frame at this time or later.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, XTC
    >>> u = mda.Universe(GRO, [XTC, XTC])  # frames at 0, 100, ..., 900 ps, twice
    >>> frames_from(u, 650)
    array([ 7,  8,  9, 17, 18, 19])
    """
    begin, skip = check_number("start_time", start_time), skips(on_bad_frames)
    universe = as_atoms(source).universe
    reader = universe.trajectory
    files = timed_files(universe)
    last = reader.n_frames if stop is None else min(stop, reader.n_frames)
    ends = [*(min(file.first, last) for file in files[1:]), last]
    chosen = []
    with keep_current_frame(reader):
        for file, end in zip(files, ends, strict=True):
            if file.first >= end:
                break
            numbers = np.arange(file.first, end)
            times = _times(reader, file, numbers, skip)
            if times is None:
                raise InputError(
                    f"start_time={begin:g}: {file.name} has no times; choose the first frame by "
                    "its number (start), or give the time between frames: --dt PS (dt= of "
                    "MDAnalysis.Universe)"
                )
            before = next((n for n, now in enumerate(times) if now >= begin), len(numbers))
            chosen.append(numbers[before:])
    found = np.concatenate([np.empty(0, np.int64), *chosen])
    if not len(found):
        limit = "" if stop is None else f" before frame {stop}"
        raise InputError(
            f"start_time={begin:g} ps: no file has a frame at this time or later{limit}; choose "
            "an earlier time"
        )
    return found


def _times(reader: Any, file: TimedFile, numbers: np.ndarray, skip: bool) -> Iterable[float] | None:
    """Return the time of each frame of a file, or None if its times are unknown."""
    if not file.has_times:
        return None
    first = [step.time for step in FrameReader(reader, numbers[:2], skip=skip)]
    if len(first) == 2 and first[0] == first[1]:
        # The file has the same time for all frames.
        return (numbers - file.first) * file.dt if file.dt else None
    return (step.time for step in FrameReader(reader, numbers, skip=skip))

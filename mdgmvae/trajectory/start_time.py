"""Frames from a time on: leave out the equilibration of each file."""

from typing import Any

import numpy as np

from ..checks import check_number
from ..errors import InputError
from ..featurizers.topology.atoms import as_atoms
from .frame_reader import FrameReader
from .frame_times import timed_files
from .on_bad_frames import ERROR, skips


def frames_from(source: Any, start_time: float, *, on_bad_frames: str = ERROR) -> np.ndarray:
    """Return the numbers of the frames from a time on, in each trajectory file.

    Of each file, the frames before the first one at this time or later are left out. A file that
    continues another one has later times, and is kept as a whole. Pass the numbers as `frames`
    wherever frames are chosen.

    Parameters
    ----------
    source : MDAnalysis.Universe or MDAnalysis.AtomGroup
        The trajectory. Only the frames that are left out are read.
    start_time : float
        In ps, as each file counts it.
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
    shown = reader.frame
    ends = [*(file.first for file in files[1:]), reader.n_frames]
    chosen = []
    try:
        for file, end in zip(files, ends, strict=True):
            if not file.has_times:
                raise InputError(
                    f"start_time={begin:g}: {file.name} has no times; choose the first frame by "
                    "its number (start), or give the time between frames: --dt PS (dt= of "
                    "MDAnalysis.Universe)"
                )
            numbers = np.arange(file.first, end)
            times = (step.time for step in FrameReader(reader, numbers, skip=skip))
            before = next((n for n, now in enumerate(times) if now >= begin), len(numbers))
            chosen.append(numbers[before:])
    finally:
        reader[shown]
    found = np.concatenate(chosen).astype(np.int64)
    if not len(found):
        raise InputError(
            f"start_time={begin:g} ps: no file has a frame at this time or later; choose an "
            "earlier time"
        )
    return found

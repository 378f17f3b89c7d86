"""Times of frames: which files know them, and where they end a segment."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import frame_number
from ..segments import continuous_lengths, time_breaks
from ..tables import counted

#: Beginning of a warning of MDAnalysis. It does not apply to us: such times are NaN.
NO_DT = "Reader has no dt information"
_HOW_TO_GIVE_DT = "--dt PS (dt= of MDAnalysis.Universe)"
#: Title of DCD files by VMD's plugin, which mdtraj and other programs use, too.
_DCD_PLUGIN = "Created by DCD plugin"


@dataclass(frozen=True)
class TimedFile:
    """A trajectory file, and whether its times are known in ps.

    Attributes
    ----------
    name : str
        Name of the file.
    has_times : bool
        False if readers number the frames of this file instead.
    dt : float or None
        Time between frames in ps that is used if the file has the same time for all of them.
    first : int
        Number of its first frame over all files.
    """

    name: str
    has_times: bool
    dt: float | None = None
    first: int = 0

    def number(self, frame: int) -> str:
        """Return the number of a frame in words."""
        return frame_number(int(frame), int(frame) - self.first)


@dataclass(frozen=True)
class Timeline:
    """Times of frames and the segments that they form.

    Attributes
    ----------
    times : numpy.ndarray
        In ps, (n_frames,) float64; NaN if unknown.
    lengths : tuple of int
        Number of frames in each segment.
    """

    times: np.ndarray
    lengths: tuple[int, ...]

    @classmethod
    def of(
        cls,
        frames: np.ndarray,
        times: np.ndarray,
        trajectory_index: np.ndarray,
        files: Sequence[TimedFile],
        joined: bool = False,
        after_gap: np.ndarray | None = None,
    ) -> Timeline:
        """Divide frames into segments.

        Parameters
        ----------
        frames : numpy.ndarray
            Frame numbers, (n_frames,) int64.
        times : numpy.ndarray
            Times that the reader gives, (n_frames,), in any unit.
        trajectory_index : numpy.ndarray
            Index of the file of each frame, (n_frames,) int64.
        files : sequence of TimedFile
            The files.
        joined : bool
            Whether the files form one continuous trajectory.
        after_gap : numpy.ndarray, optional
            Whether frames right before this one were left out, (n_frames,) bool.

        Returns
        -------
        Timeline

        Warns
        -----
        UserWarning
            If a segment ends within a file because of its times, a time is NaN or infinite, or all
            frames of a file have the same time. The warning names the file, the frame and its
            time.

        Examples
        --------
        >>> frames, one_file = np.arange(3), np.zeros(3, int)
        >>> Timeline.of(frames, 2.0 * frames, one_file, [TimedFile("a.xtc", True)])
        Timeline(times=array([0., 2., 4.]), lengths=(3,))
        """
        found = np.array(times, dtype=np.float64)
        for number, file in enumerate(files):
            inside = trajectory_index == number
            if file.has_times:
                _forget_infinite(frames[inside], found, inside, file)
            if not file.has_times or not _is_constant(frames[inside], found[inside]):
                continue
            if file.dt:
                found[inside] = frames[inside] * file.dt
            else:
                warnings.warn(
                    f"{file.name}: all frames have the time {found[inside][0]:g} ps, so times are "
                    f"unknown, and results are in frames; give the time between frames: "
                    f"{_HOW_TO_GIVE_DT}",
                    stacklevel=2,
                )
                found[inside] = np.nan
        regular = continuous_lengths(frames, trajectory_index, joined=joined, after_gap=after_gap)
        breaks = time_breaks(found, frames, regular)
        if len(breaks):
            _warn_of_breaks(breaks, frames, found, [files[i] for i in trajectory_index[breaks]])
        lengths = continuous_lengths(frames, trajectory_index, found, joined, after_gap)
        known = np.array([file.has_times for file in files])[trajectory_index]
        return cls(np.where(known, found, np.nan), lengths)


def _forget_infinite(
    frames: np.ndarray, times: np.ndarray, inside: np.ndarray, file: TimedFile
) -> None:
    """Replace the infinite times of a file by NaN, with a warning."""
    unknown = ~np.isfinite(times[inside])
    if not unknown.any():
        return
    first = int(unknown.argmax())
    more = f" and in {counted(int(unknown.sum()) - 1, 'more frame')}" if unknown.sum() > 1 else ""
    warnings.warn(
        f"{file.name}: the time is {times[inside][first]:g} in frame "
        f"{file.number(frames[first])}{more}, so it is unknown; give the time between frames: "
        f"{_HOW_TO_GIVE_DT}",
        stacklevel=3,
    )
    times[inside] = np.where(unknown, np.nan, times[inside])


def _is_constant(frames: np.ndarray, times: np.ndarray) -> bool:
    """Return whether different frames all have the same time."""
    return len(frames) > 1 and bool((times == times[0]).all() and np.ptp(frames) > 0)


def _warn_of_breaks(
    breaks: np.ndarray, frames: np.ndarray, times: np.ndarray, files: Sequence[TimedFile]
) -> None:
    """Warn of the frames within files at which segments begin."""
    first = breaks[0]
    before, after, file = times[first - 1], times[first], files[0]
    unit = " ps" if file.has_times else ""
    jump = f"the time step changes to {after - before:.6g}{unit}"
    what = "the time does not increase" if after <= before else jump
    more = f" and at {counted(len(breaks) - 1, 'more frame')}" if len(breaks) > 1 else ""
    warnings.warn(
        f"{file.name}: {what} at frame {file.number(frames[first])} (from {before:.10g} to "
        f"{after:.10g}{unit}){more}; a segment ends there, and no pair of "
        "frames crosses its border",
        stacklevel=2,
    )


def timed_files(universe: Any) -> list[TimedFile]:
    """Return the trajectory files of a universe.

    Parameters
    ----------
    universe : MDAnalysis.Universe
        The universe.

    Returns
    -------
    list of TimedFile
        Without times are formats that have none (PDB, XYZ, ...) and arrays in memory, unless
        their reader has got a ``dt``; DCD files by LAMMPS, which have another unit, and by
        VMD's plugin, which writes none.

    Warns
    -----
    UserWarning
        If a file by LAMMPS is not read as one.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, PDB_multiframe, XTC
    >>> timed_files(mda.Universe(GRO, XTC))[0].has_times
    True
    >>> timed_files(mda.Universe(PDB_multiframe))[0].has_times
    False
    """
    reader = universe.trajectory
    parts = getattr(reader, "readers", [reader])
    starts = [int(start) for start in getattr(reader, "_start_frames", [0])]
    # The last start may be the total number of frames, for which there is no reader.
    return [
        TimedFile(_name(part), _has_times(part, universe), _given_dt(part), first)
        for part, first in zip(parts, starts, strict=False)
    ]


def _name(reader: Any) -> str:
    return str(getattr(reader, "filename", None) or "the trajectory in memory")


def _given_dt(reader: Any) -> float | None:
    """Return the time step of a reader that ignores it; XTC and TRR readers do not."""
    return None if reader.format in ("XTC", "TRR") else reader.ts.data.get("dt")


def _has_times(reader: Any, universe: Any) -> bool:
    """Return whether a reader knows times, rather than counting frames."""
    known, given = reader.ts.data, getattr(reader, "_kwargs", {}).get("dt")
    if reader.format == "MEMORY":
        # Without a dt, the reader assumes the integer 1. MDAnalysis itself passes a float.
        return "dt" in universe.kwargs or not (isinstance(known["dt"], int) and known["dt"] == 1)
    if reader.format == "LAMMPSDUMP":
        return "dt" in known  # it has the numbers of simulation steps
    if reader.format == "DCD" and given is None:
        header = reader._file.header
        if "LAMMPS" in header["remarks"]:
            warnings.warn(
                f"{_name(reader)}: was written by LAMMPS, so its times are not in the unit of "
                "other DCD files, and are ignored; pass --trajectory_format LAMMPS "
                "(format='LAMMPS') if they are in fs, or --dt PS (dt=)",
                stacklevel=2,
            )
            return False
        placeholder = header["remarks"].startswith(_DCD_PLUGIN) and header["delta"] == 1
        return not (placeholder and header["nsavc"] == 1)
    return "time" in known or "dt" in known

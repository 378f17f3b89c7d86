"""The labelled frames of a trajectory as points of a landscape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from ..errors import InputError
from ..labels import as_frames, as_labels, check_labelled, check_repeated, frame_list
from ..landscape.grid import wrapped
from ..plot.palette import chosen_colors
from ..trajectory.frame_times import TimedFile, timed_files
from ..trajectory.frames import file_of_frames, place_of
from ..trajectory.input_files import shortest_names
from ..trajectory.moving_atoms import MovingAtoms

#: More states cannot be told apart in any way.
_MOST_STATES = 1000


@dataclass(frozen=True, eq=False)
class MappedFrames:
    """Frames with a point on a landscape, in the order of their numbers.

    Parameters
    ----------
    points : ndarray of float32 of shape (n, 2)
    labels : ndarray of int16 of shape (n,)
        State of each frame, -1 for none.
    frames : ndarray of int64 of shape (n,)
        Frame numbers.
    files : ndarray of int64 of shape (n,)
        Index of the trajectory file of each frame.
    trajectories : tuple of TimedFile
        The trajectory files, with an empty name for frames in memory.
    times : ndarray of float64 of shape (n,), or None
        Times in ps, NaN if unknown. None: they are those of the files.
    names, colors : list of str
        Of the states.
    axes : tuple of str
        Labels of the two axes.
    periods : tuple of float or None
        Periods of the two axes.
    has_energy : bool
        Whether a free energy over the two coordinates means something.
    """

    points: np.ndarray
    labels: np.ndarray
    frames: np.ndarray
    files: np.ndarray
    trajectories: tuple[TimedFile, ...]
    times: np.ndarray | None
    names: list[str]
    colors: list[str]
    axes: tuple[str, str]
    periods: tuple[float | None, float | None]
    has_energy: bool

    @classmethod
    def of(
        cls,
        moving: MovingAtoms,
        labels: Any,
        xy: Any,
        frames: Any = None,
        *,
        axes: Sequence[str] | None = None,
        periods: Sequence[float | None] | None = None,
        n_states: int | None = None,
        palette: Sequence[str] | None = None,
        name: str = "state",
        times: np.ndarray | None = None,
    ) -> Self:
        """Check labels, coordinates and frame numbers.

        Parameters
        ----------
        moving : MovingAtoms
            The atoms, with their trajectory.
        labels, xy, frames, axes, periods, palette
            As in `mdgmvae.explore`.
        n_states : int, optional
            Number of states, if there are some without frames at the end.
        name : str
            What a state is called.
        times : ndarray of shape (n,), optional
            Times in ps. Default: those of the files, if they hold any.

        Returns
        -------
        MappedFrames

        Raises
        ------
        InputError
            If they do not match, or are invalid.
        """
        states = as_labels(labels)
        numbers = as_frames(frames, len(states), moving.n_frames)
        check_repeated(numbers, states)
        n_found = int(states.max(initial=-1)) + 1
        if not n_found:
            raise InputError("labels: no frame has a state, so there is nothing to explore")
        n_states = n_found if n_states is None else max(n_found, n_states)
        if n_states > _MOST_STATES:
            raise InputError(
                f"labels: there are {n_states:,} states, and the explorer shows up to "
                f"{_MOST_STATES:,}; are these the labels of states?"
            )
        points, axes, periods = _points(xy, states, numbers, axes, periods)
        numbers, order = _once(numbers, points)
        universe = moving.atoms.universe
        if times is None and moving.times is not None:
            times = moving.times[numbers]
        elif times is not None:
            times = times[order]
        return cls(
            points[order],
            states[order].astype(np.int16),
            numbers,
            file_of_frames(universe.trajectory, numbers)[0],
            tuple(
                replace(file, name=place_of(universe.trajectory, file.first).file)
                for file in timed_files(universe)
            ),
            times,
            [f"{name} {state}" for state in range(n_states)],
            chosen_colors(n_states, palette),
            (str(axes[0]), str(axes[1])),
            (periods[0], periods[1]),
            has_energy=np.ndim(xy) == 2 and np.shape(xy)[1] == 2,
        )

    @property
    def rows(self) -> np.ndarray:
        """Rows of the frames that have a state, and can be shown."""
        return np.flatnonzero(self.labels >= 0)

    @property
    def starts(self) -> list[int]:
        """First row of each trajectory file."""
        found: list[int] = [0, *(np.flatnonzero(np.diff(self.files)) + 1).tolist()]
        return found

    def content(self) -> dict[str, Any]:
        """Return what JSON can hold of the ``Data`` of ``browser/explorer.js``."""
        names = shortest_names([file.name for file in self.trajectories])
        return {
            "starts": self.starts,
            "files": [
                {"name": names[index], "first": self.trajectories[index].first}
                for index in self.files[self.starts].tolist()
            ],
            "names": self.names,
            "colors": self.colors,
            "axes": list(self.axes),
            "periods": list(self.periods),
            "hasEnergy": self.has_energy,
        }

    def some(self, rows: np.ndarray) -> Self:
        """Return the frames of some rows."""
        return replace(
            self,
            points=self.points[rows],
            labels=self.labels[rows],
            frames=self.frames[rows],
            files=self.files[rows],
            times=None if self.times is None else self.times[rows],
        )

    def times_of(self, rows: np.ndarray, read: np.ndarray) -> np.ndarray:
        """Return the times of rows in ps, NaN where they are unknown.

        Parameters
        ----------
        rows : ndarray of int64 of shape (n_rows,)
        read : ndarray of float64 of shape (n_rows,)
            What the reader gave as times of these rows.
        """
        known = np.array([file.has_times for file in self.trajectories])[self.files[rows]]
        times: np.ndarray = np.where(known, read, np.nan)
        return times if self.times is None else self.times[rows]

    def rows_of(self, frames: Any, n_frames: int) -> np.ndarray:
        """Find the rows of frames that have a state.

        Parameters
        ----------
        frames : array-like of int
            Frame numbers, in any order.
        n_frames : int
            Number of frames of the trajectory.

        Returns
        -------
        ndarray of int64
            Sorted rows.

        Raises
        ------
        InputError
            If a frame has no state, or the trajectory has no such frame.
        """
        wanted, rows = frame_list(frames), self.rows
        numbers = self.frames[rows]
        check_labelled(wanted, numbers, n_frames)
        found: np.ndarray = rows[np.isin(numbers, wanted)]
        return found


def _once(numbers: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted frame numbers without repetitions, and the place of each."""
    if (np.diff(numbers) > 0).all():
        return numbers, np.arange(len(numbers))
    found, places, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    differ = ~np.isclose(points, points[places][inverse], 0, 0, equal_nan=True).all(axis=1)
    if differ.any():
        row = int(differ.argmax())
        first = places[inverse[row]]
        raise InputError(
            f"xy: frame {numbers[row]} has two points, {points[first].tolist()} and "
            f"{points[row].tolist()}"
        )
    return found, places


def _points(
    xy: Any,
    states: np.ndarray,
    frames: np.ndarray,
    axes: Sequence[str] | None,
    periods: Sequence[float | None] | None,
) -> tuple[np.ndarray, Sequence[str], Sequence[float | None]]:
    """Check coordinates, and names and periods of axes. One coordinate is shown against time."""
    if axes is None:
        axes = _names_of(xy)
    values = np.asarray(xy)
    if values.ndim == 1:
        values = values[:, np.newaxis]
    if values.ndim != 2 or values.shape[1] not in (1, 2) or values.dtype.kind not in "fiub":
        raise InputError(
            f"xy: pass two numbers for each frame, not an array of shape {np.shape(xy)} and dtype "
            f"{np.asarray(xy).dtype}"
        )
    if len(values) != len(states):
        raise InputError(f"xy: there are {len(values):,} points for {len(states):,} labels")
    n_axes = values.shape[1]
    if axes is None:
        axes = ["coordinate"] if n_axes == 1 else ["coordinate 1", "coordinate 2"]
    if isinstance(axes, str) or len(axes) != n_axes:
        raise InputError(f"axes={axes!r}: pass {n_axes} name{'s' * (n_axes - 1)} for xy")
    periods = _periods(periods, n_axes)
    values = wrapped(values.astype(np.float32), periods)
    wrong = ~np.isfinite(values).all(axis=1) & (states >= 0)
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"xy: the point of frame {frames[row]} is {values[row].tolist()}; give frames without "
            "a point the label -1"
        )
    if n_axes == 1:
        time = frames.astype(np.float32)[:, np.newaxis]
        return np.concatenate([time, values], axis=1), ("frame", axes[0]), (None, *periods)
    return values, axes, periods


def _periods(periods: Any, n_axes: int) -> list[float | None]:
    """Check the periods of the coordinates."""
    if periods is None:
        return [None] * n_axes
    try:
        found = [None if period is None else float(period) for period in periods]
    except (TypeError, ValueError):
        found = []
    is_right = all(period is None or 0 < period < np.inf for period in found)
    if len(found) != n_axes or not is_right:
        each = "a positive number" if n_axes == 1 else "two positive numbers"
        raise InputError(f"periods={periods!r}: pass {each}, or None for an axis without a period")
    return found


def _names_of(xy: Any) -> Sequence[str] | None:
    """Return the names of the columns of a pandas DataFrame or Series, if it has any."""
    columns = getattr(xy, "columns", None)
    if columns is None:
        name = getattr(xy, "name", None)
        return None if name is None else [str(name)]
    return [str(column) for column in columns]

"""The files of a command: what it reads is opened and checked, and never replaced."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..storage.atomic import check_file

if TYPE_CHECKING:
    from MDAnalysis import Universe

#: Files and folders of the results.
_FILES = (
    *("labels.npz", "features.npy", "features.json", "history.csv", "free_energy.png"),
    *("states.csv", "judgement.json"),
)
_FOLDERS = ("model", "states", "representatives")


def protect(out: str, inputs: list[str]) -> None:
    """Refuse a folder in which the results would replace what they are made from."""
    folder = Path(out).resolve()
    for path in inputs:
        file = Path(path).resolve()
        if not file.is_relative_to(folder):
            continue
        name = file.relative_to(folder)
        if name.parts[0] in _FOLDERS or str(name) in _FILES:
            raise InputError(
                f"{path}: would be replaced by the results in {out}; choose another -o"
            )


def check_output(out: str, suffixes: tuple[str, ...], inputs: list[str]) -> None:
    """Refuse a file that cannot be written, is called what it is not, or is an input."""
    check_file(out)
    if Path(out).suffix not in suffixes:
        raise InputError(f"{out}: give the name of a file that ends in {' or '.join(suffixes)}")
    for path in inputs:
        if Path(path).resolve() == Path(out).resolve():
            raise InputError(f"{out}: is an input and would be replaced; choose another -o")


def open_universe(topology: str, trajectories: list[str], stop: int | None = None) -> Universe:
    """A Universe of these files, or an error that says which of them cannot be used.

    Raises
    ------
    InputError
        When a file is missing, cut, of another format or another number of atoms.
    """
    import MDAnalysis as mda

    from ..trajectory.integrity import check_trajectory

    for path in (topology, *trajectories):
        if not Path(path).is_file():
            reason = "is a folder" if Path(path).is_dir() else "no such file"
            raise InputError(f"{path}: {reason}; check the path")
        if os.path.getsize(path) == 0:
            raise InputError(f"{path}: the file is empty; copy it again")
    with warnings.catch_warnings():
        # The coordinates are read from the trajectories below.
        warnings.filterwarnings("ignore", message="No coordinate reader found")
        universe = _read(topology, lambda: mda.Universe(topology))
    if not hasattr(universe.atoms, "names"):
        raise InputError(f"{topology}: holds no atom names; the topology comes first")
    before = 0
    for path in trajectories:
        # A file that is cut may still serve up to --stop: that is told when it is read.
        needed = None if stop is None else 0
        check_trajectory(path, n_atoms=len(universe.atoms), stop=needed, before=before)
        _read(path, lambda path=path: universe.load_new(path), f" with {topology}")  # type: ignore[misc]
        before += len(universe.trajectory)
    if len(trajectories) > 1:
        _read(trajectories[0], lambda: universe.load_new(trajectories))
    return universe


def warn_of_other_times(path: str, found: Any, universe: Universe) -> None:
    """Frame numbers fit any trajectory that is long enough: its times tell another one."""
    there = np.flatnonzero(np.isfinite(found.times) & (found.frames < len(universe.trajectory)))
    for row in there[[0, len(there) // 2, -1]] if len(there) else []:
        frame, time = int(found.frames[row]), float(found.times[row])
        read = float(universe.trajectory[frame].time)
        if abs(read - time) > 1e-3 * max(1.0, abs(time)):
            warnings.warn(
                f"{path}: frame {frame} was at {time:g} ps when it was labelled, in this "
                f"trajectory it is at {read:g} ps; are the labels those of another trajectory?",
                stacklevel=2,
            )
            return


def _read(path: str, read: Callable[[], Any], context: str = "") -> Any:
    """Call a reader of MDAnalysis; whatever it raises is an error of the file."""
    try:
        return read()
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: cannot be read{context} ({reason})") from error


def select_atoms(universe: Universe, select: str, option: str) -> Any:
    from ..featurizers.topology.atoms import select_indices

    return universe.atoms[select_indices(universe.atoms, select, option)]

"""Open and check the input files of a command, and protect them from being replaced."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..storage.atomic import check_file

if TYPE_CHECKING:
    from MDAnalysis import Universe

#: Files and folders that a command may write into its folder of results.
_FILES = (
    *("labels.npz", "features.npy", "features.json", "history.csv", "free_energy.png"),
    *("states.csv", "judgement.json"),
)
_FOLDERS = ("model", "states")


def protect(out: str, inputs: Sequence[str]) -> None:
    """Refuse a folder of results in which an input would be replaced.

    Raises
    ------
    InputError
        Naming the input.
    """
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


def check_output(out: str, suffixes: Sequence[str], inputs: Sequence[str]) -> None:
    """Refuse an output file that cannot be written, has another suffix or is an input.

    Raises
    ------
    InputError
        Naming the output.
    """
    check_file(out)
    if Path(out).suffix not in suffixes:
        raise InputError(f"{out}: the name of this file must end in {' or '.join(suffixes)}")
    for path in inputs:
        if Path(path).resolve() == Path(out).resolve():
            raise InputError(f"{out}: is an input and would be replaced; choose another -o")


def open_universe(
    topology: str,
    trajectories: Sequence[str],
    stop: int | None = None,
    *,
    can_stop: bool = True,
) -> Universe:
    """Open a topology and its trajectories as one Universe.

    Parameters
    ----------
    topology : str
        Any topology file that MDAnalysis reads.
    trajectories : sequence of str
        The trajectory files, in order.
    stop : int, optional
        The first frame that will not be read; a file may be cut after it.
    can_stop : bool
        Whether the command has the option --stop, which the error of a cut file then recommends.

    Raises
    ------
    InputError
        If a file is missing, cut, unreadable or has another number of atoms; it names the file.
    """
    import MDAnalysis as mda

    from ..trajectory.input_files import check_regular
    from ..trajectory.integrity import check_trajectory

    for path in (topology, *trajectories):
        check_regular(Path(path))
    with warnings.catch_warnings():
        # The coordinates are read from the trajectories.
        warnings.filterwarnings("ignore", message="No coordinate reader found")
        universe = _read(topology, lambda: mda.Universe(topology))
    if not hasattr(universe.atoms, "names"):
        raise InputError(
            f"{topology}: has no atom names; is it a trajectory? Pass the topology first"
        )
    before = 0
    for path in trajectories:
        frames = check_trajectory(
            path,
            n_atoms=len(universe.atoms),
            stop=None if stop is None else max(0, stop - before),
            before=before if can_stop else None,
        )
        frames.check_first()
        _read(path, lambda path=path: universe.load_new(path), f" with {topology}")  # type: ignore[misc]
        frames.check_reader(universe.trajectory)
        before += len(universe.trajectory)
    if len(trajectories) > 1:
        _read(trajectories[0], lambda: universe.load_new(list(trajectories)))
    return universe


def warn_of_other_times(path: str, found: Any, universe: Universe) -> None:
    """Warn when the times of the labels are not those of the trajectory.

    The frame numbers fit every trajectory that is long enough; only the times reveal that it is
    another one.
    """
    known = np.flatnonzero(np.isfinite(found.times) & (found.frames < len(universe.trajectory)))
    for index in known[[0, len(known) // 2, -1]] if len(known) else []:
        frame, time = int(found.frames[index]), float(found.times[index])
        read = float(universe.trajectory[frame].time)
        if abs(read - time) > 1e-3 * max(1.0, abs(time)):
            warnings.warn(
                f"{path}: frame {frame} was at {time:g} ps when it was labelled but is at {read:g} "
                "ps in this trajectory; are the labels those of another trajectory?",
                stacklevel=2,
            )
            return


def _read(path: str, read: Callable[[], Any], context: str = "") -> Any:
    """Call a reader of MDAnalysis, and name the file in whatever error it raises."""
    from ..trajectory.input_files import unreadable

    try:
        return read()
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(path, error) from error
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: cannot be read{context} ({reason})") from error


def select_atoms(universe: Universe, select: str, option: str) -> Any:
    """Select atoms of a Universe.

    Raises
    ------
    InputError
        If the selection is wrong or empty; it names the option.
    """
    from ..featurizers.topology.atoms import select_indices

    return universe.atoms[select_indices(universe.atoms, select, option)]

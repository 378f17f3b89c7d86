"""Open and check the input files of a command, and protect them from being replaced."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks import as_path, real_path
from ..errors import InputError
from ..storage.atomic import check_file
from .options import Formats

if TYPE_CHECKING:
    from MDAnalysis import Universe

#: Files and folders that a command may write into its folder of results.
_FILES = (
    *("labels.npz", "features.npy", "features.json", "history.csv", "free_energy.png"),
    *("states.csv", "judgement.json", "selection.json", "selection.png"),
)
_FOLDERS = ("model", "states")
_AS_SUFFIX = Formats()
#: Beginning of an error of MDAnalysis.
_UNKNOWN_FORMAT = "Cannot find an appropriate coordinate reader"
#: Formats in which each frame has a time.
_TIMED = {"XTC", "TRR", "NCDF", "H5MD", "TNG", "TRZ", "TRC"}


def protect(out: str, inputs: Sequence[str]) -> None:
    """Refuse a folder of results in which an input would be replaced.

    Raises
    ------
    InputError
        Naming the input.
    """
    folder = real_path(out)
    for path in inputs:
        file = real_path(path)
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
    if not as_path(out).name:
        raise InputError(f"-o {out!r}: is not a file name; choose one that ends in {suffixes[0]}")
    check_file(out)
    if Path(out).suffix not in suffixes:
        raise InputError(f"{out}: the name of this file must end in {' or '.join(suffixes)}")
    for path in inputs:
        if real_path(path) == real_path(out):
            raise InputError(f"{out}: is an input and would be replaced; choose another -o")


def open_universe(
    topology: str,
    trajectories: Sequence[str],
    stop: int | None = None,
    formats: Formats = _AS_SUFFIX,
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
    formats : Formats
        Formats and time between frames, where the files do not contain them.
    can_stop : bool
        Whether the command has the option --stop, which the error of a cut file then recommends.

    Raises
    ------
    InputError
        If a file is missing, cut, unreadable or has another number of atoms; it names the file.

    Warns
    -----
    UserWarning
        If a time between frames is given for a file that has times.
    """
    import MDAnalysis as mda

    from ..trajectory.input_files import check_regular
    from ..trajectory.integrity import check_trajectory, other_format

    _check_format("--topology_format", formats.topology, mda._PARSERS)
    _check_format("--trajectory_format", formats.trajectory, mda._READERS)
    topology, *trajectories = (str(as_path(path)) for path in (topology, *trajectories))
    for path in (topology, *trajectories):
        check_regular(Path(path))
    with warnings.catch_warnings():
        # The coordinates are read from the trajectories.
        warnings.filterwarnings("ignore", message="No coordinate reader found")
        # The error below says it better.
        warnings.filterwarnings("ignore", message="there is no reference attributes")
        universe = _read(topology, lambda: mda.Universe(topology, topology_format=formats.topology))
    if not any(hasattr(universe.atoms, known) for known in ("names", "types", "elements")):
        raise InputError(
            f"{topology}: has neither atom names nor types; is it a trajectory? Pass the topology "
            "first"
        )
    kinds = [formats.trajectory or other_format(Path(path)) for path in trajectories]
    before = 0
    for path, kind in zip(trajectories, kinds, strict=True):
        frames = check_trajectory(
            path,
            n_atoms=len(universe.atoms),
            stop=None if stop is None else max(0, stop - before),
            before=before if can_stop else None,
            file_format=kind,
        )
        frames.check_first()
        _load(universe, path, path, topology, format=kind)
        frames.check_reader(universe.trajectory)
        if formats.dt is not None:
            _warn_of_own_times(path, universe.trajectory, formats.dt)
        before += len(universe.trajectory)
    options = {} if formats.dt is None else {"dt": formats.dt}
    if len(trajectories) > 1:
        # MDAnalysis takes the format of each file from a tuple.
        files = [
            path if kind is None else (path, kind)
            for path, kind in zip(trajectories, kinds, strict=True)
        ]
        _load(universe, files, trajectories[0], topology, **options)
    elif options:
        _load(universe, trajectories[0], trajectories[0], topology, format=kinds[0], **options)
    return universe


def _load(universe: Universe, files: Any, path: str, topology: str, **options: Any) -> None:
    """Load trajectory files into a universe; an error names `path`."""
    _read(path, lambda: universe.load_new(files, **options), f" with {topology}")


def _check_format(option: str, given: str | None, known: Iterable[str]) -> None:
    """Refuse a format that MDAnalysis does not have."""
    names = sorted(known)
    if given is not None and given.upper() not in names:
        close = difflib.get_close_matches(given.upper(), names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"choose from {', '.join(names)}"
        raise InputError(f"{option} {given}: MDAnalysis has no such format; {hint}")


def _warn_of_own_times(path: str, reader: Any, dt: float) -> None:
    """Warn if a file has times of its own for its frames, which --dt contradicts."""
    formats = {reader.format} if isinstance(reader.format, str) else set(reader.format)
    if formats & _TIMED and reader.n_frames > 1 and reader.dt > 0:
        what = "are replaced" if formats & {"XTC", "TRR"} else "are used all the same"
        warnings.warn(
            f"{path}: has times of its own, {reader.dt:g} ps apart, which {what}; --dt {dt:g} is "
            "for files without times",
            stacklevel=3,
        )


def _read(path: str, read: Callable[[], Any], context: str = "") -> Any:
    """Call a reader of MDAnalysis, and name the file in whatever error it raises."""
    from ..trajectory.found_frames import index_file
    from ..trajectory.frame_reader import reason_of
    from ..trajectory.input_files import unreadable

    try:
        return read()
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(path, error) from error
        advice = "copy the file again, or give its format (--topology_format, --trajectory_format)"
        unknown = str(error).startswith(_UNKNOWN_FORMAT)
        if not unknown and (index := index_file(Path(path))).exists():
            advice = f"delete MDAnalysis' index of its frames, {index}, or copy the file again"
        raise InputError(
            f"{path}: cannot be read{context} ({reason_of(error)}); {advice}"
        ) from error


def select_atoms(universe: Universe, select: str, option: str) -> Any:
    """Select atoms of a Universe.

    Raises
    ------
    InputError
        If the selection is wrong or empty; it names the option.
    """
    from ..featurizers.topology.atoms import select_indices

    return universe.atoms[select_indices(universe.atoms, select, option)]

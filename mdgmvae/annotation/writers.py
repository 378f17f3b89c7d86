"""Files that carry states: PDB, H5MD, one trajectory a state, and representative frames.

Frames stream from the source to the file, so memory does not grow with the trajectory.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import MDAnalysis as mda
import numpy as np
from MDAnalysis.coordinates.H5MD import H5MDWriter

from ..errors import InputError
from ..labels import as_frames, as_labels, representative_rows
from ..progress import progress_bar
from ..storage.atomic import atomic_file, atomic_folder
from ..trajectory.moving_atoms import MovingAtoms
from .pdb import PDBFrames

if TYPE_CHECKING:
    from ..states.description import Description

#: What an earlier call of `write_states` may have left, and index files of MDAnalysis beside it.
STALE_STATES = ("state_*.xtc", "state_*.trr", "state_*.dcd", "state_*.pdb", ".state_*")
#: What an earlier call of `write_representatives` may have left, and no name of a user's.
STALE_REPRESENTATIVES = tuple(
    f"{kind}_{'[0-9]' * digits}.pdb" for kind in ("macrostate", "component") for digits in (1, 2, 3)
)
_STATE_FORMATS = ("xtc", "trr", "dcd")

# MDAnalysis' own units, named so that sources without units can be written too.
_UNITS = {
    "timeunit": "ps",
    "lengthunit": "Angstrom",
    "velocityunit": "Angstrom/ps",
    "forceunit": "kJ/(mol*Angstrom)",
}


def write_pdb(source: Any, labels: Any, path: str | os.PathLike, frames: Any = None) -> None:
    """Write the labelled frames as a PDB file of many models, the state in the B column.

    The format has one unit cell a file: that of the first frame written.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to write.
    labels : (n,) array-like of int
        States; a frame with the label -1 is left out.
    path : path-like
        The file, replaced whole.
    frames : (n,) array-like of int, optional
        Frame numbers of the labels; the models come in this order. Default: all frames.

    Raises
    ------
    InputError
        When labels and trajectory do not fit or coordinates do not fit in a PDB file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import MDAnalysis as mda
    >>> from mdgmvae.annotation import write_pdb
    >>> from mdgmvae.data import alanine_dipeptide
    >>> u = mda.Universe(alanine_dipeptide().topology, alanine_dipeptide().trajectories)
    >>> path = str(pathlib.Path(tempfile.mkdtemp()) / "states.pdb")
    >>> write_pdb(u, [1, 2], path, frames=[0, 6400])
    >>> [float(ts.data["tempfactor"][0]) for ts in mda.Universe(path).trajectory]
    [1.0, 2.0]
    """
    moving, states, numbers = _assigned(source, labels, frames)
    _refuse_own_files(moving.atoms, path)
    with atomic_file(path) as temporary, PDBFrames(moving.atoms, temporary) as pdb:
        for state, ts in zip(states, moving.at(numbers), strict=True):
            pdb.write(moving.atoms, ts, int(state))


def write_h5md(
    source: Any,
    labels: Any,
    path: str | os.PathLike,
    frames: Any = None,
    probabilities: Any = None,
) -> None:
    """Write the labelled frames as H5MD with the observable ``mdgmvae/state``.

    MDAnalysis reads it back as ``ts.data["mdgmvae/state"]``. The file's steps are the frame
    numbers of the source, in rising order as H5MD requires.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to write, with velocities and forces where there are any.
    labels : (n,) array-like of int
        States; a frame with the label -1 is left out.
    path : path-like
        The file, replaced whole; its name ends in ``.h5md`` or ``.h5``.
    frames : (n,) array-like of int, optional
        Frame numbers of the labels. Default: all frames.
    probabilities : (n, k) array-like, optional
        Also written, float32, as the observable ``mdgmvae/probability``.

    Raises
    ------
    InputError
        When labels, probabilities and trajectory do not fit.
    """
    rows = None if probabilities is None else _matrix(probabilities, "probabilities", labels)
    moving, states, numbers = _assigned(source, labels, frames)
    _refuse_own_files(moving.atoms, path)
    if rows is not None:
        rows = rows[as_labels(labels) >= 0]
    order = np.argsort(numbers, kind="stable")
    with atomic_file(path) as temporary, _h5md(temporary, moving.atoms.n_atoms) as writer:
        for row, ts in zip(order, moving.at(numbers[order]), strict=True):
            observables: dict[str, Any] = {"step": ts.frame, "mdgmvae/state": int(states[row])}
            if rows is not None:
                observables["mdgmvae/probability"] = rows[row]
            with _extra_data(ts, observables):
                writer.write(moving.atoms)


def write_states(
    source: Any,
    labels: Any,
    directory: str | os.PathLike,
    frames: Any = None,
    latent: Any = None,
    format: str = "xtc",
    *,
    overwrite: bool = False,
    verbose: bool | None = None,
) -> None:
    """Write one trajectory a state and one representative frame a state.

    ``state_0.xtc``, ``state_1.xtc``, ... hold the frames of each state that has any, in the
    order of `frames`. ``state_0.pdb``, ... hold its representative, the state in the B column:
    with `latent` the frame nearest to the mean of the state's frames there, without it the
    first frame. Each PDB is a topology for the trajectory beside it.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to write.
    labels : (n,) array-like of int
        States; a frame with the label -1 is left out.
    directory : path-like
        The folder, which is made; all files appear in it together at the end.
    frames : (n,) array-like of int, optional
        Frame numbers of the labels. Default: all frames.
    latent : (n, n_z) array-like, optional
        Latent coordinates of the frames.
    format : str
        Trajectory format: "xtc", "trr" or "dcd".
    overwrite : bool
        Allow a folder that is not empty. Its files ``state_*`` of an earlier call are removed,
        everything else is left.
    verbose : bool, optional
        Draw a progress bar; by default on a terminal or in a notebook only.

    Raises
    ------
    InputError
        When labels, latent and trajectory do not fit, the format is unknown, or the folder is
        not empty without `overwrite`.
    """
    if format not in _STATE_FORMATS:
        raise InputError(f"format: {format!r} is not one of {', '.join(_STATE_FORMATS)}")
    coordinates = None if latent is None else _matrix(latent, "latent", labels)
    moving, states, numbers = _assigned(source, labels, frames)
    if coordinates is not None:
        coordinates = coordinates[as_labels(labels) >= 0]
    chosen = set(representative_rows(states, coordinates).values())
    with atomic_folder(directory, overwrite, STALE_STATES) as folder, ExitStack() as stack:
        writers: dict[int, Any] = {}
        bar = progress_bar(len(numbers), "writing states", "frames", verbose=verbose)
        stack.enter_context(bar)
        for row, ts in enumerate(moving.at(numbers)):
            bar.update()
            state = int(states[row])
            if state not in writers:
                name = str(folder / f"state_{state}.{format}")
                writers[state] = stack.enter_context(mda.Writer(name, moving.atoms.n_atoms))
            writers[state].write(moving.atoms)
            if row in chosen:
                with PDBFrames(moving.atoms, folder / f"state_{state}.pdb") as pdb:
                    pdb.write(moving.atoms, ts, state)


def write_representatives(
    source: Any,
    description: "Description",
    directory: str | os.PathLike,
    *,
    overwrite: bool = False,
) -> None:
    """Write the representative frames of each state as a PDB file of a few models.

    ``macrostate_0.pdb``, ... (or ``component_0.pdb``, ...): the frame nearest to the centre of
    the state first. Remarks say which model is which frame; the state is in the B column.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to write, with the frames that were described.
    description : Description
        Of `GMVAEAnalysis.describe` or `mdgmvae.states.describe`.
    directory : path-like
        The folder, which is made; all files appear in it together at the end.
    overwrite : bool
        Allow a folder that is not empty. Its files of an earlier call are removed, everything
        else is left.

    Raises
    ------
    InputError
        When a frame is not in the trajectory, its coordinates do not fit in a PDB file, or the
        folder is not empty without `overwrite`.
    """
    moving = MovingAtoms.of(source)
    with atomic_folder(directory, overwrite, STALE_REPRESENTATIVES) as folder:
        for state in description.states:
            frames = description.representatives[state]
            numbers = as_frames(frames, len(frames), moving.n_frames)
            remarks = [f"MODEL {i} IS FRAME {frame}" for i, frame in enumerate(numbers, start=1)]
            path = folder / f"{description.kind}_{state}.pdb"
            title = f"{description.kind} {state}"
            with PDBFrames(moving.atoms, path, title, remarks) as pdb:
                for ts in moving.at(numbers):
                    pdb.write(moving.atoms, ts, state)


def _assigned(source: Any, labels: Any, frames: Any) -> tuple[MovingAtoms, np.ndarray, np.ndarray]:
    """Check labels and frames against the source; keep the rows that have a state."""
    states = as_labels(labels)
    moving = MovingAtoms.of(source)
    numbers = as_frames(frames, len(states), moving.n_frames)
    kept = states >= 0
    if not kept.any():
        raise InputError("labels: no frame has a state, so there is nothing to write")
    return moving, states[kept], numbers[kept]


def _refuse_own_files(atoms: Any, path: str | os.PathLike) -> None:
    """Refuse to replace the topology or a trajectory that is being read."""
    universe = atoms.universe
    trajectory = universe.trajectory
    own = [universe.filename, trajectory.filename, *getattr(trajectory, "filenames", ())]
    for name in own:
        if isinstance(name, str | os.PathLike) and Path(name).resolve() == Path(path).resolve():
            raise InputError(f"{path}: is being read and would be replaced; choose another name")


def _matrix(values: Any, name: str, labels: Any) -> np.ndarray:
    matrix = np.asarray(values, dtype=np.float32)
    if matrix.ndim != 2 or len(matrix) != len(labels):
        raise InputError(
            f"{name}: an array of shape {matrix.shape} does not go with {len(labels):,} labels; "
            "one row a label is needed"
        )
    return matrix


@contextmanager
def _h5md(path: Path, n_atoms: int) -> Iterator[Any]:
    writer = H5MDWriter(str(path), n_atoms, **_UNITS)
    try:
        yield writer
    finally:
        # The writer's own close() leaves the HDF5 file open and unflushed.
        if writer.h5md_file is not None:
            writer.h5md_file.close()


@contextmanager
def _extra_data(ts: Any, extra: dict[str, Any]) -> Iterator[None]:
    """Add to the data of a timestep that belongs to the user, and take it away again."""
    before = dict(ts.data)
    ts.data.update(extra)
    try:
        yield
    finally:
        ts.data.clear()
        ts.data.update(before)

"""Write one trajectory and one file of representative structures for each state."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import MDAnalysis as mda
import numpy as np

from ..checks import check_count
from ..errors import InputError
from ..labels import as_frames, with_article
from ..progress import progress_bar
from ..states.representatives import diverse_frames
from ..storage.atomic import atomic_folder
from .labelled import NAMES, LabelledFrames, assigned_probabilities
from .pdb import PDBFrames, within_limits
from .superposition import fitted_atoms, superposed
from .written import check_frames, named_in_errors

_FORMATS = ("xtc", "trr", "dcd")
#: Patterns of the files of an earlier call, and of the index files that MDAnalysis adds. They
#: require digits, so that they do not match the user's own files, such as state_best.pdb.
STALE_STATES = tuple(
    f"{hidden}{name}_{'[0-9]' * digits}.{suffix}"
    for name in NAMES
    for digits in (1, 2, 3, 4)
    for hidden, suffixes in (("", (*_FORMATS, "pdb")), (".", ("*_offsets.*",)))
    for suffix in suffixes
)


def write_states(
    source: Any,
    labels: Any,
    directory: str | os.PathLike[str],
    frames: Any = None,
    latent: Any = None,
    format: str | None = "xtc",
    *,
    probabilities: Any = None,
    representatives: Sequence[Any] | Mapping[int, Any] | None = None,
    n_representatives: int = 5,
    name: str = "state",
    overwrite: bool = False,
    verbose: bool | None = None,
) -> None:
    """Write the frames of each state, and its representative structures.

    ``state_0.xtc``, ``state_1.xtc``, ... contain the frames of each state, in the order of
    `frames`. ``state_0.pdb``, ``state_1.pdb``, ... contain its representative frames as models.
    The first model is the frame nearest to the centre of the state. All models of all states are
    superposed on the first model of the first state, which is moved to the origin if a PDB file
    cannot hold its coordinates. Remarks give the frame number of each model, and the B column
    contains the state. Each PDB file can serve as the topology of its trajectory. States without
    frames get no files.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to write.
    labels : (n,) array-like of int
        States or components. Frames with the label -1 are left out.
    directory : path-like
        The folder to create. All files appear in it at once, when they are complete.
    frames : (n,) array-like of int, optional
        Frame numbers of the labels. Default: all frames.
    latent : (n, n_z) array-like, optional
        Latent coordinates of the frames, by which representatives are chosen. Without them,
        representatives are spread evenly over the frames of the state.
    format : {"xtc", "trr", "dcd"} or None
        Format of the trajectories. None writes only the PDB files.
    probabilities : (n, m) array-like, optional
        Probabilities of the states. If they are given, representatives are frames with a high
        probability of their state.
    representatives : sequence or mapping, optional
        Frame numbers of the representatives of each state, as in
        `Description.representatives`. Default: they are chosen by `latent`.
    n_representatives : int
        Number of representatives of each state, if `representatives` are not given.
    name : {"state", "component"}
        Kind of labels. The files are called ``<name>_0.xtc``, ...
    overwrite : bool
        Accept a folder that is not empty. Files of an earlier call are removed, others are kept.
    verbose : bool, optional
        Show a progress bar. By default, only on a terminal or in a notebook.

    Raises
    ------
    InputError
        If labels, latent, probabilities and trajectory do not match, if the format is unknown,
        if the folder is not empty and `overwrite` is False, or if the disk is full.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import MDAnalysis as mda
    >>> from mdgmvae.annotation import write_states
    >>> from mdgmvae.data import alanine_dipeptide
    >>> u = mda.Universe(alanine_dipeptide().topology, alanine_dipeptide().trajectories)
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "states"
    >>> write_states(u, [0, 1, 0], folder, frames=[0, 6400, 6500])
    >>> sorted(path.name for path in folder.iterdir())
    ['state_0.pdb', 'state_0.xtc', 'state_1.pdb', 'state_1.xtc']
    """
    if format not in (*_FORMATS, None):
        raise InputError(f"format: {format!r} is not one of {', '.join(_FORMATS)}, or None")
    n_representatives = check_count("n_representatives", n_representatives)
    if name not in NAMES:
        raise InputError(f"name: {name!r} is not one of {', '.join(NAMES)}")
    labelled = LabelledFrames.of(source, labels, frames)
    if representatives is None:
        chosen = _choose_representatives(labelled, latent, probabilities, n_representatives)
    else:
        chosen = _check_representatives(labelled, representatives)
    with atomic_folder(directory, overwrite, STALE_STATES) as folder:
        if format is not None:
            _write_trajectories(labelled, folder, name, format, verbose)
        _write_representatives(labelled, chosen, folder, name)


def _choose_representatives(
    labelled: LabelledFrames, latent: Any, probabilities: Any, n: int
) -> dict[int, np.ndarray]:
    """Choose the frame numbers of the representatives of each state."""
    labels, frames = labelled.labels, labelled.frames
    probability = np.ones(len(labels), np.float32)
    if probabilities is not None:
        matrix = labelled.values(probabilities, "probabilities", ndim=(2,))
        probability = assigned_probabilities(labels, matrix)
    if latent is None:
        rows = {
            state: _evenly_spaced(np.flatnonzero(labels == state), n) for state in np.unique(labels)
        }
    else:
        points = labelled.values(latent, "latent", ndim=(2,)).astype(np.float32)
        rows = diverse_frames(labels, points, probability, frames, n)
    return {int(state): frames[of_state] for state, of_state in rows.items()}


def _evenly_spaced(rows: np.ndarray, n: int) -> np.ndarray:
    """Choose n evenly spaced rows, including the first one."""
    positions = np.unique(np.linspace(0, len(rows) - 1, min(n, len(rows))).astype(int))
    return np.asarray(rows[positions])


def _check_representatives(
    labelled: LabelledFrames, representatives: Sequence[Any] | Mapping[int, Any]
) -> dict[int, np.ndarray]:
    """Check the given frame numbers of representatives, and leave out states without any."""
    if not hasattr(representatives, "__iter__"):
        raise InputError(
            "representatives: pass the frame numbers of each state, such as [[5, 8], [20]]; this "
            f"is {with_article(representatives)}"
        )
    if not isinstance(representatives, Mapping):
        representatives = dict(enumerate(representatives))
    chosen = {
        check_count("representatives", state, low=0): np.asarray(numbers)
        for state, numbers in representatives.items()
    }
    return {
        state: as_frames(numbers, numbers.size, labelled.moving.n_frames)
        for state, numbers in chosen.items()
        if numbers.size
    }


def _write_trajectories(
    labelled: LabelledFrames, folder: Path, name: str, format: str, verbose: bool | None
) -> None:
    """Write each frame to the trajectory of its state, in one pass over the source."""
    atoms, writers = labelled.atoms, dict[int, Any]()
    # Writing a Universe takes half the time of writing a group of all its atoms.
    universe = atoms.universe
    written = universe if np.array_equal(atoms.ix, universe.atoms.ix) else atoms
    paths = {
        int(state): folder / f"{name}_{state}.{format}" for state in np.unique(labelled.labels)
    }
    with ExitStack() as stack:
        n_frames = len(labelled.frames)
        bar = stack.enter_context(
            progress_bar(n_frames, f"writing {name}s", "frames", verbose=verbose)
        )
        frames = stack.enter_context(labelled.moving.at(labelled.frames))
        for state, _ in zip(labelled.labels.tolist(), frames, strict=True):
            with named_in_errors(paths[state]):
                if state not in writers:
                    writer = mda.Writer(str(paths[state]), atoms.n_atoms)
                    writers[state] = stack.enter_context(writer)
                writers[state].write(written)
            bar.update()
    for state, path in paths.items():
        check_frames(path, int(np.count_nonzero(labelled.labels == state)))


def _write_representatives(
    labelled: LabelledFrames, chosen: Mapping[int, np.ndarray], folder: Path, name: str
) -> None:
    """Write the representatives of each state, all superposed on the first one."""
    atoms = labelled.atoms
    fitted, reference = fitted_atoms(atoms), None
    for state, numbers in chosen.items():
        remarks = [f"MODEL {i} IS FRAME {frame}" for i, frame in enumerate(numbers, start=1)]
        path = folder / f"{name}_{state}.pdb"
        with (
            PDBFrames(atoms, path, f"{name} {state}", remarks) as pdb,
            labelled.moving.at(numbers) as frames,
        ):
            for ts in frames:
                if reference is None:
                    reference = within_limits(atoms.positions, fitted)
                    positions = reference
                else:
                    positions = superposed(atoms.positions, reference, fitted)
                pdb.write(positions, ts, state)

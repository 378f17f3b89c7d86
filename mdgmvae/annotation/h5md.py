"""Write H5MD files that contain states as observables."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from MDAnalysis.coordinates.H5MD import H5MDWriter

from ..errors import InputError
from ..labels import with_article
from ..storage.atomic import atomic_file
from .labelled import NAMES, LabelledFrames
from .written import SafeFile, named_in_errors

# MDAnalysis' own units. If they are passed explicitly, sources without units can be written.
_UNITS = {
    "timeunit": "ps",
    "lengthunit": "Angstrom",
    "velocityunit": "Angstrom/ps",
    "forceunit": "kJ/(mol*Angstrom)",
}


def write_h5md(
    source: Any,
    labels: Any,
    path: str | os.PathLike[str],
    frames: Any = None,
    probabilities: Any = None,
    *,
    name: str = "state",
    observables: Mapping[str, Any] | None = None,
) -> None:
    """Write the labelled frames as H5MD, with the label as the observable ``mdgmvae/state``.

    MDAnalysis reads the label as ``ts.data["mdgmvae/state"]``. The steps in the file are the
    frame numbers of the source, in increasing order as H5MD requires.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to write, with velocities and forces if available.
    labels : (n,) array-like of int
        States or components. Frames with the label -1 are left out.
    path : path-like
        The file, which is replaced atomically. Its name ends in ``.h5md`` or ``.h5``.
    frames : (n,) array-like of int, optional
        Frame numbers of the labels. Default: all frames.
    probabilities : (n,) or (n, m) array-like, optional
        Probabilities, written as the float32 observable ``mdgmvae/probability``.
    name : {"state", "component"}
        Kind of labels; the observable is ``mdgmvae/<name>``.
    observables : mapping of str to (n,) or (n, m) array-like, optional
        Further values of each frame, written as ``mdgmvae/<name>``.

    Raises
    ------
    InputError
        If labels, probabilities and trajectory do not match, or the disk is full.

    Warns
    -----
    UserWarning
        If the trajectory has data that are not numbers, such as text. They are left out.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import MDAnalysis as mda
    >>> from mdgmvae.annotation import write_h5md
    >>> from mdgmvae.data import alanine_dipeptide
    >>> u = mda.Universe(*alanine_dipeptide())
    >>> path = str(pathlib.Path(tempfile.mkdtemp()) / "states.h5md")
    >>> write_h5md(u, [1, 2], path, frames=[0, 6400])
    >>> written = mda.Universe(alanine_dipeptide().topology, path)
    >>> [int(ts.data["mdgmvae/state"]) for ts in written.trajectory]
    [1, 2]
    """
    labelled = LabelledFrames.of(source, labels, frames)
    labelled.check_output(path)
    if name not in NAMES:
        raise InputError(f"name: {name!r} is not one of {', '.join(NAMES)}")
    if not isinstance(observables, Mapping | None):
        raise InputError(
            "observables: pass the values of each frame by name, such as {'rmsd': values}; this is "
            f"{with_article(observables)}"
        )
    further = dict(observables or {})
    if probabilities is not None:
        further["probability"] = probabilities
    written = {name: labelled.labels}
    for key, values in further.items():
        called = "probabilities" if key == "probability" else key
        written[key] = labelled.values(values, called)
    order = np.argsort(labelled.frames, kind="stable")
    numbers = labelled.frames[order]
    left_out: set[str] = set()
    with atomic_file(path) as temporary:
        file = SafeFile(temporary)
        with (
            _h5md(file, labelled.atoms.n_atoms) as writer,
            labelled.moving.at(numbers) as moving,
        ):
            for row, ts in zip(order, moving, strict=True):
                data = {f"mdgmvae/{key}": values[row] for key, values in written.items()}
                left_out |= _unfit(ts)
                with _other_data(ts, {"step": ts.frame, **data}, left_out):
                    writer.write(labelled.atoms)
                if file.error is not None:
                    break
        with named_in_errors(Path(path)):
            file.raise_error()
    if left_out:
        warnings.warn(
            f"{path}: left out ts.data of {', '.join(sorted(left_out))}, which is not numeric",
            stacklevel=2,
        )


def _unfit(ts: Any) -> set[str]:
    """Return the keys of the timestep's data that an observable cannot hold, such as text."""
    return {key for key, value in ts.data.items() if np.asarray(value).dtype.kind not in "biuf"}


@contextmanager
def _h5md(file: SafeFile, n_atoms: int) -> Iterator[Any]:
    writer = H5MDWriter(file, n_atoms, **_UNITS)
    with closing(file):
        try:
            yield writer
        finally:
            # The writer's own close() leaves the HDF5 file open and unflushed.
            if writer.h5md_file is not None:
                writer.h5md_file.close()


@contextmanager
def _other_data(ts: Any, extra: dict[str, Any], left_out: set[str]) -> Iterator[None]:
    """Add to the data of the user's timestep, leave some out, and restore them afterwards."""
    before = dict(ts.data)
    for key in left_out:
        ts.data.pop(key, None)
    ts.data.update(extra)
    try:
        yield
    finally:
        ts.data.clear()
        ts.data.update(before)

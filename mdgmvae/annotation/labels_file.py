"""Read and write labels.npz, which contains the labels of all analysed frames."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import as_path
from ..errors import InputError
from ..labels import check_repeated
from ..storage.atomic import atomic_file
from ..storage.npz import Entry, read_npz
from ..storage.workplace import finish_abandoned

#: Name of the label file in a folder of results.
LABELS = "labels.npz"
#: Type and shape of each array in the file.
_ARRAYS: dict[str, tuple[type, tuple[str, ...]]] = {
    "frames": (np.int64, ("n_frames",)),
    "times": (np.float64, ("n_frames",)),
    "trajectory_index": (np.int64, ("n_frames",)),
    "labels": (np.int64, ("n_frames",)),
    "components": (np.int64, ("n_frames",)),
    "probabilities": (np.float32, ("n_frames", "n_states")),
    "component_probabilities": (np.float32, ("n_frames", "k")),
    "latent": (np.float32, ("n_frames", "n_z")),
    "scores": (np.float32, ("n_frames",)),
    "unlike_training": (np.bool_, ("n_frames",)),
}
#: Arrays that labels from elsewhere need not have.
_OPTIONAL = {"unlike_training"}
_ENTRIES = {
    name: Entry("b" if dtype is np.bool_ else "iuf", shape, required=name not in _OPTIONAL)
    for name, (dtype, shape) in _ARRAYS.items()
}
#: Smallest value of the integers: a label of -1 means no state.
_LOWEST = {"frames": 0, "trajectory_index": 0, "labels": -1, "components": -1}


def write_labels(path: str | os.PathLike[str], results: Any) -> None:
    """Write the labels of an analysis to an .npz file. An existing file is replaced atomically.

    Parameters
    ----------
    path : path-like
        The file, usually ``labels.npz``.
    results : Results
        ``GMVAEAnalysis.results``, or any object with the same attributes: ``frames`` (n,),
        ``times`` (n,) in ps, ``trajectory_index`` (n,), ``labels`` (n,) states, ``components``
        (n,), ``probabilities`` (n, n_states), ``component_probabilities`` (n, k), ``latent``
        (n, n_z), ``scores`` (n,) and, where known, ``unlike_training`` (n,).

    Raises
    ------
    InputError
        If an array is missing or has the wrong shape, or if `path` cannot be written.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from MDAnalysis.analysis.results import Results
    >>> from mdgmvae.annotation import read_labels, write_labels
    >>> states = np.array([0, 1, 0])
    >>> results = Results(
    ...     frames=np.arange(3), times=np.arange(3.0), trajectory_index=np.zeros(3, int),
    ...     labels=states, components=states, probabilities=np.eye(2)[states],
    ...     component_probabilities=np.eye(2)[states], latent=np.ones((3, 1)), scores=np.zeros(3))
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "labels.npz"
    >>> write_labels(path, results)
    >>> read_labels(path).labels
    array([0, 1, 0])
    """
    found = {name: getattr(results, name) for name in _ARRAYS if hasattr(results, name)}
    arrays = _checked(found, f"{path}: cannot be written because the results are incomplete")
    # NumPy would add ".npz" to a file name without it, but not to an open file.
    with atomic_file(path) as temporary, open(temporary, "wb") as handle:
        np.savez(handle, **arrays)  # type: ignore[arg-type]


def read_labels(path: str | os.PathLike[str]) -> Any:
    """Read the labels that `write_labels` wrote.

    Parameters
    ----------
    path : path-like
        An .npz file, or a folder of results that contains ``labels.npz``.

    Returns
    -------
    MDAnalysis.analysis.results.Results
        With ``frames``, ``trajectory_index``, ``labels`` and ``components`` (int64), ``times``
        (float64, ps), ``probabilities``, ``component_probabilities``, ``latent`` and ``scores``
        (float32) and, if it is in the file, ``unlike_training`` (bool).

    Raises
    ------
    InputError
        If `path` is not a label file. The message says what is missing.

    Examples
    --------
    ::

        labels = read_labels("results")  # the folder of `mdgmvae run`, or a file
        labels.frames[labels.labels == 1]  # the frames of state 1
    """
    from MDAnalysis.analysis.results import Results

    path = find_labels(path)
    found = read_npz(path, _ENTRIES, "`mdgmvae assign` writes label files", strict=False)
    return Results(**_checked(found, f"{path}: is not an mdgmvae label file"))


def find_labels(path: str | os.PathLike[str]) -> Path:
    """Return the path of a label file: the path itself, or labels.npz in a folder.

    Parameters
    ----------
    path : path-like
        A label file, or a folder of results.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If `path` is a folder without labels.npz.
    """
    path = as_path(path)
    if not path.is_dir():
        return path
    finish_abandoned(path)
    if not (path / LABELS).is_file():
        raise InputError(
            f"{path}: this folder has no {LABELS}; pass the folder that run, demo or train wrote"
        )
    return path / LABELS


def _checked(found: dict[str, Any], problem: str) -> dict[str, np.ndarray]:
    missing = [name for name in _ARRAYS if name not in found and name not in _OPTIONAL]
    if missing:
        raise InputError(f"{problem}; missing: {', '.join(missing)}")
    n_frames = len(np.atleast_1d(found["frames"]))
    arrays: dict[str, np.ndarray] = {}
    for name, given in found.items():
        dtype, shape = _ARRAYS[name]
        values = np.asarray(given)
        kinds, ndim = _ENTRIES[name].kinds, len(shape)
        if values.ndim != ndim or len(values) != n_frames or values.dtype.kind not in kinds:
            raise InputError(
                f"{problem}; {name} has shape {values.shape} and dtype {values.dtype}, but must "
                f"hold numbers in {ndim} dimension{'s' if ndim > 1 else ''} for {n_frames:,} frames"
            )
        if dtype is np.int64:
            is_whole = values == np.floor(values)
            wrong = ~(is_whole & (values >= _LOWEST[name]) & (values < 2**62))
        else:
            # Times may be unknown, and an impossible frame has an infinite score.
            wrong = np.isinf(values) if name == "times" else np.zeros(0, bool)
        if wrong.any():
            frame = int(np.flatnonzero(wrong)[0])
            raise InputError(f"{problem}; {name} of frame {frame} is {values[frame]}")
        arrays[name] = values.astype(dtype)
    for name, of in (("labels", "probabilities"), ("components", "component_probabilities")):
        if n_frames and arrays[name].max() >= arrays[of].shape[1]:
            raise InputError(
                f"{problem}; {name} contains {arrays[name].max():,}, but {of} has only "
                f"{arrays[of].shape[1]:,} columns"
            )
    check_repeated(arrays["frames"], arrays["labels"], f"{problem};")
    return arrays

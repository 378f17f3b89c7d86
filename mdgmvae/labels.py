"""Labels of frames: brought in line with a trajectory, and kept in labels.npz."""

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import atomic_file
from .errors import InputError

_ARRAYS: dict[str, tuple[type, int]] = {
    "frames": (np.int64, 1),
    "times": (np.float64, 1),
    "trajectory_index": (np.int64, 1),
    "labels": (np.int64, 1),
    "probabilities": (np.float32, 2),
    "latent": (np.float32, 2),
    "macrostates": (np.int64, 1),
}
"""What labels.npz holds: dtype and number of dimensions of each array."""
_OPTIONAL = ("macrostates",)


def as_labels(labels: Any) -> np.ndarray:
    """Return `labels` as an (n,) int64 array.

    Raises
    ------
    InputError
        When they are not one whole number of at least -1 for each frame.

    Examples
    --------
    >>> from mdgmvae.labels import as_labels
    >>> as_labels([0, 2, -1])
    array([ 0,  2, -1])
    """
    values = np.asarray(labels)
    if values.ndim != 1 or not (np.issubdtype(values.dtype, np.integer) or values.size == 0):
        raise InputError(
            f"labels: one whole number a frame is needed, got an array of shape {values.shape} "
            f"and dtype {values.dtype}"
        )
    values = values.astype(np.int64)
    if values.size and values.min() < -1:
        raise InputError(
            f"labels: the smallest is {values.min()}; states count from 0, and -1 means that "
            "the frame was not analysed"
        )
    return values


def as_frames(frames: Any, n_rows: int, n_frames: int) -> np.ndarray:
    """Return the (n_rows,) int64 frame numbers of `n_rows` rows of per-frame values.

    Parameters
    ----------
    frames : array-like of int or None
        Frame numbers of the trajectory, counted from 0. None: the rows are all its frames.
    n_rows : int
        Number of rows that the frames go with.
    n_frames : int
        Length of the trajectory.

    Raises
    ------
    InputError
        When the numbers of rows and frames differ or a frame is not in the trajectory.

    Examples
    --------
    >>> from mdgmvae.labels import as_frames
    >>> as_frames(None, 3, 3)
    array([0, 1, 2])
    """
    if frames is None:
        if n_rows != n_frames:
            raise InputError(
                f"labels: there are {n_rows:,} for a trajectory of {n_frames:,} frames; give "
                "frames=, the frame number of each label"
            )
        return np.arange(n_frames, dtype=np.int64)
    numbers = np.asarray(frames)
    if numbers.ndim != 1 or not (np.issubdtype(numbers.dtype, np.integer) or numbers.size == 0):
        raise InputError(
            f"frames: a list of frame numbers is needed, got an array of shape {numbers.shape} "
            f"and dtype {numbers.dtype}"
        )
    if len(numbers) != n_rows:
        raise InputError(f"frames: there are {len(numbers):,} for {n_rows:,} labels")
    outside = numbers[(numbers < 0) | (numbers >= n_frames)]
    if outside.size:
        raise InputError(
            f"frames: frame {outside[0]} is not in the trajectory, which has frames 0 to "
            f"{n_frames - 1:,}; are the labels of another trajectory?"
        )
    return numbers.astype(np.int64)


def representative_rows(labels: np.ndarray, latent: np.ndarray | None = None) -> dict[int, int]:
    """Choose for each state the row that stands for it.

    Parameters
    ----------
    labels : (n,) int array
        States; rows with the label -1 belong to none.
    latent : (n, n_z) float array, optional
        Latent coordinates. The row nearest to the mean of the state's rows is chosen; without
        `latent`, the state's first row.

    Returns
    -------
    dict
        state -> row, for every state that has rows.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.labels import representative_rows
    >>> representative_rows(np.array([1, 0, 0, 0]), np.array([[9.0], [0.0], [1.2], [3.0]]))
    {0: 2, 1: 0}
    """
    chosen = {}
    for state in np.unique(labels[labels >= 0]):
        rows = np.flatnonzero(labels == state)
        nearest = 0
        if latent is not None:
            points = latent[rows].astype(np.float64)
            nearest = int(np.argmin(np.square(points - points.mean(axis=0)).sum(axis=1)))
        chosen[int(state)] = int(rows[nearest])
    return chosen


def write_labels(path: str | os.PathLike, results: Any) -> None:
    """Write the labels of an analysis to a .npz file, replacing it whole.

    Parameters
    ----------
    path : path-like
        The file, usually ``labels.npz``.
    results : Results
        Anything with the attributes ``frames`` (n,), ``times`` (n,) in ps,
        ``trajectory_index`` (n,), ``labels`` (n,), ``probabilities`` (n, k) and
        ``latent`` (n, n_z), and ``macrostates`` (n,) where there are such;
        ``GMVAEAnalysis.results`` has them.

    Raises
    ------
    InputError
        When an array is missing or its shape is not the above, or `path` cannot be written.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> from MDAnalysis.analysis.results import Results
    >>> from mdgmvae.annotation import read_labels, write_labels
    >>> results = Results(
    ...     frames=np.arange(3), times=np.arange(3.0), trajectory_index=np.zeros(3, int),
    ...     labels=np.array([0, 1, 0]), probabilities=np.eye(2)[[0, 1, 0]], latent=np.ones((3, 1)))
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "labels.npz"
    >>> write_labels(path, results)
    >>> read_labels(path).labels
    array([0, 1, 0])
    """
    found = {name: getattr(results, name) for name in _ARRAYS if hasattr(results, name)}
    arrays = _checked(found, f"{path}: cannot be written, the results are incomplete")
    # Through a handle: given a name, NumPy would add ".npz" to one without it.
    with atomic_file(path) as temporary, open(temporary, "wb") as handle:
        np.savez(handle, **arrays)  # type: ignore[arg-type]


def read_labels(path: str | os.PathLike) -> Any:
    """Read what `write_labels` wrote.

    Parameters
    ----------
    path : path-like
        A .npz file.

    Returns
    -------
    MDAnalysis.analysis.results.Results
        With ``frames`` (int64), ``times`` (float64, ps), ``trajectory_index`` (int64),
        ``labels`` (int64), ``probabilities`` (n, k) and ``latent`` (n, n_z) (float32), and
        ``macrostates`` (int64) where they were written.

    Raises
    ------
    InputError
        When `path` is no such file; the message says what is missing.
    """
    from MDAnalysis.analysis.results import Results

    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {name: archive[name] for name in _ARRAYS if name in archive.files}
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: is no .npz file that can be read; `mdgmvae assign` makes a label file"
        ) from error
    return Results(**_checked(found, f"{path}: is not a label file of mdgmvae"))


def _checked(found: dict[str, Any], problem: str) -> dict[str, np.ndarray]:
    missing = [name for name in _ARRAYS if name not in found and name not in _OPTIONAL]
    if missing:
        raise InputError(f"{problem}; missing: {', '.join(missing)}")
    n_frames = len(np.atleast_1d(found["frames"]))
    arrays: dict[str, np.ndarray] = {}
    for name, given in found.items():
        dtype, ndim = _ARRAYS[name]
        values = np.asarray(given)
        if values.ndim != ndim or len(values) != n_frames or values.dtype.kind not in "iuf":
            raise InputError(
                f"{problem}; {name} has shape {values.shape} and dtype {values.dtype}, numbers in "
                f"{ndim} dimension{'s' if ndim > 1 else ''} for {n_frames:,} frames are needed"
            )
        arrays[name] = values.astype(dtype)
    return arrays

"""labels.npz: the labels of the frames of an analysis, in a file."""

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..storage.atomic import atomic_file

#: What labels.npz holds: dtype and number of dimensions of each array.
_ARRAYS: dict[str, tuple[type, int]] = {
    "frames": (np.int64, 1),
    "times": (np.float64, 1),
    "trajectory_index": (np.int64, 1),
    "labels": (np.int64, 1),
    "probabilities": (np.float32, 2),
    "latent": (np.float32, 2),
    "macrostates": (np.int64, 1),
}


_OPTIONAL = ("macrostates",)


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

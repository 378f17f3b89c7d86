"""Labels of frames: brought in line with a trajectory."""

from typing import Any

import numpy as np

from .checks import check_count
from .errors import InputError


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


def n_states_of(labels: np.ndarray, k: int | None) -> int:
    """How many states there are: `k`, or one more than the largest label.

    Raises
    ------
    InputError
        When no frame has a state, or a label is not below `k`.
    """
    largest = int(labels.max()) if len(labels) else -1
    if largest < 0:
        raise InputError("labels: no frame has a state, so there is nothing to analyse")
    if k is not None and k <= largest:
        raise InputError(f"k={k}: there is a label {largest}; k must be at least {largest + 1}")
    return largest + 1 if k is None else check_count("k", k)

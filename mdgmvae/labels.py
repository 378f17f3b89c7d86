"""Check labels and frame numbers, count the states and choose representative frames."""

from typing import Any

import numpy as np

from .checks import check_count
from .errors import InputError
from .tables import counted


def as_labels(labels: Any, name: str = "labels") -> np.ndarray:
    """Check labels, and convert them to an int64 array.

    Parameters
    ----------
    labels : (n_frames,) array-like of int
        State of each frame; -1 for none.
    name : str
        Name of the argument, for the message.

    Returns
    -------
    ndarray of shape (n_frames,), int64

    Raises
    ------
    InputError
        If the labels are not a one-dimensional array of whole numbers, each at least -1.

    Examples
    --------
    >>> from mdgmvae.labels import as_labels
    >>> as_labels([0, 2, -1])
    array([ 0,  2, -1])
    """
    for attribute in ("labels", "results.labels"):
        if hasattr(labels, attribute.split(".")[0]):
            raise InputError(
                f"{name}: pass the labels of this {type(labels).__name__}, its attribute "
                f"{attribute}"
            )
    values = np.asarray(labels)
    if not values.ndim:
        raise InputError(
            f"{name}: pass one whole number for each frame; this is {with_article(labels)}"
        )
    if values.ndim != 1 or not (np.issubdtype(values.dtype, np.integer) or values.size == 0):
        raise InputError(
            f"{name}: pass one whole number for each frame, not an array of shape {values.shape} "
            f"and dtype {values.dtype}"
        )
    values = values.astype(np.int64)
    if values.size and values.min() < -1:
        raise InputError(
            f"{name}: the smallest label is {values.min()}; number states from 0, and use -1 for "
            "frames that were not analysed"
        )
    return values


def as_numbers(values: Any, name: str) -> np.ndarray:
    """Convert numbers to a float64 array.

    Parameters
    ----------
    values : array-like of float
    name : str
        Name of the argument, for the message.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    InputError
        If they are not numbers, or rows differ in length.

    Examples
    --------
    >>> from mdgmvae.labels import as_numbers
    >>> as_numbers([1, 2], "times")
    array([1., 2.])
    """
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        is_list = isinstance(values, list | tuple | np.ndarray)
        problem = error if is_list else f"this is {with_article(values)}"
        raise InputError(f"{name}: pass an array of numbers; {problem}") from error


def with_article(value: Any) -> str:
    """Say what a value is, for messages: "the text 'x'", or the name of its class.

    Examples
    --------
    >>> with_article("x"), with_article(5), with_article([5])
    ("the text 'x'", 'the number 5', 'a list')
    """
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, bool | np.bool_ | None):
        return repr(value)
    if isinstance(value, int | float | np.number):
        return f"the number {value}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeioAEIO' else 'a'} {kind}"


def as_frames(frames: Any, n_labels: int, n_frames: int) -> np.ndarray:
    """Return the frame number of each label.

    Parameters
    ----------
    frames : array-like of int or None
        0-based frame numbers in the trajectory. None: there is one label for every frame.
    n_labels : int
        Number of labels.
    n_frames : int
        Number of frames of the trajectory.

    Returns
    -------
    ndarray of shape (n_labels,), int64

    Raises
    ------
    InputError
        If the numbers of frames and labels differ, or a frame is not in the trajectory.

    Examples
    --------
    >>> from mdgmvae.labels import as_frames
    >>> as_frames(None, 3, 3)
    array([0, 1, 2])
    """
    if frames is None:
        if n_labels != n_frames:
            raise InputError(
                f"labels: the trajectory has {counted(n_frames, 'frame')}, but there are "
                f"{n_labels:,} labels; pass frames=, the frame number of each label"
            )
        return np.arange(n_frames, dtype=np.int64)
    numbers = frame_list(frames)
    if len(numbers) != n_labels:
        raise InputError(
            f"frames: pass {n_labels:,} frame numbers, one for each label, not {len(numbers):,}"
        )
    outside = numbers[(numbers < 0) | (numbers >= n_frames)]
    if outside.size:
        raise InputError(
            f"frames: frame {outside[0]} is not in the trajectory, which has frames 0 to "
            f"{n_frames - 1:,}; check that the labels belong to this trajectory"
        )
    return numbers.astype(np.int64)


def frame_list(frames: Any) -> np.ndarray:
    """Check that frames are given by their numbers, and return these.

    Parameters
    ----------
    frames : array-like of int

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    InputError
        If it is not a list of whole numbers.

    Examples
    --------
    >>> from mdgmvae.labels import frame_list
    >>> frame_list([5, 3])
    array([5, 3])
    """
    numbers = np.asarray(frames)
    if not numbers.ndim:
        raise InputError(
            f"frames: pass a list of frame numbers, such as [5, 8]; this is {with_article(frames)}"
        )
    if numbers.ndim != 1 or not (np.issubdtype(numbers.dtype, np.integer) or numbers.size == 0):
        raise InputError(
            f"frames: pass a list of frame numbers, not an array of shape {numbers.shape} "
            f"and dtype {numbers.dtype}"
        )
    return numbers


def check_repeated(frames: np.ndarray, labels: np.ndarray, problem: str = "frames:") -> None:
    """Raise an error if a frame is given twice with different labels.

    Parameters
    ----------
    frames, labels : (n,) int arrays
        Frame numbers, and their labels.
    problem : str
        How the message begins.

    Raises
    ------
    InputError
        The message names the first of these frames.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.labels import check_repeated
    >>> check_repeated(np.array([5, 2, 5]), np.array([1, 0, 1]))
    """
    order = np.argsort(frames, kind="stable")
    differ = np.diff(labels[order]) != 0
    if (contradictory := np.flatnonzero((np.diff(frames[order]) == 0) & differ)).size:
        first, second = labels[order[contradictory[0] :][:2]]
        frame = frames[order[contradictory[0]]]
        raise InputError(f"{problem} frame {frame:,} has two labels, {first} and {second}")


def check_labelled(wanted: np.ndarray, numbers: np.ndarray, n_frames: int) -> None:
    """Raise an error if some frames are not among those with a state.

    Parameters
    ----------
    wanted : (n,) int array
        Frame numbers.
    numbers : (n_labelled,) int array
        Numbers of the frames with a state, at least one.
    n_frames : int
        Number of frames of the trajectory.

    Raises
    ------
    InputError
        The message names the first frame that is not, and the nearest one that is, or the frames
        of the trajectory if it has no such frame.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.labels import check_labelled
    >>> check_labelled(np.array([4]), np.array([0, 2, 4]), n_frames=6)
    """
    outside = wanted[(wanted < 0) | (wanted >= n_frames)]
    if len(outside):
        raise InputError(
            f"frame {outside[0]} does not exist; the trajectory has frames 0 to {n_frames - 1:,}"
        )
    missing = wanted[~np.isin(wanted, numbers)]
    if len(missing):
        nearest = int(numbers[np.abs(numbers - missing[0]).argmin()])
        raise InputError(
            f"frame {missing[0]} was not analysed, so it has no state; the nearest frame that "
            f"was is {nearest}"
        )


def representative_rows(labels: np.ndarray, latent: np.ndarray | None = None) -> dict[int, int]:
    """Choose a representative frame of each state.

    Parameters
    ----------
    labels : (n,) int array
        State of each frame; -1 for none.
    latent : (n, n_z) float array, optional
        Latent coordinates. If they are given, the frame nearest to the mean of the state is
        chosen, otherwise the first frame of the state.

    Returns
    -------
    dict of int to int
        Position in `labels` of the representative of each state that has frames.

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
    """Return the number of states: `k`, or the largest label plus one.

    Parameters
    ----------
    labels : (n_frames,) int array
        State of each frame; -1 for none.
    k : int or None
        Number of states, if it is known.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If no frame has a state, or a label is `k` or larger.
    """
    largest = int(labels.max()) if len(labels) else -1
    if largest < 0:
        raise InputError("labels: no frame has a state, so there is nothing to analyse")
    if k is not None and check_count("k", k) <= largest:
        raise InputError(
            f"k={k}: the largest label is {largest}, so k must be at least {largest + 1}"
        )
    return largest + 1 if k is None else check_count("k", k)

"""Leave out frames that cannot be used, such as those with coordinates that are NaN."""

import warnings
from collections.abc import Callable

import numpy as np

from ..errors import InputError
from .blocks import within_reach


def is_sound(positions: np.ndarray) -> bool:
    """Return whether coordinates, (n_atoms, 3), can serve as a reference."""
    spread = len(positions) < 2 or bool(np.ptp(positions, axis=0).any())
    return within_reach(positions) and spread


def after_gap(kept: np.ndarray) -> np.ndarray:
    """Return which of the kept frames come right after frames that are left out.

    Parameters
    ----------
    kept : numpy.ndarray
        Whether each frame is kept, (n_frames,) bool.

    Returns
    -------
    numpy.ndarray
        (n_kept,) bool.

    Examples
    --------
    >>> after_gap(np.array([True, False, True, True])).tolist()
    [False, True, False]
    """
    rows = np.flatnonzero(kept)
    return np.concatenate([[False], np.diff(rows) > 1])[: len(rows)]


def tell_left_out(
    frames: np.ndarray, kept: np.ndarray, fault: Callable[[int], Exception | None]
) -> None:
    """Warn that frames were left out.

    Parameters
    ----------
    frames : numpy.ndarray
        Numbers of all frames, (n_frames,).
    kept : numpy.ndarray
        Whether each of them is kept, (n_frames,) bool.
    fault : callable
        Returns the error of the frame of a number, or None if it is not known.

    Warns
    -----
    UserWarning
        With the number of the frames, and the fault of the first one.

    Raises
    ------
    InputError
        If no frame is kept.
    """
    n_left_out = int((~kept).sum())
    if not n_left_out:
        return
    first = int(frames[~kept][0])
    what = str(fault(first) or f"frame {first:,} cannot be used").partition(";")[0]
    if not kept.any():
        raise InputError(f"{what}; none of the {len(frames):,} frames can be used")
    which = f"it is the first of {n_left_out:,}" if n_left_out > 1 else "it is one"
    warnings.warn(
        f"{what}; {which} of {len(frames):,} frames, which {'are' if n_left_out > 1 else 'is'} "
        "left out",
        stacklevel=2,
    )

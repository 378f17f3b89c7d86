"""Notice frames that are in the trajectory more than once, such as those of overlapping files.

A run that is continued from a checkpoint often writes some frames a second time, and two files of
one run may overlap.
"""

import warnings
from collections.abc import Callable

import numpy as np

from .frames import Place

# Coordinates of a frame that its signature depends on, 32 atoms. More would take time.
_N_VALUES = 96
#: What a signature is multiplied by: any odd numbers, always the same.
_FACTORS = np.random.default_rng(0).integers(0, 2**63, _N_VALUES, dtype=np.uint64) * 2 + 1


def signatures(positions: np.ndarray) -> np.ndarray:
    """Return a number for each frame that is the same only for the same coordinates.

    Parameters
    ----------
    positions : numpy.ndarray
        Coordinates, (n, n_atoms, 3) float32.

    Returns
    -------
    numpy.ndarray
        (n,) uint64.

    Examples
    --------
    >>> positions = np.zeros((3, 2, 3), np.float32)
    >>> positions[1, 0, 0] = 0.01
    >>> first, second, third = signatures(positions)
    >>> bool(first == second), bool(first == third)
    (False, True)
    """
    n, n_atoms, _ = positions.shape
    bits = np.ascontiguousarray(positions).reshape(n, 3 * n_atoms).view(np.uint32)
    stride = max(1, -(-bits.shape[1] // _N_VALUES))
    chosen = bits[:, ::stride]
    # Overflow is intended: the products are taken modulo 2**64.
    return np.asarray((chosen * _FACTORS[: chosen.shape[1]]).sum(axis=1, dtype=np.uint64))


def warn_of_repeats(
    found: np.ndarray, frames: np.ndarray, place_of: Callable[[int], Place]
) -> None:
    """Warn if frames in a row have the coordinates of other frames in a row.

    A single repeated frame is no reason to warn: simulations may start from the same structure,
    and the last frame of a file is often the first one of the next.

    Parameters
    ----------
    found : numpy.ndarray
        Signatures of the frames, (n,) uint64.
    frames : numpy.ndarray
        Numbers of the frames, (n,) int64. A frame that was chosen twice is not repeated.
    place_of : callable
        Returns the file of a frame, and its number in there.

    Warns
    -----
    UserWarning
        The message names the first of these frames, and how many there are.
    """
    ordered = np.sort(found)
    if not (ordered[1:] == ordered[:-1]).any():
        return  # Nearly always. What follows takes much more memory.
    numbers, rows = np.unique(frames, return_index=True)
    _, first, group = np.unique(found[rows], return_index=True, return_inverse=True)
    earlier = first[group]
    is_repeated = earlier < np.arange(len(numbers))
    goes_on = is_repeated[1:] & is_repeated[:-1] & (earlier[1:] == earlier[:-1] + 1)
    if not goes_on.any():
        return
    n_repeated = int((np.append(goes_on, False) | np.append(False, goes_on)).sum())
    row = int(goes_on.argmax())
    again, before = (place_of(int(numbers[i])) for i in (row, earlier[row]))
    where = f"{again.file}: " if again.file else ""
    other = f" of {before.file}" if before.file != again.file else ""
    warnings.warn(
        f"{where}frame {again.frame} and the next one have the same coordinates as frames "
        f"{before.frame} and {before.frame + 1}{other}; {n_repeated:,} frames are repeated in this "
        "way. They count twice, so error estimates are too small; leave them out, for example by "
        "joining the files with 'gmx trjcat', which drops the overlap",
        stacklevel=2,
    )

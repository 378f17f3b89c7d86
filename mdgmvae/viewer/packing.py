"""Pack arrays into text that a page in a browser unpacks (``browser/unpack.js``)."""

from __future__ import annotations

import base64
import gzip

import numpy as np

from ..errors import InputError

#: Coordinates are packed as whole numbers of this part of an angstrom.
STEP = 0.01
_LIMIT = np.iinfo(np.int16).max * STEP
_LEVEL = 6


def pack(values: np.ndarray) -> str:
    """Pack an array of whole numbers or float32 into text: base64 of gzip.

    Parameters
    ----------
    values : ndarray
        Any shape, which is not kept. The browser needs the dtype to unpack the text.

    Returns
    -------
    str
        The same for the same array, at any time.

    Examples
    --------
    >>> import base64, gzip
    >>> import numpy as np
    >>> from mdgmvae.viewer.packing import pack
    >>> packed = pack(np.array([1, 2], np.int16))
    >>> np.frombuffer(gzip.decompress(base64.b64decode(packed)), "<i2").tolist()
    [1, 2]
    """
    values = np.ascontiguousarray(values)
    raw = values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    return base64.b64encode(gzip.compress(raw, _LEVEL, mtime=0)).decode("ascii")


def steps(positions: np.ndarray) -> np.ndarray:
    """Round positions to whole numbers of 0.01 angstrom.

    Parameters
    ----------
    positions : ndarray
        In angstrom.

    Returns
    -------
    ndarray of int16

    Raises
    ------
    InputError
        If a coordinate is beyond 327.67 angstrom or no number.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.viewer.packing import steps
    >>> steps(np.array([1.234, -5.0])).tolist()
    [123, -500]
    """
    largest = float(np.abs(positions).max(initial=0.0))
    if not largest <= _LIMIT:  # False also for NaN
        raise InputError(
            f"a coordinate to draw is {largest:.0f} angstrom from the middle of the molecule, and "
            f"at most {_LIMIT:.0f} can be; make the molecule whole, or pass fewer atoms"
        )
    return np.rint(np.asarray(positions, np.float64) / STEP).astype(np.int16)

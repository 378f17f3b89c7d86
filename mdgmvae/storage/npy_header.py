"""Read the header of an .npy array from a file that may be damaged."""

import math
import struct
import warnings
from io import BytesIO
from typing import IO, Any, NamedTuple

import numpy as np

#: NumPy refuses longer headers, too.
_LONGEST = 10_000


class Header(NamedTuple):
    """What the header of an .npy array says.

    Parameters
    ----------
    shape : tuple of int
    fortran : bool
        Whether the first index changes fastest in the file.
    dtype : numpy.dtype
    """

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]

    @property
    def n_bytes(self) -> int:
        """Number of bytes of the array, without the header."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes]) -> Header:
    """Read the header of an .npy array, and stop behind it.

    Parameters
    ----------
    stream : file
        A file open for reading bytes.

    Returns
    -------
    Header

    Raises
    ------
    ValueError
        If it is not the header of an array. The message says why, in one line.

    Examples
    --------
    >>> file = BytesIO()
    >>> np.save(file, np.zeros((2, 3), np.float32))
    >>> _ = file.seek(0)
    >>> read_header(file).shape
    (2, 3)
    """
    magic = stream.read(8)
    if magic[:6] != np.lib.format.MAGIC_PREFIX or len(magic) < 8:
        raise ValueError("it does not begin like an array")
    version = magic[6], magic[7]
    width = {(1, 0): 2, (2, 0): 4, (3, 0): 4}.get(version)
    if width is None:
        raise ValueError(f"version {version[0]}.{version[1]} of the format is unknown")
    size = stream.read(width)
    length = int.from_bytes(size, "little")
    if len(size) < width or length > _LONGEST:
        raise ValueError("its length is wrong")
    text = stream.read(length)
    if len(text) < length:
        raise ValueError("it is cut")
    # NumPy has no public reader for version 3.0. It differs from 2.0 only in that names of fields
    # need not be ASCII, and arrays with fields are refused anyway.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # An array that Python 2 wrote.
            warnings.filterwarnings("ignore", "Reading `.npy`", UserWarning)
            header = Header(
                *np.lib.format.read_array_header_2_0(BytesIO(struct.pack("<I", length) + text))
            )
    except Exception as error:
        # The text goes through Python's tokenizer and parser, which raise whatever they like.
        raise ValueError(" ".join(str(error).split())[:80] or type(error).__name__) from error
    if any(type(n) is not int or not 0 <= n < 2**63 for n in header.shape):
        raise ValueError(f"the shape {str(header.shape)[:40]} is impossible")
    if type(header.fortran) is not bool:
        raise ValueError("the order is neither C nor Fortran")
    return header

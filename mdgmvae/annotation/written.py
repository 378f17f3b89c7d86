"""Make sure that what was written is on the disk.

The writers of MDAnalysis report a full disk without saying so, or not at all if it is found when
the file is closed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from MDAnalysis.lib.formats.libdcd import DCDFile
from MDAnalysis.lib.formats.libmdaxdr import TRRFile, XTCFile

from ..errors import InputError
from ..trajectory.integrity import check_trajectory

_READERS: dict[str, Any] = {".xtc": XTCFile, ".trr": TRRFile, ".dcd": DCDFile}


@contextmanager
def named_in_errors(path: Path) -> Iterator[None]:
    """Name the file in errors of writing, which MDAnalysis raises without it.

    Parameters
    ----------
    path : pathlib.Path
        The file. Only its name is shown, because its folder is temporary.

    Raises
    ------
    InputError
        Instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise _not_written(path, error) from error


def check_frames(path: Path, n_frames: int) -> None:
    """Raise an error unless a trajectory holds all frames that were written to it.

    Parameters
    ----------
    path : pathlib.Path
        A closed .xtc, .trr or .dcd file.
    n_frames : int
        Number of frames that were written.

    Raises
    ------
    InputError
        If frames are missing, or the last one is cut.
    """
    try:
        check_trajectory(path)
        with _READERS[path.suffix](str(path)) as file:
            found = len(file)
    except (InputError, OSError) as error:
        raise _not_written(path, None) from error
    if found != n_frames:
        raise _not_written(path, None)


class SafeFile(io.RawIOBase):
    """A new file for HDF5, whose library crashes if it cannot write.

    The first error of the disk is kept. From then on nothing is written.

    Parameters
    ----------
    path : pathlib.Path
        The file to create or replace.

    Attributes
    ----------
    error : OSError or None
        The first error.
    """

    def __init__(self, path: Path) -> None:
        self._file = open(path, "w+b", buffering=0)  # noqa: SIM115
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of the data, unless there has been an error."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while len(rest) and self.error is None:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self.error = error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Change the size of the file, unless there has been an error."""
        try:
            if self.error is None:
                return self._file.truncate(size)
        except OSError as error:
            self.error = error
        return self.tell() if size is None else size

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, and return it."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def raise_error(self) -> None:
        """Raise the first error, if there was one."""
        if self.error is not None:
            raise self.error


def _not_written(path: Path, error: OSError | None) -> InputError:
    why = "is the disk full?" if error is None or error.strerror is None else error.strerror
    return InputError(f"{path.name}: cannot be written as a whole ({why}); choose another folder")

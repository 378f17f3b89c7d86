"""Check that input files can be read, and remember them, to notice if they are replaced."""

import errno
import hashlib
import os
import stat
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..errors import InputError

_PIECES, _PIECE_BYTES = 16, 2**14


def is_file(reader: Any) -> bool:
    """Return whether a reader of MDAnalysis reads a file, rather than an array or a stream."""
    in_memory = getattr(reader, "format", None) == "MEMORY"
    return not in_memory and isinstance(reader.filename, str | Path)


def check_regular(path: Path, *, folders: bool = False) -> os.stat_result:
    """Raise an error unless a path is a file with data in it.

    Parameters
    ----------
    path : pathlib.Path
        The file. It is not opened, because that would wait for the other end of a pipe.
    folders : bool
        Whether a folder is fine, too.

    Returns
    -------
    os.stat_result
        Size and times of the file.

    Raises
    ------
    InputError
        If the file is missing, empty, a folder, a pipe or a device.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    if stat.S_ISDIR(status.st_mode):
        if folders:
            return status
        raise InputError(f"{path}: is a folder; pass the name of a file")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(
            f"{path}: is a pipe or a device, which can be read only once; save it as a file"
        )
    if status.st_size == 0:
        raise InputError(f"{path}: the file is empty; copy it again")
    return status


def unreadable(path: str | os.PathLike[str], error: OSError) -> InputError:
    """Return the error for a file that the operating system does not open or read."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return InputError(f"{path}: no such file; check the name and the folder")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return InputError(
            f"{path}: too many files are open at once; allow more (ulimit -n 4096), or join the "
            "trajectories into fewer files"
        )
    remedies = {
        errno.EACCES: "check its permissions",
        errno.ELOOP: "it is a symbolic link that leads back to itself",
        errno.ENAMETOOLONG: "check the name",
    }
    reason = error.strerror or str(error)
    remedy = remedies.get(error.errno or 0, "copy the file again")
    return InputError(f"{path}: cannot be read ({reason}); {remedy}")


@dataclass(frozen=True)
class FileState:
    """What is remembered of a file.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    size : int
        Its size in bytes.
    identity : tuple of int
        What the operating system changes when the file is written or replaced.
    digest : bytes
        Digest of pieces from its head to its tail.
    """

    path: Path
    size: int
    identity: tuple[int, ...]
    digest: bytes

    @classmethod
    def of(cls, path: str | os.PathLike[str], size: int | None = None) -> Self:
        """Look at a file, or at its first `size` bytes."""
        with open(path, "rb", buffering=0) as stream:
            status = os.fstat(stream.fileno())
            length = status.st_size if size is None else min(size, status.st_size)
            digest = hashlib.sha256()
            last = max(0, length - _PIECE_BYTES)
            for start in sorted({last * piece // (_PIECES - 1) for piece in range(_PIECES)}):
                stream.seek(start)
                digest.update(stream.read(min(_PIECE_BYTES, length - start)))
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        return cls(Path(path), length, identity, digest.digest())

    def check(self) -> None:
        """Raise an error if the file has changed. It may have grown at its end.

        Raises
        ------
        InputError
            If the file is gone, shorter, or has other contents.
        """
        try:
            now = FileState.of(self.path, self.size)
        except OSError as error:
            raise InputError(
                f"{self.path}: disappeared while it was read; leave it in place, and run this again"
            ) from error
        if now.identity != self.identity and (now.size, now.digest) != (self.size, self.digest):
            raise InputError(
                f"{self.path}: was changed or replaced while it was read, so the results would mix "
                "two versions of it; run this again when the file is complete"
            )


@dataclass(frozen=True)
class InputFiles:
    """The files that an analysis reads.

    Attributes
    ----------
    states : tuple of FileState
        What is remembered of them.

    Examples
    --------
    >>> from MDAnalysisTests.datafiles import XTC
    >>> InputFiles.of([XTC]).check()
    """

    states: tuple[FileState, ...]

    @classmethod
    def of(cls, paths: Iterable[str | os.PathLike[str]]) -> Self:
        """Look at files. Folders, and files that cannot be read, are left to their readers."""
        found = []
        for path in paths:
            try:
                # Opening a pipe would wait for its other end.
                if stat.S_ISREG(os.stat(path).st_mode):
                    found.append(FileState.of(path))
            except OSError:
                continue
        return cls(tuple(found))

    @classmethod
    def of_universe(cls, universe: Any) -> Self:
        """Look at the trajectory files of a universe."""
        reader = universe.trajectory
        parts = getattr(reader, "readers", [reader])
        return cls.of(part.filename for part in parts if is_file(part))

    def check(self) -> None:
        """Raise an error if a file has changed, other than by growing at its end.

        Raises
        ------
        InputError
            The message names the file.
        """
        for state in self.states:
            state.check()

    def warn_of_duplicates(self) -> None:
        """Warn if two files have the same contents.

        Warns
        -----
        UserWarning
            The message names both files.
        """
        for path, other in self._duplicates():
            what = "is given twice" if other == path else f"has the same data as {other}"
            warnings.warn(
                f"{path}: {what}; its frames count twice, so error estimates are too small; "
                "give it once",
                stacklevel=2,
            )
            return

    @property
    def has_duplicates(self) -> bool:
        """Whether two files have the same contents."""
        return any(True for _ in self._duplicates())

    def _duplicates(self) -> Iterator[tuple[Path, Path]]:
        """Yield each file whose contents an earlier one has, and the earlier one."""
        known: dict[tuple[int, bytes], FileState] = {}
        for state in self.states:
            other = known.setdefault((state.size, state.digest), state)
            if other is not state:
                yield state.path, other.path


def shortest_names(paths: Sequence[str]) -> list[str]:
    """Return names of files without folders, except where these tell files apart.

    Examples
    --------
    >>> shortest_names(["runs/1/a.xtc", "runs/2/a.xtc", "runs/2/b.xtc"])
    ['1/a.xtc', '2/a.xtc', 'b.xtc']
    """
    parts = {path: Path(path).parts for path in paths}
    names, unnamed, length = dict[str, str](), set(parts), 1
    while unnamed:
        alike = Counter(each[-length:] for each in parts.values())
        for path in list(unnamed):
            end = parts[path][-length:]
            if alike[end] == 1 or length >= len(parts[path]):
                names[path] = str(Path(*end)) if end else path
                unnamed.remove(path)
        length += 1
    return [names[path] for path in paths]

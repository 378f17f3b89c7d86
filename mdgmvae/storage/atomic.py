"""Write files and folders atomically: they are replaced completely or not at all."""

import fnmatch
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..checks import as_path
from ..errors import InputError


def check_file(path: str | os.PathLike[str]) -> None:
    """Raise an error if `atomic_file` could not write to `path`.

    Call this before a long computation whose results are written to the file.

    Parameters
    ----------
    path : path-like
        The file to write later.

    Raises
    ------
    InputError
        If `path` is a folder, or its folder does not exist or is not writable.
    """
    path = as_path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; choose the name of a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: the folder {path.parent} is not writable; choose another")


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` at the end of the block.

    If the block raises an error, the temporary file is removed and `path` stays as it was.
    The temporary name has the suffix of `path`, from which many writers infer the format.

    Parameters
    ----------
    path : path-like
        The file to create or replace. A symbolic link is followed.

    Yields
    ------
    pathlib.Path
        The temporary file.

    Raises
    ------
    InputError
        If `path` is a folder, or its folder does not exist or is not writable.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "notes.txt"
    >>> with atomic_file(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    check_file(path)
    named, path = as_path(path), as_path(path).resolve()
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=named.suffix, dir=path.parent
        )
    except OSError as error:
        raise _cannot_write(named, error) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(
    path: str | os.PathLike[str], overwrite: bool = False, stale: Sequence[str] = ()
) -> Iterator[Path]:
    """Yield an empty folder, and move its files to `path` at the end of the block.

    With `overwrite`, files of the same names are replaced, files that match `stale` are
    removed, and all other files in `path` are kept. If the block or the final move fails or is
    interrupted, `path` stays as it was.

    Parameters
    ----------
    path : path-like
        The folder to create or to fill.
    overwrite : bool
        Accept a folder that is not empty.
    stale : sequence of str
        Patterns of the files of an earlier run, relative to `path`, such as "states/state_*".

    Yields
    ------
    pathlib.Path
        An empty temporary folder.

    Raises
    ------
    InputError
        If `path` is a file, is not writable, or is not empty and `overwrite` is False.
    """
    named, path = as_path(path), as_path(path).resolve()
    check_folder(named, overwrite)
    exists = path.is_dir()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A rename cannot cross a mount point, which an existing `path` may be. Work inside it.
        within = path if exists else path.parent
        work = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=within))
    except OSError as error:
        raise _cannot_write(named, error) from error
    new, old = work / "new", work / "old"
    try:
        new.mkdir()
        yield new
        new.chmod(0o777 & ~_umask())
        if exists:
            _merge(new, path, old, stale)
        else:
            new.replace(path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_folder(path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Raise an error if `atomic_folder` could not write to `path`.

    Parameters
    ----------
    path : path-like
        The folder to write later.
    overwrite : bool
        Accept a folder that is not empty.

    Raises
    ------
    InputError
        If `path` is a file, or is not empty and `overwrite` is False.
    """
    path = as_path(path)
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; choose the name of a folder")
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise InputError(
            f"{path}: the folder is not empty; choose another, or pass --overwrite "
            "(overwrite=True) to replace the results in it"
        )


def _merge(new: Path, path: Path, old: Path, stale: Sequence[str]) -> None:
    """Move the files of `new` into `path`.

    Files that are replaced or stale are first moved to `old`. After an error they are moved back.
    """
    names = [file.relative_to(new) for file in sorted(new.rglob("*")) if not file.is_dir()]
    replaced = [name for name in names if (path / name).exists()]
    replaced += [name for name in _matching(path, stale) if name not in names]
    moved: list[tuple[Path, Path]] = []
    try:
        for source, target, files in ((path, old, replaced), (new, path, names)):
            for name in files:
                if (source / name).is_dir():
                    raise InputError(
                        f"{source / name}: is a folder, but a file with this name has to be "
                        "written; rename the folder"
                    )
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                moved.append((source / name, target / name))
                (source / name).replace(target / name)
    except BaseException:
        for source, target in reversed(moved):
            if target.exists() and not source.exists():
                target.replace(source)
        raise


def _matching(path: Path, patterns: Sequence[str]) -> list[Path]:
    """Return the files in `path` that match one of the patterns, relative to `path`."""
    found = []
    for pattern in patterns:
        folder = path / Path(pattern).parent
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
        matching = fnmatch.filter(names, Path(pattern).name)
        found += [Path(pattern).parent / name for name in matching]
    return found


def _cannot_write(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: cannot be written ({error.strerror}); choose another folder")


def _umask() -> int:
    """Return the umask: the permissions that new files do not get."""
    # The umask can only be read by setting it.
    umask = os.umask(0)
    os.umask(umask)
    return umask

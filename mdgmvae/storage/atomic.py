"""Files and folders that are replaced whole or not at all."""

import fnmatch
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError


def check_file(path: str | os.PathLike) -> None:
    """Refuse, before any work is done, an output file that `atomic_file` would refuse.

    Raises
    ------
    InputError
        When `path` is a folder, or its folder does not exist or cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: the folder {path.parent} cannot be written; choose another")


@contextmanager
def atomic_file(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block succeeds.

    When the block raises, the temporary file is removed and `path` is as it was. The
    temporary name keeps the suffix of `path`, since many writers choose a format by it.

    Parameters
    ----------
    path : path-like
        The file to create or replace. Of a symbolic link, the file that it names.

    Raises
    ------
    InputError
        When the folder of `path` does not exist or cannot be written.

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
    named, path = Path(path), Path(path).resolve()
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=named.suffix, dir=path.parent
        )
    except OSError as error:
        raise InputError(f"{named}: cannot write there ({error.strerror})") from error
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
    path: str | os.PathLike, overwrite: bool = False, stale: Sequence[str] = ()
) -> Iterator[Path]:
    """Give an empty folder; move the files written in it to `path` on success.

    With `overwrite`, files of the same names are replaced, those that match `stale` are
    removed, and every other file in `path` and the folders in it is left alone. When the block
    or the moving fails or is interrupted, `path` is as it was.

    Parameters
    ----------
    path : path-like
        The folder to create or to fill.
    overwrite : bool
        Allow a folder that is not empty.
    stale : sequence of str
        Patterns of files of an earlier run, relative to `path`, such as "states/state_*".

    Raises
    ------
    InputError
        When `path` is a file, cannot be written, or is not empty without `overwrite`.
    """
    named, path = Path(path), Path(path).resolve()
    check_folder(named, overwrite)
    exists = path.is_dir()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Within a folder that exists: it may be a mount point, which no rename can cross.
        within = path if exists else path.parent
        work = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=within))
    except OSError as error:
        raise InputError(f"{named}: cannot write there ({error.strerror})") from error
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


def check_folder(path: str | os.PathLike, overwrite: bool = False) -> None:
    """Refuse, before any work is done, an output folder that `atomic_folder` would refuse."""
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; give the name of a folder")
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise InputError(
            f"{path}: the folder is not empty; give another with -o, or --overwrite to replace "
            "the results in it"
        )


def _merge(new: Path, path: Path, old: Path, stale: Sequence[str]) -> None:
    """Move the files of `new` into `path`; what they replace waits in `old` until all are."""
    names = [file.relative_to(new) for file in sorted(new.rglob("*")) if not file.is_dir()]
    replaced = [name for name in names if (path / name).exists()]
    replaced += [name for name in _matching(path, stale) if name not in names]
    moved: list[tuple[Path, Path]] = []
    try:
        for source, target, files in ((path, old, replaced), (new, path, names)):
            for name in files:
                if (source / name).is_dir():
                    raise InputError(f"{source / name}: a folder is where a file is to be written")
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                moved.append((source / name, target / name))
                (source / name).replace(target / name)
    except BaseException:
        for source, target in reversed(moved):
            if target.exists() and not source.exists():
                target.replace(source)
        raise


def _matching(path: Path, patterns: Sequence[str]) -> list[Path]:
    found = []
    for pattern in patterns:
        folder = path / Path(pattern).parent
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
        matching = fnmatch.filter(names, Path(pattern).name)
        found += [Path(pattern).parent / name for name in matching]
    return found


def _umask() -> int:
    """What newly created files are denied; it can only be read by setting it."""
    umask = os.umask(0)
    os.umask(umask)
    return umask

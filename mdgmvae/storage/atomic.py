"""Write files and folders atomically: they are replaced completely or not at all."""

import fnmatch
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..checks import as_path, checked_flag, real_path
from ..errors import InputError
from .switch import switch
from .workplace import (
    OLD,
    READY,
    STALE,
    cannot_write,
    finish_abandoned,
    move_ready,
    sync,
    sync_names,
    workplace,
    workplace_of,
)


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
    named, path = as_path(path), real_path(path)
    with workplace(path, named) as work:
        temporary = work / named.name
        temporary.touch()
        yield temporary
        _complete(temporary, path)
        temporary.replace(path)
        sync_names(path.parent)


@contextmanager
def atomic_pair(path: Path, partner: Path) -> Iterator[tuple[Path, Path]]:
    """Yield temporary paths for a file and for the description beside it, and rename both.

    A process that is killed between the two renames leaves the second where `partner_of` finds it.

    Parameters
    ----------
    path, partner : Path
        The files to create or replace, in the same folder. The name of `partner` ends in .json.

    Yields
    ------
    tuple of pathlib.Path
        The temporary files.

    Raises
    ------
    InputError
        If a file is a folder, or their folder does not exist or is not writable.
    """
    for file in (path, partner):
        check_file(file)
    if path.is_symlink() or partner.is_symlink():
        # Their targets may lie in different folders.
        with atomic_file(partner) as second, atomic_file(path) as first:
            yield first, second
        return
    folder = path.parent.resolve()
    with workplace(folder / path.name, path) as work:
        new = work / "new"
        new.mkdir()
        for name in (path.name, partner.name):
            (new / name).touch()
        yield new / path.name, new / partner.name
        for name in (path.name, partner.name):
            _complete(new / name, folder / name)
        sync_names(new)
        new.replace(work / READY)
        sync_names(work)
        move_ready(work)


def partner_of(path: Path, partner: Path) -> Path:
    """Return where the description of a file is: `partner`, unless a process died before it moved.

    Parameters
    ----------
    path, partner : Path
        The two files of `atomic_pair`.

    Returns
    -------
    pathlib.Path
    """
    ready = workplace_of(path.parent.resolve() / path.name) / READY
    waiting = (ready / partner.name).is_file() and not (ready / path.name).exists()
    return ready / partner.name if waiting else partner


@contextmanager
def atomic_folder(
    path: str | os.PathLike[str], overwrite: bool = False, stale: Sequence[str] = ()
) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `path` at the end of the block.

    With `overwrite`, files of the same names are replaced, files that match `stale` are
    removed, and all other files in `path` are kept. Whatever happens, `path` is afterwards as it
    was or as it should be: old and new folder are exchanged in a single step if the system can do
    that, and a process that is killed between several steps leaves a note for the next one.

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
        If `path` is a file, is not writable, or is not empty and `overwrite` is False, or if
        another process is writing it.
    """
    named, path = as_path(path), real_path(path)
    check_folder(named, overwrite)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(named, error) from error
    beside = _can_be_replaced(path)
    with workplace(path, named, inside=not beside) as work:
        # Another process may have written it before this one had the lock.
        check_folder(named, overwrite)
        new = work / "new"
        new.mkdir()
        yield new
        new.chmod(path.stat().st_mode & 0o777 if path.is_dir() else 0o777 & ~_umask())
        sync(new)
        if not path.exists():
            new.replace(path)
            sync_names(path.parent)
        elif not overwrite and _replaced(new, path, ()):
            kept = _free_name(path)
            new.replace(kept)
            raise InputError(
                f"{named}: another program has filled this folder meanwhile; the results are in "
                f"{kept}"
            )
        elif not beside or not switch(new, path, _replaced(new, path, stale)):
            _merge(work, path, _replaced(new, path, stale))


def check_folder(path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Raise an error if `atomic_folder` could not write to `path`.

    What a process that died has left there is removed.

    Parameters
    ----------
    path : path-like
        The folder to write later.
    overwrite : bool
        Accept a folder that is not empty.

    Raises
    ------
    InputError
        If `path` is a file, is not writable, or is not empty and `overwrite` is False, or if
        `overwrite` is no bool.
    """
    path, overwrite = as_path(path), checked_flag("overwrite", overwrite)
    finish_abandoned(path)
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; choose the name of a folder")
    # It could not be moved aside, after all the work.
    if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
        raise InputError(f"{path}: the folder is not writable; choose another")
    own = workplace_of(real_path(path), inside=True)
    if path.is_dir() and any(entry.name != own.name for entry in path.iterdir()) and not overwrite:
        raise InputError(
            f"{path}: the folder is not empty; choose another, or pass --overwrite "
            "(overwrite=True) to replace the results in it"
        )


def _can_be_replaced(path: Path) -> bool:
    """Return whether another folder can take the place of `path`, or be made there.

    A mount point cannot be renamed, and a shell would stay in the old folder.
    """
    if not path.is_dir():
        return True
    parent = path.parent
    return (
        os.access(parent, os.W_OK)
        and path.stat().st_dev == parent.stat().st_dev
        and not Path.cwd().is_relative_to(path)
    )


def _free_name(path: Path) -> Path:
    """Return a name beside `path` that is not taken."""
    names = (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
    return next(name for name in names if not name.exists())


def _complete(temporary: Path, path: Path) -> None:
    """Give a finished file the permissions that it will have, and write it to the disk."""
    temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
    sync(temporary)


def _replaced(new: Path, path: Path, stale: Sequence[str]) -> list[Path]:
    """Return the names of the files in `path` that have to go, relative to it.

    Raises
    ------
    InputError
        If there is a folder where a file has to be written, or the reverse.
    """
    names = [file.relative_to(new) for file in sorted(new.rglob("*"))]
    for name in names:
        is_folder = (path / name).is_dir()
        if (path / name).exists() and is_folder != (new / name).is_dir():
            found, wanted = ("folder", "file") if is_folder else ("file", "folder")
            raise InputError(
                f"{path / name}: is a {found}, but a {wanted} with this name has to be written; "
                f"rename the {found}"
            )
    files = [name for name in names if not (new / name).is_dir()]
    replaced = [name for name in files if os.path.lexists(path / name)]
    return replaced + [name for name in _matching(path, stale) if name not in files]


def _merge(work: Path, path: Path, replaced: Sequence[Path]) -> None:
    """Move the files of the new folder into `path`.

    After an error, the files that were replaced are moved back. A process that dies leaves a note,
    so that the next one moves the rest.
    """
    new, old = work / "new", work / OLD
    files = [file.relative_to(new) for file in sorted(new.rglob("*")) if not file.is_dir()]
    moved: list[tuple[Path, Path]] = []
    text = json.dumps([name.as_posix() for name in replaced if name not in files])
    (work / STALE).write_text(text, encoding="utf-8")
    sync(work / STALE)
    try:
        ready = work / READY
        moved.append((new, ready))
        new.replace(ready)
        sync_names(work)
        for source, target, names in ((path, old, replaced), (ready, path, files)):
            for name in names:
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                moved.append((source / name, target / name))
                (source / name).replace(target / name)
        sync(path)
        shutil.rmtree(ready)
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


def _umask() -> int:
    """Return the umask: the permissions that new files do not get."""
    # The umask can only be read by setting it.
    umask = os.umask(0)
    os.umask(umask)
    return umask

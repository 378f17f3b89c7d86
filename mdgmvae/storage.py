"""What is kept on disk: files that are replaced whole or not at all, feature files, models.

Everything is JSON and npy/npz; nothing is ever pickled, so opening a file runs no code.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InputError


@contextmanager
def atomic_file(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block succeeds.

    When the block raises, the temporary file is removed and `path` is as it was. The
    temporary name keeps the suffix of `path`, since many writers choose a format by it.

    Parameters
    ----------
    path : path-like
        The file to create or replace.

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
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
        )
    except OSError as error:
        raise InputError(f"{path}: cannot write there ({error.strerror})") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes private files; give what any newly created file would have.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder beside `path`; move what was written in it to `path` on success.

    With `overwrite`, entries of the same names are replaced and every other file that lies
    in `path` is left alone. When the block raises, `path` is as it was.

    Parameters
    ----------
    path : path-like
        The folder to create or to fill.
    overwrite : bool
        Allow a folder that is not empty.

    Raises
    ------
    InputError
        When `path` is a file, or a folder that is not empty without `overwrite`.
    """
    path = Path(path)
    check_folder(path, overwrite)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise InputError(f"{path}: cannot write there ({error.strerror})") from error
    try:
        yield temporary
        path.mkdir(exist_ok=True)
        for entry in sorted(temporary.iterdir()):
            target = path / entry.name
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            elif entry.is_dir():
                target.unlink(missing_ok=True)
            entry.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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

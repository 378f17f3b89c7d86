"""Hidden folders in which outputs are prepared, locked against other processes.

The folder of an output ``x`` is ``.x.mdgmvae``. Whoever holds its lock may write the output. The
system releases the lock when a process ends in any way, so that a folder without a lock was left
by a process that died. Its lock is taken over, what that process had decided to do is finished, and
the rest is removed.
"""

import errno
import json
import logging
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..checks import real_path
from ..errors import InputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

logger = logging.getLogger(__name__)

#: End of the name of a hidden folder.
SUFFIX = ".mdgmvae"
#: Files that are complete and have to be moved to the folder around the hidden one.
READY = "ready"
#: A folder that is complete and has to take the place of the output.
WHOLE = "whole"
#: What is replaced, until it is certain that it is not needed any more.
OLD = "old"
#: A list of files that are removed together with those that READY replaces.
STALE = "stale.json"
_LOCK = "lock"
#: The owner is written to the lock; the locked byte lies behind it.
_LOCKED_BYTE = 4096

# A process can lock a file twice, so threads have to be told apart here.
_held: set[str] = set()
_guard = threading.Lock()


def workplace_of(target: Path, inside: bool = False) -> Path:
    """Return the hidden folder of an output.

    Parameters
    ----------
    target : Path
        The output, without symbolic links.
    inside : bool
        Whether to place it in `target`, which is then a folder, instead of beside it.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> workplace_of(Path("results/x.npy")).as_posix()
    'results/.x.npy.mdgmvae'
    """
    return (target if inside else target.parent) / f".{target.name}{SUFFIX}"


@contextmanager
def workplace(target: Path, named: Path, inside: bool = False) -> Iterator[Path]:
    """Yield the hidden folder of an output, empty and locked. It is removed at the end.

    Parameters
    ----------
    target : Path
        The output, without symbolic links.
    named : Path
        The output as the user named it, for messages.
    inside : bool
        Whether the hidden folder lies in `target` instead of beside it.

    Yields
    ------
    pathlib.Path

    Raises
    ------
    InputError
        If another process is writing the output, or the folder cannot be made.
    """
    folder = workplace_of(target, inside)
    try:
        lock = _take(folder)
    except OSError as error:
        raise cannot_write(named, error) from error
    if lock is None:
        raise InputError(
            f"{named}: another process is writing it ({_owner(folder)}); wait until it has ended, "
            "or choose another name"
        )
    try:
        _finish(folder)
        _empty(folder)
        yield folder
    finally:
        _release(folder, lock)


def finish_abandoned(path: Path) -> None:
    """Finish or remove what processes that died have left of an output, or of files in a folder.

    Parameters
    ----------
    path : Path
        A file or folder. It is left alone if it is not writable, or another process has the lock.
    """
    path = real_path(path)
    inside = sorted(path.glob(f".*{SUFFIX}")) if path.is_dir() else []
    for folder in (workplace_of(path), *inside):
        if not folder.is_dir():
            continue
        with suppress(OSError):
            lock = _take(folder)
            if lock is None:
                continue
            try:
                _finish(folder)
            finally:
                _release(folder, lock)


def sync(path: Path) -> None:
    """Write a file, or a folder with all that it contains, from memory to the disk.

    Parameters
    ----------
    path : Path

    Raises
    ------
    OSError
        If the disk is full or fails. It names the file.
    """
    if path.is_dir() and not path.is_symlink():
        for entry in path.iterdir():
            sync(entry)
    if path.is_symlink() or (sys.platform == "win32" and path.is_dir()):
        return
    handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        os.close(handle)


def sync_names(folder: Path) -> None:
    """Write the names of the files in a folder to the disk."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot do this for folders; they do it without being asked.
        logger.info("%s: %s", folder, error)
    finally:
        os.close(handle)


def move_ready(folder: Path) -> None:
    """Move the files in READY to the folder around, and remove the stale ones.

    This can be repeated, after a process has died in it, until everything is moved.
    """
    ready, target = folder / READY, folder.parent
    names = [path.relative_to(ready) for path in ready.rglob("*") if not path.is_dir()]
    if (folder / STALE).is_file():
        for name in json.loads((folder / STALE).read_text(encoding="utf-8")):
            # A folder may come from a stranger.
            if (target / name).resolve().is_relative_to(target.resolve()):
                (target / name).unlink(missing_ok=True)
    # A description follows what it describes.
    for name in sorted(names, key=lambda name: (name.suffix == ".json", name)):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (ready / name).replace(target / name)
    sync_names(target)
    shutil.rmtree(ready)


def cannot_write(path: Path, error: OSError) -> InputError:
    """Return the error for an output that cannot be written."""
    return InputError(f"{path}: cannot be written ({error.strerror}); choose another folder")


def _finish(folder: Path) -> None:
    """Finish what a process that died had decided to do."""
    if (folder / READY).is_dir():
        move_ready(folder)
    if (folder / WHOLE).is_dir():
        target = folder.parent / folder.name[1 : -len(SUFFIX)]
        if target.exists() and not (folder / OLD).exists():
            target.replace(folder / OLD)
        if not target.exists():
            (folder / WHOLE).replace(target)
            sync_names(target.parent)


def _take(folder: Path) -> int | None:
    """Lock a hidden folder, which is made if there is none; None if another process has it."""
    key = os.fspath(folder)
    with _guard:
        if key in _held:
            return None
        while True:
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.is_symlink():
                raise OSError(errno.ELOOP, "its hidden folder is a link", key)
            try:
                handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            except FileNotFoundError:  # The process that had it has just removed it.
                continue
            if not _lock(handle):
                os.close(handle)
                return None
            if _is_same(handle, folder / _LOCK):
                break
            os.close(handle)
        try:
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()} {socket.gethostname()}".encode())
        except OSError:  # The disk is full.
            (folder / _LOCK).unlink(missing_ok=True)
            with suppress(OSError):  # What a process that died has left stays.
                folder.rmdir()
            os.close(handle)
            raise
        _held.add(key)
    return handle


def _release(folder: Path, handle: int) -> None:
    """Remove a hidden folder and release its lock."""
    try:
        _empty(folder)
        (folder / _LOCK).unlink(missing_ok=True)
        # Another process may just have made a lock of its own here.
        with suppress(OSError):
            folder.rmdir()
    finally:
        with _guard:
            os.close(handle)
            _held.discard(os.fspath(folder))


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != _LOCK:
            path.unlink(missing_ok=True)


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _lock(handle: int) -> bool:
    """Lock an open file; return whether that succeeded."""
    try:
        if sys.platform == "win32":
            os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            # Not flock, whose locks child processes inherit.
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _LOCKED_BYTE)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        logger.info("this file system has no locks (%s)", error.strerror)
        owner = os.read(handle, _LOCKED_BYTE)
        os.lseek(handle, 0, os.SEEK_SET)
        return not _owner_is_alive(owner)
    return True


def _owner_is_alive(owner: bytes) -> bool:
    """Return whether the process that a lock names may be alive."""
    number, _, host = owner.decode(errors="replace").partition(" ")
    if not number.isdecimal():
        return False
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _owner(folder: Path) -> str:
    """Return who has the lock, for messages."""
    try:
        number, _, host = (folder / _LOCK).read_text(encoding="utf-8").partition(" ")
    except (OSError, ValueError):
        return "unknown"
    return f"process {number} on {host}"

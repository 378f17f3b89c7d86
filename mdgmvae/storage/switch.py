"""Put a new folder in the place of an old one, in a single step where the system can do that."""

import ctypes
import logging
import os
import shutil
import sys
from collections.abc import Collection
from pathlib import Path

from .workplace import OLD, SUFFIX, WHOLE, sync, sync_names

logger = logging.getLogger(__name__)

#: Arguments of renameat2 (Linux) and renamex_np (macOS).
_THIS_FOLDER, _EXCHANGE = -100, 2


def switch(new: Path, path: Path, replaced: Collection[Path]) -> bool:
    """Put a folder in the place of another one, whose other files it takes over.

    The other files are linked, so none is copied.

    Parameters
    ----------
    new : Path
        The folder, in a hidden folder beside `path` (see `workplace`).
    path : Path
        The folder to replace.
    replaced : collection of Path
        Names in `path` that are not taken over.

    Returns
    -------
    bool
        False if the file system has no links; then nothing has changed.
    """
    try:
        taken = _take_over(path, new, set(replaced))
    except OSError as error:
        logger.info("%s: its files cannot be linked (%s)", path, error)
        return False
    sync(new)
    if _exchange(new, path):
        sync_names(path.parent)
        old = new
    else:
        old, whole = new.parent / OLD, new.parent / WHOLE
        # A process that is killed in between leaves both, and the next one moves the new folder.
        new.replace(whole)
        try:
            path.replace(old)
            whole.replace(path)
        except BaseException:
            if old.exists() and not path.exists():
                old.replace(path)
            raise
        sync_names(path.parent)
    # Files that another program has made since they were linked.
    _take_over(old, path, {*replaced, *taken})
    return True


def _take_over(source: Path, target: Path, left: Collection[Path]) -> list[Path]:
    """Link the files of a folder that are not in `left` into another one; return their names."""
    taken = []
    for folder, folders, files in os.walk(source):
        folders[:] = [name for name in folders if not name.endswith(SUFFIX)]
        here = Path(folder).relative_to(source)
        links = [name for name in folders if (source / here / name).is_symlink()]
        for file in (here / name for name in [*files, *links]):
            if file in left or os.path.lexists(target / file):
                continue
            os.link(source / file, target / file, follow_symlinks=False)
            taken.append(file)
        for name in set(folders) - set(links):
            if not (target / here / name).exists():
                (target / here / name).mkdir()
                shutil.copystat(source / here / name, target / here / name)
    return taken


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in a single step; return whether the system can do that."""
    names = os.fsencode(first), os.fsencode(second)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return bool(library.renamex_np(*names, _EXCHANGE) == 0)
        return bool(
            library.renameat2(_THIS_FOLDER, names[0], _THIS_FOLDER, names[1], _EXCHANGE) == 0
        )
    except (AttributeError, OSError, TypeError):
        return False

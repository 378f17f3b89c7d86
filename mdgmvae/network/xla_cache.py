"""A cache on disk for code that XLA compiles for the CPU, which later processes can reuse.

TensorFlow fails if it cannot write to its cache, and runs what it finds there, damaged or not. Its
cache is therefore in the memory of this process. What is on disk are copies with a digest.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

from ..errors import InputError
from ..storage.atomic import atomic_file

logger = logging.getLogger(__name__)

_FLAG = "--tf_xla_persistent_cache_directory"
#: Only code for the CPU: whether TensorFlow can store and load that for a GPU was never tested.
_ONLY_CPU = "--tf_xla_persistent_cache_device_types=CPU"
#: TensorFlow's cache: a folder in the file system that it has in the memory of each process.
_IN_MEMORY = "ram://mdgmvae-xla"
#: Suffix of a copy on disk: a SHA-256 digest, then the entry as TensorFlow wrote it.
_SUFFIX = ".xla"
_DIGEST_BYTES = 32
#: Most entries that are kept on disk, the newest. An entry is a megabyte or two.
_MOST_ENTRIES = 32
_ENTRY_NAME = re.compile(r"\w+\.pb")

#: The folder of this process, if it uses one.
_folder: Path | None = None


def enable_xla_cache() -> Path | None:
    """Configure TensorFlow, before it starts, to cache the code that XLA compiles.

    The cache is in ``$XDG_CACHE_HOME/mdgmvae`` or ``~/.cache/mdgmvae`` and can be deleted at any
    time. It is not used if the user has set the flag or imported TensorFlow already, or if another
    user owns the folder or can write to it, because the cached code will be run.

    Returns
    -------
    Path or None
        The folder, or None if no cache is used.
    """
    global _folder
    flags = os.environ.get("TF_XLA_FLAGS", "")
    # This process may have the flags of the one that started it.
    is_set = f"{_FLAG}={_IN_MEMORY}" in flags
    if (_FLAG in flags and not is_set) or "tensorflow" in sys.modules:
        return None
    try:
        folder = _cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_own = folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & 0o022
    except (OSError, RuntimeError, AttributeError) as error:
        logger.info("code compiled by XLA is not cached: %s", error)
        return None
    if not is_own:
        logger.info("code compiled by XLA is not cached: others can write to %s", folder)
        return None
    if not is_set:
        os.environ["TF_XLA_FLAGS"] = f"{flags} {_FLAG}={_IN_MEMORY} {_ONLY_CPU}".strip()
    _folder = folder
    return folder


def restore_compiled() -> None:
    """Give TensorFlow the compiled code of earlier processes.

    Call this before XLA compiles. A damaged copy is deleted, so the code is compiled and stored
    again.
    """
    if _folder is None:
        return
    import tensorflow as tf

    for path in _stored(_folder)[:_MOST_ENTRIES]:
        target = f"{_IN_MEMORY}/{path.stem}"
        if tf.io.gfile.exists(target):
            continue
        try:
            content = path.read_bytes()
            digest, entry = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
            if not _ENTRY_NAME.fullmatch(path.stem) or hashlib.sha256(entry).digest() != digest:
                logger.info("%s is damaged; XLA compiles again", path)
                path.unlink()
                continue
        except OSError as error:
            logger.info("%s cannot be read (%s); XLA compiles again", path, error)
            continue
        tf.io.gfile.makedirs(_IN_MEMORY)
        with tf.io.gfile.GFile(target, "wb") as file:
            file.write(entry)


def store_compiled() -> None:
    """Copy what XLA has compiled to the disk. It is no error if it cannot be copied."""
    if _folder is None:
        return
    import tensorflow as tf

    try:
        for name in _entries_in_memory():
            path = _folder / f"{name}{_SUFFIX}"
            if path.exists():
                continue
            with tf.io.gfile.GFile(f"{_IN_MEMORY}/{name}", "rb") as file:
                entry = file.read()
            with atomic_file(path) as temporary:
                temporary.write_bytes(hashlib.sha256(entry).digest() + entry)
        for path in _stored(_folder)[_MOST_ENTRIES:]:
            path.unlink(missing_ok=True)
    except (OSError, InputError) as error:
        logger.info("code compiled by XLA is not cached: %s", error)


def forget_compiled() -> bool:
    """Delete the compiled code in memory and on disk, so that XLA compiles again.

    Returns
    -------
    bool
        Whether there was any. Otherwise an error of XLA was not that of the cache.
    """
    if _folder is None:
        return False
    import tensorflow as tf

    stored, names = _stored(_folder), _entries_in_memory()
    for name in names:
        tf.io.gfile.remove(f"{_IN_MEMORY}/{name}")
    try:
        for path in stored:
            path.unlink(missing_ok=True)
    except OSError as error:
        logger.info("%s cannot be emptied: %s", _folder, error)
    return bool(names)


def _entries_in_memory() -> list[str]:
    import tensorflow as tf

    found: list[str] = []
    if tf.io.gfile.exists(_IN_MEMORY):
        found = [n for n in tf.io.gfile.listdir(_IN_MEMORY) if _ENTRY_NAME.fullmatch(n)]
    return found


def _stored(folder: Path) -> list[Path]:
    """Return the copies on disk, the newest first."""
    found = []
    for path in folder.glob(f"*{_SUFFIX}"):
        try:
            found.append((path.stat().st_mtime, path))
        except OSError:  # Another process has just deleted it.
            continue
    return [path for _, path in sorted(found, reverse=True)]


def _cache_folder() -> Path:
    """Return the cache folder for this version of TensorFlow and this processor model."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    # Machines with different processors may share a home folder.
    key = " ".join([version("tensorflow"), platform.machine(), _processor_features()])
    return (
        Path(base).absolute() / "mdgmvae" / f"xla-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    )


def _processor_features() -> str:
    """Return a description of the processor model and its instruction sets."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    kinds = ("model name", "flags", "Features", "CPU part")
    return " ".join(dict.fromkeys(line for line in lines if line.startswith(kinds)))

"""A cache on disk for code compiled by XLA, which later commands can reuse."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

logger = logging.getLogger(__name__)

_FLAG = "--tf_xla_persistent_cache_directory"


def enable_xla_cache() -> Path | None:
    """Configure TensorFlow, before it starts, to cache the code that XLA compiles.

    The cache is in ``$XDG_CACHE_HOME/mdgmvae`` or ``~/.cache/mdgmvae`` and can be deleted at any
    time. It is not used if the user has set the flag already, or if another user owns the folder or
    can write to it, because the cached code will be run.

    Returns
    -------
    Path or None
        The folder, or None if no cache is used.
    """
    flags = os.environ.get("TF_XLA_FLAGS", "")
    if _FLAG in flags or "tensorflow" in sys.modules:
        return None
    try:
        folder = _cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_own = folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & 0o022
    except (OSError, RuntimeError, AttributeError) as error:
        logger.info("code compiled by XLA is not cached: %s", error)
        return None
    # Flags are separated by blanks, so the path must not contain any.
    if not is_own or len(str(folder).split()) != 1 or not os.access(folder, os.W_OK):
        logger.info("code compiled by XLA is not cached: cannot use %s", folder)
        return None
    os.environ["TF_XLA_FLAGS"] = f"{flags} {_FLAG}={folder}".strip()
    return folder


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

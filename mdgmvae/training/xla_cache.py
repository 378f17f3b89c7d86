"""A cache on disk of what XLA has compiled, for the next command with networks of these sizes."""

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
    """Tell TensorFlow, before it starts, to keep what XLA compiles.

    The cache is in ``$XDG_CACHE_HOME/mdgmvae`` or ``~/.cache/mdgmvae``, and may be removed at any
    time. Nothing is changed if the user has set the flag, or if the folder belongs to somebody
    else, because it holds code that will be run.

    Returns
    -------
    Path or None
        The folder, or None if nothing is kept.
    """
    flags = os.environ.get("TF_XLA_FLAGS", "")
    if _FLAG in flags or "tensorflow" in sys.modules:
        return None
    try:
        folder = _cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_own = folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & 0o022
    except (OSError, RuntimeError, AttributeError) as error:
        logger.info("the code that XLA compiles is not kept: %s", error)
        return None
    # The variable holds flags that are separated by blanks.
    if not is_own or len(str(folder).split()) != 1 or not os.access(folder, os.W_OK):
        logger.info("the code that XLA compiles is not kept: %s cannot be used", folder)
        return None
    os.environ["TF_XLA_FLAGS"] = f"{flags} {_FLAG}={folder}".strip()
    return folder


def _cache_folder() -> Path:
    """Return the folder for this version of TensorFlow and this kind of processor."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    # The machines of a cluster may share a home folder and have different processors.
    key = " ".join([version("tensorflow"), platform.machine(), _processor_features()])
    return (
        Path(base).absolute() / "mdgmvae" / f"xla-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    )


def _processor_features() -> str:
    """Return what distinguishes this kind of processor from others."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    kinds = ("model name", "flags", "Features", "CPU part")
    return " ".join(dict.fromkeys(line for line in lines if line.startswith(kinds)))

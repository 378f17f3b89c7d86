"""Log what the native code of TensorFlow writes to standard error.

These notes (which CPU it found, which GPU libraries it looked for) are red lines in a notebook.
Some of them come before TensorFlow's own log level applies.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

logger = logging.getLogger(__name__)

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
#: Whether the user has asked for the messages.
_WANTED = os.environ.get(_LEVEL) in ("0", "1", "2")
#: Whether an outer block reads the messages already. Reading them twice would log them twice.
_read: ContextVar[bool] = ContextVar("read", default=False)


@contextmanager
def native_messages_logged(verbose: bool | None = None) -> Iterator[None]:
    """Log what native code writes to standard error, unless the user has set TensorFlow's level.

    Parameters
    ----------
    verbose : bool, optional
        Log warnings of TensorFlow, too. It has no effect once TensorFlow has been imported.
    """
    if _WANTED or _read.get():
        yield
        return
    # Errors also come as exceptions. Most of what TensorFlow logs as an error is none: for
    # example, that there is no GPU.
    os.environ.setdefault(_LEVEL, "2" if verbose else "3")
    if sys.stderr is not None:
        sys.stderr.flush()
    with tempfile.TemporaryFile() as notes:
        kept, token = os.dup(2), _read.set(True)
        os.dup2(notes.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            _read.reset(token)
            notes.seek(0)
            for line in notes.read().decode(errors="replace").splitlines():
                logger.debug("%s", line)

"""Start TensorFlow for a command: threads, device, and where its messages go."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import InputError
from ..network.architecture import Architecture
from ..training.xla_cache import enable_xla_cache

logger = logging.getLogger(__name__)

#: Models whose components times weights are fewer than this train faster on one thread.
_WORK_OF_A_THREAD = 200_000


def start_tensorflow(
    architecture: Architecture,
    *,
    device: str,
    threads: int | None,
    strategy: str | None = None,
    verbose: bool | None = None,
) -> None:
    """Set what cannot be changed once TensorFlow has started.

    Parameters
    ----------
    architecture : Architecture
        Sizes of the networks, from which the number of threads follows by default.
    device : str
        "auto", "cpu", "gpu:0", ...
    threads : int or None
        Number of processor threads.
    strategy : str or None
        How the training is shared among devices or processes.
    verbose : bool or None
        Show more of TensorFlow's own messages.

    Raises
    ------
    InputError
        If the number of threads is not positive, or device or strategy are not available.
    """
    if threads is None and architecture.k * architecture.n_weights < _WORK_OF_A_THREAD:
        # To share such small products among threads costs more time than it saves.
        threads = 1
    if threads is not None and threads < 1:
        raise InputError(f"--threads {threads}: must be at least 1")
    enable_xla_cache()
    with _native_messages_logged(verbose):
        from ..network import devices
        from ..training.distribution import strategy_of

        started = devices.start(device, threads)
        # Processes have to join each other before anything is computed.
        strategy_of(strategy)
    logger.info("%s", started)


@contextmanager
def _native_messages_logged(verbose: bool | None) -> Iterator[None]:
    """Log what native code writes to standard error.

    TensorFlow's start-up notes (which CPU it found, which GPU libraries it looked for) come from
    C++ before its own log level applies. They are shown with --verbose.
    """
    # Errors also come as exceptions. Most of what TensorFlow logs as an error is none: for
    # example, that there is no GPU.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if verbose else "3")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as notes:
        kept = os.dup(2)
        os.dup2(notes.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            notes.seek(0)
            for line in notes.read().decode(errors="replace").splitlines():
                logger.info("%s", line)

"""Start TensorFlow for a command: threads, device, and where its messages go."""

from __future__ import annotations

import logging

from ..errors import InputError
from ..network.architecture import Architecture
from ..network.native_messages import native_messages_logged

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
    with native_messages_logged(verbose):
        from ..network import devices
        from ..training.distribution import strategy_of

        started = devices.start(device, threads)
        # Processes have to join each other before anything is computed.
        strategy_of(strategy)
    logger.info("%s", started)

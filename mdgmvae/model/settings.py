"""Check the parameters of an estimator that are no hyperparameters: device, seed, files."""

from __future__ import annotations

import re
from typing import Any

from ..checks import checked_flag, checked_memory, checked_seed
from ..errors import InputError
from ..training.checkpoint import check_path
from ..training.distribution import STRATEGIES, strategy_of


def check_settings(
    device: Any, strategy: Any, max_memory: Any, checkpoint: Any, seed: Any, verbose: Any
) -> None:
    """Check the parameters of an estimator that are no hyperparameters.

    Parameters
    ----------
    device, strategy, max_memory, checkpoint, seed, verbose : object
        As in `GMVAE`.

    Raises
    ------
    InputError
        If one is invalid, or this machine has no such device. The message names it.
    """
    checked_device(device)
    # A strategy with a name joins other processes when it is made, so it is made in the training.
    if not (isinstance(strategy, str) and strategy in STRATEGIES):
        strategy_of(strategy)
    checked_memory(max_memory)
    if checkpoint is not None:
        check_path(checkpoint)
    if seed is not None:
        checked_seed(seed)
    if verbose is not None:
        checked_flag("verbose", verbose)


def checked_device(device: Any) -> str:
    """Check the name of a device, and return it in lower case.

    Parameters
    ----------
    device : object

    Returns
    -------
    str

    Raises
    ------
    InputError
        If it is no name of a device, or this machine has no such GPU.

    Examples
    --------
    >>> checked_device("CPU")
    'cpu'
    """
    if not isinstance(device, str) or not re.fullmatch(r"auto|cpu|gpu(:\d+)?", device.lower()):
        raise InputError(f"device={device!r}: choose auto, cpu, gpu, or a GPU by its number, gpu:0")
    if device.lower().startswith("gpu"):
        # TensorFlow, which takes seconds to import, is the only one that knows the GPUs.
        from ..network.devices import choose

        choose(device)
    return device.lower()

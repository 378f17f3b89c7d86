"""The device that TensorFlow computes on: the CPU or a GPU (TensorFlow)."""

import logging
import os
from typing import Any

from ..errors import InputError
from .native_messages import native_messages_logged
from .quiet_tensorflow import tf

logger = logging.getLogger(__name__)


def start(device: str = "auto", threads: int | None = None) -> str:
    """Configure TensorFlow before it starts, and describe the device.

    Parameters
    ----------
    device : str
        As in `choose`.
    threads : int, optional
        Number of CPU threads. Default: TensorFlow chooses.

    Returns
    -------
    str
        TensorFlow's version and the device, for the log.

    Raises
    ------
    InputError
        If the device does not exist.
    """
    if threads is not None:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            logger.info(
                "TensorFlow has already started, so its number of threads cannot be changed"
            )
    return f"TensorFlow {tf.__version__} on {describe(choose(device))}"


def choose(device: str = "auto") -> str:
    """Return TensorFlow's name for the device to use, "CPU:0" or "GPU:n".

    If TensorFlow has not started yet, it is set to allocate GPU memory as needed, so that other
    programs can still use the GPU.

    Parameters
    ----------
    device : {"auto", "cpu", "gpu", "gpu:0", "gpu:1", ...}
        "auto" selects the first GPU that TensorFlow sees, or the CPU if there is none.

    Raises
    ------
    InputError
        If the device does not exist. The message lists those that do.
    """
    with native_messages_logged():
        gpus = tf.config.list_physical_devices("GPU")
    known = {"cpu": "CPU:0", **{f"gpu:{i}": f"GPU:{i}" for i in range(len(gpus))}}
    name = str(device).lower()
    if name == "auto":
        name = "gpu:0" if gpus else "cpu"
    elif name == "gpu":
        name = "gpu:0"
    if name not in known:
        raise InputError(
            f"device={device!r}: TensorFlow sees {', '.join(known)} here; choose one of these, "
            "or auto"
        )
    # Needed for device="cpu" too: TensorFlow reserves the memory of all GPUs when it starts.
    _grow_memory(gpus)
    return known[name]


def n_threads() -> int:
    """Return the number of CPU threads that one TensorFlow operation may use."""
    # TensorFlow returns 0 if the number was not set, or only in the environment.
    text = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    from_environment = int(text) if text.isdecimal() else 0
    n = tf.config.threading.get_intra_op_parallelism_threads() or from_environment
    return n or os.cpu_count() or 1


def describe(name: str) -> str:
    """Describe the device. On a CPU, include the thread count, which affects rounding."""
    if name.startswith("CPU"):
        threads = n_threads()
        return f"cpu, {threads} thread{'s' if threads != 1 else ''}"
    gpu = tf.config.list_physical_devices("GPU")[int(name.split(":")[1])]
    details = tf.config.experimental.get_device_details(gpu)
    return f"{name.lower()}, {details.get('device_name', 'unknown GPU')}"


def _grow_memory(gpus: list[Any]) -> None:
    """Let TensorFlow allocate the memory of the GPUs as needed."""
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:
            # The code that started TensorFlow has already decided how it allocates memory.
            logger.info(
                "TensorFlow has already started, so its GPU memory setting cannot be changed"
            )

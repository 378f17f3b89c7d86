"""Where TensorFlow computes: the CPU or a GPU (TensorFlow)."""

import logging
import os

import tensorflow as tf

from ..errors import InputError

logger = logging.getLogger(__name__)


def start(device: str = "auto", threads: int | None = None) -> str:
    """Start TensorFlow, with what cannot be changed afterwards, and describe the device.

    Parameters
    ----------
    device : str
        As in `choose`.
    threads : int, optional
        Processor threads; by default TensorFlow's choice.
    """
    if threads is not None:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            logger.info("TensorFlow has started already; its threads are kept")
    return f"TensorFlow {tf.__version__} on {describe(choose(device))}"


def choose(device: str = "auto") -> str:
    """The TensorFlow name of the device to use: "CPU:0" or "GPU:n".

    Memory of GPUs is taken as it is needed, where TensorFlow has not started yet, so that a
    desktop stays usable.

    Parameters
    ----------
    device : {"auto", "cpu", "gpu", "gpu:0", "gpu:1", ...}
        "auto" is the first GPU that TensorFlow sees, else the CPU.

    Raises
    ------
    InputError
        For a device that is not there, naming those that are.
    """
    gpus = tf.config.list_physical_devices("GPU")
    known = {"cpu": "CPU:0", **{f"gpu:{i}": f"GPU:{i}" for i in range(len(gpus))}}
    name = str(device).lower()
    if name == "auto":
        name = "gpu:0" if gpus else "cpu"
    elif name == "gpu":
        name = "gpu:0"
    if name not in known:
        raise InputError(f"device={device!r}: TensorFlow sees {', '.join(known)} here; or use auto")
    # With device="cpu" as well: TensorFlow takes a GPU's memory when it merely starts.
    _grow_memory(gpus)
    return known[name]


def n_threads() -> int:
    """The threads that TensorFlow's operations share on the CPU."""
    # It answers 0 where nothing or only the variable is set.
    asked = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    told = int(asked) if asked.isdecimal() else 0
    found = tf.config.threading.get_intra_op_parallelism_threads() or told
    return found or os.cpu_count() or 1


def describe(name: str) -> str:
    """The device in words, with the thread count that decides the last bits on a CPU."""
    if name.startswith("CPU"):
        threads = n_threads()
        return f"cpu, {threads} thread{'s' if threads != 1 else ''}"
    gpu = tf.config.list_physical_devices("GPU")[int(name.split(":")[1])]
    details = tf.config.experimental.get_device_details(gpu)
    return f"{name.lower()}, {details.get('device_name', 'unknown GPU')}"


def _grow_memory(gpus: list) -> None:
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:
            # TensorFlow has started: whoever started it chose how memory is taken.
            logger.info("TensorFlow has started already; its GPU memory setting is kept")

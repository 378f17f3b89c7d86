"""The device that TensorFlow computes on: the CPU or a GPU (TensorFlow)."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError
from .device_choice import Advice, device_name
from .native_messages import native_messages_logged
from .quiet_tensorflow import tf

logger = logging.getLogger(__name__)

#: Where nothing is known of what will be computed.
_ANYTHING = Advice(True, "")
#: With its own programs for products, XLA of TensorFlow 2.21 cannot compile larger networks for a
#: GPU ("Failed to compute symbolic tile"), and needs twice the time for others.
_NO_TRITON = "--xla_gpu_enable_triton_gemm=false"
#: The last version that is known to have this flag. XLA ends the process at one that it lacks.
_LAST_WITH_TRITON = (2, 21)
#: Oldest architecture of NVIDIA, and features of processors (x86, Arm), with bfloat16.
_FIRST_WITH_BFLOAT16 = (8, 0)
_BFLOAT16_FEATURES = {"avx512_bf16", "amx_bf16", "bf16"}
_CPU_INFO = Path("/proc/cpuinfo")


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
    found = describe(choose(device))
    # Which device is faster depends on the training.
    others = "" if str(device).lower() != "auto" or found.startswith("cpu") else " or the CPU"
    return f"TensorFlow {tf.__version__} on {found}{others}"


def choose(device: str = "auto", advice: Advice = _ANYTHING) -> str:
    """Return TensorFlow's name for the device to use, "CPU:0" or "GPU:n".

    If TensorFlow has not started yet, it is set to allocate GPU memory as needed, so that other
    programs can still use the GPU.

    Parameters
    ----------
    device : {"auto", "cpu", "gpu", "gpu:0", "gpu:1", ...}
        "auto" selects the first GPU that TensorFlow sees, if it is advised, or else the CPU.
    advice : Advice, optional
        Whether a GPU is faster. Default: it is.

    Raises
    ------
    InputError
        If the device does not exist. The message lists those that do.
    """
    with native_messages_logged():
        gpus = tf.config.list_physical_devices("GPU")
    known = {"cpu": "CPU:0", **{f"gpu:{i}": f"GPU:{i}" for i in range(len(gpus))}}
    name = device_name(device, len(gpus), advice)
    if gpus and str(device).lower() == "auto" and advice is not _ANYTHING:
        logger.info("device='auto' is %s: %s", name, advice.reason)
    if name not in known:
        way_out = "choose one of these, or auto"
        if not gpus:
            way_out += "; TensorFlow needs the libraries of a GPU: pip install 'mdgmvae[gpu]'"
        raise InputError(f"device={device!r}: TensorFlow sees {', '.join(known)} here; {way_out}")
    if gpus:
        _set_xla_flags()
    # Needed for device="cpu" too: TensorFlow reserves the memory of all GPUs when it starts.
    _grow_memory(gpus)
    return known[name]


@contextmanager
def full_precision(device: str) -> Iterator[None]:
    """Compute products in float32 within this context.

    By default, TensorFlow rounds their factors to the 10 bits of TF32 on a GPU that can multiply
    them. That is enough for a training, but it changes q(y|x) by up to 1e-3.
    """
    execution = tf.config.experimental
    if device.startswith("CPU") or not execution.tensor_float_32_execution_enabled():
        yield
        return
    # TensorFlow has one setting for the whole process, and reads it when it starts a product.
    execution.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        execution.enable_tensor_float_32_execution(True)


def computes_bfloat16(name: str) -> bool:
    """Return whether a device has instructions for bfloat16. True if this is not known."""
    if not name.startswith("CPU"):
        return tuple(_details(name).get("compute_capability", _FIRST_WITH_BFLOAT16)) >= (
            _FIRST_WITH_BFLOAT16
        )
    try:
        features = set(_CPU_INFO.read_text(encoding="utf-8").split())
    except OSError:
        return True
    return not features.isdisjoint(_BFLOAT16_FEATURES)


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
    return f"{name.lower()}, {_details(name).get('device_name', 'unknown GPU')}"


def _details(name: str) -> dict[str, Any]:
    """Return what TensorFlow knows of a GPU."""
    gpu = tf.config.list_physical_devices("GPU")[int(name.split(":")[1])]
    details: dict[str, Any] = tf.config.experimental.get_device_details(gpu)
    return details


def _set_xla_flags() -> None:
    """Keep XLA from using Triton for products, unless the user has decided it.

    XLA reads its flags when it is first used.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if tuple(map(int, tf.__version__.split(".")[:2])) > _LAST_WITH_TRITON:
        return
    if _NO_TRITON.split("=")[0] not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {_NO_TRITON}".strip()


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

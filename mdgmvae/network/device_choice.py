"""Which device `device="auto"` selects: the faster one, by a rule from measured speeds.

A GPU computes a step faster than a CPU at all sizes that were measured, but it takes seconds to
start and to compile for. A short training of a small network is therefore over sooner on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..presets import Hyperparameters
from .architecture import Architecture

#: Number of steps of a training from which XLA saves time. It halves the time of a step of a small
#: network, but needs a few seconds to compile.
STEPS_WORTH_COMPILING = 1_000
#: Components times weights of the networks S, robust, M, L and XL of benchmarks/speed/sizes.py.
_SIZES = (8_305, 19_995, 408_900, 13_018_440, 108_276_880)
#: Frames of training a second for these sizes: on 16 cores of a Xeon, and on an NVIDIA H100 with
#: and without XLA (docs/development/speed.md, of prototypes of the step). "robust" without XLA was
#: not measured; its value lies between those of S and M.
_ON_CPU = (510e3, 201e3, 32.7e3, 11.6e3, 1.78e3)
_ON_GPU = (2.42e6, 1.37e6, 1.47e6, 1.03e6, 259e3)
_ON_GPU_WITHOUT_XLA = (125e3, 123e3, 118e3, 202e3, 63e3)
#: Seconds to start a GPU (an estimate) and to compile for it (measured).
_START, _COMPILE = 5.0, 5.0
#: Components times weights from which a GPU labels faster. At S both label four million frames a
#: second, and at L the GPU twice as many as the CPU.
_SIZE_WORTH_LABELLING = 1_000_000
#: Number of slow coordinates that scale="tica" keeps, before it is known. It is 10 to 50.
_TICA_DIM = 30


@dataclass(frozen=True)
class Advice:
    """Whether to use a GPU, if there is one, and why or why not.

    Parameters
    ----------
    gpu : bool
    reason : str
    """

    gpu: bool
    reason: str


def advise_training(given: Hyperparameters, n_frames: int, n_columns: int) -> Advice:
    """Return which device trains faster, starting it included.

    Parameters
    ----------
    given : Hyperparameters
    n_frames, n_columns : int
        Size of the data.

    Examples
    --------
    >>> advise_training(Hyperparameters(k=5), n_frames=20_000, n_columns=3).gpu
    False
    >>> advise_training(Hyperparameters(k=5), n_frames=2_000_000, n_columns=3).gpu
    True
    """
    n_x = n_columns
    if given.scale == "tica":
        n_x = min(n_columns, given.tica_dim or _TICA_DIM)
    size = _size(Architecture.of(given, n_x))
    n = given.n_epochs * given.n_init * n_frames
    compiles = given.n_epochs * -(-n_frames // given.batch_size) >= STEPS_WORTH_COMPILING
    on_cpu = n / _speed(size, _ON_CPU)
    on_gpu = _START + n / _speed(size, _ON_GPU if compiles else _ON_GPU_WITHOUT_XLA)
    on_gpu += _COMPILE if compiles else 0.0
    return Advice(
        on_gpu < on_cpu,
        f"{n:,} frames of training would take about {on_cpu:,.0f} s on 16 cores and "
        f"{on_gpu:,.0f} s on a large GPU, start included",
    )


def advise_labelling(architecture: Architecture) -> Advice:
    """Return which device labels faster. The number of frames is not known.

    Examples
    --------
    >>> small, large = (Architecture.of(Hyperparameters(k=10), n_x) for n_x in (3, 5000))
    >>> advise_labelling(small).gpu, advise_labelling(large).gpu
    (False, True)
    """
    is_large = _size(architecture) >= _SIZE_WORTH_LABELLING
    reason = "these networks are large" if is_large else "a CPU labels as fast with small networks"
    return Advice(is_large, reason)


def device_name(device: str, n_gpus: int, advice: Advice) -> str:
    """Return the name of a device in lower case; "auto" is resolved, and "gpu" is the first.

    Examples
    --------
    >>> advice = Advice(False, "it is over in a second")
    >>> device_name("auto", 1, advice), device_name("GPU", 1, advice)
    ('cpu', 'gpu:0')
    """
    name = str(device).lower()
    if name == "auto":
        return "gpu:0" if n_gpus and advice.gpu else "cpu"
    return "gpu:0" if name == "gpu" else name


def _size(architecture: Architecture) -> int:
    return architecture.k * architecture.n_weights


def _speed(size: int, measured: Sequence[float]) -> float:
    """Interpolate between the measured sizes, on logarithmic axes."""
    return float(np.exp(np.interp(np.log(size), np.log(_SIZES), np.log(measured))))

"""The engine of a training: devices, sizes of batches and blocks, and use of XLA.

Different engines give the same weights up to rounding.

A GPU computes much at once, but takes about as long to start a product as to compute a small one.
There, a step is therefore a few large products: those of all restarts together, and of all
components, as far as memory permits. See `Stack`.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace

from ..network.architecture import Architecture
from ..network.device_choice import STEPS_WORTH_COMPILING
from ..network.devices import n_threads
from .distribution import Devices

logger = logging.getLogger(__name__)

#: Number of features from which matrix products take most of the time. Without XLA, all threads
#: work on them.
WIDE_FRAME = 256
#: Length of the widest vector registers in float32 numbers, and the number of such vectors from
#: which a batch is padded to whole vectors.
VECTOR_SIZE, FEWEST_VECTORS = 16, 8
#: Number of batches in a call on a GPU, if the frames are there, and most bytes of their frames.
BATCHES_OF_CALL, CALL_BYTES = 100, 2**29
#: Bytes for the decoded frames of a step on a GPU, which any GPU for computing has.
STEP_BYTES = 2**32
#: Number of arrays of the size of the decoded frames, and of each hidden layer for all components,
#: that are in memory at a time, with the gradients.
_DECODED_ARRAYS, _HIDDEN_ARRAYS = 8, 4


@dataclass(frozen=True)
class Stack:
    """What is computed at once on a GPU.

    Parameters
    ----------
    n_restarts : int
        Number of restarts in a step.
    n_components : int
        Number of components that one product decodes, for each restart. All of them if there are
        several restarts, because XLA cannot compile a loop over components for a stack.
    n_blocks : int
        Maximum number of blocks in a call.
    """

    n_restarts: int
    n_components: int
    n_blocks: int = 1

    @classmethod
    def choose(cls, architecture: Architecture, batch_size: int, n_restarts: int) -> Stack:
        """Choose what fits into the memory of a step. Components are divided last.

        Examples
        --------
        >>> from ..presets import Hyperparameters
        >>> small, large = (Architecture.of(Hyperparameters(k=20), n_x) for n_x in (3, 5000))
        >>> Stack.choose(small, 517, n_restarts=8).n_restarts
        8
        >>> Stack.choose(large, 1000, n_restarts=8).n_restarts
        1
        """
        hidden = sum(architecture.qz_dims) + sum(architecture.px_dims)
        values = _DECODED_ARRAYS * architecture.n_x + _HIDDEN_ARRAYS * hidden
        n_components = max(1, STEP_BYTES // (4 * batch_size * values))
        most = max(1, n_components // architecture.k)
        # Stacks of about the same size.
        n_at_once = math.ceil(n_restarts / math.ceil(n_restarts / most))
        # A product of at least two is one that needs no loop, whatever the number of components.
        fewest = 1 if n_at_once == 1 else 2
        return cls(n_at_once, max(fewest, n_components // n_at_once))


@dataclass(frozen=True)
class Engine:
    """How the steps of a training are computed.

    Parameters
    ----------
    devices : OneDevice or Replicas
        The devices that compute.
    batch_size : int
        Number of frames in a batch.
    block_frames : int
        Maximum number of frames in a block, a multiple of `batch_size`.
    xla : bool
        Whether XLA compiles the steps.
    resident : bool
        Whether all frames are stored on the device, so that blocks contain only frame numbers.
    stack : Stack, optional
        What is computed at once on a GPU. Default: a step is that of a single restart, and decodes
        one component after another, which is fastest on a CPU.
    """

    devices: Devices
    batch_size: int
    block_frames: int
    xla: bool
    resident: bool = False
    stack: Stack | None = None

    @property
    def n_batches(self) -> int:
        """Maximum number of batches in a block."""
        return self.block_frames // self.batch_size

    @property
    def n_blocks(self) -> int:
        """Maximum number of blocks in a call."""
        return 1 if self.stack is None else self.stack.n_blocks

    @property
    def width(self) -> int:
        """Number of columns of a batch, the same for each replica.

        Columns of padding complete the last vector. For a batch of 517 frames this makes a step
        a quarter faster.
        """
        unit = 1 if self.batch_size < FEWEST_VECTORS * VECTOR_SIZE else VECTOR_SIZE
        return unit * self.devices.n * math.ceil(self.batch_size / (unit * self.devices.n))

    @classmethod
    def choose(
        cls,
        devices: Devices,
        architecture: Architecture,
        *,
        batch_size: int,
        n_frames: int,
        block_frames: int,
        n_epochs: int,
        resident: bool = False,
        n_restarts: int = 1,
    ) -> Engine:
        """Choose the fastest engine (measured in `benchmarks/speed` and `benchmarks/gpu.py`).

        Sizes are rounded up, so that data sets of similar length share the compiled steps.
        """
        n_steps = n_epochs * -(-n_frames // batch_size)
        one_thread = n_threads() == 1
        is_fast = devices.is_cpu and (architecture.n_x < WIDE_FRAME or one_thread)
        xla = (is_fast or devices.computes_at_once) and n_steps >= STEPS_WORTH_COMPILING
        logger.info(
            "at most %s steps of %d frames on %s, %s",
            f"{n_steps:,}", min(batch_size, n_frames), devices,
            "compiled by XLA" if xla else "without XLA",
        )  # fmt: skip
        most_batches = max(1, block_frames // batch_size)
        # Batches larger than the data need no size of their own.
        batch_size = min(batch_size, _power_of_two(n_frames))
        n_all = _power_of_two(-(-n_frames // batch_size))
        n_batches = min(most_batches, n_all)
        stack = None
        if devices.computes_at_once:
            stack = Stack.choose(architecture, batch_size, n_restarts)
            if resident:
                affordable = CALL_BYTES // (4 * batch_size * architecture.n_x)
                wanted = min(BATCHES_OF_CALL, affordable, n_all)
                stack = replace(stack, n_blocks=max(1, math.ceil(wanted / n_batches)))
        return cls(devices, batch_size, n_batches * batch_size, xla, resident, stack)


def _power_of_two(n: int) -> int:
    """Return the smallest power of two that is at least `n`."""
    return 1 << (n - 1).bit_length()

"""The engine of a training: devices, sizes of batches and blocks, and use of XLA.

Different engines give the same weights up to rounding.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from ..network.devices import n_threads
from .distribution import Devices

logger = logging.getLogger(__name__)

#: Smallest number of steps for which XLA saves time. It halves the time of a step of a small
#: network, but needs a few seconds to compile.
STEPS_WORTH_COMPILING = 1_000
#: Number of features from which matrix products take most of the time. Without XLA, all threads
#: work on them.
WIDE_FRAME = 256
#: Length of the widest vector registers in float32 numbers, and the number of such vectors from
#: which a batch is padded to whole vectors.
VECTOR_SIZE, FEWEST_VECTORS = 16, 8


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
    """

    devices: Devices
    batch_size: int
    block_frames: int
    xla: bool
    resident: bool = False

    @property
    def n_batches(self) -> int:
        """Maximum number of batches in a block."""
        return self.block_frames // self.batch_size

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
        *,
        batch_size: int,
        n_x: int,
        n_frames: int,
        block_frames: int,
        n_epochs: int,
        resident: bool = False,
    ) -> Engine:
        """Choose the fastest engine (measured on one thread in `benchmarks/speed`).

        Sizes are rounded up, so that data sets of similar length share the compiled steps.
        """
        n_steps = n_epochs * -(-n_frames // batch_size)
        one_thread = n_threads() == 1
        is_fast = devices.is_cpu and (n_x < WIDE_FRAME or one_thread)
        xla = is_fast and n_steps >= STEPS_WORTH_COMPILING
        logger.info(
            "at most %s steps of %d frames on %s, %s",
            f"{n_steps:,}", min(batch_size, n_frames), devices,
            "compiled by XLA" if xla else "without XLA",
        )  # fmt: skip
        most_batches = max(1, block_frames // batch_size)
        # Batches larger than the data need no size of their own.
        batch_size = min(batch_size, _power_of_two(n_frames))
        n_batches = min(most_batches, _power_of_two(-(-n_frames // batch_size)))
        return cls(devices, batch_size, n_batches * batch_size, xla, resident)


def _power_of_two(n: int) -> int:
    """Return the smallest power of two that is at least `n`."""
    return 1 << (n - 1).bit_length()

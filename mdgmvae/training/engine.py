"""How the steps of a training are computed: batches and blocks, XLA, one device or several.

With another engine the last bits of the weights are others (TensorFlow).
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from ..network.devices import n_threads
from .replicas import OneDevice, Replicas

logger = logging.getLogger(__name__)

#: XLA halves a step of a small network and takes some seconds to compile.
STEPS_WORTH_COMPILING = 1_000
#: Of so many features on, matrix products take the time, and without XLA all threads share them.
WIDE_FRAME = 256
#: Numbers that a processor's widest vectors hold; from so many vectors on batches are filled up.
VECTOR, FILLED = 16, 8


@dataclass(frozen=True)
class Engine:
    """How steps are computed.

    Parameters
    ----------
    place : OneDevice or Replicas
        Where.
    batch_size : int
        Rows of a batch.
    block_rows : int
        The most rows of a block: a multiple of `batch_size`.
    xla : bool
        Compiled by XLA.
    resident : bool
        All frames are on the device, and blocks are numbers of frames.
    """

    place: OneDevice | Replicas
    batch_size: int
    block_rows: int
    xla: bool
    resident: bool = False

    @property
    def n_batches(self) -> int:
        """The most batches of a block."""
        return self.block_rows // self.batch_size

    @property
    def width(self) -> int:
        """Columns of a batch, some of them empty: whole vectors, a quarter faster than 517.

        Each replica has the same number of them.
        """
        unit = 1 if self.batch_size < FILLED * VECTOR else VECTOR
        return unit * self.place.n * math.ceil(self.batch_size / (unit * self.place.n))

    @classmethod
    def choose(
        cls,
        place: OneDevice | Replicas,
        batch_size: int,
        n_x: int,
        n_rows: int,
        block_rows: int,
        n_epochs: int,
    ) -> Engine:
        """The fastest on one thread for so many rows and epochs (`benchmarks/speed`).

        Sizes are rounded up, so that data of about as many rows share what was compiled.
        """
        n_steps = n_epochs * -(-n_rows // batch_size)
        one_thread = n_threads() == 1
        is_fast = place.is_cpu and (n_x < WIDE_FRAME or one_thread)
        xla = is_fast and n_steps >= STEPS_WORTH_COMPILING
        logger.info(
            "at most %s steps of %d frames on %s, %s",
            f"{n_steps:,}", min(batch_size, n_rows), place,
            "compiled by XLA" if xla else "without XLA",
        )  # fmt: skip
        most_batches = max(1, block_rows // batch_size)
        # A batch of more rows than there are is the same batch.
        batch_size = min(batch_size, _power_of_two(n_rows))
        n_batches = min(most_batches, _power_of_two(-(-n_rows // batch_size)))
        return cls(place, batch_size, n_batches * batch_size, xla)


def _power_of_two(n: int) -> int:
    """The smallest one that is not less than `n`."""
    return 1 << (n - 1).bit_length()

"""Steps of Adam on blocks of batches: the compiled part of the training loop (TensorFlow).

One call runs all steps of a block. The rows of a block come shuffled, and the noise of its steps
is drawn, before the loop over the steps, which is one graph and for long trainings compiled by
XLA.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from .architecture import Architecture
from .objective import TERMS, Batch, Objective, batch_loss
from .soft_covariances import pairs_of_step

if TYPE_CHECKING:
    from .training import Batches

logger = logging.getLogger(__name__)

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
#: XLA halves a step of a small network and takes some seconds to compile.
STEPS_WORTH_COMPILING = 1_000
#: Of so many features on, matrix products take the time, and without XLA all threads share them.
WIDE_FRAME = 256
#: Numbers that a processor's widest vectors hold; from so many vectors on batches are filled up.
VECTOR, FILLED = 16, 8


@dataclass(frozen=True)
class Engine:
    """How steps are computed; with another engine the last bits of the weights are others.

    Parameters
    ----------
    device : str
        From `devices.choose`.
    batch_size : int
        Rows of a batch.
    block_rows : int
        The most rows of a block: a multiple of `batch_size`.
    xla : bool
        Compiled by XLA.
    """

    device: str
    batch_size: int
    block_rows: int
    xla: bool

    @property
    def n_batches(self) -> int:
        """The most batches of a block."""
        return self.block_rows // self.batch_size

    @property
    def width(self) -> int:
        """Columns of a batch, some of them empty: whole vectors, a quarter faster than 517."""
        if self.batch_size < FILLED * VECTOR:
            return self.batch_size
        return -(-self.batch_size // VECTOR) * VECTOR

    @classmethod
    def choose(
        cls,
        device: str,
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
        one_thread = tf.config.threading.get_intra_op_parallelism_threads() == 1
        is_fast = device.startswith("CPU") and (n_x < WIDE_FRAME or one_thread)
        xla = is_fast and n_steps >= STEPS_WORTH_COMPILING
        logger.info(
            "at most %s steps of %d frames on %s, %s",
            f"{n_steps:,}", min(batch_size, n_rows), device,
            "compiled by XLA" if xla else "without XLA",
        )  # fmt: skip
        most_batches = max(1, block_rows // batch_size)
        # A batch of more rows than there are is the same batch.
        batch_size = min(batch_size, _power_of_two(n_rows))
        n_batches = min(most_batches, _power_of_two(-(-n_rows // batch_size)))
        return cls(device, batch_size, n_batches * batch_size, xla)


def _power_of_two(n: int) -> int:
    """The smallest one that is not less than `n`."""
    return 1 << (n - 1).bit_length()


class Optimiser:
    """Adam on the weights of one restart, which live on the device.

    Parameters
    ----------
    architecture : Architecture
    objective : Objective
    engine : Engine
    weights, first_moment, second_moment : ndarray of shape (n_weights,)
    step : int
        How many steps there have been.
    ridge : float
        Of the covariances of the kinetic term.
    """

    def __init__(
        self,
        architecture: Architecture,
        objective: Objective,
        engine: Engine,
        weights: np.ndarray,
        first_moment: np.ndarray,
        second_moment: np.ndarray,
        step: int,
        ridge: float,
    ) -> None:
        self._device = engine.device
        self._ridge = ridge
        self._k = architecture.k
        self._run = _compiled_steps(architecture, objective, engine)
        self.step = step
        with tf.device(self._device):
            self._variables = [tf.Variable(a) for a in (weights, first_moment, second_moment)]

    def start_epoch(
        self, lr: float, r_nent: float, seed: int, groups: np.ndarray | None = None
    ) -> None:
        """Set what is the same for all steps of an epoch.

        `groups` of shape (k, k) says which components belong together, where some do.
        """
        if groups is None:
            groups = np.zeros((self._k, self._k), np.float32)
        self._sums = np.zeros(len(TERMS) + 1)
        with tf.device(self._device):
            numbers = [tf.constant(value, tf.float32) for value in (lr, r_nent, self._ridge)]
            self._settings = [tf.constant(groups), *numbers, tf.constant(seed)]

    def run(self, block: Batches) -> None:
        """The steps of a block of batches."""
        arrays = [a for a in (block.rows, block.later, block.has_partner) if a is not None]
        with tf.device(self._device):
            sums, step = self._run(
                *self._variables, *self._settings, tf.constant(self.step), *map(tf.constant, arrays)
            )
        self.step = int(step)
        self._sums += sums.numpy().astype(np.float64)

    def means(self) -> dict[str, float]:
        """The mean of each term over the rows of the epoch."""
        means = self._sums[:-1] / max(self._sums[-1], 1.0)
        return dict(zip(TERMS, means.tolist(), strict=True))

    def arrays(self) -> list[np.ndarray]:
        """Weights, first and second moments."""
        return [variable.numpy() for variable in self._variables]


@lru_cache(maxsize=16)
def _compiled_steps(
    architecture: Architecture, objective: Objective, engine: Engine
) -> Callable[..., Any]:
    """The function that runs the steps of a block: traced once for these sizes."""
    started = time.perf_counter()
    a = architecture
    steps = tf.function(_steps(a, objective, engine), autograph=False, jit_compile=engine.xla)

    def run(weights, m, v, groups, lr, r_nent, ridge, seed, step, *block):  # type: ignore[no-untyped-def]
        n_rows = tf.shape(block[0])[0]
        n_batches = (n_rows + engine.batch_size - 1) // engine.batch_size
        noise = _noise(a, engine, seed, step, n_rows, n_batches)
        uniform = None if objective.n_decoded is None else _uniform(engine, seed, step)
        n_columns = engine.block_rows + engine.width - engine.batch_size
        columns = [_columns(array, n_columns) for array in block]
        numbers = lr, r_nent, ridge, step, n_rows, n_batches
        sums = steps(weights, m, v, groups, numbers, (noise, uniform), columns)
        return sums, step + n_batches

    with tf.device("CPU:0"):
        # Only their shapes matter: the function runs where the variables that it gets are.
        examples = [tf.Variable(tf.zeros([a.n_weights])) for _ in range(3)]
    integer, number = tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)
    rows, flags = (tf.TensorSpec([None, n], tf.float32) for n in (a.n_x, 1))
    concrete = tf.function(run, autograph=False).get_concrete_function(
        *examples,
        tf.TensorSpec([a.k, a.k], tf.float32),
        *(number, number, number, integer, integer),
        *((rows, rows, flags) if objective.uses_pairs else (rows,)),
    )
    logger.debug("traced the training step in %.1f s", time.perf_counter() - started)
    return concrete


def _noise(a, engine, seed, step, n_rows, n_batches):  # type: ignore[no-untyped-def]
    """Standard normal draws for each step of a block: (steps, n_z, k width).

    Outside the loop over the steps, since XLA's own draws take longer than the rest of a step.
    """
    size = engine.batch_size

    def draw(i):  # type: ignore[no-untyped-def]
        n = tf.minimum(size, n_rows - i * size)
        drawn = tf.random.stateless_normal([a.k, n, a.n_z], [seed, step + i], alg="philox")
        return tf.pad(tf.transpose(drawn, [2, 0, 1]), [[0, 0], [0, 0], [0, engine.width - n]])

    drawn = tf.map_fn(draw, tf.range(n_batches), fn_output_signature=tf.float32)
    drawn = tf.pad(drawn, [[0, engine.n_batches - n_batches], [0, 0], [0, 0], [0, 0]])
    return tf.reshape(drawn, [engine.n_batches, a.n_z, a.k * engine.width])


def _uniform(engine, seed, step):  # type: ignore[no-untyped-def]
    """Draws between 0 and 1 for each step of a block: (steps, width)."""
    # Other numbers than those of the noise, whose second seed is not negative.
    shape = [engine.n_batches, engine.width]
    return tf.random.stateless_uniform(shape, [seed, -1 - step], alg="philox")


def _columns(rows: tf.Tensor, n: int) -> tf.Tensor:
    """Rows as columns, filled up with zeros to `n` of them."""
    filled = tf.pad(tf.transpose(rows), [[0, 0], [0, n - tf.shape(rows)[0]]])
    return tf.ensure_shape(filled, [rows.shape[1], n])


def _steps(a: Architecture, objective: Objective, engine: Engine) -> Callable[..., Any]:
    """The function that loops over the batches of a block; all its shapes are known."""
    size = engine.batch_size
    n_many = min(pairs_of_step(a.k), engine.block_rows)

    def frames(block, start, n, counted):  # type: ignore[no-untyped-def]
        cut = [tf.slice(columns, [0, start], [columns.shape[0], n]) for columns in block]
        counts = tf.cast(tf.range(n) < counted, tf.float32)
        later, has_partner = (cut[1], counts * cut[2][0]) if objective.uses_pairs else (None, None)
        return Batch(cut[0], counts, later, has_partner)

    def run(weights, m, v, groups, numbers, draws, block):  # type: ignore[no-untyped-def]
        lr, r_nent, ridge, step, n_rows, n_batches = numbers
        noise, uniform = draws

        def one_step(i, sums):  # type: ignore[no-untyped-def]
            start = i * size
            batch = frames(block, start, engine.width, tf.minimum(size, n_rows - start))
            # This batch and those before it in the block, or after it where it is among the first;
            # what fills up a last batch stands for frames here, since XLA compiles anew for
            # another number of rows where that decides what is cut out.
            many = frames(block, tf.maximum(start + size - n_many, 0), n_many, n_many)
            flat = weights.read_value()
            u = None if uniform is None else uniform[i]
            with tf.GradientTape() as tape:
                tape.watch(flat)
                loss, terms = batch_loss(
                    a, flat, objective, batch, noise[i], u, many, groups, ridge, r_nent
                )
            t = tf.cast(step + i + 1, tf.float32)
            tf.raw_ops.ResourceApplyAdam(
                var=weights.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=tf.pow(BETA1, t),
                beta2_power=tf.pow(BETA2, t),
                lr=lr,
                beta1=BETA1,
                beta2=BETA2,
                epsilon=EPSILON,
                grad=tape.gradient(loss, flat),
            )
            return i + 1, sums + terms

        # A sum in float32 over a block of rows is exact enough; blocks are added in float64.
        start = tf.constant(0), tf.zeros([len(TERMS) + 1])
        return tf.while_loop(lambda i, _: i < n_batches, one_step, start)[1]

    return run

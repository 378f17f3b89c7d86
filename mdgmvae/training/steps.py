"""Steps of Adam on blocks of batches: the compiled part of the training loop (TensorFlow).

One call runs all steps of a block. The rows of a block come shuffled, and the noise of its steps
is drawn, before the loop over the steps, which is one graph and for long trainings compiled by
XLA.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from ..network.architecture import Architecture
from ..network.networks import as_columns, by_component
from ..network.objective import (
    TERMS,
    Batch,
    Objective,
    batch_loss,
    columns_of,
)
from .covariances import pairs_of_step
from .engine import Engine
from .replicas import OneDevice, Replicas

if TYPE_CHECKING:
    from .loop import Batches

logger = logging.getLogger(__name__)

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


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
    frames : tensor of shape (n_x, n_rows), optional
        From `on_device`, for an engine that has them there.
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
        frames: tf.Tensor | None = None,
    ) -> None:
        self._frames = [] if frames is None else [frames]
        self._place = engine.place
        self._ridge = ridge
        self._k = architecture.k
        self.step = step
        with self._place.scope():
            self._variables = [tf.Variable(a) for a in (weights, first_moment, second_moment)]
        if isinstance(self._place, Replicas):
            # Replicas of a variable cannot be given to a function: one for these.
            run = partial(_block_steps(architecture, objective, engine), *self._variables)
            self._run = _traced(run, _block_specs(architecture, objective, engine))
        else:
            self._run = partial(_compiled_steps(architecture, objective, engine), *self._variables)

    def start_epoch(
        self, lr: float, r_nent: float, seed: int, groups: np.ndarray | None = None
    ) -> None:
        """Set what is the same for all steps of an epoch.

        `groups` of shape (k, k) says which components belong together, where some do.
        """
        if groups is None:
            groups = np.zeros((self._k, self._k), np.float32)
        self._sums = np.zeros(len(TERMS) + 1)
        with self._place.scope():
            numbers = [tf.constant(value, tf.float32) for value in (lr, r_nent, self._ridge)]
            self._settings = [tf.constant(groups), *numbers, tf.constant(seed)]

    def run(self, block: Batches) -> None:
        """The steps of a block of batches."""
        arrays = [a for a in (block.rows, block.later, block.has_partner) if a is not None]
        with self._place.scope(), self._place.errors():
            sums, step = self._run(
                *self._settings,
                tf.constant(self.step),
                *self._frames,
                *map(tf.constant, arrays),
            )
        self.step = int(step)
        self._sums += sums.numpy().astype(np.float64)

    @property
    def takes_numbers(self) -> bool:
        """Whether blocks are numbers of frames that are on the device."""
        return bool(self._frames)

    def means(self) -> dict[str, float]:
        """The mean of each term over the rows of the epoch."""
        means = self._sums[:-1] / max(self._sums[-1], 1.0)
        return dict(zip(TERMS, means.tolist(), strict=True))

    def arrays(self) -> list[np.ndarray]:
        """Weights, first and second moments."""
        return [variable.numpy() for variable in self._variables]


def on_device(place: OneDevice | Replicas, frames: np.ndarray) -> tf.Tensor:
    """All frames, (n_rows, n_x), as columns on the device: (n_x, n_rows)."""
    with place.scope():
        return tf.transpose(tf.constant(frames))


@lru_cache(maxsize=16)
def _compiled_steps(
    architecture: Architecture, objective: Objective, engine: Engine
) -> Callable[..., Any]:
    """The function of weights, moments and a block that runs its steps: one for these sizes."""
    with tf.device("CPU:0"):
        # Only their shapes matter: the function runs where the variables that it gets are.
        examples = [tf.Variable(tf.zeros([architecture.n_weights])) for _ in range(3)]
    run = _block_steps(architecture, objective, engine)
    return _traced(run, [*examples, *_block_specs(architecture, objective, engine)])


def _traced(function: Callable[..., Any], arguments: list[Any]) -> Callable[..., Any]:
    started = time.perf_counter()
    concrete = tf.function(function, autograph=False).get_concrete_function(*arguments)
    logger.debug("traced the training step in %.1f s", time.perf_counter() - started)
    return concrete


def _block_steps(a: Architecture, objective: Objective, engine: Engine) -> Callable[..., Any]:
    """The function of weights, moments, settings and a block that runs its steps, not traced."""
    steps = tf.function(_steps(a, objective, engine), autograph=False, jit_compile=engine.xla)

    def run(weights, m, v, groups, lr, r_nent, ridge, seed, step, *block):  # type: ignore[no-untyped-def]
        frames, block = (block[0], block[1:]) if engine.resident else (None, block)
        n_rows = tf.shape(block[0])[0]
        n_batches = (n_rows + engine.batch_size - 1) // engine.batch_size
        noise = _noise(a, engine, seed, step, n_rows, n_batches)
        uniform = None if objective.n_decoded is None else _uniform(engine, seed, step)
        n_columns = engine.block_rows + engine.width - engine.batch_size
        columns = [_columns(array, n_columns, frames) for array in block]
        numbers = lr, r_nent, ridge, step, n_rows, n_batches
        sums = steps(weights, m, v, groups, numbers, (noise, uniform), columns)
        return sums, step + n_batches

    return run


def _block_specs(a: Architecture, objective: Objective, engine: Engine) -> list[tf.TensorSpec]:
    """What that function takes beside the variables."""
    integer, number = tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)
    rows, flags = (tf.TensorSpec([None, n], tf.float32) for n in (a.n_x, 1))
    frames = []
    if engine.resident:
        frames, rows = [tf.TensorSpec([a.n_x, None])], tf.TensorSpec([None], tf.int32)
    return [
        tf.TensorSpec([a.k, a.k], tf.float32),
        *(number, number, number, integer, integer),
        *frames,
        *((rows, rows, flags) if objective.uses_pairs else (rows,)),
    ]


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
    shape = [engine.n_batches, engine.batch_size]
    drawn = tf.random.stateless_uniform(shape, [seed, -1 - step], alg="philox")
    return tf.pad(drawn, [[0, 0], [0, engine.width - engine.batch_size]])


def _columns(rows: tf.Tensor, n: int, frames: tf.Tensor | None) -> tf.Tensor:
    """Rows, or the frames that they are numbers of, as `n` columns; zeros fill them up."""
    are_numbers = frames is not None and rows.dtype == tf.int32
    columns = tf.gather(frames, rows, axis=1) if are_numbers else tf.transpose(rows)
    filled = tf.pad(columns, [[0, 0], [0, n - tf.shape(rows)[0]]])
    return tf.ensure_shape(filled, [columns.shape[0], n])


def _steps(a: Architecture, objective: Objective, engine: Engine) -> Callable[..., Any]:
    """The function that loops over the batches of a block; all its shapes are known."""
    size, place = engine.batch_size, engine.place
    n_many = min(pairs_of_step(a.k), engine.block_rows)
    share = engine.width // place.n

    def frames(block, start, n, counted):  # type: ignore[no-untyped-def]
        """`n` columns of the block from `start` on; the first `counted` of them are frames."""
        x, *pairs = (tf.slice(array, [0, start], [array.shape[0], n]) for array in block)
        counts = tf.cast(tf.range(n) < counted, tf.float32)
        later, has_partner = (pairs[0], counts * pairs[1][0]) if pairs else (None, None)
        return Batch.whole(x, counts, later, has_partner)

    def run(weights, m, v, groups, numbers, draws, block):  # type: ignore[no-untyped-def]
        lr, r_nent, ridge, step, n_rows, n_batches = numbers
        noise, uniform = draws

        def slope_and_terms(i, replica):  # type: ignore[no-untyped-def]
            """What one replica finds in its share of a batch."""
            start = i * size
            whole = frames(block, start, engine.width, tf.minimum(size, n_rows - start))
            batch = whole.columns(replica * share, share)
            # This batch and those before it in the block, or after it where it is among the first;
            # what fills up a last batch stands for frames here, since XLA compiles anew for
            # another number of rows where that decides what is cut out.
            many = frames(block, tf.maximum(start + size - n_many, 0), n_many, n_many)
            flat = weights.read_value()
            z_noise = columns_of(by_component(noise[i], a.k), replica * share, share)
            u = None if uniform is None else columns_of(uniform[i], replica * share, share)
            with tf.GradientTape() as tape:
                tape.watch(flat)
                loss, terms = batch_loss(
                    a, flat, objective, batch, as_columns(z_noise), u, many, groups, ridge, r_nent
                )
            return tf.concat([tape.gradient(loss, flat), terms], 0)

        def one_step(i, sums):  # type: ignore[no-untyped-def]
            total = place.total(lambda replica: slope_and_terms(i, replica))
            slope, terms = tf.split(total, [a.n_weights, len(TERMS) + 1])
            place.update(partial(_adam, step=step + i, lr=lr), weights, m, v, slope)
            return i + 1, sums + terms

        # A sum in float32 over a block of rows is exact enough; blocks are added in float64.
        start = tf.constant(0), tf.zeros([len(TERMS) + 1])
        return tf.while_loop(lambda i, _: i < n_batches, one_step, start, parallel_iterations=1)[1]

    return run


def _adam(weights, m, v, slope, step, lr):  # type: ignore[no-untyped-def]
    """One step of Adam; `step` of them were made before."""
    t = tf.cast(step + 1, tf.float32)
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
        grad=slope,
    )

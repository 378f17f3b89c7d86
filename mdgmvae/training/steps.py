"""Steps of Adam on blocks of batches: the compiled part of the training (TensorFlow).

One call runs all steps of a block, whose frames are already shuffled. The noise is drawn first. The
loop over the steps is then a single graph, which XLA compiles in long trainings.

On a GPU a call may contain several blocks, and a step is that of several restarts: the weights, the
noise and all that follows from them have another axis, the first (see `engine.Stack`). The loss is
written for one restart, and `tf.vectorized_map` turns its products into batched products.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..network.architecture import Architecture
from ..network.networks import as_columns, by_component
from ..network.objective import (
    TERMS,
    Batch,
    Objective,
    batch_loss,
    columns_of,
)
from ..network.quiet_tensorflow import tf
from ..network.xla_cache import restore_compiled
from .engine import Engine
from .lagged_pairs import pairs_of_step
from .noise import Draws, draw

logger = logging.getLogger(__name__)

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class EpochSettings(NamedTuple):
    """The values that all steps of an epoch share.

    Parameters
    ----------
    groups : tensor of shape (..., k, k)
        Which component (row) belongs to which state (column). All zeros while states are not
        scored.
    lr : scalar
        Learning rate.
    r_nent : scalar
        Weight of the negative entropy.
    ridge : scalar
        Ridge on the covariances of the kinetic term.
    seed : tensor of shape (...), int32
        Seed of the noise in this epoch.
    """

    groups: tf.Tensor
    lr: tf.Tensor
    r_nent: tf.Tensor
    ridge: tf.Tensor
    seed: tf.Tensor

    @classmethod
    def of(
        cls, lr: float, r_nent: float, ridge: float, seed: int | np.ndarray, groups: np.ndarray
    ) -> EpochSettings:
        """Return the settings as tensors on the current device."""
        return cls(
            groups=tf.constant(groups, tf.float32),
            lr=tf.constant(lr, tf.float32),
            r_nent=tf.constant(r_nent, tf.float32),
            ridge=tf.constant(ridge, tf.float32),
            seed=tf.constant(seed, tf.int32),
        )

    @classmethod
    def specs(cls, k: int, shape: tuple[int, ...]) -> EpochSettings:
        """Return the shape and the type of each field; `shape` is that of the restarts."""
        integers, number = tf.TensorSpec(shape, tf.int32), tf.TensorSpec([], tf.float32)
        return cls(tf.TensorSpec([*shape, k, k], tf.float32), number, number, number, integers)


class Adam(NamedTuple):
    """The variables of Adam (Kingma & Ba 2015), each of shape (..., n_weights)."""

    weights: tf.Variable
    first_moment: tf.Variable
    second_moment: tf.Variable


@dataclass(frozen=True)
class Plan:
    """Everything that determines the graph of the steps."""

    architecture: Architecture
    objective: Objective
    engine: Engine

    @property
    def shape(self) -> tuple[int, ...]:
        """The axis of the restarts: () for a single one that is not in a stack."""
        return () if self.engine.stack is None else (self.engine.stack.n_restarts,)

    def specs(self) -> list[Any]:
        """Return the shapes and types of the arguments of `run_block` that follow `adam`."""
        n_x = self.architecture.n_x
        frames, flags = (tf.TensorSpec([None, n], tf.float32) for n in (n_x, 1))
        resident = []
        if self.engine.resident:
            resident = [tf.TensorSpec([n_x, None])]
            frames = tf.TensorSpec([None], tf.int32)
        return [
            EpochSettings.specs(self.architecture.k, self.shape),
            tf.TensorSpec([], tf.int32),
            *resident,
            *((frames, frames, flags) if self.objective.uses_pairs else (frames,)),
        ]


@lru_cache(maxsize=16)
def compiled_steps(plan: Plan) -> Callable[..., Any]:
    """Return `run_block` for a plan, traced once and shared by all variables."""
    if plan.engine.xla:
        restore_compiled()
    with tf.device("CPU:0" if plan.engine.stack is None else plan.engine.devices.device):
        # Only the shapes matter, because the function runs on the device of its arguments. XLA
        # compiles for the device of the examples.
        shape = [*plan.shape, plan.architecture.n_weights]
        examples = [tf.Variable(tf.zeros(shape)) for _ in range(3)]
    return trace(partial(run_block, plan), Adam(*examples), *plan.specs())


def trace(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """Trace a function for arguments of the same shapes as these."""
    started = time.perf_counter()
    compiled = tf.function(lambda *given: function(*given), autograph=False)
    concrete: Callable[..., Any] = compiled.get_concrete_function(*arguments)
    logger.debug("traced the training step in %.1f s", time.perf_counter() - started)
    return concrete


def run_block(
    plan: Plan, adam: Adam, settings: EpochSettings, step: tf.Tensor, *arrays: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run the steps of a block, or of a few blocks.

    Parameters
    ----------
    plan : Plan
    adam : Adam
    settings : EpochSettings
    step : scalar, int32
        Number of steps taken so far.
    *arrays : tensor
        All frames as columns, if the engine stores them on the device; then the arrays of a
        `Block`.

    Returns
    -------
    sums : tensor of shape (..., len(TERMS) + 1)
        Sum of each term over the frames of the block, and the number of frames.
    step : scalar, int32
        Number of steps after the block.
    """
    engine = plan.engine
    frames, arrays = (arrays[0], arrays[1:]) if engine.resident else (None, arrays)
    n_frames = tf.shape(arrays[0])[0]
    n_batches = (n_frames + engine.batch_size - 1) // engine.batch_size
    draws = draw(
        plan.architecture, engine, plan.objective, settings.seed, step, n_frames, n_batches
    )
    n_columns = engine.n_blocks * engine.block_frames + engine.width - engine.batch_size
    columns = [_columns(array, n_columns, frames) for array in arrays]

    def loop(*given: Any) -> tf.Tensor:
        return _loop_over_batches(plan, *given)

    steps = tf.function(loop, autograph=False, jit_compile=engine.xla)
    sums = steps(adam, settings, step, n_frames, n_batches, draws, columns)
    return sums, step + n_batches


def _columns(array: tf.Tensor, n: int, frames: tf.Tensor | None) -> tf.Tensor:
    """Return an array of a block as `n` columns, padded with zeros.

    Frame numbers are replaced by the frames, which are on the device.
    """
    are_numbers = frames is not None and array.dtype == tf.int32
    columns = tf.gather(frames, array, axis=1) if are_numbers else tf.transpose(array)
    filled = tf.pad(columns, [[0, 0], [0, n - tf.shape(array)[0]]])
    return tf.ensure_shape(filled, [columns.shape[0], n])


def _loop_over_batches(
    plan: Plan,
    adam: Adam,
    settings: EpochSettings,
    step: tf.Tensor,
    n_frames: tf.Tensor,
    n_batches: tf.Tensor,
    draws: Draws,
    columns: list[tf.Tensor],
) -> tf.Tensor:
    """Take a step of Adam for each batch of a block; all shapes are static.

    Parameters
    ----------
    plan : Plan
    adam : Adam
    settings : EpochSettings
    step : scalar, int32
        Number of steps taken so far.
    n_frames, n_batches : scalar, int32
        Number of frames and of batches of the block.
    draws : Draws
    columns : list of tensor
        The arrays of the block, from `_columns`.

    Returns
    -------
    tensor of shape (..., len(TERMS) + 1)
        Sum of each term over the frames of the block, and the number of frames.
    """
    n_weights, devices = plan.architecture.n_weights, plan.engine.devices

    def one_step(i: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        total = devices.total(
            lambda replica: _gradient(
                plan, adam.weights, settings, i, replica, n_frames, draws, columns
            )
        )
        gradient, terms = tf.split(total, [n_weights, len(TERMS) + 1], axis=-1)
        devices.update(partial(_update, step=step + i, lr=settings.lr), *adam, gradient)
        return i + 1, sums + terms

    # Float32 is accurate enough for the sum over a block. Blocks are added in float64.
    start = tf.constant(0), tf.zeros([*plan.shape, len(TERMS) + 1])
    return tf.while_loop(lambda i, _: i < n_batches, one_step, start, parallel_iterations=1)[1]


def _gradient(
    plan: Plan,
    weights: tf.Variable,
    settings: EpochSettings,
    i: tf.Tensor,
    replica: tf.Tensor | int,
    n_frames: tf.Tensor,
    draws: Draws,
    columns: list[tf.Tensor],
) -> tf.Tensor:
    """Return the gradient and the terms for a replica's share of batch `i`, concatenated."""
    a, engine = plan.architecture, plan.engine
    size, share = engine.batch_size, engine.width // engine.devices.n
    n_reference = min(pairs_of_step(a.k), engine.block_frames)
    start = i * size
    whole = _batch(columns, start, engine.width, tf.minimum(size, n_frames - start))
    batch = whole.columns(replica * share, share)
    # This batch and the batches before it, or after it at the beginning of the block. Padding in
    # the last batch counts as frames here: if the number of frames determined where the slice
    # begins, XLA would compile again for each number.
    block_start = i // engine.n_batches * engine.block_frames if engine.n_blocks > 1 else 0
    reference_start = tf.maximum(start + size - n_reference, block_start)
    reference = _batch(columns, reference_start, n_reference, n_reference)

    def of_restart(
        flat: tf.Tensor, groups: tf.Tensor, noise: tf.Tensor, uniform: tf.Tensor | None = None
    ) -> tf.Tensor:
        noise = columns_of(by_component(noise, a.k), replica * share, share)
        if uniform is not None:
            uniform = columns_of(uniform, replica * share, share)
        at_once = 1 if engine.stack is None else engine.stack.n_components
        with tf.GradientTape() as tape:
            tape.watch(flat)
            loss, terms = batch_loss(
                a, flat, plan.objective, batch, as_columns(noise), uniform, reference,
                groups, settings.ridge, settings.r_nent, at_once,
            )  # fmt: skip
        return tf.concat([tape.gradient(loss, flat), terms], 0)

    flat = weights.read_value()
    given = [flat, settings.groups, *(numbers[i] for numbers in draws if numbers is not None)]
    if engine.stack is None:
        return of_restart(*given)
    if engine.stack.n_restarts == 1:
        return of_restart(*[values[0] for values in given])[tf.newaxis]
    return tf.vectorized_map(
        lambda values: of_restart(*values), given, fallback_to_while_loop=False
    )


def _batch(columns: list[tf.Tensor], start: tf.Tensor, n: int, n_counted: tf.Tensor | int) -> Batch:
    """Return `n` columns of a block from `start` on, of which `n_counted` are frames."""
    x, *pairs = (tf.slice(array, [0, start], [array.shape[0], n]) for array in columns)
    counts = tf.cast(tf.range(n) < n_counted, tf.float32)
    later, has_partner = (pairs[0], counts * pairs[1][0]) if pairs else (None, None)
    return Batch.whole(x, counts, later, has_partner)


def _update(
    weights: tf.Variable,
    first_moment: tf.Variable,
    second_moment: tf.Variable,
    gradient: tf.Tensor,
    step: tf.Tensor,
    lr: tf.Tensor,
) -> None:
    """Take one step of Adam after `step` others (Kingma & Ba 2015, algorithm 1)."""
    t = tf.cast(step + 1, tf.float32)
    tf.raw_ops.ResourceApplyAdam(
        var=weights.handle,
        m=first_moment.handle,
        v=second_moment.handle,
        beta1_power=tf.pow(BETA1, t),
        beta2_power=tf.pow(BETA2, t),
        lr=lr,
        beta1=BETA1,
        beta2=BETA2,
        epsilon=EPSILON,
        grad=gradient,
    )

"""The random numbers of the steps of a block (TensorFlow).

The noise depends on the seed of the epoch and the number of the step, and neither on the device nor
on the length of the block. The numbers that choose components to decode are the same on a CPU only
for blocks of the same length.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from ..network.architecture import Architecture
from ..network.objective import Objective
from ..network.quiet_tensorflow import tf
from .engine import Engine
from .random_numbers import stateless_normal, stateless_uniform


class Draws(NamedTuple):
    """The random numbers for the steps of a block.

    Parameters
    ----------
    noise : tensor of shape (n_batches, ..., n_z, k width)
        Standard normal draws.
    uniform : tensor of shape (n_batches, ..., width) or None
        Numbers between 0 and 1. None if all components are decoded.
    """

    noise: tf.Tensor
    uniform: tf.Tensor | None


def draw(
    architecture: Architecture,
    engine: Engine,
    objective: Objective,
    seed: tf.Tensor,
    step: tf.Tensor,
    n_frames: tf.Tensor,
    n_batches: tf.Tensor,
) -> Draws:
    """Draw the random numbers of a block.

    Parameters
    ----------
    architecture : Architecture
    engine : Engine
    objective : Objective
    seed : tensor of shape (...), int32
        Seed of each restart in this epoch.
    step : scalar, int32
        Number of steps before the block.
    n_frames, n_batches : scalar, int32
        Number of frames and of batches of the block.
    """
    is_sampled = objective.n_decoded is not None
    if engine.stack is not None:
        at_once = partial(_draw_at_once, architecture, engine, is_sampled)
        return tf.function(at_once, autograph=False, jit_compile=engine.xla)(seed, step, n_frames)
    noise = _noise(architecture, engine, seed, step, n_frames, n_batches)
    return Draws(noise, _uniform(engine, seed, step) if is_sampled else None)


def _draw_at_once(
    a: Architecture,
    engine: Engine,
    is_sampled: bool,
    seed: tf.Tensor,
    step: tf.Tensor,
    n_frames: tf.Tensor,
) -> Draws:
    """Draw the numbers of all steps and restarts, the noise as in `_noise`."""
    size = engine.batch_size
    batch = tf.range(engine.n_blocks * engine.n_batches)
    n = tf.cast(tf.clip_by_value(n_frames - batch * size, 1, size), tf.int64)
    frame = tf.range(engine.width, dtype=tf.int64)
    component, z = (tf.range(n, dtype=tf.int64)[:, tf.newaxis] for n in (a.k, a.n_z))
    # Axes: batch, restart, dimension of z, component, frame.
    position = a.n_z * (component * tf.reshape(n, [-1, 1, 1, 1, 1]) + frame) + z[:, tf.newaxis]
    steps = tf.reshape(step + batch, [-1, 1, 1, 1, 1])
    noise = stateless_normal(tf.reshape(seed, [-1, 1, 1, 1]), steps, position)
    noise = tf.reshape(noise, [*noise.shape[:3], a.k * engine.width])
    if not is_sampled:
        return Draws(noise, None)
    # Not as in `_uniform`: each step has a seed of its own, whatever the length of the blocks.
    steps = tf.reshape(step + batch, [-1, 1, 1])
    return Draws(noise, stateless_uniform(tf.reshape(seed, [-1, 1]), -1 - steps, frame))


def _noise(
    a: Architecture,
    engine: Engine,
    seed: tf.Tensor,
    step: tf.Tensor,
    n_frames: tf.Tensor,
    n_batches: tf.Tensor,
) -> tf.Tensor:
    """Draw standard normal noise for each step of a block: (n_batches, n_z, k width).

    This is done outside the loop over the steps, because drawing within XLA takes longer than the
    rest of a step.
    """
    size = engine.batch_size

    def draw(i: tf.Tensor) -> tf.Tensor:
        n = tf.minimum(size, n_frames - i * size)
        drawn = tf.random.stateless_normal([a.k, n, a.n_z], [seed, step + i], alg="philox")
        return tf.pad(tf.transpose(drawn, [2, 0, 1]), [[0, 0], [0, 0], [0, engine.width - n]])

    drawn = tf.map_fn(draw, tf.range(n_batches), fn_output_signature=tf.float32)
    drawn = tf.pad(drawn, [[0, engine.n_batches - n_batches], [0, 0], [0, 0], [0, 0]])
    return tf.reshape(drawn, [engine.n_batches, a.n_z, a.k * engine.width])


def _uniform(engine: Engine, seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Draw numbers between 0 and 1 for each step of a block: (n_batches, width)."""
    # The second seed of `_noise` is never negative, so these draws are independent of it.
    shape = [engine.n_batches, engine.batch_size]
    drawn = tf.random.stateless_uniform(shape, [seed, -1 - step], alg="philox")
    return tf.pad(drawn, [[0, 0], [0, engine.width - engine.batch_size]])

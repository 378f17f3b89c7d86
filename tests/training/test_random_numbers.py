"""Random numbers for many steps at once."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from architectures import sizes

from mdgmvae.network.objective import Objective
from mdgmvae.presets import Hyperparameters
from mdgmvae.training import random_numbers
from mdgmvae.training.distribution import OneDevice
from mdgmvae.training.engine import Engine, Stack
from mdgmvae.training.noise import draw

POSITIONS = np.arange(1001)


@pytest.mark.parametrize("xla", [False, True])
@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_numbers_are_those_of_tensorflow(kind, xla):
    """All seeds in one call; TensorFlow takes one a call. The second seed may be negative."""
    seeds = np.array([[5, 7], [0, 0], [2**31 - 1, 12], [3, -1], [3, -(2**31)]], np.int32)
    draw = getattr(random_numbers, f"stateless_{kind}")
    ours = tf.function(draw, autograph=False, jit_compile=xla)
    found = ours(seeds[:, :1], seeds[:, 1:], POSITIONS[np.newaxis])
    theirs = getattr(tf.random, f"stateless_{kind}")
    expected = [theirs([len(POSITIONS)], seed, alg="philox") for seed in seeds]
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-6 if kind == "normal" else 0)


@pytest.mark.slow
def test_draws_of_a_block_do_not_depend_on_its_length_or_the_device():
    """Of three batches the last is short; columns that fill a batch up do not matter."""
    architecture, objective = sizes(3, 4, 2), Objective.of(Hyperparameters(n_decoded=1))
    size, n, seeds = 130, 300, np.array([4, 2**31 - 2], np.int32)
    at_once = Stack(n_restarts=2, n_components=3, n_blocks=3)

    def drawn(stack, seed, step, n_frames):
        engine = Engine(OneDevice("CPU:0"), size, size, xla=False, stack=stack)
        n_batches = -(-n_frames // size)
        return draw(architecture, engine, objective, seed, step, n_frames, n_batches)

    noise, uniform = drawn(at_once, seeds, 7, n)
    assert noise.shape == (3, 2, 2, 3 * 144) and uniform.shape == (3, 2, 144)
    noise = tf.reshape(noise, [3, 2, 2, 3, 144])
    for i, n_frames in ((0, 130), (2, 40)):
        other, its_uniform = drawn(dataclasses.replace(at_once, n_blocks=1), seeds, 7 + i, n_frames)
        np.testing.assert_array_equal(uniform[i], its_uniform[0])
        other = tf.reshape(other, [2, 2, 3, 144])[..., :n_frames]
        np.testing.assert_array_equal(noise[i, ..., :n_frames], other)
        on_cpu, its_uniform = drawn(None, seeds[1], 7 + i, n_frames)
        on_cpu = tf.reshape(on_cpu, [2, 3, 144])[..., :n_frames]
        np.testing.assert_allclose(noise[i, 1, ..., :n_frames], on_cpu, atol=5e-6)
        np.testing.assert_array_equal(uniform[i, 1, :size], its_uniform[0, :size])

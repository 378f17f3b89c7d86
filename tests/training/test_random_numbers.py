"""Random numbers for many steps at once."""

import numpy as np
import pytest
import tensorflow as tf

from mdgmvae.training import random_numbers

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

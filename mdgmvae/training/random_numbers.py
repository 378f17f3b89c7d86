"""The random numbers for many steps at once, the same that TensorFlow draws for each (TensorFlow).

`tf.random.stateless_normal` takes one seed a call, so the steps of a block take one call each. On a
GPU, starting these calls takes longer than the steps. The functions here compute each number from
its seed and its position, so that one kernel draws the numbers of all steps and restarts.

The generator is Philox 4x32-10 (Salmon, Moraes, Dror & Shaw, SC 2011): ten rounds of multiplication
turn a key and a counter into four words. As in TensorFlow, the key and the upper half of the
counter are Philox of the seed, and the lower half of the counter is the position divided by four.
Words are kept in int64, for whose products and bits every device has kernels.
"""

from __future__ import annotations

import math

from ..network.quiet_tensorflow import tf

_WORD = 0xFFFFFFFF
_ROUNDS, _FACTORS, _KEY_STEPS = 10, (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)
#: The key with which TensorFlow turns a seed into a key and a counter.
_KEY_OF_SEED = (0x3EC8F720, 0x02461E29)
#: Smallest number whose logarithm is taken.
_SMALLEST = 1e-7


def stateless_normal(first: tf.Tensor, second: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
    """Return standard normal numbers (Box & Muller, Ann. Math. Stat. 29, 610 (1958)).

    Parameters
    ----------
    first, second : tensor of int32
        The two numbers of the seed.
    position : tensor of int64
        Position of each number in the flattened result of `tf.random.stateless_normal`. It is
        broadcast with the seeds.

    Returns
    -------
    tensor of float32
        Equal to those of `tf.random.stateless_normal(..., alg="philox")` up to rounding.
    """
    words, lane = _words(first, second, position)
    is_upper = lane >= 2
    radius, angle = (
        _uniform(tf.where(is_upper, upper, lower))
        for lower, upper in zip(words[:2], words[2:], strict=True)
    )
    radius = tf.sqrt(-2.0 * tf.math.log(tf.maximum(radius, _SMALLEST)))
    angle *= 2.0 * math.pi
    return radius * tf.where(lane & 1 == 0, tf.sin(angle), tf.cos(angle))


def stateless_uniform(first: tf.Tensor, second: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
    """Return numbers between 0 and 1, those of `tf.random.stateless_uniform`.

    Parameters and result are as in `stateless_normal`.
    """
    words, lane = _words(first, second, position)
    chosen = words[3]
    for i, word in enumerate(words[:3]):
        chosen = tf.where(lane == i, word, chosen)
    return _uniform(chosen)


def _words(
    first: tf.Tensor, second: tf.Tensor, position: tf.Tensor
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Return the four words that contain the number at a position, and which of them it is."""
    halves = []
    for seed in (first, second):
        seed = tf.cast(seed, tf.int64)
        halves += [seed & _WORD, _upper_word(seed)]
    key_0, key_1, counter_2, counter_3 = _philox(list(_KEY_OF_SEED), halves)
    zero = tf.zeros_like(position)
    # Fewer than 2^34 numbers are drawn for a step.
    words = _philox([key_0, key_1], [_shifted(position, 2), zero, counter_2, counter_3])
    return words, position & 3


def _philox(key: list[tf.Tensor | int], counter: list[tf.Tensor]) -> list[tf.Tensor]:
    for _ in range(_ROUNDS):
        # The product overflows the sign bit, but its 64 bits are those of the unsigned product.
        products = [factor * counter[2 * i] for i, factor in enumerate(_FACTORS)]
        (high_0, low_0), (high_1, low_1) = ((_upper_word(p), p & _WORD) for p in products)
        counter = [high_1 ^ counter[1] ^ key[0], low_1, high_0 ^ counter[3] ^ key[1], low_0]
        key = [(k + step) & _WORD for k, step in zip(key, _KEY_STEPS, strict=True)]
    return counter


def _upper_word(number: tf.Tensor) -> tf.Tensor:
    return _shifted(number, 32) & _WORD


def _shifted(number: tf.Tensor, n_bits: int) -> tf.Tensor:
    return tf.bitwise.right_shift(number, tf.constant(n_bits, tf.int64))


def _uniform(word: tf.Tensor) -> tf.Tensor:
    """Return the number between 0 and 1 whose mantissa is that of a word."""
    bits = tf.cast((word & 0x7FFFFF) | 0x3F800000, tf.int32)
    return tf.bitcast(bits, tf.float32) - 1.0

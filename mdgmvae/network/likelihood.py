"""The reconstruction term of a training step, one component after the other (TensorFlow).

This term takes most of the time of a step: its hidden layers have k n columns. Here the value
and the gradient of one component are computed before those of the next one, so intermediate
results stay in the processor's cache, and the memory of the decoder does not grow with k. When
there are many components, each frame may be decoded for its most probable components only, and
for one that is drawn from the others.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from .architecture import Architecture
from .losses import log_normal
from .networks import Network, by_component


def expected_log_likelihood(
    architecture: Architecture,
    flat: tf.Tensor,
    x: tf.Tensor,
    z: tf.Tensor,
    q: tf.Tensor,
    counts: tf.Tensor,
    n_decoded: int | None = None,
    uniform: tf.Tensor | None = None,
    precision: str = "",
) -> tf.Tensor:
    """Return the sum over frames of counts * sum_y q(y|x) * log p(x|z_y).

    With `n_decoded`, return an unbiased estimate with an unbiased gradient. The `n_decoded` most
    probable components of a frame are decoded; one component is drawn from the others and
    represents all of them (Liu, Regier, Tripuraneni, Jordan & McAuliffe, Rao-Blackwellized
    stochastic gradients for discrete distributions, ICML 2019). The mean over the most probable
    components is subtracted as a control variate.

    Parameters
    ----------
    architecture : Architecture
    flat : tensor of shape (n_weights,)
        All weights.
    x : tensor of shape (n_x, n)
        The frames to decode.
    z : tensor of shape (n_z, k n)
    q : tensor of shape (k, n)
        q(y|x).
    counts : tensor of shape (n,)
        Weight of each frame.
    n_decoded : int, optional
        By default all components are decoded, as they are for ``n_decoded >= k - 1``.
    uniform : tensor of shape (n,), optional
        Draws between 0 and 1, which choose the component that represents the others.
    precision : str
        As in `Network`.

    Returns
    -------
    scalar
    """
    k = q.shape[0]
    z = by_component(z, k)
    if n_decoded is None or n_decoded >= k - 1:
        return _weighted(architecture, flat, x, z, counts * q, precision)[0]
    chosen = choose(tf.stop_gradient(q), n_decoded, uniform)
    of_chosen = tf.reduce_sum(chosen.marks * q, axis=1)
    # The drawn component has the weight of all others; only the gradient of its own q remains.
    weights = tf.concat([of_chosen[:-1], of_chosen[-1:] * chosen.stands_for], 0)
    z = tf.reduce_sum(z[:, tf.newaxis] * chosen.marks, axis=2)
    total, logs = _weighted(architecture, flat, x, z, counts * weights, precision)
    sure = tf.stop_gradient(of_chosen[:-1])
    baseline = tf.reduce_sum(sure * logs[:-1], 0) / tf.maximum(tf.reduce_sum(sure, 0), 1e-30)
    all_rest = tf.reduce_sum(q, axis=0) - tf.reduce_sum(of_chosen[:-1], axis=0)
    no_value = _without_value(all_rest) - _without_value(weights[-1])
    return total + tf.reduce_sum(counts * baseline * no_value)


class Chosen(NamedTuple):
    """The components of each frame that are decoded.

    Parameters
    ----------
    marks : tensor of shape (n_decoded + 1, k, n)
        1 for the chosen component, else 0. The last choice is the component that was drawn.
    stands_for : tensor of shape (n,)
        Sum of q over all components that are not among the most probable, divided by q of the
        one that was drawn.
    """

    marks: tf.Tensor
    stands_for: tf.Tensor


def choose(q: tf.Tensor, n_decoded: int, uniform: tf.Tensor) -> Chosen:
    """Choose the most probable components of each frame, and draw one from the others."""
    k, marks, rest = q.shape[0], [], q
    for _ in range(n_decoded):
        marks.append(tf.one_hot(tf.argmax(rest, axis=0), k, axis=0, dtype=q.dtype))
        # Negative, so below all others, even below those whose q is 0.
        rest = rest - (rest + 1.0) * marks[-1]
    rest = tf.maximum(rest, 0.0)
    cumulated = tf.cumsum(rest)
    passed = tf.cast(cumulated <= uniform * cumulated[-1], tf.int32)
    drawn = tf.minimum(tf.reduce_sum(passed, axis=0), k - 1)
    marks.append(tf.one_hot(drawn, k, axis=0, dtype=q.dtype))
    of_drawn = tf.reduce_sum(marks[-1] * rest, axis=0)
    # If nothing is left to draw from, the last component is drawn with weight 0.
    stands_for = tf.math.divide_no_nan(cumulated[-1], of_drawn)
    return Chosen(tf.stack(marks), stands_for)


def _without_value(value: tf.Tensor) -> tf.Tensor:
    """Return 0, with the gradient of `value`."""
    return value - tf.stop_gradient(value)


def _weighted(
    architecture: Architecture,
    flat: tf.Tensor,
    x: tf.Tensor,
    z: tf.Tensor,
    weights: tf.Tensor,
    precision: str,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the sum of weights * log p(x|z) and, without a gradient, log p(x|z) itself.

    Shapes: x (n_x, n), z (n_z, m, n), weights (m, n). The m components are computed one after
    the other.
    """
    m = weights.shape[0]
    # The weights of the decoder come last.
    n_others = sum(
        math.prod(shape) for name, shape in architecture.shapes.items() if name[:3] != "px/"
    )

    @tf.custom_gradient
    def total(
        of_decoder: tf.Tensor, z: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable[..., tuple[tf.Tensor, ...]]]:
        def add_component(
            y: tf.Tensor, slope: tf.Tensor, by_z: tf.TensorArray, logs: tf.TensorArray
        ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray, tf.TensorArray]:
            z_y, weights_y = z[y], weights[y]
            with tf.GradientTape() as tape:
                tape.watch([of_decoder, z_y])
                decoder = Network(architecture, of_decoder, "px/", precision)
                log = log_normal(x, decoder.decode(z_y))
                sum_y = tf.reduce_sum(log * weights_y)
            by_decoder, by_z_y = tape.gradient(sum_y, [of_decoder, z_y])
            return y + 1, slope + by_decoder, by_z.write(y, by_z_y), logs.write(y, log)

        empty = [tf.TensorArray(z.dtype, size=m) for _ in range(2)]
        start = (0, tf.zeros_like(of_decoder), *empty)
        _, by_decoder, by_z, logs = tf.while_loop(
            lambda y, *_: y < m, add_component, start, parallel_iterations=1
        )
        by_z, logs = by_z.stack(), logs.stack()

        def gradient(of_total: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, ...]:
            return of_total * by_decoder, of_total * by_z, of_total * logs

        return (tf.reduce_sum(weights * logs), logs), gradient

    # With the components first, each one is contiguous in memory.
    value, logs = total(flat[n_others:], tf.transpose(z, [1, 0, 2]), weights)
    return value, tf.stop_gradient(logs)

"""The reconstruction term of a step, for one component after the other (TensorFlow).

It takes most of a step: hidden layers of k n columns. Here the value and the gradient of one
component are computed before the next one's, so what is in between stays in the processor's
cache, and the memory that a step takes does not grow with k.
"""

import math

import tensorflow as tf

from .architecture import Architecture
from .losses import log_normal
from .network import Network, as_columns, by_component


def weighted_log_likelihood(
    architecture: Architecture, flat: tf.Tensor, x: tf.Tensor, z: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """sum_y,n weights * log p(x|z_y), with its gradient along `flat`, `z` and `weights`.

    Parameters
    ----------
    architecture : Architecture
    flat : tensor of shape (n_weights,)
    x : tensor of shape (n_x, n)
    z : tensor of shape (n_z, k n)
    weights : tensor of shape (k n,)
        Of each frame and component, as in z.

    Returns
    -------
    scalar
    """
    k = architecture.k
    # The decoder's weights are the last ones.
    n_others = sum(
        math.prod(shape) for name, shape in architecture.shapes.items() if name[:3] != "px/"
    )

    @tf.custom_gradient
    def total(of_decoder, z, weights):  # type: ignore[no-untyped-def]
        # Components first: one of them is a piece of memory.
        z_by_component = tf.transpose(by_component(z, k), [1, 0, 2])
        weights_by_component = by_component(weights, k)

        def one_component(y, slope, by_z, logs):  # type: ignore[no-untyped-def]
            z_y, weights_y = z_by_component[y], weights_by_component[y]
            with tf.GradientTape() as tape:
                tape.watch([of_decoder, z_y])
                log = log_normal(x, Network(architecture, of_decoder, "px/").decode(z_y))
                sum_y = tf.reduce_sum(log * weights_y)
            by_decoder, by_z_y = tape.gradient(sum_y, [of_decoder, z_y])
            return y + 1, slope + by_decoder, by_z.write(y, by_z_y), logs.write(y, log)

        empty = [tf.TensorArray(z.dtype, size=k) for _ in range(2)]
        start = (0, tf.zeros_like(of_decoder), *empty)
        _, by_decoder, by_z, logs = tf.while_loop(
            lambda y, *_: y < k, one_component, start, parallel_iterations=1
        )
        by_z = as_columns(tf.transpose(by_z.stack(), [1, 0, 2]))
        logs = as_columns(logs.stack())

        def gradient(of_total):  # type: ignore[no-untyped-def]
            return of_total * by_decoder, of_total * by_z, of_total * logs

        return tf.reduce_sum(weights * logs), gradient

    return total(flat[n_others:], z, weights)

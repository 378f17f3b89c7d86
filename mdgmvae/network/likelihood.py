"""The reconstruction term of a training step, one component at a time (TensorFlow).

This term takes most of the time of a step, because its hidden layers have k n columns. The value
and the gradient of a component are computed before those of the next one, so that intermediate
results stay in the processor's cache and the decoder's memory does not grow with k. If there are
many components, a frame can be decoded for its most probable components only, plus one that is
drawn at random from the others.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from .architecture import Architecture
from .losses import log_normal
from .networks import Network, by_component
from .quiet_tensorflow import tf


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

    With `n_decoded`, return an unbiased estimate with an unbiased gradient: decode the `n_decoded`
    most probable components of each frame, and one component drawn from the others, which
    represents them all (Liu, Regier, Tripuraneni, Jordan & McAuliffe, Rao-Blackwellized stochastic
    gradients for discrete distributions, ICML 2019). The mean over the most probable components
    serves as a control variate.

    Parameters
    ----------
    architecture : Architecture
    flat : tensor of shape (n_weights,)
        All weights.
    x : tensor of shape (n_x, n)
        The frames to decode.
    z : tensor of shape (n_z, k n)
        Latent coordinates of each frame for each component.
    q : tensor of shape (k, n)
        q(y|x).
    counts : tensor of shape (n,)
        Weight of each frame.
    n_decoded : int, optional
        Number of most probable components to decode. Default: decode all components, as for
        ``n_decoded >= k - 1``.
    uniform : tensor of shape (n,), optional
        Random numbers between 0 and 1, which select the component that represents the others.
    precision : str
        As in `Network`.

    Returns
    -------
    scalar
    """
    k = q.shape[0]
    z = by_component(z, k)
    if n_decoded is None or n_decoded >= k - 1:
        return _weighted_sum(architecture, flat, x, z, counts * q, precision)[0]
    chosen = choose(tf.stop_gradient(q), n_decoded, uniform)
    q_chosen = tf.reduce_sum(chosen.masks * q, axis=1)
    # The drawn component has the weight of all that it represents, but only the gradient of its
    # own q, which is right on average.
    weights = tf.concat([q_chosen[:-1], q_chosen[-1:] * chosen.weight_of_drawn], 0)
    z = tf.reduce_sum(z[:, tf.newaxis] * chosen.masks, axis=2)
    total, logs = _weighted_sum(architecture, flat, x, z, counts * weights, precision)
    # The control variate: `difference` is 0, and its gradient is 0 on average.
    q_top = tf.stop_gradient(q_chosen[:-1])
    baseline = tf.reduce_sum(q_top * logs[:-1], 0) / tf.maximum(tf.reduce_sum(q_top, 0), 1e-30)
    q_rest = tf.reduce_sum(q, axis=0) - tf.reduce_sum(q_chosen[:-1], axis=0)
    difference = _gradient_only(q_rest) - _gradient_only(weights[-1])
    return total + tf.reduce_sum(counts * baseline * difference)


class DecodedComponents(NamedTuple):
    """The components of each frame that are decoded.

    Parameters
    ----------
    masks : tensor of shape (n_decoded + 1, k, n)
        One-hot vectors of the chosen components. The last one is the component that was drawn.
    weight_of_drawn : tensor of shape (n,)
        Sum of q over all components that are not among the most probable, divided by the q of
        the drawn component.
    """

    masks: tf.Tensor
    weight_of_drawn: tf.Tensor


def choose(q: tf.Tensor, n_decoded: int, uniform: tf.Tensor) -> DecodedComponents:
    """Choose the most probable components of each frame, and draw one of the others."""
    k, masks, rest = q.shape[0], [], q
    for _ in range(n_decoded):
        masks.append(tf.one_hot(tf.argmax(rest, axis=0), k, axis=0, dtype=q.dtype))
        # Set to -1, so that it is never chosen again, even if all others have q = 0.
        rest = rest - (rest + 1.0) * masks[-1]
    rest = tf.maximum(rest, 0.0)
    cumulative = tf.cumsum(rest)
    passed = tf.cast(cumulative <= uniform * cumulative[-1], tf.int32)
    drawn = tf.minimum(tf.reduce_sum(passed, axis=0), k - 1)
    masks.append(tf.one_hot(drawn, k, axis=0, dtype=q.dtype))
    q_drawn = tf.reduce_sum(masks[-1] * rest, axis=0)
    # If all others have q = 0, the last component is drawn with weight 0.
    weight_of_drawn = tf.math.divide_no_nan(cumulative[-1], q_drawn)
    return DecodedComponents(tf.stack(masks), weight_of_drawn)


def _gradient_only(value: tf.Tensor) -> tf.Tensor:
    """Return 0 with the gradient of `value`."""
    return value - tf.stop_gradient(value)


def _weighted_sum(
    architecture: Architecture,
    flat: tf.Tensor,
    x: tf.Tensor,
    z: tf.Tensor,
    weights: tf.Tensor,
    precision: str,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the sum of weights * log p(x|z), and log p(x|z) without a gradient.

    Shapes: x (n_x, n), z (n_z, m, n), weights (m, n). The m components are computed one at a
    time.
    """
    m = weights.shape[0]
    # The weights of the decoder are the last ones in `flat`.
    n_others = sum(
        math.prod(shape) for name, shape in architecture.shapes.items() if name[:3] != "px/"
    )

    @tf.custom_gradient
    def total(
        decoder_weights: tf.Tensor, z: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable[..., tuple[tf.Tensor, ...]]]:
        def add_component(
            y: tf.Tensor, d_total: tf.Tensor, d_z: tf.TensorArray, logs: tf.TensorArray
        ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray, tf.TensorArray]:
            z_y, weights_y = z[y], weights[y]
            with tf.GradientTape() as tape:
                tape.watch([decoder_weights, z_y])
                decoder = Network(architecture, decoder_weights, "px/", precision)
                log = log_normal(x, decoder.decode(z_y))
                sum_y = tf.reduce_sum(log * weights_y)
            d_decoder, d_z_y = tape.gradient(sum_y, [decoder_weights, z_y])
            return y + 1, d_total + d_decoder, d_z.write(y, d_z_y), logs.write(y, log)

        empty = [tf.TensorArray(z.dtype, size=m) for _ in range(2)]
        start = (0, tf.zeros_like(decoder_weights), *empty)
        _, d_decoder, d_z, logs = tf.while_loop(
            lambda y, *_: y < m, add_component, start, parallel_iterations=1
        )
        d_z, logs = d_z.stack(), logs.stack()

        def gradient(upstream: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, ...]:
            return upstream * d_decoder, upstream * d_z, upstream * logs

        return (tf.reduce_sum(weights * logs), logs), gradient

    # Components come first, so that each one is contiguous in memory.
    value, logs = total(flat[n_others:], tf.transpose(z, [1, 0, 2]), weights)
    return value, tf.stop_gradient(logs)

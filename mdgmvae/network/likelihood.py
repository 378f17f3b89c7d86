"""The reconstruction term of a training step, a group of components at a time (TensorFlow).

This term takes most of the time of a step, because its hidden layers have k n columns. The value
and the gradient of a group of components are computed before those of the next one. On a CPU a
group is a single component, so that intermediate results stay in the processor's cache and the
decoder's memory does not grow with k. A GPU takes one product for all components, or for as many as
its memory permits. If there are many components, a frame can be decoded for its most probable
components only, plus one that is drawn at random from the others.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from .architecture import Architecture
from .losses import log_normal
from .networks import Gaussian, Network, as_columns, by_component
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
    at_once: int = 1,
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
    at_once : int
        Number of components to compute in one product.

    Returns
    -------
    scalar
    """
    k = q.shape[0]
    z = by_component(z, k)
    if n_decoded is None or n_decoded >= k - 1:
        return _weighted_sum(architecture, flat, x, z, counts * q, precision, at_once)[0]
    chosen = choose(tf.stop_gradient(q), n_decoded, uniform)
    q_chosen = tf.reduce_sum(chosen.masks * q, axis=1)
    # The drawn component has the weight of all that it represents, but only the gradient of its
    # own q, which is right on average.
    weights = tf.concat([q_chosen[:-1], q_chosen[-1:] * chosen.weight_of_drawn], 0)
    z = tf.reduce_sum(z[:, tf.newaxis] * chosen.masks, axis=2)
    total, logs = _weighted_sum(architecture, flat, x, z, counts * weights, precision, at_once)
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
    at_once: int,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the sum of weights * log p(x|z), and log p(x|z) without a gradient.

    Shapes: x (n_x, n), z (n_z, m, n), weights (m, n). Of the m components, `at_once` are computed
    at a time.
    """
    m = weights.shape[0]
    # The weights of the decoder are the last ones in `flat`.
    n_others = sum(
        math.prod(shape) for name, shape in architecture.shapes.items() if name[:3] != "px/"
    )

    def log_likelihood(decoder_weights: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """Return log p(x|z): (n_z, n) -> (n,), or (n_z, c, n) -> (c, n) for c components."""
        decoder = Network(architecture, decoder_weights, "px/", precision)
        if z.shape.rank == 2:
            return log_normal(x, decoder.decode(z))
        decoded = decoder.decode(as_columns(z))
        each = Gaussian(*[by_component(part, z.shape[1]) for part in decoded])
        return log_normal(x[:, tf.newaxis], each)

    if at_once > 1 and m <= at_once:
        logs = log_likelihood(flat[n_others:], z)
        return tf.reduce_sum(weights * logs), tf.stop_gradient(logs)
    n_groups = math.ceil(m / at_once)

    @tf.custom_gradient
    def total(
        decoder_weights: tf.Tensor, z: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable[..., tuple[tf.Tensor, ...]]]:
        def add_group(
            i: tf.Tensor, d_total: tf.Tensor, d_z: tf.TensorArray, logs: tf.TensorArray
        ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray, tf.TensorArray]:
            z_i, weights_i = z[i], weights[i]
            with tf.GradientTape() as tape:
                tape.watch([decoder_weights, z_i])
                log = log_likelihood(decoder_weights, z_i)
                sum_i = tf.reduce_sum(log * weights_i)
            d_decoder, d_z_i = tape.gradient(sum_i, [decoder_weights, z_i])
            return i + 1, d_total + d_decoder, d_z.write(i, d_z_i), logs.write(i, log)

        empty = [tf.TensorArray(z.dtype, size=n_groups) for _ in range(2)]
        start = (0, tf.zeros_like(decoder_weights), *empty)
        _, d_decoder, d_z, logs = tf.while_loop(
            lambda i, *_: i < n_groups, add_group, start, parallel_iterations=1
        )
        d_z, logs = d_z.stack(), logs.stack()

        def gradient(upstream: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, ...]:
            return upstream * d_decoder, upstream * d_z, upstream * logs

        return (tf.reduce_sum(weights * logs), logs), gradient

    # Groups come first, so that each one is contiguous in memory.
    z = tf.transpose(z, [1, 0, 2])
    if at_once > 1:
        z, weights = (_grouped(values, n_groups, at_once) for values in (z, weights))
        z = tf.transpose(z, [0, 2, 1, 3])
    value, logs = total(flat[n_others:], z, weights)
    if at_once > 1:
        logs = tf.reshape(logs, [n_groups * at_once, -1])[:m]
    return value, tf.stop_gradient(logs)


def _grouped(values: tf.Tensor, n_groups: int, size: int) -> tf.Tensor:
    """Reshape (m, ...) to (n_groups, size, ...); zeros complete the last group."""
    missing = n_groups * size - values.shape[0]
    filled = tf.pad(values, [[0, missing], *[[0, 0]] * (values.shape.rank - 1)])
    return tf.reshape(filled, [n_groups, size, *values.shape[1:]])

"""The loss of a frame, term by term; each a pure function of tensors (TensorFlow).

With y = 1..k, q = q(y|x), and z_y = mean + sqrt(variance) * noise drawn from q(z|x,y)::

    loss = r_nent * sum_y q log q
         + sum_y q * [ -log p(x|z_y) + log q(z_y|x,y) - log p(z_y|y) + log k ]

Bozkurt Varolgunes, Bereau & Rudzinski 2020, equation 5, with the weight r_nent of the
negative entropy that their code uses. All values are in nats.
"""

import math
from typing import NamedTuple

import tensorflow as tf

from .network import Gaussian, Network

#: A frame of so many features is decoded for one group of components after the other, in so
#: many groups at most: what is in between then fits the processor's cache.
WIDE_FRAME, MOST_GROUPS = 256, 32


class LossTerms(NamedTuple):
    """The loss and the terms that it is made of, each of shape (n,)."""

    loss: tf.Tensor
    reconstruction: tf.Tensor
    latent: tf.Tensor
    negative_entropy: tf.Tensor


def log_normal(x: tf.Tensor, gaussian: Gaussian) -> tf.Tensor:
    """log N(x; mean, variance) of a diagonal Gaussian: (values, k, n) -> (k, n)."""
    mean, variance = gaussian
    constant = mean.shape[-3] * math.log(2.0 * math.pi)
    return -0.5 * (
        constant + tf.reduce_sum(tf.math.log(variance) + tf.square(x - mean) / variance, axis=-3)
    )


def negative_entropy(logits: tf.Tensor) -> tf.Tensor:
    """sum_y q log q of q = softmax(logits): (k, n) -> (n,), between -log k and 0."""
    log_q = tf.nn.log_softmax(logits, axis=-2)
    return tf.reduce_sum(tf.exp(log_q) * log_q, axis=-2)


def draw(gaussian: Gaussian, noise: tf.Tensor) -> tf.Tensor:
    """mean + sqrt(variance) * noise (Kingma & Welling 2014, section 2.4)."""
    return gaussian.mean + tf.sqrt(gaussian.variance) * noise


def expectation(q: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """sum_y q(y|x) * values_y: (k, n) and (k, n) or (d, k, n) -> (n,) or (d, n)."""
    if values.shape.rank > q.shape.rank:
        q = q[..., tf.newaxis, :, :]
    return tf.reduce_sum(q * values, axis=-2)


def kl_divergence(p: Gaussian, q: Gaussian) -> tf.Tensor:
    """KL(p || q) of diagonal Gaussians, E_p[log p - log q]: (values, k, n) -> (k, n)."""
    # q is often one Gaussian for many of p: what depends on it alone is computed once for it.
    precision = 1.0 / q.variance
    log_ratio = tf.math.log(p.variance) - tf.math.log(q.variance)
    return 0.5 * tf.reduce_sum(
        (p.variance + tf.square(p.mean - q.mean)) * precision - 1.0 - log_ratio, axis=-3
    )


def reconstruction_loss(network: Network, x: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """-log p(x|z_y) for every y: (n_x, n) and (n_z, k, n) -> (k, n)."""
    x = x[..., tf.newaxis, :]
    a = network.architecture
    if a.n_x < WIDE_FRAME:
        return -log_normal(x, network.decode(z))
    size = -(-a.k // MOST_GROUPS)
    groups = [z[..., y : y + size, :] for y in range(0, a.k, size)]
    return tf.concat([-log_normal(x, network.decode(group)) for group in groups], axis=-2)


def frame_loss(
    network: Network,
    x: tf.Tensor,
    noise: tf.Tensor,
    r_nent: tf.Tensor,
    *,
    target: tf.Tensor | None = None,
    analytic_kl: bool = False,
) -> LossTerms:
    """The loss of each frame.

    Parameters
    ----------
    network : Network
    x : tensor of shape (n_x, n)
    noise : tensor of shape (n_z, k, n)
        Standard normal.
    r_nent : scalar
        Weight of the negative entropy.
    target : tensor of shape (n_x, n), optional
        What is decoded: x itself, or the frame one lag later.
    analytic_kl : bool
        The latent term as its expectation over z in closed form, not at the z drawn.

    Returns
    -------
    LossTerms
        ``loss``; ``reconstruction``, sum_y q * -log p(x|z_y); ``latent``, sum_y q *
        [log q(z_y|x,y) - log p(z_y|y)]; ``negative_entropy``, sum_y q log q.
    """
    logits = network.logits(x)
    q = tf.nn.softmax(logits, axis=-2)
    posterior = network.encode(x)
    z = draw(posterior, noise)
    decoded = x if target is None else target
    reconstruction = expectation(q, reconstruction_loss(network, decoded, z))
    if analytic_kl:
        latent = expectation(q, kl_divergence(posterior, network.prior()))
    else:
        latent = expectation(q, log_normal(z, posterior) - log_normal(z, network.prior()))
    nent = negative_entropy(logits)
    log_k = math.log(network.architecture.k)
    return LossTerms(r_nent * nent + reconstruction + latent + log_k, reconstruction, latent, nent)

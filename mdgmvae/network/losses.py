"""The terms of the loss of a frame, as pure functions of tensors (TensorFlow).

With y = 1..k, q = q(y|x) and z_y = mean + sqrt(variance) * noise, a draw from q(z|x,y)::

    loss = r_nent * sum_y q log q                                 negative entropy
         + sum_y q * [ -log p(x|z_y) ]                            reconstruction
         + sum_y q * [ log q(z_y|x,y) - log p(z_y|y) ]            latent
         + log k

Bozkurt Varolgunes, Bereau & Rudzinski 2020, equation 5, with the weight r_nent of the
negative entropy from their code. All values are in nats.
"""

import math
from typing import NamedTuple

from .networks import (
    Gaussian,
    Network,
    as_columns,
    by_component,
    log_softmax,
    softmax,
)
from .quiet_tensorflow import tf


class LossTerms(NamedTuple):
    """The terms of the loss: of each frame, shape (n,), or summed over frames, scalars.

    Parameters
    ----------
    reconstruction : tensor
        sum_y q * -log p(x|z_y).
    latent : tensor
        sum_y q * [log q(z_y|x,y) - log p(z_y|y)].
    negative_entropy : tensor
        sum_y q log q.
    """

    reconstruction: tf.Tensor
    latent: tf.Tensor
    negative_entropy: tf.Tensor

    def total(self, r_nent: tf.Tensor, k: int, n_frames: tf.Tensor | float = 1.0) -> tf.Tensor:
        """Return the loss: the weighted sum of the terms plus log k for each frame.

        Parameters
        ----------
        r_nent : scalar
            Weight of the negative entropy.
        k : int
            Number of components, each with the prior p(y) = 1/k.
        n_frames : scalar
            Number of frames over which the terms are summed.
        """
        weighted = r_nent * self.negative_entropy + self.reconstruction + self.latent
        return weighted + n_frames * math.log(k)


def log_normal(x: tf.Tensor, gaussian: Gaussian) -> tf.Tensor:
    """Return log N(x; mean, variance) of a diagonal Gaussian: (values, n) -> (n,)."""
    mean, variance = gaussian
    constant = mean.shape[0] * math.log(2.0 * math.pi)
    return -0.5 * (
        constant + tf.reduce_sum(tf.math.log(variance) + tf.square(x - mean) / variance, axis=0)
    )


def negative_entropy(logits: tf.Tensor) -> tf.Tensor:
    """Return sum_y q log q of q = softmax(logits): (k, n) -> (n,), between -log k and 0."""
    log_q = log_softmax(logits)
    return tf.reduce_sum(tf.exp(log_q) * log_q, axis=0)


def draw(gaussian: Gaussian, noise: tf.Tensor) -> tf.Tensor:
    """Return mean + sqrt(variance) * noise (Kingma & Welling 2014, section 2.4)."""
    return gaussian.mean + tf.sqrt(gaussian.variance) * noise


def expectation(q: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Return sum_y q(y|x) * values_y: (k, n) and (k n,) or (d, k n) -> (n,) or (d, n)."""
    return tf.reduce_sum(q * by_component(values, q.shape[0]), axis=-2)


def kl_divergence(p: Gaussian, q: Gaussian) -> tf.Tensor:
    """Return KL(p || q) = E_p[log p - log q] of diagonal Gaussians: (values, n) -> (n,)."""
    log_ratio = tf.math.log(p.variance) - tf.math.log(q.variance)
    return 0.5 * tf.reduce_sum(
        (p.variance + tf.square(p.mean - q.mean)) / q.variance - 1.0 - log_ratio, axis=0
    )


def latent_loss(network: Network, posterior: Gaussian, z: tf.Tensor, analytic: bool) -> tf.Tensor:
    """Return log q(z_y|x,y) - log p(z_y|y) of each component: (n_z, k n) -> (k n,).

    With `analytic`, return its expectation over z, KL(q(z|x,y) || p(z|y)).
    """
    k = network.architecture.k
    zeros = tf.zeros_like(by_component(z, k))
    prior = Gaussian(*[as_columns(part[..., tf.newaxis] + zeros) for part in network.prior()])
    if analytic:
        return kl_divergence(posterior, prior)
    return log_normal(z, posterior) - log_normal(z, prior)


def frame_loss(
    network: Network,
    x: tf.Tensor,
    noise: tf.Tensor,
    *,
    target: tf.Tensor | None = None,
    analytic_kl: bool = False,
) -> LossTerms:
    """Return the terms of the loss of each frame.

    Parameters
    ----------
    network : Network
    x : tensor of shape (n_x, n)
        Scaled frames.
    noise : tensor of shape (n_z, k n)
        Standard normal draws.
    target : tensor of shape (n_x, n), optional
        The frames to decode: x itself (default), or the frames one lag later.
    analytic_kl : bool
        Compute the latent term in closed form instead of at the drawn z.

    Returns
    -------
    LossTerms
        Each of shape (n,).
    """
    target = x if target is None else target
    return loss_of_draw(network, network.logits(x), network.encode(x), noise, target, analytic_kl)


def loss_of_draw(
    network: Network,
    logits: tf.Tensor,
    posterior: Gaussian,
    noise: tf.Tensor,
    target: tf.Tensor,
    analytic_kl: bool = False,
) -> LossTerms:
    """Return the terms of the loss of frames that are already encoded.

    Parameters
    ----------
    network : Network
    logits : tensor of shape (k, n)
        Logits of q(y|x).
    posterior : Gaussian of tensors of shape (n_z, k n)
        q(z|x,y).
    noise, target, analytic_kl
        As for `frame_loss`.

    Returns
    -------
    LossTerms
        Each of shape (n,).
    """
    q = softmax(logits)
    z = draw(posterior, noise)
    # Each frame is decoded once for each component.
    decoded = tf.tile(target, [1, network.architecture.k])
    return LossTerms(
        reconstruction=expectation(q, -log_normal(decoded, network.decode(z))),
        latent=expectation(q, latent_loss(network, posterior, z, analytic_kl)),
        negative_entropy=negative_entropy(logits),
    )

"""The objective of a training step: mean loss of a batch minus kinetic term (TensorFlow)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..presets import Hyperparameters
from . import kinetic_term, losses
from .architecture import Architecture, kinetic_weight
from .likelihood import expected_log_likelihood
from .losses import LossTerms
from .networks import Network, softmax
from .quiet_tensorflow import tf

#: Names of the values that `batch_loss` sums over the frames of a batch. It appends the number of
#: frames to them.
TERMS = ("loss", *LossTerms._fields)


@dataclass(frozen=True)
class Objective:
    """The hyperparameters that determine the terms of the loss.

    Parameters
    ----------
    vamp_weight : float
        Weight of VAMP-2 of q(y|x), which is subtracted from the mean loss (see `kinetic_weight`).
    lagged_target : bool
        Decode the frame one lag later instead of the frame itself.
    analytic_kl : bool
        Compute the latent term in closed form.
    n_decoded : int or None
        Number of most probable components of a frame to decode, in addition to one that is drawn
        from the others. None decodes all components.
    precision : str
        Data type of the wide matrix products.
    """

    vamp_weight: float
    lagged_target: bool
    analytic_kl: bool
    n_decoded: int | None
    precision: str

    @classmethod
    def of(cls, hyperparameters: Hyperparameters) -> Objective:
        """Return the objective that the hyperparameters describe."""
        return cls(
            vamp_weight=hyperparameters.vamp_weight,
            lagged_target=hyperparameters.decoder_target == "lagged",
            analytic_kl=hyperparameters.kl == "analytic",
            n_decoded=hyperparameters.n_decoded,
            precision=hyperparameters.precision,
        )

    @property
    def uses_pairs(self) -> bool:
        """Whether a step also needs the frame one lag later."""
        return self.vamp_weight > 0 or self.lagged_target


class Batch(NamedTuple):
    """A batch of frames, or some of its columns. Each frame is a column.

    Parameters
    ----------
    x : tensor of shape (n_x, n)
        Scaled frames.
    counts : tensor of shape (n,)
        1 for a frame, 0 for a column of padding.
    later : tensor of shape (n_x, n) or None
        The frames one lag later; None if pairs are not used.
    has_partner : tensor of shape (n,) or None
        1 if the frame one lag later belongs to the same segment, else 0.
    n_frames : scalar
        Number of frames in the whole batch.
    n_pairs : scalar or None
        Number of pairs in the whole batch.
    """

    x: tf.Tensor
    counts: tf.Tensor
    later: tf.Tensor | None
    has_partner: tf.Tensor | None
    n_frames: tf.Tensor
    n_pairs: tf.Tensor | None

    @classmethod
    def whole(
        cls,
        x: tf.Tensor,
        counts: tf.Tensor,
        later: tf.Tensor | None,
        has_partner: tf.Tensor | None,
    ) -> Batch:
        """Return a batch that consists of all these columns."""
        n_pairs = None if has_partner is None else tf.reduce_sum(has_partner)
        return cls(x, counts, later, has_partner, tf.reduce_sum(counts), n_pairs)

    def columns(self, start: tf.Tensor, n: int) -> Batch:
        """Return `n` columns of the batch, starting at column `start`."""
        x, counts, later, has_partner = (columns_of(a, start, n) for a in self[:4])
        return Batch(x, counts, later, has_partner, self.n_frames, self.n_pairs)


def columns_of(a: tf.Tensor | None, start: tf.Tensor, n: int) -> tf.Tensor | None:
    """Return `n` columns from `start` on; the tensor itself if it has only `n` columns."""
    if a is None or n == a.shape[-1]:
        return a
    # TensorFlow does not know the size of a slice that starts at a computed column.
    return tf.ensure_shape(a[..., start:][..., :n], [*a.shape[:-1], n])


def batch_loss(
    architecture: Architecture,
    flat: tf.Tensor,
    objective: Objective,
    batch: Batch,
    noise: tf.Tensor,
    uniform: tf.Tensor | None,
    reference: Batch,
    groups: tf.Tensor,
    ridge: tf.Tensor,
    r_nent: tf.Tensor,
    at_once: int = 1,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the loss that a step minimises, and its terms summed over the frames.

    This is the mean of `losses.frame_loss` over the batch, minus the kinetic term. The
    reconstruction term is computed by `expected_log_likelihood`, which saves time and memory.

    Parameters
    ----------
    architecture : Architecture
    flat : tensor of shape (n_weights,)
        All weights.
    objective : Objective
    batch : Batch
    noise : tensor of shape (n_z, k n)
        Standard normal draws.
    uniform : tensor of shape (n,) or None
        Random numbers between 0 and 1; None if all components are decoded.
    reference : Batch
        A larger batch, at whose covariances the kinetic term is linearised.
    groups : tensor of shape (k, k)
        Which component (row) belongs to which state (column).
    ridge : scalar
        Number added to the diagonals of the covariances of the kinetic term.
    r_nent : scalar
        Weight of the negative entropy.
    at_once : int
        Number of components to decode in one product.

    Returns
    -------
    loss : scalar
    terms : tensor of shape (len(TERMS) + 1,)
        Sum over the frames of each of `TERMS`, and the number of frames.
    """
    # Tests compare in float64, so lower precision applies to float32 only.
    precision = objective.precision if flat.dtype == tf.float32 else ""
    network = Network(architecture, flat, precision=precision)
    lagged = objective.lagged_target
    counts = batch.has_partner if lagged else batch.counts
    n_whole = batch.n_pairs if lagged else batch.n_frames
    logits = network.logits(batch.x)
    q = softmax(logits)
    posterior = network.encode(batch.x)
    z = losses.draw(posterior, noise)
    target = batch.later if lagged else batch.x
    log_likelihood = expected_log_likelihood(
        architecture, flat, target, z, q, counts, objective.n_decoded, uniform, precision, at_once
    )
    latent = losses.latent_loss(network, posterior, z, objective.analytic_kl)
    sums = LossTerms(
        reconstruction=-log_likelihood,
        latent=tf.reduce_sum(counts * losses.expectation(q, latent)),
        negative_entropy=tf.reduce_sum(counts * losses.negative_entropy(logits)),
    )
    n = tf.reduce_sum(counts)
    total = sums.total(r_nent, architecture.k, n)
    loss = total / tf.maximum(n_whole, 1.0)
    if objective.vamp_weight > 0:
        weight = kinetic_weight(objective.vamp_weight, architecture.n_x)
        loss -= weight * _kinetic_surrogate(network, q, batch, reference, groups, ridge)
    return loss, tf.stack([total, *sums, n])


def _kinetic_surrogate(
    network: Network,
    q: tf.Tensor,
    batch: Batch,
    reference: Batch,
    groups: tf.Tensor,
    ridge: tf.Tensor,
) -> tf.Tensor:
    """Return a number with the gradient of VAMP-2 of the components plus that of the states."""
    later = softmax(network.logits(batch.later))
    c_batch = kinetic_term.covariances(q, later, batch.has_partner, batch.n_pairs)
    both = softmax(network.logits(tf.concat([reference.x, reference.later], 1)))
    earlier, later = tf.split(both, 2, axis=1)
    c_reference = kinetic_term.covariances(earlier, later, reference.has_partner, reference.n_pairs)
    c_batch, c_reference = (
        tf.stack([c, kinetic_term.grouped(c, groups)]) for c in (c_batch, c_reference)
    )
    return tf.reduce_sum(kinetic_term.surrogate(c_batch, c_reference, ridge))

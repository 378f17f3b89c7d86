"""What a training step minimises: the mean loss of a batch minus the kinetic term (TensorFlow)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from ..presets import Hyperparameters
from . import kinetic_term, losses
from .architecture import Architecture, kinetic_weight
from .likelihood import expected_log_likelihood
from .losses import LossTerms
from .networks import Network

#: Names of the values that `batch_loss` sums over the frames of a batch. The number of frames
#: comes after them.
TERMS = ("loss", *LossTerms._fields)


@dataclass(frozen=True)
class Objective:
    """The hyperparameters that decide which terms a step computes, and how.

    Parameters
    ----------
    vamp_weight : float
        VAMP-2 of q(y|x), times `kinetic_weight`, is subtracted from the mean loss.
    lagged_target : bool
        Decode the frame one lag later instead of the frame itself.
    analytic_kl : bool
        Take the latent term in closed form.
    n_decoded : int or None
        Number of most probable components of a frame that are decoded, beside one that is
        drawn from the others. None decodes all components.
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
        """Whether a step needs each frame together with the frame one lag later."""
        return self.vamp_weight > 0 or self.lagged_target


class Batch(NamedTuple):
    """A batch of frames, or a share of the columns of one; each frame is a column.

    Parameters
    ----------
    x : tensor of shape (n_x, n)
        Scaled frames.
    counts : tensor of shape (n,)
        1 for a frame, 0 for a column that only fills up the batch.
    later : tensor of shape (n_x, n) or None
        The frames one lag later; None where pairs are not used.
    has_partner : tensor of shape (n,) or None
        1 where the frame one lag later belongs to the same segment, else 0.
    n_frames, n_pairs : scalars
        Number of frames and of pairs in the whole batch.
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
        """Return a batch of all given columns."""
        n_pairs = None if has_partner is None else tf.reduce_sum(has_partner)
        return cls(x, counts, later, has_partner, tf.reduce_sum(counts), n_pairs)

    def columns(self, start: tf.Tensor, n: int) -> Batch:
        """Return the share of the batch that begins at column `start` and has `n` columns."""
        x, counts, later, has_partner = (columns_of(a, start, n) for a in self[:4])
        return Batch(x, counts, later, has_partner, self.n_frames, self.n_pairs)


def columns_of(a: tf.Tensor | None, start: tf.Tensor, n: int) -> tf.Tensor | None:
    """Return `n` columns of a tensor from `start` on; the tensor itself if it has no others."""
    if a is None or n == a.shape[-1]:
        return a
    # A slice that starts at a computed column has no known size.
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
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the number that a step minimises, and the terms that it consists of.

    The same loss as `losses.frame_loss`, averaged over the frames of the batch; the
    reconstruction term goes through `expected_log_likelihood`, which saves time and memory.

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
        Draws between 0 and 1, needed where not all components are decoded.
    reference : Batch
        More frames, at whose covariances the kinetic term is linearised.
    groups : tensor of shape (k, k)
        Which component (row) belongs to which state (column).
    ridge : scalar
        Added to the diagonals of the covariances of the kinetic term.
    r_nent : scalar
        Weight of the negative entropy.

    Returns
    -------
    loss : scalar
    terms : tensor of shape (len(TERMS) + 1,)
        Sums over the frames of each of `TERMS`, and the number of frames.
    """
    # Tests compute in float64, which no lower precision should spoil.
    precision = objective.precision if flat.dtype == tf.float32 else ""
    network = Network(architecture, flat, precision=precision)
    lagged = objective.lagged_target
    counts = batch.has_partner if lagged else batch.counts
    n_whole = batch.n_pairs if lagged else batch.n_frames
    logits = network.logits(batch.x)
    q = tf.nn.softmax(logits, axis=0)
    posterior = network.encode(batch.x)
    z = losses.draw(posterior, noise)
    target = batch.later if lagged else batch.x
    log_likelihood = expected_log_likelihood(
        architecture, flat, target, z, q, counts, objective.n_decoded, uniform, precision
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
    """Return a number with the gradient of VAMP-2 of the components plus VAMP-2 of the states."""
    later = tf.nn.softmax(network.logits(batch.later), axis=0)
    c_batch = kinetic_term.covariances(q, later, batch.has_partner, batch.n_pairs)
    both = tf.nn.softmax(network.logits(tf.concat([reference.x, reference.later], 1)), axis=0)
    earlier, later = tf.split(both, 2, axis=1)
    c_reference = kinetic_term.covariances(earlier, later, reference.has_partner, reference.n_pairs)
    c_batch, c_reference = (
        tf.stack([c, kinetic_term.grouped(c, groups)]) for c in (c_batch, c_reference)
    )
    return tf.reduce_sum(kinetic_term.surrogate(c_batch, c_reference, ridge))

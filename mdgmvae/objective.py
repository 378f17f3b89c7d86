"""What a step of the training minimises: the mean loss of a batch, less kinetics (TensorFlow)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from . import kinetic_term, losses
from .architecture import kinetic_weight
from .network import Network

#: What is summed over the rows of a batch; their number comes last.
TERMS = ("loss", "reconstruction", "latent", "negative_entropy")


@dataclass(frozen=True)
class Objective:
    """What a step minimises, beside the loss of a frame at the paper's settings.

    Parameters
    ----------
    n_restarts : int
        How many sets of weights see the same batches.
    vamp_weight : float
        VAMP-2 of q(y|x) times `kinetic_weight` is subtracted from the mean loss.
    lagged_target : bool
        Decode the frame one lag later.
    analytic_kl : bool
        The latent term in closed form.
    """

    n_restarts: int = 1
    vamp_weight: float = 0.0
    lagged_target: bool = False
    analytic_kl: bool = False

    @property
    def uses_pairs(self) -> bool:
        """Whether rows are needed together with those one lag later."""
        return self.vamp_weight > 0 or self.lagged_target


class Batch(NamedTuple):
    """Frames as columns.

    Parameters
    ----------
    x : tensor of shape (n_x, n)
    counts : tensor of shape (n,)
        1 for a frame, 0 where a batch is filled up.
    later : tensor of shape (n_x, n) or None
        The frames one lag later, where pairs are used.
    has_partner : tensor of shape (n,) or None
        1 where there is such a frame, else 0.
    """

    x: tf.Tensor
    counts: tf.Tensor
    later: tf.Tensor | None
    has_partner: tf.Tensor | None


def batch_loss(
    network: Network,
    objective: Objective,
    batch: Batch,
    noise: tf.Tensor,
    many: Batch,
    groups: tf.Tensor,
    ridge: tf.Tensor,
    r_nent: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """What a step minimises; for several networks, side by side, the sum over them.

    Parameters
    ----------
    network : Network
    objective : Objective
    batch : Batch
    noise : tensor of shape (n_z, k, n)
    many : Batch
        More frames, by which the kinetic term is judged.
    groups : tensor of shape (k, k)
        Which components belong together.
    ridge, r_nent : scalars

    Returns
    -------
    loss : scalar
    terms : tensor of shape (5,)
        Sums over the frames of each of `TERMS`, and their number.
    """
    lagged = objective.lagged_target
    counts = batch.has_partner if lagged else batch.counts
    terms = losses.frame_loss(
        network,
        batch.x,
        noise,
        r_nent,
        target=batch.later if lagged else None,
        analytic_kl=objective.analytic_kl,
    )
    sums = [tf.reduce_sum(counts * term, axis=-1) for term in terms]
    n = tf.reduce_sum(counts)
    loss = sums[0] / tf.maximum(n, 1.0)
    if objective.vamp_weight > 0:
        weight = kinetic_weight(objective.vamp_weight, network.architecture.n_x)
        seen, of_many = (
            tf.stack([c, kinetic_term.grouped(c, groups)], axis=-4)
            for c in (_covariances(network, frames) for frames in (batch, many))
        )
        scores = kinetic_term.surrogate(seen, of_many, ridge)
        loss -= weight * tf.reduce_sum(scores, axis=-1)
    return tf.reduce_sum(loss), tf.stack([*sums, tf.broadcast_to(n, tf.shape(sums[0]))], axis=-1)


def _covariances(network: Network, frames: Batch) -> tf.Tensor:
    q0, q1 = (tf.nn.softmax(network.logits(x), axis=-2) for x in (frames.x, frames.later))
    return kinetic_term.covariances(q0, q1, frames.has_partner)

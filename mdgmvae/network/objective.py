"""What a step of the training minimises: the mean loss of a batch, less kinetics (TensorFlow)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from . import kinetic_term, losses
from .architecture import Architecture, kinetic_weight
from .likelihood import expected_log_likelihood
from .networks import Network

#: What is summed over the rows of a batch; their number comes last.
TERMS = ("loss", "reconstruction", "latent", "negative_entropy")


@dataclass(frozen=True)
class Objective:
    """What a step minimises, beside the loss of a frame at the paper's settings.

    Parameters
    ----------
    vamp_weight : float
        VAMP-2 of q(y|x) times `kinetic_weight` is subtracted from the mean loss.
    lagged_target : bool
        Decode the frame one lag later.
    analytic_kl : bool
        The latent term in closed form.
    n_decoded : int or None
        Decode the so many most probable components of a frame and one of the rest.
    precision : str
        Of the wide matrix products.
    """

    vamp_weight: float = 0.0
    lagged_target: bool = False
    analytic_kl: bool = False
    n_decoded: int | None = None
    precision: str = "float32"

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
    n_frames, n_pairs : scalars
        How many there are in the whole batch, of which these columns may be a share.
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
        """All columns of a batch."""
        n_pairs = None if has_partner is None else tf.reduce_sum(has_partner)
        return cls(x, counts, later, has_partner, tf.reduce_sum(counts), n_pairs)

    def columns(self, start: tf.Tensor, n: int) -> Batch:
        """A share of the batch."""
        x, counts, later, has_partner = (columns_of(a, start, n) for a in self[:4])
        return Batch(x, counts, later, has_partner, self.n_frames, self.n_pairs)


def columns_of(a: tf.Tensor | None, start: tf.Tensor, n: int) -> tf.Tensor | None:
    """`n` columns from `start` on; all of them are the tensor itself."""
    if a is None or n == a.shape[-1]:
        return a
    # What is cut out at a place that is computed has no known size.
    return tf.ensure_shape(a[..., start:][..., :n], [*a.shape[:-1], n])


def batch_loss(
    architecture: Architecture,
    flat: tf.Tensor,
    objective: Objective,
    batch: Batch,
    noise: tf.Tensor,
    uniform: tf.Tensor | None,
    many: Batch,
    groups: tf.Tensor,
    ridge: tf.Tensor,
    r_nent: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """What a step minimises.

    Parameters
    ----------
    architecture : Architecture
    flat : tensor of shape (n_weights,)
    objective : Objective
    batch : Batch
    noise : tensor of shape (n_z, k n)
        Standard normal.
    uniform : tensor of shape (n,) or None
        Draws between 0 and 1, where not all components are decoded.
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
    # What is not float32, in the tests, stays what it is.
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
    sums = [
        -log_likelihood,
        tf.reduce_sum(counts * losses.expectation(q, latent)),
        tf.reduce_sum(counts * losses.negative_entropy(logits)),
    ]
    n = tf.reduce_sum(counts)
    sums = [r_nent * sums[2] + sums[0] + sums[1] + n * math.log(architecture.k), *sums]
    loss = sums[0] / tf.maximum(n_whole, 1.0)
    if objective.vamp_weight > 0:
        weight = kinetic_weight(objective.vamp_weight, architecture.n_x)
        later = tf.nn.softmax(network.logits(batch.later), axis=0)
        seen = kinetic_term.covariances(q, later, batch.has_partner, batch.n_pairs)
        both = tf.nn.softmax(network.logits(tf.concat([many.x, many.later], 1)), axis=0)
        earlier, later = tf.split(both, 2, axis=1)
        expected = kinetic_term.covariances(earlier, later, many.has_partner, many.n_pairs)
        # Of the components, and of the metastable states.
        levels = [tf.stack([c, kinetic_term.grouped(c, groups)]) for c in (seen, expected)]
        loss -= weight * tf.reduce_sum(kinetic_term.surrogate(levels[0], levels[1], ridge))
    return loss, tf.stack([*sums, n])

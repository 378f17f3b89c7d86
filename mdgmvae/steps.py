"""Steps of Adam on blocks of batches: the compiled part of the training loop (TensorFlow)."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from . import kinetic_term, losses
from .architecture import Architecture, kinetic_weight
from .network import Network
from .soft_covariances import pairs_of_step

if TYPE_CHECKING:
    from .training import Batches, State

logger = logging.getLogger(__name__)

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
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


class Optimiser:
    """Adam over all restarts' weights, as one array that lives on the device."""

    def __init__(
        self,
        architecture: Architecture,
        objective: Objective,
        device: str,
        state: State,
        ridge: float,
    ) -> None:
        self._device = device
        self._objective = objective
        self._ridge = ridge
        self._run = _compiled_steps(architecture, objective)
        self._step = state.step
        with tf.device(device):
            self._weights = tf.Variable(state.weights)
            self._moments = tf.Variable(state.first_moment), tf.Variable(state.second_moment)

    def epoch(
        self,
        blocks: Iterable[Batches],
        batch_size: int,
        lr: float,
        r_nent: float,
        rng: np.random.Generator,
        groups: np.ndarray,
    ) -> list[dict[str, float]]:
        """One pass over the blocks; for each restart the mean of each term over the rows seen.

        `groups` of shape (n_restarts, k, k) says which components belong together, or is zero.
        """
        seed = rng.integers(0, 2**31 - 1, size=1, dtype=np.int32)
        sums = np.zeros((len(TERMS) + 1, self._objective.n_restarts))
        for block in blocks:
            # A larger batch is the same batch, and TensorFlow counts in 32 bits.
            n_batch = min(batch_size, len(block.rows))
            arrays = [block.rows]
            if self._objective.uses_pairs:
                assert block.later is not None and block.has_partner is not None
                arrays += [block.later, block.has_partner]
            with tf.device(self._device):
                result, step = self._run(
                    self._weights,
                    *self._moments,
                    tf.constant(groups),
                    tf.constant(n_batch),
                    tf.constant(lr, tf.float32),
                    tf.constant(r_nent, tf.float32),
                    tf.constant(self._ridge, tf.float32),
                    tf.constant(int(seed[0])),
                    tf.constant(self._step),
                    *[tf.constant(array) for array in arrays],
                )
            self._step = int(step)
            sums += result.numpy().astype(np.float64)
        means = sums[:-1] / np.maximum(sums[-1], 1.0)
        return [dict(zip(TERMS, column.tolist(), strict=True)) for column in means.T]

    def state(self, before: State) -> State:
        """The state one epoch after `before`, which stays as it is."""
        return replace(
            before,
            epoch=before.epoch + 1,
            step=self._step,
            weights=self._weights.numpy(),
            first_moment=self._moments[0].numpy(),
            second_moment=self._moments[1].numpy(),
            restarts=copy.deepcopy(before.restarts),
        )


@lru_cache(maxsize=16)
def _compiled_steps(architecture: Architecture, objective: Objective) -> Callable[..., Any]:
    """The function that runs the steps of a block: compiled once for each architecture."""
    started = time.perf_counter()
    a, n_restarts = architecture, objective.n_restarts
    n_many = pairs_of_step(a.k)

    def run(weights, m, v, groups, batch_size, lr, r_nent, ridge, seed, step, *block):  # type: ignore[no-untyped-def]
        n_rows = tf.shape(block[0])[0]
        n_batches = (n_rows + batch_size - 1) // batch_size

        def one_step(i, step, sums):  # type: ignore[no-untyped-def]
            batch = [array[i * batch_size : (i + 1) * batch_size] for array in block]
            n = tf.shape(batch[0])[0]
            # This batch and those before it in the block, or after it where it is among the first.
            end = tf.minimum(tf.maximum((i + 1) * batch_size, n_many), n_rows)
            many = [array[tf.maximum(end - n_many, 0) : end] for array in block]

            def loss_of(args):  # type: ignore[no-untyped-def]
                flat, noise, group = args
                network = Network(a, flat)
                return batch_loss(network, objective, batch, noise, many, group, ridge, r_nent)

            shape = [n_restarts, a.k, n, a.n_z] if n_restarts > 1 else [a.k, n, a.n_z]
            noise = tf.random.stateless_normal(shape, [seed, step], alg="philox")
            flats = weights.read_value()
            with tf.GradientTape() as tape:
                tape.watch(flats)
                if n_restarts > 1:
                    loss, terms = tf.vectorized_map(loss_of, (flats, noise, groups))
                    total = tf.reduce_sum(loss)
                else:
                    # Without the detour of the vectorised map: the paper's preset stays, bit
                    # for bit, what it is without restarts.
                    total, terms = loss_of((flats[0], noise, groups[0]))
                    terms = terms[tf.newaxis]
            t = tf.cast(step + 1, tf.float32)
            tf.raw_ops.ResourceApplyAdam(
                var=weights.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=tf.pow(BETA1, t),
                beta2_power=tf.pow(BETA2, t),
                lr=lr,
                beta1=BETA1,
                beta2=BETA2,
                epsilon=EPSILON,
                grad=tf.convert_to_tensor(tape.gradient(total, flats)),
            )
            return i + 1, step + 1, sums + tf.transpose(terms)

        # A sum in float32 over a block of rows is exact enough; blocks are added in float64.
        sums = tf.zeros([len(TERMS) + 1, n_restarts])
        start = (tf.constant(0), step, sums)
        _, step, sums = tf.while_loop(lambda i, *_: i < n_batches, one_step, start)
        return sums, step

    vector = [n_restarts, a.n_weights]
    with tf.device("CPU:0"):
        # Only their shapes matter: the function runs where the variables that it gets are.
        examples = [tf.Variable(tf.zeros(vector)) for _ in range(3)]
    integer, number = tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)
    rows, flags = tf.TensorSpec([None, a.n_x], tf.float32), tf.TensorSpec([None], tf.float32)
    concrete = tf.function(run).get_concrete_function(
        *examples,
        tf.TensorSpec([n_restarts, a.k, a.k], tf.float32),
        integer,
        number,
        number,
        number,
        integer,
        integer,
        *((rows, rows, flags) if objective.uses_pairs else (rows,)),
    )
    logger.debug("traced the training step in %.1f s", time.perf_counter() - started)
    return concrete


def batch_loss(
    network: Network,
    objective: Objective,
    batch: list[tf.Tensor],
    noise: tf.Tensor,
    many: list[tf.Tensor],
    groups: tf.Tensor,
    ridge: tf.Tensor,
    r_nent: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """What a step minimises.

    Parameters
    ----------
    network : Network
    objective : Objective
    batch : list of tensors
        Rows (n, n_x); where pairs are used, rows one lag later and whether there are such (n,).
    noise : tensor of shape (k, n, n_z)
    many : list of tensors
        The same as `batch` for more rows, by which the kinetic term is judged.
    groups : tensor of shape (k, k)
        Which components belong together.
    ridge, r_nent : scalars

    Returns
    -------
    loss : scalar
    terms : tensor of shape (5,)
        Sums over the rows of each of `TERMS`, and their number.
    """
    x = batch[0]
    target = batch[1] if objective.lagged_target else None
    terms = losses.frame_loss(
        network, x, noise, r_nent, target=target, analytic_kl=objective.analytic_kl
    )
    if objective.lagged_target:
        has_partner = batch[2]
        n = tf.reduce_sum(has_partner)
        sums = [tf.reduce_sum(has_partner * term) for term in terms]
        loss = sums[0] / tf.maximum(n, 1.0)
    else:
        n = tf.cast(tf.shape(x)[0], tf.float32)
        sums = [tf.reduce_sum(term) for term in terms]
        loss = tf.reduce_mean(terms.loss)
    if objective.vamp_weight > 0:
        weight = kinetic_weight(objective.vamp_weight, network.architecture.n_x)
        seen, of_many = (_covariances(network, rows) for rows in (batch, many))
        loss -= weight * kinetic_term.surrogate(seen, of_many, ridge)
        seen, of_many = (kinetic_term.grouped(c, groups) for c in (seen, of_many))
        loss -= weight * kinetic_term.surrogate(seen, of_many, ridge)
    return loss, tf.stack([*sums, n])


def _covariances(network: Network, rows: list[tf.Tensor]) -> tf.Tensor:
    q = [tf.nn.softmax(network.logits(part)) for part in rows[:2]]
    return kinetic_term.covariances(q[0], q[1], rows[2])

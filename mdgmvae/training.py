"""The training loop: restarts, epochs, annealing, validation, early stop, checkpoints (TensorFlow).

`train` reads as the method, top to bottom. One epoch is a pass over all rows in a new random
order, in steps of Adam (Kingma & Ba 2015) on the mean loss of a batch. Shuffles and noise are
functions of the seed, the restart and the epoch alone, so a training that was interrupted and
resumed ends with the same weights as one that was not.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from . import losses
from .architecture import Architecture, flatten, initial_weights
from .network import Network

logger = logging.getLogger(__name__)

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
TERMS = ("loss", "reconstruction", "latent", "negative_entropy")


@dataclass(frozen=True)
class Options:
    """How to train; the meaning of each is in the documentation of `GMVAE`."""

    n_epochs: int
    batch_size: int
    lr: float
    r_nent: float
    seed: int
    r_nent_start: float | None = None
    anneal: float = 0.7
    lr_schedule: str = "constant"
    patience: int | None = None
    n_init: int = 1

    @property
    def anneal_epochs(self) -> int:
        """Epochs during which the weight of the entropy still changes."""
        return 0 if self.r_nent_start is None else math.ceil(self.anneal * self.n_epochs)

    def entropy_weight(self, epoch: int) -> float:
        """The weight of the negative entropy: from `r_nent_start` linearly to `r_nent`."""
        if self.r_nent_start is None or epoch >= self.anneal_epochs:
            return self.r_nent
        share = epoch / self.anneal_epochs
        return self.r_nent_start + share * (self.r_nent - self.r_nent_start)

    def learning_rate(self, epoch: int) -> float:
        """`lr`, or its cosine decay towards zero (Loshchilov & Hutter 2017)."""
        if self.lr_schedule == "constant":
            return self.lr
        return self.lr * 0.5 * (1.0 + math.cos(math.pi * epoch / self.n_epochs))


class Data(Protocol):
    """Where the rows come from: already scaled, never all at once."""

    def epoch(self, rng: np.random.Generator) -> Iterable[np.ndarray]:
        """The training rows in a new random order, in blocks of whole batches."""

    def is_sound(self, flat: np.ndarray) -> bool:
        """Whether the loss of some rows is finite with these weights."""

    def validation_loss(self, flat: np.ndarray) -> float | None:
        """Mean loss of the rows held out, at the final weights of the terms; None without any."""


@dataclass
class State:
    """Everything that decides how training goes on, as NumPy arrays and plain numbers."""

    restart: int
    epoch: int
    step: int
    weights: np.ndarray
    first_moment: np.ndarray
    second_moment: np.ndarray
    history: dict[str, list[float]] = field(default_factory=dict)
    best_weights: np.ndarray | None = None
    best_loss: float = math.inf
    stale_epochs: int = 0
    #: The best of the restarts that have ended.
    kept: Fit | None = None


@dataclass(frozen=True)
class Fit:
    """What a restart ends with."""

    weights: np.ndarray
    history: dict[str, list[float]]
    loss: float
    restart: int
    diverged: bool = False


def train(
    data: Data,
    architecture: Architecture,
    options: Options,
    device: str,
    *,
    on_epoch: Callable[[State], None] = lambda state: None,
    resume: State | None = None,
) -> Fit:
    """Train `n_init` times and keep the fit with the lowest loss.

    Parameters
    ----------
    data : Data
    architecture : Architecture
    options : Options
    device : str
        From `devices.choose`.
    on_epoch : callable
        Called with the state after each epoch (progress, checkpoints).
    resume : State, optional
        Go on from here.

    Returns
    -------
    Fit
        ``diverged`` where every restart met a loss that is not finite: the weights are then
        the last good ones.
    """
    state = resume or _start(architecture, options, restart=0)
    while True:
        diverged = False
        optimiser = Optimiser(architecture, state, device)
        while state.epoch < options.n_epochs and not _is_stale(state, options):
            lr, r_nent = options.learning_rate(state.epoch), options.entropy_weight(state.epoch)
            rng = _generator(options.seed, state.restart, state.epoch)
            terms = optimiser.epoch(data.epoch(rng), options.batch_size, lr, r_nent, rng)
            after = optimiser.state(state)
            # The loss was taken before each step: what the last ones led to is not in it.
            if not math.isfinite(terms["loss"]) or not data.is_sound(after.weights):
                diverged = True
                break
            state = after
            _record(state, terms, lr, r_nent)
            _validate(state, data, options)
            on_epoch(state)
        fit = _finish(state, diverged)
        if state.kept is None or _is_better(fit, state.kept):
            state.kept = fit
        if state.restart + 1 >= options.n_init:
            return state.kept
        kept = state.kept
        state = _start(architecture, options, restart=state.restart + 1)
        state.kept = kept


def _generator(seed: int, restart: int, epoch: int) -> np.random.Generator:
    """The random numbers of one epoch: shuffle and noise; epoch -1 draws the first weights."""
    return np.random.default_rng([seed, restart, epoch + 1])


def _start(architecture: Architecture, options: Options, restart: int) -> State:
    weights = initial_weights(architecture, _generator(options.seed, restart, -1))
    flat = flatten(architecture, weights)
    return State(restart, 0, 0, flat, np.zeros_like(flat), np.zeros_like(flat))


def _record(state: State, terms: dict[str, float], lr: float, r_nent: float) -> None:
    values = {"epoch": state.epoch, **terms, "r_nent": r_nent, "lr": lr}
    for name, value in values.items():
        state.history.setdefault(name, []).append(value)


def _validate(state: State, data: Data, options: Options) -> None:
    """Keep the best weights by the loss of the rows held out, once the loss is the final one."""
    value = data.validation_loss(state.weights)
    if value is None:
        return
    state.history.setdefault("val_loss", []).append(value)
    if state.epoch < options.anneal_epochs:
        return
    if value < state.best_loss:
        state.best_loss, state.best_weights, state.stale_epochs = value, state.weights, 0
    else:
        state.stale_epochs += 1


def _is_stale(state: State, options: Options) -> bool:
    return options.patience is not None and state.stale_epochs >= options.patience


def _finish(state: State, diverged: bool) -> Fit:
    if state.best_weights is not None:
        weights, loss = state.best_weights, state.best_loss
    else:
        weights = state.weights
        loss = state.history["loss"][-1] if state.history else math.inf
    return Fit(weights, state.history, loss, state.restart, diverged)


def _is_better(fit: Fit, kept: Fit) -> bool:
    if fit.diverged != kept.diverged:
        return kept.diverged
    return fit.loss < kept.loss


class Optimiser:
    """Adam over one vector of weights that lives on the device."""

    def __init__(self, architecture: Architecture, state: State, device: str) -> None:
        self._device = device
        self._architecture = architecture
        self._step = state.step
        with tf.device(device):
            self._weights = tf.Variable(state.weights)
            self._moments = tf.Variable(state.first_moment), tf.Variable(state.second_moment)

    def epoch(
        self,
        blocks: Iterable[np.ndarray],
        batch_size: int,
        lr: float,
        r_nent: float,
        rng: np.random.Generator,
    ) -> dict[str, float]:
        """One pass over the blocks; returns the mean of each term over the rows seen."""
        run = _compiled_steps(self._architecture)
        seed = rng.integers(0, 2**31 - 1, size=1, dtype=np.int32)
        sums, n_rows = np.zeros(len(TERMS)), 0
        for block in blocks:
            # A larger batch is the same batch, and TensorFlow counts in 32 bits.
            n_batch = min(batch_size, len(block))
            with tf.device(self._device):
                result, step = run(
                    self._weights,
                    *self._moments,
                    tf.constant(block),
                    tf.constant(n_batch),
                    tf.constant(lr, tf.float32),
                    tf.constant(r_nent, tf.float32),
                    tf.constant(int(seed[0])),
                    tf.constant(self._step),
                )
            self._step = int(step)
            sums += result.numpy().astype(np.float64)
            n_rows += len(block)
        return dict(zip(TERMS, (sums / n_rows).tolist(), strict=True))

    def state(self, before: State) -> State:
        """The state one epoch after `before`."""
        return State(
            restart=before.restart,
            epoch=before.epoch + 1,
            step=self._step,
            weights=self._weights.numpy(),
            first_moment=self._moments[0].numpy(),
            second_moment=self._moments[1].numpy(),
            history={name: list(values) for name, values in before.history.items()},
            best_weights=before.best_weights,
            best_loss=before.best_loss,
            stale_epochs=before.stale_epochs,
            kept=before.kept,
        )


@lru_cache(maxsize=16)
def _compiled_steps(architecture: Architecture) -> Callable[..., Any]:
    """The function that runs the steps of a block: compiled once for each architecture."""
    started = time.perf_counter()

    def run(weights, m, v, rows, batch_size, lr, r_nent, seed, step):  # type: ignore[no-untyped-def]
        n_rows = tf.shape(rows)[0]
        n_batches = (n_rows + batch_size - 1) // batch_size

        def one_step(i, step, sums):  # type: ignore[no-untyped-def]
            x = rows[i * batch_size : (i + 1) * batch_size]
            n = tf.shape(x)[0]
            noise = tf.random.stateless_normal(
                [architecture.k, n, architecture.n_z], [seed, step], alg="philox"
            )
            flat = weights.read_value()
            with tf.GradientTape() as tape:
                tape.watch(flat)
                terms = losses.frame_loss(Network(architecture, flat), x, noise, r_nent)
                loss = tf.reduce_mean(terms.loss)
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
                grad=tape.gradient(loss, flat),
            )
            return i + 1, step + 1, sums + tf.stack([tf.reduce_sum(term) for term in terms])

        # A sum in float32 over a block of rows is exact enough; blocks are added in float64.
        start = (tf.constant(0), step, tf.zeros(len(TERMS)))
        _, step, sums = tf.while_loop(lambda i, *_: i < n_batches, one_step, start)
        return sums, step

    vector = tf.TensorSpec([architecture.n_weights], tf.float32)
    with tf.device("CPU:0"):
        # Only their shapes matter: the function runs where the variables that it gets are.
        examples = [tf.Variable(tf.zeros(vector.shape)) for _ in range(3)]
    integer, number = tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)
    concrete = tf.function(run).get_concrete_function(
        *examples,
        tf.TensorSpec([None, architecture.n_x], tf.float32),
        integer,
        number,
        number,
        integer,
        integer,
    )
    logger.debug("traced the training step in %.1f s", time.perf_counter() - started)
    return concrete

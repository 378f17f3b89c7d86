"""The training loop: restarts, epochs, annealing, validation, early stop (TensorFlow).

`train` reads as the method, top to bottom. One epoch is a pass over all rows in a new random
order, in steps of Adam (Kingma & Ba 2015) on the mean loss of a batch; restarts go through the
same batches, one after the other. Shuffles and noise are functions of the seed, the restart and
the epoch alone, so a training that was interrupted and resumed ends with the same weights as
one that was not.
"""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from ..network.architecture import (
    Architecture,
    flatten,
    initial_weights,
    kinetic_weight,
)
from ..network.objective import TERMS, Objective
from .engine import Engine
from .replicas import OneDevice, Replicas
from .steps import Optimiser, on_device

logger = logging.getLogger(__name__)


#: Share of the epochs after which metastable states count in the kinetic term.
SETTLED = 0.5


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
    kl: str = "sampled"
    vamp_weight: float = 0.0
    decoder_target: str = "same"
    n_decoded: int | None = None
    precision: str = "float32"
    #: End after so many epochs of the schedule.
    stop_after: int | None = None

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

    @property
    def objective(self) -> Objective:
        """What a step minimises."""
        return Objective(
            vamp_weight=self.vamp_weight,
            lagged_target=self.decoder_target == "lagged",
            analytic_kl=self.kl == "analytic",
            n_decoded=self.n_decoded,
            precision=self.precision,
        )


@dataclass(frozen=True, eq=False)
class Batches:
    """Rows for a number of steps, already scaled.

    Parameters
    ----------
    rows : ndarray of shape (n, n_x)
        Or, where the frames are on the device, their numbers, of shape (n,) and int32.
    later : ndarray of that shape or None
        The rows one lag later, where pairs are used.
    has_partner : ndarray of shape (n, 1), float32, or None
        1 where `later` is of the same piece of trajectory, else 0.
    """

    rows: np.ndarray
    later: np.ndarray | None = None
    has_partner: np.ndarray | None = None


@dataclass(frozen=True)
class Validation:
    """What the held-out rows, and all training pairs, say of weights.

    Parameters
    ----------
    values : dict of str to float
        For the history: "val_loss", "vamp2", "val_vamp2", those that there are.
    loss : float or None
        What is to be minimised; None where nothing is held out.
    """

    values: dict[str, float]
    loss: float | None


class Data(Protocol):
    """Where the rows come from: already scaled, never all at once."""

    #: Of the covariances of the kinetic term.
    ridge: float
    #: How many rows there are. With those held out: so what is compiled for the training without
    #: them serves for the one with them.
    n_rows: int

    @property
    def block_rows(self) -> int:
        """The most rows of a block, a multiple of the batch size."""

    def held(self) -> np.ndarray | None:
        """All rows, (n_rows, n_x), where they are in memory."""

    def epoch(self, rng: np.random.Generator, numbers_only: bool) -> Iterable[Batches]:
        """The training rows, or their numbers, in a new random order, in blocks of batches."""

    def is_sound(self, flat: np.ndarray) -> bool:
        """Whether the loss of some rows is finite with these weights."""

    def groups(self, flat: np.ndarray) -> np.ndarray:
        """Which components are one metastable state: (k, k), a column a state."""

    def validate(self, flat: np.ndarray) -> Validation:
        """Judge weights at the final weights of the terms."""


@dataclass
class Restart:
    """How one of the restarts is doing."""

    history: dict[str, list[float]] = field(default_factory=dict)
    best_weights: np.ndarray | None = None
    best_loss: float = math.inf
    best_epoch: int = 0
    stale_epochs: int = 0
    diverged: bool = False


@dataclass
class State:
    """Everything that decides how training goes on, as NumPy arrays and plain numbers.

    The arrays have one row a restart: weights and moments (n_init, n_weights).
    """

    epoch: int
    step: int
    weights: np.ndarray
    first_moment: np.ndarray
    second_moment: np.ndarray
    restarts: list[Restart]


@dataclass(frozen=True)
class Fit:
    """What a restart ends with.

    Parameters
    ----------
    weights : ndarray of shape (n_weights,)
    history : dict of str to list of float
    loss : float
        By which restarts are compared.
    epochs : int
        After how many epochs these weights were reached.
    restart : int
    diverged : bool
        The loss was no longer finite: the weights are the last good ones.
    """

    weights: np.ndarray
    history: dict[str, list[float]]
    loss: float
    epochs: int
    restart: int
    diverged: bool = False


def train(
    data: Data,
    architecture: Architecture,
    options: Options,
    place: OneDevice | Replicas,
    *,
    initial: np.ndarray | None = None,
    on_epoch: Callable[[State], None] = lambda state: None,
    resume: State | None = None,
) -> list[Fit]:
    """Train `n_init` times, on the same batches.

    Parameters
    ----------
    data : Data
    architecture : Architecture
    options : Options
    place : OneDevice or Replicas
        Where steps are computed.
    initial : ndarray of shape (n_init, n_weights), optional
        Weights to start from; by default `random_start`.
    on_epoch : callable
        Called with the state after each epoch (progress, checkpoints).
    resume : State, optional
        Go on from here.

    Returns
    -------
    list of Fit
        One for each restart.
    """
    if initial is None:
        initial = random_start(architecture, options)
    state = resume or _start(architecture, initial)
    engine = Engine.choose(
        place,
        options.batch_size,
        architecture.n_x,
        data.n_rows,
        data.block_rows,
        options.n_epochs,
    )
    frames = data.held() if place.keeps_frames else None
    if frames is not None:
        frames = on_device(place, frames)
        engine = replace(engine, resident=True)
    optimisers = [
        Optimiser(architecture, options.objective, engine, *arrays, state.step, data.ridge, frames)
        for arrays in zip(state.weights, state.first_moment, state.second_moment, strict=True)
    ]
    n_epochs = options.n_epochs if options.stop_after is None else options.stop_after
    while state.epoch < n_epochs and (going := _going(state, options)):
        state = _epoch(state, going, optimisers, data, options, place)
        on_epoch(state)
    weight = kinetic_weight(options.vamp_weight, architecture.n_x)
    return [_finish(state, number, weight) for number in range(len(state.restarts))]


def _going(state: State, options: Options) -> list[int]:
    """The restarts that have not ended."""
    return [n for n, restart in enumerate(state.restarts) if not _has_ended(restart, options)]


def _epoch(
    state: State,
    going: list[int],
    optimisers: list[Optimiser],
    data: Data,
    options: Options,
    place: OneDevice | Replicas,
) -> State:
    """Train the restarts that are `going` for one epoch; `state` stays as it is."""
    lr, r_nent = options.learning_rate(state.epoch), options.entropy_weight(state.epoch)
    generators = [_generator(options.seed, n, state.epoch) for n in range(len(state.restarts))]
    # Each restart has its own noise; the order of the rows is that of the first one for all.
    seeds = [int(rng.integers(0, 2**31 - 1, dtype=np.int32)) for rng in generators]
    for n in going:
        optimisers[n].start_epoch(lr, r_nent, seeds[n], _groups(state, n, data, options))
    # One graph for all restarts takes longer than one after the other: products of a stack of
    # small matrices are slower than as many products.
    for block in data.epoch(generators[0], optimisers[0].takes_numbers):
        for n in going:
            optimisers[n].run(block)
    after = copy.deepcopy(state)
    after.epoch, after.step = state.epoch + 1, optimisers[going[0]].step
    for n in going:
        weights, *moments = optimisers[n].arrays()
        terms, restart = optimisers[n].means(), after.restarts[n]
        # The loss was taken before each step: what the last ones led to is not in it.
        is_sound = place.agree(float(data.is_sound(weights))) == 1.0
        if not math.isfinite(terms["loss"]) or not is_sound:
            restart.diverged = True
            continue
        after.weights[n] = weights
        after.first_moment[n], after.second_moment[n] = moments
        _record(restart, after.epoch, terms, lr, r_nent)
        _validate(restart, weights, after.epoch, data, options, place)
    return after


def random_start(architecture: Architecture, options: Options) -> np.ndarray:
    """Random weights for every restart: shape (n_init, n_weights)."""
    generators = [_generator(options.seed, restart, -1) for restart in range(options.n_init)]
    return np.stack(
        [flatten(architecture, initial_weights(architecture, rng)) for rng in generators]
    )


def _generator(seed: int, restart: int, epoch: int) -> np.random.Generator:
    """The random numbers of one epoch: shuffle and noise; epoch -1 draws the first weights."""
    return np.random.default_rng([seed, restart, epoch + 1])


def _start(architecture: Architecture, initial: np.ndarray) -> State:
    return State(
        epoch=0,
        step=0,
        weights=initial,
        first_moment=np.zeros_like(initial),
        second_moment=np.zeros_like(initial),
        restarts=[Restart() for _ in initial],
    )


def _groups(state: State, number: int, data: Data, options: Options) -> np.ndarray | None:
    """Which components of a restart belong together; None until the training has settled."""
    if options.vamp_weight == 0 or state.epoch < SETTLED * options.n_epochs:
        return None
    return data.groups(state.weights[number])


def _record(
    restart: Restart, epoch: int, terms: dict[str, float], lr: float, r_nent: float
) -> None:
    values = {"epoch": epoch, **{n: terms[n] for n in TERMS}, "r_nent": r_nent, "lr": lr}
    for name, value in values.items():
        restart.history.setdefault(name, []).append(value)


def _validate(
    restart: Restart,
    weights: np.ndarray,
    epoch: int,
    data: Data,
    options: Options,
    place: OneDevice | Replicas,
) -> None:
    """Keep the best weights by the rows held out, once the loss is the final one."""
    judged = data.validate(weights)
    for name, value in judged.values.items():
        restart.history.setdefault(name, []).append(value)
    if judged.loss is None or epoch < options.anneal_epochs:
        return
    loss = place.agree(judged.loss)
    if loss < restart.best_loss:
        restart.best_loss, restart.best_weights = loss, weights.copy()
        restart.best_epoch, restart.stale_epochs = epoch, 0
    else:
        restart.stale_epochs += 1


def _has_ended(restart: Restart, options: Options) -> bool:
    is_stale = options.patience is not None and restart.stale_epochs >= options.patience
    return restart.diverged or is_stale


def _finish(state: State, number: int, weight_of_vamp2: float) -> Fit:
    restart = state.restarts[number]
    if restart.best_weights is not None:
        weights, loss, epochs = restart.best_weights, restart.best_loss, restart.best_epoch
    else:
        weights = state.weights[number]
        loss = restart.history["loss"][-1] if restart.history else math.inf
        if "vamp2" in restart.history:
            loss -= weight_of_vamp2 * restart.history["vamp2"][-1]
        epochs = len(restart.history.get("epoch", []))
    return Fit(weights, restart.history, loss, epochs, number, restart.diverged)

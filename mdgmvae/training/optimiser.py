"""The optimiser of a restart: its variables on the device, and its steps (TensorFlow)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from ..network.architecture import Architecture
from ..network.objective import TERMS, Objective
from ..network.quiet_tensorflow import tf
from ..presets import Hyperparameters
from .distribution import Devices, Replicas
from .engine import Engine
from .state import State
from .steps import Adam, EpochSettings, Plan, compiled_steps, run_block, trace
from .training_set import Block, TrainingSet
from .xla_cache import forget_compiled, store_compiled

logger = logging.getLogger(__name__)

Sums: TypeAlias = tuple[tf.Tensor, tf.Tensor]


class Optimiser:
    """Adam for one restart, whose weights stay on the device.

    Parameters
    ----------
    architecture : Architecture
    objective : Objective
    engine : Engine
    weights, first_moment, second_moment : ndarray of shape (n_weights,)
        Initial values.
    step : int
        Number of steps taken so far.
    ridge : float
        Ridge on the covariances of the kinetic term.
    frames : tensor of shape (n_x, n_frames), optional
        All frames as columns, if the engine stores them on the device.
    """

    def __init__(
        self,
        architecture: Architecture,
        objective: Objective,
        engine: Engine,
        weights: np.ndarray,
        first_moment: np.ndarray,
        second_moment: np.ndarray,
        step: int,
        ridge: float,
        frames: tf.Tensor | None = None,
    ) -> None:
        self._frames = [] if frames is None else [frames]
        self._devices = engine.devices
        self._ridge = ridge
        self._k = architecture.k
        self.step = step
        # The first call compiles.
        self._compiles = engine.xla
        arrays = weights, first_moment, second_moment
        with self._devices.scope():
            self._variables = Adam(*[tf.Variable(a) for a in arrays])
        plan = Plan(architecture, objective, engine)
        if isinstance(engine.devices, Replicas):
            # A variable with replicas cannot be an argument of a traced function, so it is bound
            # before tracing, and each optimiser traces its own function.
            run = partial(run_block, plan, self._variables)
            self._run = trace(run, *plan.specs())
        else:
            self._run = partial(compiled_steps(plan), self._variables)

    def start_epoch(
        self, lr: float, r_nent: float, seed: int, groups: np.ndarray | None = None
    ) -> None:
        """Set the values that all steps of an epoch share.

        Parameters
        ----------
        lr : float
            Learning rate.
        r_nent : float
            Weight of the negative entropy.
        seed : int
            Seed of the noise.
        groups : ndarray of shape (k, k), optional
            Which component (row) belongs to which state (column). Default: states are not scored.
        """
        if groups is None:
            groups = np.zeros((self._k, self._k), np.float32)
        self._sums = np.zeros(len(TERMS) + 1)
        with self._devices.scope():
            self._settings = EpochSettings.of(lr, r_nent, self._ridge, seed, groups)

    def run(self, block: Block) -> None:
        """Take one step for each batch of a block."""
        with self._devices.scope(), self._devices.explain_failures():
            arrays = [tf.constant(array) for array in block.arrays]
            step = tf.constant(self.step)
            run = partial(self._run, self._settings, step, *self._frames, *arrays)
            sums, step = self._compile(run) if self._compiles else run()
        self.step = int(step)
        self._sums += sums.numpy().astype(np.float64)

    def _compile(self, run: Callable[[], Sums]) -> Sums:
        """Call a function that XLA compiles; if it fails, compile again without the cache."""
        before = self.arrays()
        try:
            sums = run()
        except tf.errors.OpError as error:
            if not forget_compiled():
                raise
            logger.info("XLA compiles again, without its cache: %s", error.message)
            for variable, array in zip(self._variables, before, strict=True):
                variable.assign(array)
            sums = run()
        store_compiled()
        self._compiles = False
        return sums

    @property
    def takes_numbers(self) -> bool:
        """Whether blocks contain only numbers of frames, because the frames are on the device."""
        return bool(self._frames)

    def means(self) -> dict[str, float]:
        """Return the mean of each term over the frames of the epoch."""
        means = self._sums[:-1] / max(self._sums[-1], 1.0)
        return dict(zip(TERMS, means.tolist(), strict=True))

    def arrays(self) -> list[np.ndarray]:
        """Return the weights, the first and the second moments."""
        return [variable.numpy() for variable in self._variables]


def make_optimisers(
    architecture: Architecture,
    hyperparameters: Hyperparameters,
    devices: Devices,
    training_set: TrainingSet,
    state: State,
) -> list[Optimiser]:
    """Choose the engine, and return an optimiser for each restart in the given state."""
    in_memory = training_set.frames_in_memory if devices.keeps_frames else None
    engine = Engine.choose(
        devices,
        batch_size=hyperparameters.batch_size,
        n_x=architecture.n_x,
        n_frames=len(training_set),
        block_frames=training_set.block_frames,
        n_epochs=hyperparameters.n_epochs,
        resident=in_memory is not None,
    )
    objective = Objective.of(hyperparameters)
    frames = None if in_memory is None else _send_to_device(devices, in_memory)
    return [
        Optimiser(architecture, objective, engine, *arrays, state.step, training_set.ridge, frames)
        for arrays in zip(state.weights, state.first_moment, state.second_moment, strict=True)
    ]


def _send_to_device(devices: Devices, frames: np.ndarray) -> tf.Tensor:
    """Copy all frames (n_frames, n_x) to the device, and return them as columns."""
    with devices.scope():
        return tf.transpose(tf.constant(frames))

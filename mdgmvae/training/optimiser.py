"""The optimiser of a restart or a stack: its variables on the device, and its steps (TensorFlow).

See `restarts.Restarts` for that of a whole training.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from ..network.architecture import Architecture
from ..network.objective import TERMS, Objective
from ..network.quiet_tensorflow import tf
from ..network.xla_cache import forget_compiled, store_compiled
from .distribution import Replicas
from .engine import Engine
from .steps import Adam, EpochSettings, Plan, compiled_steps, run_block, trace
from .training_set import Block

logger = logging.getLogger(__name__)

Sums: TypeAlias = tuple[tf.Tensor, tf.Tensor]


class Optimiser:
    """Adam for one restart, or for a stack of restarts. The weights stay on the device.

    In a stack, arrays have another axis, the first, and a step is that of all restarts.

    Parameters
    ----------
    architecture : Architecture
    objective : Objective
    engine : Engine
    weights, first_moment, second_moment : ndarray of shape (..., n_weights)
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
        self._plan = Plan(architecture, objective, engine)
        self._devices = engine.devices
        self._ridge = ridge
        self.step = step
        # The first call compiles.
        self._compiles = engine.xla
        arrays = weights, first_moment, second_moment
        with self._devices.scope():
            self._variables = Adam(*[tf.Variable(a) for a in arrays])
        self._run = self._traced(self._plan)

    def _traced(self, plan: Plan) -> Callable[..., Sums]:
        if isinstance(plan.engine.devices, Replicas):
            # A variable with replicas cannot be an argument of a traced function, so it is bound
            # before tracing, and each optimiser traces its own function.
            return trace(partial(run_block, plan, self._variables), *plan.specs())
        return partial(compiled_steps(plan), self._variables)

    def start_epoch(
        self,
        lr: float,
        r_nent: float,
        seed: int | np.ndarray,
        groups: np.ndarray | None = None,
    ) -> None:
        """Set the values that all steps of an epoch share.

        Parameters
        ----------
        lr : float
            Learning rate.
        r_nent : float
            Weight of the negative entropy.
        seed : int or ndarray of int of shape (...)
            Seed of the noise.
        groups : ndarray of shape (..., k, k), optional
            Which component (row) belongs to which state (column). Default: states are not scored.
        """
        k = self._plan.architecture.k
        if groups is None:
            groups = np.zeros((*self._plan.shape, k, k), np.float32)
        self._sums = np.zeros((*self._plan.shape, len(TERMS) + 1))
        with self._devices.scope():
            self._settings = EpochSettings.of(lr, r_nent, self._ridge, seed, groups)

    def run(self, block: Block) -> None:
        """Take one step for each batch of a block."""
        with self._devices.scope(), self._devices.explain_failures():
            arrays = [tf.constant(array) for array in block.arrays]
            step = tf.constant(self.step)

            def run() -> Sums:
                return self._run(self._settings, step, *self._frames, *arrays)

            sums, step = self._compile(run) if self._compiles else run()
        self.step = int(step)
        self._sums += sums.numpy().astype(np.float64)

    def _compile(self, run: Callable[[], Sums], is_cached: bool = True) -> Sums:
        """Call a function that XLA compiles.

        If it fails, compile again without the cache. If that fails too, go on without XLA.
        """
        before = self.arrays()
        try:
            sums = run()
        except tf.errors.OpError as error:
            self._restore(before)
            if is_cached and forget_compiled():
                logger.info("XLA compiles again, without its cache: %s", error.message)
                return self._compile(run, is_cached=False)
            if not isinstance(error, tf.errors.InternalError | tf.errors.UnimplementedError):
                raise
            logger.warning(
                "XLA cannot compile the training, which goes on without it, more slowly: %s",
                error.message.splitlines()[0],
            )
            engine = replace(self._plan.engine, xla=False)
            self._run = self._traced(replace(self._plan, engine=engine))
            sums = run()
        else:
            store_compiled()
        self._compiles = False
        return sums

    def _restore(self, arrays: list[np.ndarray]) -> None:
        for variable, array in zip(self._variables, arrays, strict=True):
            variable.assign(array)

    @property
    def takes_numbers(self) -> bool:
        """Whether blocks contain only numbers of frames, because the frames are on the device."""
        return bool(self._frames)

    def means(self) -> dict[str, Any]:
        """Return the mean of each term over the frames of the epoch; a list of them for a stack."""
        means = self._sums[..., :-1] / np.maximum(self._sums[..., -1:], 1.0)
        return dict(zip(TERMS, np.moveaxis(means, -1, 0).tolist(), strict=True))

    def arrays(self) -> list[np.ndarray]:
        """Return the weights, the first and the second moments."""
        return [variable.numpy() for variable in self._variables]

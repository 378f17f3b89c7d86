"""The optimisers of all restarts: one for each restart, or for each stack of them (TensorFlow)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..network.architecture import Architecture
from ..network.objective import Objective
from ..network.quiet_tensorflow import tf
from ..presets import Hyperparameters
from .distribution import Devices
from .engine import Engine
from .optimiser import Optimiser
from .state import State
from .training_set import Block, TrainingSet


class Restarts:
    """The restarts of a training, on the device.

    In a stack (see `engine.Stack`), restarts that have ended are computed with the others, and what
    becomes of them is not used.

    Parameters
    ----------
    architecture : Architecture
    objective : Objective
    engine : Engine
    state : State
        The restarts and the variables of Adam.
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
        state: State,
        ridge: float,
        frames: tf.Tensor | None = None,
    ) -> None:
        self.step = state.step
        #: Maximum number of blocks in a call of `run`.
        self.n_blocks = engine.n_blocks
        #: Whether blocks contain only numbers of frames, because the frames are on the device.
        self.takes_numbers = frames is not None
        self._k, self._stacked = architecture.k, engine.stack is not None
        self._active: set[int] = set()
        self._optimisers: list[tuple[range, Optimiser]] = []
        n, n_at_once = len(state.restarts), engine.stack.n_restarts if engine.stack else 1
        for first in range(0, n, n_at_once):
            numbers = range(n)[first : first + n_at_once]
            if engine.stack:
                engine = replace(engine, stack=replace(engine.stack, n_restarts=len(numbers)))
            weights, first_moment, second_moment = (
                self._of_optimiser(array[numbers.start : numbers.stop])
                for array in (state.weights, state.first_moment, state.second_moment)
            )
            optimiser = Optimiser(
                architecture, objective, engine, weights, first_moment, second_moment,
                state.step, ridge, frames,
            )  # fmt: skip
            self._optimisers.append((numbers, optimiser))

    @classmethod
    def of(
        cls,
        architecture: Architecture,
        hyperparameters: Hyperparameters,
        devices: Devices,
        training_set: TrainingSet,
        state: State,
    ) -> Restarts:
        """Choose the engine, and return the restarts in the given state."""
        in_memory = training_set.frames_in_memory if devices.keeps_frames else None
        engine = Engine.choose(
            devices,
            architecture,
            batch_size=hyperparameters.batch_size,
            n_frames=len(training_set),
            block_frames=training_set.block_frames,
            n_epochs=hyperparameters.n_epochs,
            resident=in_memory is not None,
            n_restarts=len(state.restarts),
        )
        objective = Objective.of(hyperparameters)
        frames = None if in_memory is None else _send_to_device(devices, in_memory)
        return cls(architecture, objective, engine, state, training_set.ridge, frames)

    def start_epoch(
        self,
        lr: float,
        r_nent: float,
        seeds: Sequence[int],
        groups: Mapping[int, np.ndarray | None],
    ) -> None:
        """Set the values that all steps of an epoch share.

        Parameters
        ----------
        lr : float
            Learning rate.
        r_nent : float
            Weight of the negative entropy.
        seeds : sequence of int
            Seed of the noise of each restart.
        groups : mapping of int to ndarray of shape (k, k) or None
            For each restart to train, which component (row) belongs to which state (column). None
            if states are not scored.
        """
        self._active = set(groups)
        not_scored = np.zeros((self._k, self._k), np.float32)
        for numbers, optimiser in self._running():
            found = [groups.get(number) for number in numbers]
            states = np.stack([not_scored if group is None else group for group in found])
            of_noise = np.array([seeds[number] for number in numbers])
            optimiser.start_epoch(lr, r_nent, *map(self._of_optimiser, (of_noise, states)))

    def run(self, block: Block) -> None:
        """Take one step of each restart for each batch of a block."""
        for _, optimiser in self._running():
            optimiser.run(block)
            self.step = optimiser.step

    def results(self) -> dict[int, tuple[list[np.ndarray], dict[str, float]]]:
        """Return the variables of each restart that was trained, and its means over the epoch.

        The variables are the weights, the first and the second moments.
        """
        found = {}
        for numbers, optimiser in self._running():
            arrays = [np.atleast_2d(array) for array in optimiser.arrays()]
            means = {term: np.atleast_1d(value) for term, value in optimiser.means().items()}
            for place, number in enumerate(numbers):
                if number in self._active:
                    terms = {term: float(values[place]) for term, values in means.items()}
                    found[number] = [array[place] for array in arrays], terms
        return found

    def _running(self) -> list[tuple[range, Optimiser]]:
        """Return the optimisers with a restart to train, and the numbers of their restarts."""
        return [
            (numbers, optimiser)
            for numbers, optimiser in self._optimisers
            if not self._active.isdisjoint(numbers)
        ]

    def _of_optimiser(self, values: np.ndarray) -> np.ndarray:
        """Return the values of some restarts as their optimiser takes them."""
        return values if self._stacked else values[0]


def _send_to_device(devices: Devices, frames: np.ndarray) -> tf.Tensor:
    """Copy all frames (n_frames, n_x) to the device, and return them as columns."""
    with devices.scope():
        return tf.transpose(tf.constant(frames))

"""The state of a training between epochs, and its result."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ..network.architecture import Architecture
from .scaling import Scaling


@dataclass
class Restart:
    """The progress of one restart.

    Parameters
    ----------
    history : dict of str to list of float
        One value per epoch.
    best_weights : ndarray of shape (n_weights,) or None
        Weights with the lowest validation loss since annealing ended.
    best_loss : float
        The lowest validation loss.
    best_epoch : int
        Number of epochs after which it was reached.
    stale_epochs : int
        Number of epochs since then.
    diverged : bool
        Whether the loss stopped being finite.
    """

    history: dict[str, list[float]] = field(default_factory=dict)
    best_weights: np.ndarray | None = None
    best_loss: float = math.inf
    best_epoch: int = 0
    stale_epochs: int = 0
    diverged: bool = False


@dataclass
class State:
    """Everything that is needed to continue a training, as arrays and plain numbers.

    Parameters
    ----------
    epoch, step : int
        Number of epochs and of steps taken so far.
    weights, first_moment, second_moment : ndarray of shape (n_restarts, n_weights)
        The variables of Adam.
    restarts : list of Restart
    """

    epoch: int
    step: int
    weights: np.ndarray
    first_moment: np.ndarray
    second_moment: np.ndarray
    restarts: list[Restart]

    @classmethod
    def start(cls, initial: np.ndarray) -> State:
        """Return the state before the first epoch, with these initial weights."""
        return cls(
            epoch=0,
            step=0,
            weights=initial,
            first_moment=np.zeros_like(initial),
            second_moment=np.zeros_like(initial),
            restarts=[Restart() for _ in initial],
        )

    def result(self, number: int, weight_of_vamp2: float) -> RestartResult:
        """Return the result of a restart: its best weights, or the last if none were validated.

        Parameters
        ----------
        number : int
            Number of the restart.
        weight_of_vamp2 : float
            Weight of VAMP-2 in the loss by which restarts are compared. Used only if no frames
            are held out.
        """
        restart = self.restarts[number]
        if restart.best_weights is not None:
            weights, loss, epochs = restart.best_weights, restart.best_loss, restart.best_epoch
        else:
            weights = self.weights[number]
            loss = restart.history["loss"][-1] if restart.history else math.inf
            if "vamp2" in restart.history:
                loss -= weight_of_vamp2 * restart.history["vamp2"][-1]
            epochs = len(restart.history.get("epoch", []))
        return RestartResult(weights, restart.history, loss, epochs, number, restart.diverged)


@dataclass(frozen=True, eq=False)
class RestartResult:
    """The result of a restart.

    Parameters
    ----------
    weights : ndarray of shape (n_weights,), float32
    history : dict of str to list of float
        One value per epoch.
    loss : float
        The loss by which restarts are compared.
    epochs : int
        Number of epochs that led to these weights.
    restart : int
        Number of the restart.
    diverged : bool
        Whether the loss stopped being finite. The weights are then the last with a finite loss.
    """

    weights: np.ndarray
    history: dict[str, list[float]]
    loss: float
    epochs: int
    restart: int
    diverged: bool = False


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """The result of a training.

    Parameters
    ----------
    kept : RestartResult
        The restart that was kept, or its refit on all frames.
    architecture : Architecture
    scaling : Scaling
    validation_history : dict of str to list of float
        If `kept` is a refit, the history of the restart before, with held-out frames.
        Otherwise empty.
    """

    kept: RestartResult
    architecture: Architecture
    scaling: Scaling
    validation_history: dict[str, list[float]]

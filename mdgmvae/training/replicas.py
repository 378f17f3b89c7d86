"""Where a step is computed: on one device, or shared among those of a strategy (TensorFlow).

Each replica of a `tf.distribute.Strategy` takes its share of the columns of each batch; what they
find is added up, so that a step is that of one device, to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import tensorflow as tf

from ..errors import InputError


@dataclass(frozen=True)
class OneDevice:
    """A single device.

    Parameters
    ----------
    device : str
        From `devices.choose`.
    """

    device: str
    n = 1

    @property
    def keeps_frames(self) -> bool:
        """Whether frames are to stay there, where they fit: sending them takes time."""
        return not self.is_cpu

    @property
    def is_cpu(self) -> bool:
        """Whether XLA for the processor is meant."""
        return self.device.startswith("CPU")

    def scope(self) -> AbstractContextManager:
        """Where variables are made and functions are called."""
        return tf.device(self.device)

    def total(self, share: Callable[[int], tf.Tensor]) -> tf.Tensor:
        """The sum of `share(replica)` over the replicas."""
        return share(0)

    def update(self, function: Callable, variable: tf.Variable, *arguments: Any) -> None:
        """Call `function(variable, *arguments)` on each replica."""
        function(variable, *arguments)

    def errors(self) -> AbstractContextManager:
        """Where errors that are not this process's own are made clear."""
        return nullcontext()

    def agree(self, number: float) -> float:
        """The mean of what all processes found, so that all decide alike."""
        return number

    def __str__(self) -> str:
        return self.device


@dataclass(frozen=True, eq=False)
class Replicas:
    """The replicas of a strategy, on several devices or machines.

    Parameters
    ----------
    strategy : tf.distribute.Strategy
    """

    strategy: tf.distribute.Strategy
    #: Not tried with XLA.
    is_cpu = False
    keeps_frames = False

    @property
    def n(self) -> int:
        """How many there are."""
        return int(self.strategy.num_replicas_in_sync)

    def scope(self) -> AbstractContextManager:
        """As `OneDevice.scope`."""
        return self.strategy.scope()

    def total(self, share: Callable[[Any], tf.Tensor]) -> tf.Tensor:
        """As `OneDevice.total`."""

        def on_replica() -> tf.Tensor:
            return share(tf.distribute.get_replica_context().replica_id_in_sync_group)

        return self.strategy.reduce("SUM", self.strategy.run(on_replica), axis=None)

    def update(self, function: Callable, variable: tf.Variable, *arguments: Any) -> None:
        """As `OneDevice.update`."""
        self.strategy.extended.update(variable, function, args=arguments)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """As `OneDevice.errors`."""
        try:
            yield
        except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as e:
            raise InputError(
                f"another process of this training is gone ({str(e.message).splitlines()[-1]}); "
                "start all of them again: with a checkpoint they go on from there"
            ) from e

    def agree(self, number: float) -> float:
        """As `OneDevice.agree`."""
        if self.strategy.cluster_resolver is None:
            return number
        with self.errors():
            return float(self._mean(tf.constant(number, tf.float64)))

    @cached_property
    def _mean(self) -> Callable[[tf.Tensor], tf.Tensor]:
        def mean(number: tf.Tensor) -> tf.Tensor:
            replicated = self.strategy.run(tf.identity, args=(number,))
            return self.strategy.reduce("MEAN", replicated, axis=None)

        return tf.function(mean, autograph=False)

    def __str__(self) -> str:
        return f"{self.n} replicas"

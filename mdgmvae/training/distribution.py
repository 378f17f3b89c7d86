"""Training on one device, or on the replicas of a `tf.distribute.Strategy` (TensorFlow).

Each replica processes some of the columns of a batch, and the gradients are summed. A step is
therefore the same as on one device, up to rounding.

TensorFlow is imported within the functions, because the command line needs the names of the
strategies before it starts TensorFlow.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import InputError

if TYPE_CHECKING:
    from ..network.quiet_tensorflow import tf

#: The strategies that can be chosen by name, and what each of them uses.
STRATEGIES = {
    "mirrored": "all GPUs of this machine",
    "multiworker": "the processes that TF_CONFIG or Slurm names, one for each node or GPU",
}


@dataclass(frozen=True)
class OneDevice:
    """A single device.

    Parameters
    ----------
    device : str
        TensorFlow's name for it, from `network.devices.choose`.
    """

    device: str
    n = 1

    @property
    def keeps_frames(self) -> bool:
        """Whether to store frames in memory on the device, because transfers take time."""
        return not self.is_cpu

    @property
    def is_cpu(self) -> bool:
        """Whether the device is a CPU."""
        return self.device.startswith("CPU")

    @property
    def computes_at_once(self) -> bool:
        """Whether a step is that of all restarts and components, because a GPU is then faster."""
        return not self.is_cpu

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which to create variables and call functions."""
        from ..network.quiet_tensorflow import tf

        scope: AbstractContextManager[Any] = tf.device(self.device)
        return scope

    def total(self, share: Callable[[Any], tf.Tensor]) -> tf.Tensor:
        """Return the sum of ``share(replica)`` over the replicas."""
        return share(0)

    def update(self, function: Callable[..., None], variable: tf.Variable, *arguments: Any) -> None:
        """Call ``function(variable, *arguments)`` on each replica."""
        function(variable, *arguments)

    def explain_failures(self) -> AbstractContextManager[None]:
        """Return a context that turns the failure of another process into a clear error."""
        return nullcontext()

    def agree(self, number: float) -> float:
        """Return the mean of a number over all processes, so that they decide alike."""
        return number

    def __str__(self) -> str:
        """Return the name of the device."""
        return self.device


@dataclass(frozen=True, eq=False)
class Replicas:
    """The replicas of a strategy, on several devices or machines.

    Parameters
    ----------
    strategy : tf.distribute.Strategy
    device : str
        The device of this process that validates weights.
    """

    strategy: tf.distribute.Strategy
    device: str
    #: XLA is not used with replicas, because this was never tested.
    is_cpu = False
    keeps_frames = False
    computes_at_once = False

    @property
    def n(self) -> int:
        """Number of replicas."""
        return int(self.strategy.num_replicas_in_sync)

    def scope(self) -> AbstractContextManager[Any]:
        """Do the same as `OneDevice.scope`."""
        scope: AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def total(self, share: Callable[[Any], tf.Tensor]) -> tf.Tensor:
        """Do the same as `OneDevice.total`."""
        from ..network.quiet_tensorflow import tf

        def on_replica() -> tf.Tensor:
            return share(tf.distribute.get_replica_context().replica_id_in_sync_group)

        return self.strategy.reduce("SUM", self.strategy.run(on_replica), axis=None)

    def update(self, function: Callable[..., None], variable: tf.Variable, *arguments: Any) -> None:
        """Do the same as `OneDevice.update`."""
        self.strategy.extended.update(variable, function, args=arguments)

    @contextmanager
    def explain_failures(self) -> Iterator[None]:
        """Do the same as `OneDevice.explain_failures`."""
        from ..network.quiet_tensorflow import tf

        try:
            yield
        except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as e:
            raise InputError(
                "another process of this training has ended "
                f"({str(e.message).splitlines()[-1]}); start all processes again (they resume if "
                "there is a checkpoint)"
            ) from e

    def agree(self, number: float) -> float:
        """Do the same as `OneDevice.agree`."""
        from ..network.quiet_tensorflow import tf

        if self.strategy.cluster_resolver is None:
            return number
        with self.explain_failures():
            return float(self._mean(tf.constant(number, tf.float64)))

    @cached_property
    def _mean(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """Compiled function that averages a number over the processes."""
        from ..network.quiet_tensorflow import tf

        def mean(number: tf.Tensor) -> tf.Tensor:
            replicated = self.strategy.run(tf.identity, args=(number,))
            return self.strategy.reduce("MEAN", replicated, axis=None)

        compiled: Callable[[tf.Tensor], tf.Tensor] = tf.function(mean, autograph=False)
        return compiled

    def __str__(self) -> str:
        """Return the number of replicas as text."""
        return f"{self.n} replicas"


Devices: TypeAlias = OneDevice | Replicas


def devices_of(device: str, strategy: Any) -> Devices:
    """Return the devices for a training: those of the strategy, or `device` if it is None.

    Parameters
    ----------
    device : str
        From `network.devices.choose`.
    strategy : None, {"mirrored", "multiworker"} or tf.distribute.Strategy
    """
    found = strategy_of(strategy)
    return OneDevice(device) if found is None else Replicas(found, device)


def strategy_of(strategy: Any) -> tf.distribute.Strategy | None:
    """Return the strategy with this name. None and strategies are returned unchanged.

    Parameters
    ----------
    strategy : None, {"mirrored", "multiworker"} or tf.distribute.Strategy

    Raises
    ------
    InputError
        If the name is unknown, or the strategy cannot be used on this machine.

    Examples
    --------
    >>> strategy_of(None) is None
    True
    """
    if strategy is None:
        return None
    if isinstance(strategy, str) and strategy in STRATEGIES:
        return _by_name(strategy)
    if not hasattr(strategy, "num_replicas_in_sync"):
        raise InputError(
            f"strategy={strategy!r}: choose {' or '.join(STRATEGIES)}, or a tf.distribute.Strategy"
        )
    return strategy


def is_chief(strategy: Any) -> bool:
    """Return whether this process is the only one, or the one that writes the results."""
    resolver = _resolver_of(strategy)
    if resolver is None:
        return True
    spec = resolver.cluster_spec().as_dict()
    has_chief = "chief" in spec
    return resolver.task_type in (None, "chief") or (not has_chief and resolver.task_id == 0)


def n_processes(strategy: Any) -> int:
    """Return the number of processes that train together."""
    resolver = _resolver_of(strategy)
    if resolver is None:
        return 1
    tasks = resolver.cluster_spec().as_dict()
    return max(1, sum(len(tasks.get(kind, [])) for kind in ("chief", "worker")))


def _resolver_of(strategy: Any) -> Any:
    """Return the resolver that lists all processes, or None if there is only one."""
    found = strategy_of(strategy)
    return None if found is None else found.cluster_resolver


@lru_cache
def _by_name(name: str) -> tf.distribute.Strategy:
    """Create the strategy. Cached, because a process cannot start its server twice."""
    from ..network.quiet_tensorflow import tf

    if name == "mirrored":
        if len(tf.config.list_logical_devices("GPU")) < 2:
            raise InputError(
                "strategy='mirrored': TensorFlow sees fewer than two GPUs on this machine; leave "
                "the strategy out"
            )
        return tf.distribute.MirroredStrategy()
    resolver = _cluster_resolver()
    try:
        with _restore_sigterm_handler():
            return tf.distribute.MultiWorkerMirroredStrategy(resolver)
    except RuntimeError as error:
        raise InputError(
            "strategy='multiworker': TensorFlow was used in this process before it could join "
            f"the others ({error}); pass the strategy to the first model that is trained"
        ) from error


def _cluster_resolver() -> Any:
    """Return the resolver for the cluster described by TF_CONFIG or Slurm."""
    from ..network.quiet_tensorflow import tf

    cluster_resolver = tf.distribute.cluster_resolver
    if "TF_CONFIG" in os.environ:
        _check_tf_config(os.environ["TF_CONFIG"])
        return cluster_resolver.TFConfigClusterResolver()
    # Without srun a job may have several tasks, but this process is none of them.
    if os.environ.get("SLURM_NTASKS", "1") != "1" and "SLURM_PROCID" in os.environ:
        return cluster_resolver.SlurmClusterResolver()
    raise InputError(
        "strategy='multiworker': no other processes are known; start them with srun on "
        "Slurm, or set TF_CONFIG (see docs/guides/clusters.md)"
    )


def _check_tf_config(text: str) -> None:
    """Reject a TF_CONFIG with which TensorFlow would wait forever or train alone."""
    try:
        config = json.loads(text)
        tasks = config["cluster"][config["task"]["type"]]
        found = tasks[int(config["task"]["index"])]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"TF_CONFIG: {text[:100]!r} does not describe a cluster that this process belongs "
            'to; set it to {"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": '
            '{"type": "worker", "index": 0}}'
        ) from error
    if not isinstance(found, str) or not isinstance(tasks, list):
        raise InputError(
            f"TF_CONFIG: {found!r} is not a host:port; list the address of each process"
        )


@contextmanager
def _restore_sigterm_handler() -> Iterator[None]:
    """Restore the SIGTERM handler on exit, because TensorFlow replaces it with its own."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)

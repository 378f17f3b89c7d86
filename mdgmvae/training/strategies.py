"""Several devices or machines: which `tf.distribute.Strategy` is meant (TensorFlow)."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf

    from .replicas import OneDevice, Replicas

#: Names, and what they are for.
STRATEGIES = {
    "mirrored": "all GPUs of this machine",
    "multiworker": "the processes that TF_CONFIG or Slurm names, one for each node or GPU",
}


def strategy_of(strategy: Any) -> tf.distribute.Strategy | None:
    """A strategy by its name; what is one already stays as it is.

    Parameters
    ----------
    strategy : None, {"mirrored", "multiworker"} or tf.distribute.Strategy

    Raises
    ------
    InputError
        For another name, or when what it stands for is not there.

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
            f"strategy={strategy!r}: give {' or '.join(STRATEGIES)}, or a tf.distribute.Strategy"
        )
    return strategy


def place_of(device: str, strategy: Any) -> OneDevice | Replicas:
    """Where steps are computed: on `device`, or by the strategy where there is one."""
    from .replicas import OneDevice, Replicas

    found = strategy_of(strategy)
    return OneDevice(device) if found is None else Replicas(found)


def is_chief(strategy: Any) -> bool:
    """Whether this process is the one that writes results; the only one, or the first."""
    resolver = _resolver_of(strategy)
    if resolver is None:
        return True
    spec = resolver.cluster_spec().as_dict()
    has_chief = "chief" in spec
    return resolver.task_type in (None, "chief") or (not has_chief and resolver.task_id == 0)


def n_processes(strategy: Any) -> int:
    """How many processes train together."""
    resolver = _resolver_of(strategy)
    if resolver is None:
        return 1
    tasks = resolver.cluster_spec().as_dict()
    return max(1, sum(len(tasks.get(kind, [])) for kind in ("chief", "worker")))


def _resolver_of(strategy: Any) -> Any:
    """What knows the other processes; None where there are none."""
    found = strategy_of(strategy)
    return None if found is None else found.cluster_resolver


@lru_cache
def _by_name(name: str) -> tf.distribute.Strategy:
    """One for each name in a process: servers of several processes cannot be started twice."""
    import tensorflow as tf

    if name == "mirrored":
        if len(tf.config.list_logical_devices("GPU")) < 2:
            raise InputError(
                "strategy='mirrored': TensorFlow sees fewer than two GPUs on this machine; leave "
                "it out"
            )
        return tf.distribute.MirroredStrategy()
    resolver = _resolver()
    try:
        with _handler_kept():
            return tf.distribute.MultiWorkerMirroredStrategy(resolver)
    except RuntimeError as error:
        raise InputError(
            "strategy='multiworker': TensorFlow has been used in this process before it could join "
            f"the others ({error}); give the strategy to the first thing that trains"
        ) from error


def _resolver() -> Any:
    """Who the other processes are."""
    import tensorflow as tf

    cluster_resolver = tf.distribute.cluster_resolver
    if "TF_CONFIG" in os.environ:
        _check_tf_config(os.environ["TF_CONFIG"])
        return cluster_resolver.TFConfigClusterResolver()
    # Without srun a job has tasks, but this process is none of them.
    if os.environ.get("SLURM_NTASKS", "1") != "1" and "SLURM_PROCID" in os.environ:
        return cluster_resolver.SlurmClusterResolver()
    raise InputError(
        "strategy='multiworker': nothing says which processes there are; start them with srun on "
        "Slurm, or set TF_CONFIG (see docs/clusters.md)"
    )


def _check_tf_config(text: str) -> None:
    """Refuse a TF_CONFIG with which TensorFlow would wait for ever or train alone."""
    try:
        config = json.loads(text)
        tasks = config["cluster"][config["task"]["type"]]
        found = tasks[int(config["task"]["index"])]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            "TF_CONFIG: names no cluster with this process in it; it looks like "
            '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", '
            f'"index": 0}}}} and is {text[:100]!r}'
        ) from error
    if not isinstance(found, str) or not isinstance(tasks, list):
        raise InputError(f"TF_CONFIG: {found!r} is no host:port; give the address of each process")


@contextmanager
def _handler_kept() -> Iterator[None]:
    """TensorFlow takes SIGTERM for itself; who asked for it before gets it back."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)

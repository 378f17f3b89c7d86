"""Where the frames of a run are read: worker processes on this machine or a dask cluster.

MDAnalysis' own backends fork after TensorFlow has run, ignore an active dask client (`cluster`),
wait for ever where a worker dies, and cannot report how far they are.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from MDAnalysis.analysis.backends import BackendBase, BackendDask, BackendSerial

from ..checks import check_count
from ..errors import InputError

Report = Callable[[int], Any]

_BROKEN = (
    "a worker process ended before its frames were read: in a script put the call under "
    "'if __name__ == \"__main__\":', define custom functions in a module that can be imported, "
    "give fewer workers if memory is short, or use backend='serial'"
)


class ProcessBackend(BackendBase):
    """Worker processes on this machine; ``backend="multiprocessing"``.

    Parameters
    ----------
    n_workers : int
        Number of processes.
    report : callable, optional
        Called with the number of frames of each part that is done.

    Examples
    --------
    >>> ProcessBackend(n_workers=2).n_workers
    2
    """

    def __init__(self, n_workers: int, report: Report | None = None) -> None:
        super().__init__(n_workers)
        self.report = report

    def apply(self, func: Callable, computations: list) -> list:
        """Call `func` on every item of `computations`, each in some worker process.

        Raises
        ------
        InputError
            When the work cannot be sent to another process, or a process dies.
        """
        with (
            clear_errors(),
            ProcessPoolExecutor(self.n_workers, mp_context=get_context(start_method())) as pool,
        ):
            futures = [pool.submit(func, part) for part in computations]
            try:
                for future in as_completed(futures):
                    tell(self.report, future.result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            return [future.result() for future in futures]


class DaskBackend(BackendDask):
    """The process scheduler of dask, on this machine; ``backend="dask"`` without a client.

    Parameters
    ----------
    n_workers : int
        Number of processes.
    report : callable, optional
        Called with the number of frames of each part that is done.
    """

    def __init__(self, n_workers: int, report: Report | None = None) -> None:
        super().__init__(n_workers)
        self.report = report

    def apply(self, func: Callable, computations: list) -> list:
        """Call `func` on every item of `computations` by way of `dask.compute`.

        Raises
        ------
        InputError
            When the work cannot be sent to another process, or a process dies.
        """
        from dask.callbacks import Callback

        def finished(key: Any, result: Any, *_: Any) -> None:
            tell(self.report, result)

        with clear_errors(), Callback(posttask=finished):
            return super().apply(func, computations)


def executor_for(
    backend: str | BackendBase | None, n_workers: int | None, trajectory: Any
) -> BackendBase:
    """Choose what runs an analysis of a trajectory.

    Parameters
    ----------
    backend : {'serial', 'multiprocessing', 'dask'} or BackendBase, optional
        A name as in `backend_for`, or an instance, which is returned.
    n_workers : int, optional
        As in `backend_for`.
    trajectory : MDAnalysis.coordinates.base.ProtoReader
        What will be sent to the workers of a parallel backend.

    Raises
    ------
    InputError
        As `backend_for`, and when a transformation of the trajectory cannot be sent.

    Examples
    --------
    >>> type(executor_for(None, None, None)).__name__
    'BackendSerial'
    """
    if backend is None or backend == "serial" or isinstance(backend, BackendSerial):
        return BackendSerial(1)
    for transformation in trajectory.transformations:
        if not getattr(transformation, "parallelizable", False):
            name = getattr(transformation, "__name__", type(transformation).__name__)
            raise InputError(
                f"the transformation {name} of this trajectory cannot be sent to other "
                "processes; use backend='serial', or make it a class derived from "
                "MDAnalysis.transformations.base.TransformationBase"
            )
    return backend_for(backend, n_workers) if isinstance(backend, str) else backend


def backend_for(name: str, n_workers: int | None) -> BackendBase:
    """Choose the backend that a name stands for, here and now.

    Parameters
    ----------
    name : {'multiprocessing', 'dask'}
        "dask" is the active dask.distributed client, or processes where there is none.
    n_workers : int, optional
        By default as many as there are processors for this process, or workers in the cluster.

    Returns
    -------
    MDAnalysis.analysis.backends.BackendBase

    Raises
    ------
    InputError
        When the name is unknown, `n_workers` makes no sense, or dask is not installed.

    Examples
    --------
    >>> type(backend_for("multiprocessing", 2)).__name__
    'ProcessBackend'
    """
    if name not in ("multiprocessing", "dask"):
        raise InputError(
            f"backend='{name}' is unknown; choose 'serial', 'multiprocessing' or 'dask', or give "
            "an instance of MDAnalysis.analysis.backends.BackendBase"
        )
    if n_workers is not None:
        n_workers = check_count("n_workers", n_workers)
    cluster = cluster_for(name, n_workers)
    if cluster is not None:
        return cluster
    workers = n_workers or available_processors()
    if name == "multiprocessing":
        return ProcessBackend(workers)
    try:
        return DaskBackend(workers)
    except ValueError as error:
        raise InputError(
            "backend='dask' needs dask, which is not installed: pip install 'mdgmvae[parallel]', "
            "or use backend='multiprocessing'"
        ) from error


def cluster_for(backend: Any, n_workers: int | None = None) -> Any:
    """The `DistributedBackend` that `backend` is or, here and now, stands for; else None.

    Examples
    --------
    >>> cluster_for("multiprocessing") is None
    True
    """
    client = _active_client() if backend == "dask" else None
    if client is None and "mdgmvae.trajectory.dask_cluster" not in sys.modules:
        return None
    from .dask_cluster import DistributedBackend

    if client is not None:
        return DistributedBackend(client, n_workers)
    return backend if isinstance(backend, DistributedBackend) else None


def available_processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start_method() -> str:
    """Choose how worker processes are started.

    Forking is quick and needs no importable main module, but a fork of a process in which
    TensorFlow's threads run can hang, and so can one on macOS.
    """
    return "fork" if sys.platform == "linux" and "tensorflow" not in sys.modules else "spawn"


def _active_client() -> Any:
    """Return the dask.distributed client of this process, if one is active."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.default_client()
    except ValueError:  # what default_client says when there is none
        return None


def tell(report: Report | None, part: Any) -> None:
    """Report the frames of a finished part; dask also calls for what is no part."""
    if report is not None and hasattr(part, "frames"):
        report(len(part.frames))


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what goes wrong between processes into a sentence for the user."""
    try:
        yield
    except BrokenProcessPool as error:
        raise InputError(_BROKEN) from error
    except Exception as error:
        # What cannot be pickled raises AttributeError, TypeError, PicklingError, ValueError ...
        if isinstance(error, InputError) or "pickle" not in str(error).lower():
            raise
        raise InputError(
            f"this analysis cannot be sent to other processes ({error}): define functions in a "
            "module that can be imported, or use backend='serial'"
        ) from error

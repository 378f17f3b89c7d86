"""Backends that run an MDAnalysis analysis on this machine.

MDAnalysis' own backends fork even after TensorFlow has run, wait forever if a worker dies, and do
not report their progress. These replace them.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import connection, current_process, get_context, parent_process
from multiprocessing.context import BaseContext
from typing import Any

from MDAnalysis.analysis.backends import BackendBase, BackendDask

from ..errors import InputError

#: Seconds between checks whether a worker still has its parent.
_PARENT_INTERVAL = 5.0

#: Function that is called with the number of frames that a worker has finished.
Report = Callable[[int], Any]

_WORKER_ENDED = (
    "a worker process ended before it had read its frames: in a script, put the call under "
    "'if __name__ == \"__main__\":', define custom functions in a module that can be imported, "
    "use fewer workers if memory is short, or use backend='serial'"
)


class ProcessBackend(BackendBase):
    """Backend of worker processes on this machine, for ``backend="multiprocessing"``.

    Parameters
    ----------
    n_workers : int
        Number of processes.
    report : callable, optional
        Function that is called with the number of frames of each finished part.

    Attributes
    ----------
    modules : tuple of str
        Modules that the work needs. They are imported only once for all workers.

    Examples
    --------
    >>> ProcessBackend(n_workers=2).n_workers
    2
    """

    def __init__(self, n_workers: int, report: Report | None = None) -> None:
        super().__init__(n_workers)
        self.report = report
        self.modules: tuple[str, ...] = ()

    def apply(self, func: Callable[[Any], Any], computations: list[Any]) -> list[Any]:
        """Call a function on every item of a list in worker processes.

        Parameters
        ----------
        func : callable
            The function. It has to be picklable.
        computations : list
            One argument for each call.

        Returns
        -------
        list
            The results, in the order of `computations`.

        Raises
        ------
        InputError
            If the work cannot be sent to another process, or a process dies.
        """
        with (
            explained_errors(),
            ProcessPoolExecutor(
                self.n_workers, worker_context(self.modules), initializer=end_with_parent
            ) as pool,
        ):
            futures = [pool.submit(func, part) for part in computations]
            try:
                for future in as_completed(futures):
                    report_frames(self.report, future.result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            return [future.result() for future in futures]


class DaskBackend(BackendDask):
    """Backend of dask processes on this machine, for ``backend="dask"`` without a client.

    Parameters
    ----------
    n_workers : int
        Number of processes.
    report : callable, optional
        Function that is called with the number of frames of each finished part.

    Attributes
    ----------
    modules : tuple of str
        As in `ProcessBackend`.
    """

    def __init__(self, n_workers: int, report: Report | None = None) -> None:
        super().__init__(n_workers)
        self.report = report
        self.modules: tuple[str, ...] = ()

    def apply(self, func: Callable[[Any], Any], computations: list[Any]) -> list[Any]:
        """Call a function on every item of a list with `dask.compute`.

        Parameters
        ----------
        func : callable
            The function. It has to be picklable.
        computations : list
            One argument for each call.

        Returns
        -------
        list
            The results, in the order of `computations`.

        Raises
        ------
        InputError
            If the work cannot be sent to another process, or a process dies.
        """
        import dask
        from dask.callbacks import Callback

        context = worker_context(self.modules)
        settings = {
            "multiprocessing.context": dask.config.get(
                "multiprocessing.context", context.get_start_method()
            ),
            "multiprocessing.initializer": partial(
                end_with_parent, dask.config.get("multiprocessing.initializer", None)
            ),
        }

        def finished(key: Any, result: Any, *_: Any) -> None:
            report_frames(self.report, result)

        with (
            explained_errors(),
            dask.config.set(settings),
            Callback(posttask=finished),
        ):
            return list(super().apply(func, computations))


def available_processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start_method() -> str:
    """Choose how worker processes are started.

    Forking is fast and works even if the main module cannot be imported. But a process can hang
    if it is forked while TensorFlow's threads run, or on macOS.

    Returns
    -------
    {'fork', 'forkserver', 'spawn'}
        The start method of `multiprocessing`.
    """
    if sys.platform != "linux":
        return "spawn"
    return "forkserver" if "tensorflow" in sys.modules else "fork"


def worker_context(modules: Sequence[str] = ()) -> BaseContext:
    """Return the context that starts worker processes.

    Parameters
    ----------
    modules : sequence of str
        Modules that a fork server imports before it forks the workers, so that not each of them
        has to. They have no effect if the server already runs.

    Returns
    -------
    multiprocessing.context.BaseContext

    Raises
    ------
    InputError
        If this process may not start others, because it is a worker of a `multiprocessing.Pool`.
    """
    if current_process().daemon:
        raise InputError(
            "backend: this process is a worker itself, which must not start other processes; use "
            "backend='serial'"
        )
    method = start_method()
    context = get_context(method)
    if method == "forkserver":
        # Not __main__: an unguarded script would stop the server, without a clear error.
        context.set_forkserver_preload([name for name in modules if name != "__main__"])
    return context


def end_with_parent(then: Callable[[], Any] | None = None) -> None:
    """Let this worker process end as soon as the process that started it has ended.

    Otherwise, it would wait for work forever if that process is killed.

    Parameters
    ----------
    then : callable, optional
        A function to call after that.
    """
    threading.Thread(target=_wait_for_parent, daemon=True).start()
    if then is not None:
        then()


def _wait_for_parent() -> None:
    parent, started_by = parent_process(), os.getppid()
    assert parent is not None, "this is a worker"
    # Processes that are forked later may hold the other end of the sentinel open.
    while os.getppid() == started_by:
        if connection.wait([parent.sentinel], timeout=_PARENT_INTERVAL):
            break
    os._exit(1)


def report_frames(report: Report | None, part: Any) -> None:
    """Report the number of frames of a finished part.

    Results without frames are ignored, because dask also reports tasks of its own.

    Parameters
    ----------
    report : callable or None
        Function that is called with the number of frames.
    part : object
        Result of a task.
    """
    if report is not None and hasattr(part, "frames"):
        report(len(part.frames))


@contextlib.contextmanager
def explained_errors() -> Iterator[None]:
    """Replace errors of the communication between processes by errors that say what to do.

    Raises
    ------
    InputError
        Instead of the original error, if a process died or the work cannot be pickled.
    """
    try:
        yield
    except BrokenProcessPool as error:
        raise InputError(_WORKER_ENDED) from error
    except Exception as error:
        # Pickling can fail with AttributeError, TypeError, PicklingError, ValueError and others.
        # Python 3.13 does not say "pickle" of a lambda.
        signs = ("pickle", "can't get local object")
        if isinstance(error, InputError) or not any(sign in str(error).lower() for sign in signs):
            raise
        raise InputError(
            f"this analysis cannot be sent to other processes ({error}): define functions in a "
            "module that can be imported, or use backend='serial'"
        ) from error

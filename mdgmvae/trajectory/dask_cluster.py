"""Backend that runs an analysis on a dask.distributed cluster.

Workers may join or leave a cluster at any time. If one is lost, another worker repeats its
unfinished part. A part always writes the same rows of the same file, so it overwrites what the
lost worker wrote.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from MDAnalysis.analysis.backends import BackendBase

from ..checks import as_path
from ..errors import InputError
from .backends import Report, explained_errors, report_frames

logger = logging.getLogger(__name__)

#: Smallest number of parts, if the user does not set the number of workers.
MIN_PARTS = 64
#: Seconds between messages that the cluster has no workers.
REMINDER_INTERVAL = 60
#: Seconds to wait for a scheduler to answer.
SCHEDULER_TIMEOUT = 20


class DistributedBackend(BackendBase):
    """Backend of a dask.distributed cluster, for ``backend="dask"`` with an active client.

    Parameters
    ----------
    client : distributed.Client
        Client of the cluster. The workers must be able to read the trajectory and to write the
        feature file.
    n_workers : int, optional
        Smallest number of parts into which the frames are split. By default, the number of
        workers of the cluster.
    report : callable, optional
        Function that is called with the number of frames of each finished part.
    """

    def __init__(
        self, client: Any, n_workers: int | None = None, report: Report | None = None
    ) -> None:
        with _explained_cluster_errors():
            super().__init__(n_workers or max(1, len(client.nthreads())))
        #: There are more parts than workers, because more workers may join later.
        self.min_parts = 1 if n_workers else MIN_PARTS
        self.client = client
        self.report = report

    def apply(self, func: Callable[[Any], Any], computations: list[Any]) -> list[Any]:
        """Call a function on every item of a list on the cluster.

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
            If the work cannot be sent, if the workers lack a file or a module, if the workers
            that compute a part are lost one after another, or if the scheduler is lost.
        """
        from distributed import CancelledError, as_completed
        from distributed.protocol.pickle import dumps

        with explained_errors(), _explained_cluster_errors():
            self._wait_for_workers()
            # The threads of a worker must not share one object, whose trajectory has a position.
            call = partial(_call_copy, dumps(func))
            # pure=False stops dask from reusing results: an identical call may write another file.
            futures = self.client.map(call, computations, pure=False)
            positions = {future.key: position for position, future in enumerate(futures)}
            results: list[Any] = [None] * len(futures)
            try:
                for future, result in as_completed(futures, with_results=True):
                    # A closed client returns the error as a result.
                    if isinstance(result, CancelledError):
                        raise result
                    results[positions[future.key]] = result
                    report_frames(self.report, result)
                    # Otherwise, dask would compute the part again if its worker is lost.
                    future.release()
                return results
            finally:
                # A closed client cannot cancel, and its error would hide the original one.
                with contextlib.suppress(Exception):
                    self.client.cancel(futures)

    def _wait_for_workers(self) -> None:
        """Wait until the cluster has a worker."""
        while not self.client.nthreads():
            logger.warning("the cluster has no workers yet; waiting for them")
            with contextlib.suppress(TimeoutError):
                self.client.wait_for_workers(1, timeout=REMINDER_INTERVAL)


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Connect to a scheduler, so that ``backend="dask"`` uses its cluster within a block.

    Parameters
    ----------
    address : str or None
        An address such as "tcp://host:8786", or the file that ``dask scheduler
        --scheduler-file`` wrote. None does nothing.

    Raises
    ------
    InputError
        If dask.distributed is not installed, or no scheduler answers.

    Examples
    --------
    >>> with connected(None):
    ...     pass
    """
    if address is None:
        yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "--scheduler needs dask.distributed, which is not installed: pip install "
            "'mdgmvae[parallel]'"
        ) from error
    is_address = "://" in address or re.fullmatch(r"[^/]+:[0-9]+", address)
    if not is_address:
        address = str(as_path(address))
    try:
        scheduler = address if is_address else _address_in(Path(address))
        # A client that fails because of its address is not closed, and can later block another one
        # for ever.
        asyncio.run(_knock(scheduler))
        # A client that cannot connect must not stay behind as the default one.
        client = Client(scheduler, timeout=SCHEDULER_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
        # Addresses that make no sense lead to errors of any of these types.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"--scheduler {address}: no scheduler answers there ({reason}); start one with 'dask "
            "scheduler', and pass the address that it prints or its --scheduler-file"
        ) from error
    with client, client.as_current():
        yield


def active_client() -> Any:
    """Return the active client of dask.distributed, or None.

    Examples
    --------
    >>> active_client() is None
    True
    """
    try:
        from distributed import default_client
    except ImportError:
        return None
    try:
        return default_client()
    except ValueError:  # raised by default_client if there is none
        return None


def _call_copy(serialized: bytes, part: Any) -> Any:
    """Unpickle the function, so that each task has its own copy, and call it."""
    from distributed.protocol.pickle import loads

    try:
        func = loads(serialized)
    except OSError as error:
        raise InputError(
            f"a worker cannot open the trajectory ({error}; its folder is {os.getcwd()}); pass "
            "absolute paths that are valid on every node"
        ) from error
    return func(part)


async def _knock(address: str) -> None:
    """Open a connection to a scheduler, and close it."""
    from distributed import Security
    from distributed.comm import connect

    options = Security().get_connection_args("client")
    comm = await connect(address, timeout=SCHEDULER_TIMEOUT, **options)
    await comm.close()


def _address_in(path: Path) -> str:
    """Wait for the scheduler file, in case the scheduler has just been started, and read it."""
    end = time.monotonic() + SCHEDULER_TIMEOUT
    while not path.is_file():
        if time.monotonic() > end:
            raise FileNotFoundError(f"no such file after {SCHEDULER_TIMEOUT} s")
        time.sleep(0.1)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(content, dict) or not isinstance(content.get("address"), str):
        raise ValueError("it holds no address")
    address: str = content["address"]
    return address


@contextlib.contextmanager
def _explained_cluster_errors() -> Iterator[None]:
    """Replace errors of a cluster by errors that say what to do."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    try:
        yield
    except KilledWorker as error:
        raise InputError(
            f"{error.allowed_failures + 1} workers in a row were lost while they read the same "
            f"frames, the last one at {error.last_worker.address}; give each worker more memory or "
            "fewer threads, and look at the log of the last worker"
        ) from error
    except ModuleNotFoundError as error:
        raise InputError(
            f"the workers of the cluster lack the module {error.name}; start them from the same "
            "environment as this program"
        ) from error
    except (CancelledError, CommClosedError) as error:
        raise InputError(
            f"lost the scheduler of the cluster ({error}); start it again and repeat the command"
        ) from error

"""A dask.distributed cluster: how work gets to its workers, and what is said when it does not.

Workers come and go on a cluster: what one of them had begun when it was lost is done again by
another. A part of the work writes the same rows of the same file whoever does it, so what was
half done does no harm.
"""

import contextlib
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from MDAnalysis.analysis.backends import BackendBase

from ..errors import InputError
from .backends import Report, clear_errors, tell

logger = logging.getLogger(__name__)

#: Parts of the work at least, where nobody says how many workers there will be.
FEWEST_PARTS = 64
#: Seconds after which it is said again that there are no workers.
REMINDER = 60
#: Seconds after which a scheduler that does not answer is given up.
PATIENCE = 20


class DistributedBackend(BackendBase):
    """The workers of a dask.distributed cluster; ``backend="dask"`` with an active client.

    Parameters
    ----------
    client : distributed.Client
        The cluster. Its workers must see the trajectory and the feature file.
    n_workers : int, optional
        Into how many parts the frames are split at least; all workers of the cluster by default.
    report : callable, optional
        Called with the number of frames of each part that is done.
    """

    def __init__(
        self, client: Any, n_workers: int | None = None, report: Report | None = None
    ) -> None:
        with _clear_errors_of_clusters():
            super().__init__(n_workers or max(1, len(client.nthreads())))
        #: More workers may come while the first ones are busy.
        self.fewest_parts = 1 if n_workers else FEWEST_PARTS
        self.client = client
        self.report = report

    def apply(self, func: Callable, computations: list) -> list:
        """Call `func` on every item of `computations` on the cluster.

        Raises
        ------
        InputError
            When the work cannot be sent, the workers lack a file or a module, one part of the
            work ends every worker that begins it, or the scheduler is gone.
        """
        from distributed import CancelledError, as_completed
        from distributed.protocol.pickle import dumps

        with clear_errors(), _clear_errors_of_clusters():
            self._wait_for_workers()
            # Threads of a worker would share one object, and its trajectory would jump about.
            call = partial(_call_copy, dumps(func))
            # pure=False: the same call writes another file the next time.
            futures = self.client.map(call, computations, pure=False)
            places = {future.key: place for place, future in enumerate(futures)}
            results: list[Any] = [None] * len(futures)
            try:
                for future, result in as_completed(futures, with_results=True):
                    # That of a client that is closed comes as a result.
                    if isinstance(result, CancelledError):
                        raise result
                    results[places[future.key]] = result
                    tell(self.report, result)
                    # Else it would be computed again where its worker is lost.
                    future.release()
                return results
            finally:
                # A client that is closed cannot cancel, and says so in place of the first error.
                with contextlib.suppress(Exception):
                    self.client.cancel(futures)

    def _wait_for_workers(self) -> None:
        while not self.client.nthreads():
            logger.warning("the cluster has no workers yet; waiting for them")
            with contextlib.suppress(TimeoutError):
                self.client.wait_for_workers(1, timeout=REMINDER)


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Use the cluster of a scheduler for ``backend="dask"``; without an address, none.

    Parameters
    ----------
    address : str or None
        Such as "tcp://host:8786", or the file that ``dask scheduler --scheduler-file`` wrote.

    Raises
    ------
    InputError
        When dask.distributed is not installed, or no scheduler answers.

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
    where = {"address" if is_address else "scheduler_file": address}
    try:
        if not is_address:
            _wait_for(Path(address))
        client = Client(**where, timeout=PATIENCE)
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"--scheduler {address}: no scheduler answers there ({reason}); start one with 'dask "
            "scheduler', and give the address that it prints or its --scheduler-file"
        ) from error
    with client:
        yield


def _call_copy(serialized: bytes, part: Any) -> Any:
    """Call a copy of the function that belongs to this task alone."""
    from distributed.protocol.pickle import loads

    try:
        func = loads(serialized)
    except OSError as error:
        raise InputError(
            f"a worker cannot open the trajectory ({error}; it looks from {os.getcwd()}); give "
            "names that begin with / and hold on every node"
        ) from error
    return func(part)


def _wait_for(path: Path) -> None:
    """Wait for the file of a scheduler that was started a moment ago."""
    end = time.monotonic() + PATIENCE
    while not path.is_file():
        if time.monotonic() > end:
            raise FileNotFoundError(f"no such file after {PATIENCE} s")
        time.sleep(0.1)


@contextlib.contextmanager
def _clear_errors_of_clusters() -> Iterator[None]:
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    try:
        yield
    except KilledWorker as error:
        raise InputError(
            f"{error.allowed_failures + 1} workers in turn were lost over the same frames, the "
            f"last one at {error.last_worker.address}; give workers more memory or fewer threads "
            "each, and look at its log"
        ) from error
    except ModuleNotFoundError as error:
        raise InputError(
            f"the workers of the cluster lack the module {error.name}; start them from the same "
            "environment as this program"
        ) from error
    except (CancelledError, CommClosedError) as error:
        raise InputError(
            f"the scheduler of the cluster is gone ({error}); start it again, and the same "
            "command with it"
        ) from error

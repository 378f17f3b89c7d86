"""A dask.distributed cluster: how work gets to its workers, and what is said when it does not.

Workers come and go on a cluster: what one of them had begun when it was lost is done again by
another. A part of the work writes the same rows of the same file whoever does it, so what was
half done does no harm.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from MDAnalysis.analysis.backends import BackendBase

from .backends import Report, clear_errors, tell
from .errors import InputError

logger = logging.getLogger(__name__)

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
        super().__init__(n_workers or max(1, len(client.nthreads())))
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
        from distributed import as_completed
        from distributed.protocol.pickle import dumps

        if not self.client.nthreads():
            logger.warning("the cluster has no workers yet; waiting for them")
        with clear_errors(), _clear_errors_of_clusters():
            # Threads of a worker would share one object, and its trajectory would jump about.
            call = partial(_call_copy, dumps(func))
            # pure=False: the same call writes another file the next time.
            futures = self.client.map(call, computations, pure=False)
            places = {future.key: place for place, future in enumerate(futures)}
            results: list[Any] = [None] * len(futures)
            try:
                for future, result in as_completed(futures, with_results=True):
                    results[places[future.key]] = result
                    tell(self.report, result)
                    # Else it would be computed again where its worker is lost.
                    future.release()
                return results
            finally:
                self.client.cancel(futures)


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
    is_file = Path(address).is_file()
    where = {"scheduler_file": address} if is_file else {"address": address}
    try:
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

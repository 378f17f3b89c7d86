"""Choose the backend that runs an analysis."""

from typing import Any

from MDAnalysis.analysis.backends import BackendBase, BackendSerial

from ..checks import check_count
from ..errors import InputError
from .backends import DaskBackend, ProcessBackend, available_processors
from .dask_cluster import DistributedBackend, active_client

_PARTS_PER_WORKER = 4  # more than 1, so that the progress bar of a parallel run advances
_CHOICES = (
    "choose 'serial', 'multiprocessing' or 'dask', or pass an instance of "
    "MDAnalysis.analysis.backends.BackendBase"
)


def executor_for(
    backend: str | BackendBase | None, n_workers: int | None, trajectory: Any
) -> BackendBase:
    """Choose the backend that runs an analysis of a trajectory.

    Parameters
    ----------
    backend : {'serial', 'multiprocessing', 'dask'} or BackendBase, optional
        A name, or an instance, which is returned unchanged.
    n_workers : int, optional
        Number of workers, as in `backend_for`.
    trajectory : MDAnalysis.coordinates.base.ProtoReader
        The trajectory. A parallel backend sends it to its workers.

    Returns
    -------
    MDAnalysis.analysis.backends.BackendBase
        The backend.

    Raises
    ------
    InputError
        If the name or `n_workers` is invalid, dask is not installed, several workers are asked of
        the serial backend, or a transformation of the trajectory cannot be sent to other
        processes.

    Examples
    --------
    >>> type(executor_for(None, None, None)).__name__
    'BackendSerial'
    """
    if backend is None or backend == "serial" or isinstance(backend, BackendSerial):
        if n_workers not in (None, 1):
            raise InputError(
                f"n_workers={n_workers}: the serial backend has one worker; choose "
                "backend='multiprocessing' (--backend multiprocessing) or backend='dask'"
            )
        return BackendSerial(1)
    if not isinstance(backend, str | BackendBase):
        raise InputError(f"backend={backend!r}: {_CHOICES}")
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
    """Make the parallel backend with a given name.

    Parameters
    ----------
    name : {'multiprocessing', 'dask'}
        "dask" uses the active client of dask.distributed, or processes on this machine if there
        is none.
    n_workers : int, optional
        Number of workers. By default, the number of processors that this process may use, or
        the number of workers of the cluster.

    Returns
    -------
    MDAnalysis.analysis.backends.BackendBase
        The backend.

    Raises
    ------
    InputError
        If the name is unknown, `n_workers` is not a positive whole number, or dask is not
        installed.

    Examples
    --------
    >>> type(backend_for("multiprocessing", 2)).__name__
    'ProcessBackend'
    """
    if name not in ("multiprocessing", "dask"):
        raise InputError(f"backend='{name}' is unknown; {_CHOICES}")
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


def cluster_for(
    backend: str | BackendBase | None, n_workers: int | None = None
) -> DistributedBackend | None:
    """Return the backend of the dask cluster that a name or an instance refers to.

    Parameters
    ----------
    backend : str or BackendBase, optional
        A backend. "dask" refers to the cluster of the active client.
    n_workers : int, optional
        Number of workers. By default, all workers of the cluster.

    Returns
    -------
    DistributedBackend or None
        None if the backend does not run on a cluster.

    Examples
    --------
    >>> cluster_for("multiprocessing") is None
    True
    """
    if isinstance(backend, DistributedBackend):
        return backend
    client = active_client() if isinstance(backend, str) and backend == "dask" else None
    return None if client is None else DistributedBackend(client, n_workers)


def number_of_parts(
    n_parts: int | None, executor: BackendBase, trajectory: Any, n_frames: int
) -> int:
    """Return the number of parts into which the frames of an analysis are split.

    Parameters
    ----------
    n_parts : int or None
        The number that the user asks for.
    executor : MDAnalysis.analysis.backends.BackendBase
        From `executor_for`.
    trajectory : MDAnalysis.coordinates.base.ProtoReader
    n_frames : int

    Returns
    -------
    int
        At least 1, and at most `n_frames`.

    Raises
    ------
    InputError
        If `n_parts` is below 1, or above 1 with the serial backend.
    """
    serial = isinstance(executor, BackendSerial)
    if n_parts is not None and n_parts < 1:
        raise InputError(f"n_parts={n_parts}: must be at least 1")
    if n_parts is not None and n_parts > 1 and serial:
        raise InputError(
            f"n_parts={n_parts}: the serial backend has one part; leave n_parts out, or use "
            "backend='multiprocessing'"
        )
    if serial:
        return 1
    if n_parts is None:
        # Each part is sent with the trajectory, including all frames if it is in memory.
        in_memory = getattr(trajectory, "format", None) == "MEMORY"
        n_parts = executor.n_workers
        if not in_memory:
            n_parts = max(n_parts * _PARTS_PER_WORKER, getattr(executor, "min_parts", 1))
    return max(1, min(n_parts, n_frames))

"""A name stands for the backend that is available."""

import builtins
import sys

import pytest
from MDAnalysis.analysis.backends import BackendSerial

from mdgmvae.errors import InputError
from mdgmvae.trajectory.backends import DaskBackend, ProcessBackend
from mdgmvae.trajectory.dask_cluster import DistributedBackend, active_client
from mdgmvae.trajectory.executors import backend_for, cluster_for, executor_for


@pytest.fixture
def client():
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address="localhost:0"
    ) as client:
        yield client


@pytest.fixture
def without(monkeypatch):
    """Let imports of a package fail, as if it were not installed."""
    real = builtins.__import__

    def hide(name):
        def imported(wanted, *rest):
            if wanted.partition(".")[0] == name:
                raise ImportError(f"No module named {name!r}", name=name)
            return real(wanted, *rest)

        monkeypatch.setattr(builtins, "__import__", imported)

    return hide


def test_names():
    assert isinstance(backend_for("multiprocessing", 3), ProcessBackend)
    assert backend_for("multiprocessing", None).n_workers >= 1
    with pytest.raises(InputError, match="backend='threads' is unknown"):
        backend_for("threads", 2)
    with pytest.raises(InputError, match="n_workers=0"):
        backend_for("multiprocessing", 0)


def test_an_instance_is_used_as_it_is():
    backend = ProcessBackend(2)
    empty = type("Trajectory", (), {"transformations": []})
    assert executor_for(backend, None, empty) is backend
    assert isinstance(executor_for("serial", 1, empty), BackendSerial)


def test_what_is_no_backend_is_refused():
    with pytest.raises(InputError, match="backend=3: choose 'serial', 'multiprocessing' or 'dask'"):
        executor_for(3, None, None)


@pytest.mark.parametrize("backend", [None, "serial", BackendSerial(1)])
def test_workers_without_a_parallel_backend_are_refused(backend):
    with pytest.raises(InputError, match="n_workers=4: the serial backend has one worker"):
        executor_for(backend, 4, None)


def test_dask_uses_the_active_client(client):
    chosen = backend_for("dask", None)
    assert isinstance(chosen, DistributedBackend)
    assert chosen.client is client
    assert cluster_for(chosen) is chosen
    assert cluster_for("multiprocessing") is None


def test_dask_uses_processes_without_a_client():
    pytest.importorskip("dask")
    assert active_client() is None
    assert isinstance(backend_for("dask", 2), DaskBackend)


def test_dask_without_distributed_has_no_client(without):
    without("distributed")
    assert active_client() is None
    assert cluster_for("dask") is None


def test_dask_that_is_not_installed_is_named(without, monkeypatch):
    without("dask")
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(InputError, match=r"needs dask.* pip install 'mdgmvae\[parallel\]'"):
        backend_for("dask", 2)

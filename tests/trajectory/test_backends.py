"""Work is done in other processes, or an error explains why it cannot be sent to them."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest
from command import start_server

from mdgmvae.errors import InputError
from mdgmvae.trajectory import backends
from mdgmvae.trajectory.dask_cluster import DistributedBackend


class Part:
    """Result of a worker as a progress bar sees it."""

    def __init__(self, frames):
        self.frames = frames


def repeat(frames):
    return Part(list(frames) * 2)


def fail(frames):
    raise RuntimeError(f"no frame {frames[0]}")


# A client that is active in the tests of other backends makes dask 2024.1 warn of processes.
@pytest.fixture
def client():
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address="localhost:0"
    ) as client:
        yield client


@pytest.fixture(params=["processes", "dask", "distributed"])
def backend(request):
    if request.param == "processes":
        return backends.ProcessBackend(2)
    if request.param == "dask":
        pytest.importorskip("dask")
        return backends.DaskBackend(2)
    return DistributedBackend(request.getfixturevalue("client"), 2)


def test_results_come_home_in_order_and_are_reported(backend):
    done = []
    backend.report = done.append
    parts = backend.apply(repeat, [[1], [2, 3], [4]])
    assert [part.frames for part in parts] == [[1, 1], [2, 3, 2, 3], [4, 4]]
    assert sorted(done) == [2, 2, 4]


def test_an_error_in_a_worker_is_the_users_to_see(backend):
    with pytest.raises(RuntimeError, match="no frame 7"):
        backend.apply(fail, [[7]])


def test_work_that_cannot_be_sent():
    with pytest.raises(InputError, match=r"cannot be sent to other processes .* backend='serial'"):
        backends.ProcessBackend(2).apply(lambda part: part, [[1], [2]])


def test_processes_are_not_forked_after_tensorflow(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    on_linux = sys.platform == "linux"
    assert backends.start_method() == ("forkserver" if on_linux else "spawn")
    monkeypatch.delitem(sys.modules, "tensorflow")
    assert backends.start_method() == ("fork" if on_linux else "spawn")


@pytest.mark.parametrize("method", ["forkserver", pytest.param("spawn", marks=pytest.mark.slow)])
def test_a_script_without_main_guard_ends_with_a_sentence(tmp_path, method):
    """Such workers run the script again; this must end with advice on what to change."""
    script = tmp_path / "script.py"
    script.write_text(
        "from mdgmvae.trajectory import backends\n"
        f"backends.start_method = lambda: '{method}'\n"
        "backends.ProcessBackend(2).apply(sum, [[1, 2], [3]])\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    # Python 3.13 may add warnings of its own.
    said = [line for line in done.stderr.splitlines() if line.startswith("mdgmvae.errors.")]
    assert 'if __name__ == "__main__":\', define custom functions' in said[-1]


def note_and_wait(folder):
    """Leave the number of this process in a folder, and work for a long time."""
    (folder / str(os.getpid())).touch()
    time.sleep(600)


def start_workers(method, name, folder):
    backends.start_method = lambda: method
    getattr(backends, name)(2).apply(note_and_wait, [folder] * 2)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("name", "method"),
    [("ProcessBackend", "fork"), ("ProcessBackend", "forkserver"), ("DaskBackend", "fork")],
)
def test_workers_do_not_outlive_the_process_that_started_them(name, method, tmp_path):
    """They waited for work forever after a `kill -9`."""
    if name == "DaskBackend":
        pytest.importorskip("dask")
    process = start_server().Process(target=start_workers, args=(method, name, tmp_path))
    process.start()
    workers = wait_for(lambda: len(found := os.listdir(tmp_path)) == 2 and found)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert wait_for(lambda: not any(map(is_alive, workers)))


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    assert found
    return found


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("name", ["ProcessBackend", "DaskBackend"])
def test_a_worker_of_a_pool_is_told_to_work_alone(name, monkeypatch):
    """`multiprocessing` allows it no workers of its own, with a bare AssertionError."""
    if name == "DaskBackend":
        pytest.importorskip("dask")
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    with pytest.raises(InputError, match=r"is a worker itself.* use backend='serial'"):
        getattr(backends, name)(2).apply(repeat, [[1], [2]])

"""A dask cluster on this machine gives the same features, even if workers die."""

import json
import os
import re
import signal
import threading
import time
from pathlib import Path

import MDAnalysis as mda
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mdgmvae import GMVAEAnalysis
from mdgmvae.assignment import labelling, trajectory_model
from mdgmvae.cli.main import main
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Custom, featurize
from mdgmvae.trajectory.dask_cluster import DistributedBackend, active_client, connected

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:distributed"),
    pytest.mark.usefixtures("forked_workers"),
]


@pytest.fixture(scope="module")
def cluster(forked_workers, tmp_path_factory):
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="localhost:0",
        local_directory=str(tmp_path_factory.mktemp("workers")),
    ) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster) as client:
        yield client


class Distance:
    """Function that computes the distance between the first two atoms and kills some workers.

    `deaths` workers are killed in the middle of a part, after some of its frames were written. If
    the number is negative, every worker that begins the part is killed.
    """

    def __init__(self, folder, deaths):
        self.folder = str(folder)
        self.deaths = deaths
        self.calls = 0

    def __call__(self, positions):
        self.calls += 1
        if self.calls > 1 and self._dies():
            os.kill(os.getpid(), signal.SIGKILL)
        return np.linalg.norm(positions[:, 0] - positions[:, 1], axis=1)[:, np.newaxis]

    def _dies(self):
        died = len(os.listdir(self.folder))
        if 0 <= self.deaths <= died:
            return False
        Path(self.folder, f"{os.getpid()}").touch()
        return True


def distance(folder, deaths):
    return Custom(Distance(folder, deaths), 1, name="distance", units="angstrom")


@pytest.fixture(scope="module")
def alanine():
    return mda.Universe(*alanine_dipeptide())


def test_a_worker_that_is_killed_loses_nothing(client, alanine, tmp_path):
    folder = tmp_path / "died"
    folder.mkdir()
    serial = featurize(alanine, distance(folder, 0))
    # Few parts of several blocks each.
    options = {"backend": "dask", "n_workers": 2}
    features = featurize(alanine, distance(folder, 2), tmp_path / "x.npy", **options)
    assert len(os.listdir(folder)) == 2
    assert_array_equal(features.values, serial.values)
    assert_array_equal(features.frames, serial.frames)
    assert features.lengths == serial.lengths


def test_work_that_ends_every_worker_is_told(client, alanine, tmp_path):
    folder = tmp_path / "died"
    folder.mkdir()
    out = tmp_path / "x.npy"
    with pytest.raises(InputError, match=r"workers in a row were lost .* more memory"):
        featurize(alanine, distance(folder, -1), out, backend="dask", n_workers=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["died"]


def test_progress_counts_no_frame_twice(client, tmp_path):
    counted = []

    class Part:
        def __init__(self, n):
            self.frames = range(n)

    backend = DistributedBackend(client, report=counted.append)
    assert [len(part.frames) for part in backend.apply(Part, [3, 1, 2])] == [3, 1, 2]
    assert sorted(counted) == [1, 2, 3]


@pytest.mark.slow
def test_labels_of_a_cluster_are_those_of_one_process(client, alanine, monkeypatch):
    # Several parts of few frames.
    monkeypatch.setattr(labelling, "CHUNK_FRAMES", 400)
    gm = GMVAEAnalysis(alanine, k=3, n_epochs=2, n_init=1, seed=0, annotate=False).run(step=20)
    here = gm.assign(alanine, step=20)
    there = gm.assign(alanine, step=20, backend="dask")
    for name in ("labels", "components", "frames", "times", "trajectory_index", "populations"):
        assert_array_equal(there[name], here[name], err_msg=name)
    # A worker uses another number of threads, which changes rounding.
    for name in ("probabilities", "component_probabilities"):
        assert_allclose(there[name], here[name], atol=1e-6, err_msg=name)
    assert_allclose(there.latent, here.latent, atol=1e-5)
    assert_allclose(there.scores, here.scores, rtol=1e-4, atol=1e-4)
    assert there.lengths == here.lengths


def test_the_command_on_a_cluster(cluster, tmp_path):
    topology, trajectories = alanine_dipeptide()
    reading = [topology, *trajectories, "--features", "dihedrals"]
    assert main(["featurize", *reading, "-o", str(tmp_path / "a.npy")]) == 0
    address = ["--scheduler", cluster.scheduler_address]
    assert main(["featurize", *reading, *address, "-o", str(tmp_path / "b.npy")]) == 0
    assert_array_equal(np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scheduler", "tcp://127.0.0.1:9"], "tcp://127.0.0.1:9: no scheduler answers there"),
        (["--scheduler", "nonsense://x"], "nonsense://x: no scheduler answers there"),
        (["--scheduler", "/no/such/file.json"], r"file.json: no .*\(no such file after 2 s\)"),
        (
            ["--scheduler", "tcp://127.0.0.1:9", "--backend", "multiprocessing"],
            "--backend multiprocessing: .* use only one of them",
        ),
    ],
)
def test_a_scheduler_that_is_not_there(options, message, capfd, tmp_path, monkeypatch):
    monkeypatch.setattr("mdgmvae.trajectory.dask_cluster.SCHEDULER_TIMEOUT", 2)
    out = ["-o", str(tmp_path / "x.npy")]
    topology, trajectories = alanine_dipeptide()
    assert main(["featurize", topology, *trajectories, *options, *out]) == 2
    error = capfd.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("mdgmvae: error: ")
    assert re.search(message, error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["{}", "[]", "3", '{"names": []}', "not JSON"])
def test_a_file_of_something_else_is_no_scheduler_file(text, tmp_path):
    path = tmp_path / "features.json"
    path.write_text(text)
    with (
        pytest.raises(InputError, match=r"features\.json: no scheduler answers") as raised,
        connected(str(path)),
    ):
        pass
    assert "it is not JSON" in str(raised.value) or "it holds no address" in str(raised.value)
    assert active_client() is None


@pytest.mark.parametrize(
    "address", ["foo://host:1", "tcp://localhost:abc", "inproc://x", "tls://localhost:1"]
)
def test_an_address_that_no_client_understands(address, monkeypatch):
    """A client that was made for it would stay open, and block a later one."""
    monkeypatch.setattr("distributed.Client", lambda *_, **__: pytest.fail("a client was made"))
    with (
        pytest.raises(InputError, match=f"{address}: no scheduler answers there"),
        connected(address),
    ):
        pass


def test_a_scheduler_file_may_come_later(cluster, tmp_path):
    path, out = tmp_path / "scheduler.json", tmp_path / "x.npy"
    text = json.dumps(cluster.scheduler.identity())
    threading.Timer(1, lambda: path.write_text(text)).start()
    topology, trajectories = alanine_dipeptide()
    command = ["featurize", topology, *trajectories, "--scheduler", str(path), "-o", str(out)]
    assert main(command) == 0
    assert out.exists()


@pytest.mark.slow
def test_labels_of_the_command_need_no_temporary_folder_that_workers_see(cluster, tmp_path):
    """Workers write a temporary file beside the labels, which is removed."""
    topology, trajectories = alanine_dipeptide()
    u = mda.Universe(topology, trajectories)
    gm = GMVAEAnalysis(u, k=2, n_epochs=1, n_init=1, seed=0, annotate=False).run(step=40)
    gm.save_model(tmp_path / "model")
    written = []
    plain = trajectory_model.label

    def label(model, features, *rest):
        written.append(features.path.parent.parent)
        return plain(model, features, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trajectory_model, "label", label)
        command = ["assign", str(tmp_path / "model"), topology, *trajectories]
        command += ["--scheduler", cluster.scheduler_address, "-o", str(tmp_path / "l.npz")]
        command += ["--step", "40"]
        assert main(command) == 0
    assert written == [tmp_path]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l.npz", "model"]


def test_work_waits_for_workers_and_is_cut_for_those_to_come(tmp_path, alanine, caplog):
    with (
        distributed.LocalCluster(
            n_workers=0,
            dashboard_address="localhost:0",
            threads_per_worker=1,
            local_directory=str(tmp_path),
        ) as empty,
        distributed.Client(empty),
    ):
        timer = threading.Timer(2, lambda: empty.scale(1))
        timer.start()
        featurizer = Custom(first_atom, 1)
        features = featurize(alanine, featurizer, backend="dask")
        timer.join()
    assert len(features) == 20_000
    assert "no workers yet" in caplog.text
    assert sum("no workers" in record.message for record in caplog.records) == 1


def first_atom(positions):
    return positions[:, 0, :1]


def test_a_cluster_that_is_closed_in_mid_run_is_told(tmp_path, alanine):
    cluster = distributed.LocalCluster(
        n_workers=1,
        dashboard_address="localhost:0",
        threads_per_worker=1,
        local_directory=str(tmp_path),
    )
    with distributed.Client(cluster) as client:
        backend = DistributedBackend(client, report=lambda _: cluster.close())
        with pytest.raises(InputError, match="lost the scheduler of the cluster"):
            backend.apply(slow_part, list(range(20)))


class SlowPart:
    frames = range(1)


def slow_part(_):
    time.sleep(0.2)
    return SlowPart()

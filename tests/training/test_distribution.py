"""Distributed training has the same losses as one device, up to rounding."""

import json
import pickle
import socket
import time

import numpy as np
import pytest
from sklearn.base import clone
from training_process import TrainingProcess, start_command

from mdgmvae import GMVAE
from mdgmvae.data.toys import five_wells
from mdgmvae.errors import InputError

#: Settings that cover a short last batch, the kinetic term, restarts and n_decoded.
SETTINGS = [
    {"preset": "paper", "k": 3, "n_epochs": 3, "seed": 1, "lr": 1e-3},
    {"preset": "robust", "k": 3, "n_epochs": 4, "seed": 1, "n_init": 2, "batch_size": 100}
    | {"decoder_target": "lagged", "n_decoded": 1, "refit": False},
]


def finish(process):
    found, error = process.finish()
    assert found is not None, error
    return found


def two_addresses():
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return addresses


def two_processes(settings, checkpoints=("", "")):
    """Start two processes that train together, each with its checkpoint."""
    cluster = {"worker": two_addresses()}
    return [
        TrainingProcess(
            "multiworker",
            settings,
            checkpoint,
            TF_CONFIG=json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}),
        )
        for index, checkpoint in enumerate(checkpoints)
    ]


def same(one, other):
    """Return whether the results of two processes are identical."""
    return all(
        history == its_history and np.array_equal(labels, its_labels)
        for (history, labels), (its_history, its_labels) in zip(one, other, strict=True)
    )


@pytest.fixture(scope="module")
def alone():
    x = five_wells(3, 700, seed=0, steps=5).X
    models = [GMVAE.from_preset(**settings).fit(x) for settings in SETTINGS]
    return [(model.history_, model.predict(x)) for model in models]


def check(found, alone):
    for (history, labels), (expected, expected_labels) in zip(found, alone, strict=True):
        assert history.keys() == expected.keys()
        for name, values in expected.items():
            np.testing.assert_allclose(history[name], values, rtol=2e-5, err_msg=name)
        assert np.mean(labels == expected_labels) > 0.999


@pytest.mark.slow
def test_two_devices(alone):
    check(finish(TrainingProcess("mirrored", SETTINGS)), alone)


@pytest.mark.slow
def test_two_processes_share_a_checkpoint(alone, tmp_path):
    """The first process writes it, and both resume from it.

    Only the second training, which has more to share among them.
    """
    path = tmp_path / "state.npz"
    found, again = (
        [finish(process) for process in two_processes(SETTINGS[1:], (str(path),) * 2)]
        for _ in range(2)
    )
    assert path.exists()
    for first, second in (found, again):
        check(first, alone[1:])
        assert same(first, second)
    assert all(map(same, again, found))


@pytest.fixture
def two_commands(tmp_path):
    """Start two commands that train together with a checkpoint."""
    folder = tmp_path / "work"
    folder.mkdir()
    np.save(folder / "x.npy", five_wells(2, 300, seed=0, steps=5).X)
    arguments = ["train", "--traj_file", "x.npy", "--n_epochs", "100000", "--seed", "0"]
    arguments += ["--strategy", "multiworker", "--checkpoint", "state.npz", "-o", "out"]
    cluster, processes = {"worker": two_addresses()}, []
    for index in range(2):
        task = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        errors = tmp_path / f"{index}.stderr"
        processes.append(start_command(arguments, folder, errors, task))
    yield folder, processes
    for process in processes:
        process.kill()
        process.join()


def wait_for(path, processes):
    end = time.monotonic() + 120
    while not path.exists():
        assert all(process.is_alive() for process in processes)
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.slow
def test_sigterm_ends_both_and_the_checkpoint_stays(two_commands):
    """TensorFlow replaces the signal handler when processes join."""
    folder, processes = two_commands
    wait_for(folder / "state.npz", processes)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(60)
    errors = [path.read_text() for path in folder.parent.glob("*.stderr")]
    # The process whose partner ended first may report that instead.
    assert {process.exitcode for process in processes} <= {130, 2}, errors
    assert 130 in {process.exitcode for process in processes}, errors
    assert sorted(path.name for path in folder.iterdir()) == ["state.npz", "x.npy"]


@pytest.mark.slow
def test_a_partner_that_is_lost_is_told(two_commands):
    folder, (first, second) = two_commands
    wait_for(folder / "state.npz", (first, second))
    second.kill()
    first.join(60)
    assert first.exitcode == 2
    last = (folder.parent / "0.stderr").read_text().strip().splitlines()[-1]
    assert last.startswith("mdgmvae: error: another process of this training has ended")


def test_a_checkpoint_that_only_one_process_sees_is_refused(tmp_path):
    found = GMVAE.from_preset(**SETTINGS[0], checkpoint=tmp_path / "a.npz")
    found.set_params(n_epochs=1).fit(five_wells(3, 700, seed=0, steps=5).X)
    checkpoints = [str(tmp_path / name) for name in ("a.npz", "b.npz")]
    for process in two_processes([{**SETTINGS[0], "n_epochs": 1}], checkpoints):
        found, error = process.finish(120)
        assert found is None
        assert "not all processes of this training see this checkpoint" in error


@pytest.mark.parametrize(
    "config",
    [
        "",
        "{nonsense",
        "{}",
        "[]",
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 7}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
        '{"cluster": {"worker": "a:1"}, "task": {"type": "worker", "index": 0}}',
    ],
)
def test_tf_config_without_this_process(config, monkeypatch, five_wells):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(InputError, match="TF_CONFIG: "):
        GMVAE(seed=0, n_epochs=1, strategy="multiworker").fit(five_wells[0][:200])


def test_strategies_that_are_not_there(monkeypatch, five_wells):
    for name in ("TF_CONFIG", "SLURM_NTASKS"):
        monkeypatch.delenv(name, raising=False)
    x = five_wells[0][:200]
    for strategy, message in (
        ("mirrored", "fewer than two GPUs"),
        ("multiworker", "srun on Slurm, or set TF_CONFIG"),
        ("all", "mirrored or multiworker"),
        (3, "choose mirrored or multiworker, or a tf.distribute.Strategy"),
    ):
        with pytest.raises(InputError, match=message):
            GMVAE(seed=0, n_epochs=1, strategy=strategy).fit(x)


@pytest.mark.slow
def test_a_strategy_is_of_the_machine_not_of_the_model(five_wells, tmp_path):
    import tensorflow as tf

    one = tf.distribute.OneDeviceStrategy("CPU:0")
    model = clone(GMVAE(seed=0, n_epochs=1, strategy=one)).fit(five_wells[0][:1000])
    model.save(tmp_path / "model")
    copied = pickle.loads(pickle.dumps(model))
    assert copied.strategy is None and isinstance(model.strategy, tf.distribute.Strategy)
    loaded = GMVAE.load(tmp_path / "model")
    assert loaded.strategy is None
    plain = GMVAE(seed=0, n_epochs=1).fit(five_wells[0][:1000])
    np.testing.assert_array_equal(
        loaded.predict(five_wells[0][:1000]), plain.predict(five_wells[0][:1000])
    )

"""Training shared among devices and processes: the loss curve of one device, to rounding."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone

from mdgmvae import GMVAE
from mdgmvae.data.toys import five_wells
from mdgmvae.errors import InputError

TRAIN = """
import json, sys
import tensorflow as tf
from mdgmvae import GMVAE
from mdgmvae.data.toys import five_wells

kind, checkpoint = sys.argv[1:]
strategy = kind
if kind == "mirrored":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
x = five_wells(3, 700, seed=0, steps=5).X
found = []
for settings in json.loads(sys.stdin.read()):
    model = GMVAE.from_preset(**settings, strategy=strategy, checkpoint=checkpoint or None)
    model.fit(x)
    found.append([model.history_, model.predict(x).tolist()])
print("found", json.dumps(found))
"""
#: The last batch is short; the kinetic term, its two levels, restarts, sampled components.
SETTINGS = [
    {"preset": "paper", "n_epochs": 3, "seed": 1, "lr": 1e-3},
    {"preset": "robust", "n_epochs": 4, "seed": 1, "n_init": 2, "batch_size": 100},
    {"preset": "robust", "n_epochs": 2, "seed": 1, "decoder_target": "lagged", "n_decoded": 1},
]


def start(kind, checkpoint="", settings=SETTINGS, **environment):
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", TRAIN, kind, checkpoint],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
    )
    process.stdin.write(json.dumps(settings))
    process.stdin.close()
    process.stdin = None
    return process


def finish(process):
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors[-3000:]
    (line,) = [line for line in out.splitlines() if line.startswith("found ")]
    return json.loads(line.removeprefix("found "))


def two_addresses():
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return addresses


def two_processes(*arguments):
    cluster = {"worker": two_addresses()}
    return [
        start(
            "multiworker",
            *arguments,
            TF_CONFIG=json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}),
        )
        for index in range(2)
    ]


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
        assert np.mean(np.array(labels) == expected_labels) > 0.999


def test_two_devices(alone):
    check(finish(start("mirrored")), alone)


def test_two_processes(alone):
    first, second = (finish(process) for process in two_processes())
    check(first, alone)
    check(second, alone)
    assert first == second


def test_two_processes_share_a_checkpoint(tmp_path):
    """The first one writes it; both go on from it."""
    path = str(tmp_path / "state.npz")
    settings = [SETTINGS[0]]
    found = [finish(process) for process in two_processes(path, settings)]
    assert found[0] == found[1] and os.path.exists(path)
    again = [finish(process) for process in two_processes(path, settings)]
    assert again == found


def test_strategies_that_are_not_there(monkeypatch, five_wells):
    for name in ("TF_CONFIG", "SLURM_NTASKS"):
        monkeypatch.delenv(name, raising=False)
    x = five_wells[0][:200]
    for strategy, message in (
        ("mirrored", "fewer than two GPUs"),
        ("multiworker", "srun on Slurm, or set TF_CONFIG"),
        ("all", "mirrored or multiworker"),
        (3, "give mirrored or multiworker, or a tf.distribute.Strategy"),
    ):
        with pytest.raises(InputError, match=message):
            GMVAE(seed=0, n_epochs=1, strategy=strategy).fit(x)


def test_a_strategy_is_of_the_machine_not_of_the_model(five_wells, tmp_path):
    import tensorflow as tf

    one = tf.distribute.OneDeviceStrategy("CPU:0")
    model = clone(GMVAE(seed=0, n_epochs=1, strategy=one)).fit(five_wells[0][:1000])
    model.save(tmp_path / "model")
    loaded = GMVAE.load(tmp_path / "model")
    assert loaded.strategy is None
    plain = GMVAE(seed=0, n_epochs=1).fit(five_wells[0][:1000])
    np.testing.assert_array_equal(
        loaded.predict(five_wells[0][:1000]), plain.predict(five_wells[0][:1000])
    )

"""Which device is used, and what is set for a GPU. No GPU is needed."""

import logging
import os

import numpy as np
import pytest
import tensorflow as tf
from architectures import sizes

from mdgmvae import GMVAE
from mdgmvae.network import devices, inference
from mdgmvae.network.device_choice import Advice, advise_labelling, advise_training, device_name
from mdgmvae.network.inference import Inference
from mdgmvae.presets import Hyperparameters
from mdgmvae.training import loop

WIDE = dict.fromkeys(("qy_dims", "qz_dims", "pz_dims", "px_dims"), (256, 256))


@pytest.fixture
def one_gpu(monkeypatch):
    """Let TensorFlow list a GPU, and note for which one memory growth is set."""
    grown = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["the GPU"])
    monkeypatch.setattr(
        tf.config.experimental, "set_memory_growth", lambda gpu, on: grown.append((gpu, on))
    )
    monkeypatch.setenv("XLA_FLAGS", "")
    return grown


LARGE = {"k": 10, "n_z": 3, "batch_size": 1000, **WIDE}
ADVISED = {
    "the demo": (Hyperparameters.of("robust"), 20_000, 4, False),
    "the paper": (Hyperparameters(), 20_000, 3, False),
    "many frames": (Hyperparameters.of("robust"), 2_000_000, 500, True),
    "one restart": (Hyperparameters(n_epochs=20), 100_000, 3, False),
    "eight restarts": (Hyperparameters(n_epochs=20, n_init=8), 100_000, 3, True),
    "large networks": (Hyperparameters(n_epochs=20, **LARGE), 20_000, 1000, True),
    "large networks, two steps": (Hyperparameters(n_epochs=1, **LARGE), 2_000, 1000, False),
}


@pytest.mark.parametrize("case", ADVISED)
def test_a_gpu_is_advised_for_what_takes_a_cpu_longer(case):
    given, n_frames, n_columns, gpu = ADVISED[case]
    advice = advise_training(given, n_frames, n_columns)
    assert advice.gpu is gpu
    assert f"{n_frames * given.n_epochs * given.n_init:,} frames of training" in advice.reason


def test_advice_counts_slow_coordinates_instead_of_features():
    """TICA keeps about thirty of them, whatever the number of features."""
    given = Hyperparameters.of("robust", n_epochs=1)
    many, more, exact = (
        advise_training(hyperparameters, 4_000_000, n)
        for hyperparameters, n in ((given, 100), (given, 5000), (given, 30))
    )
    assert many == more == exact
    assert advise_training(given, 4_000_000, 2) != exact
    standard = Hyperparameters.of("robust", n_epochs=1, scale="standard")
    assert advise_training(standard, 4_000_000, 100) != exact


def test_auto_follows_the_advice_if_there_is_a_gpu():
    for gpu, auto in ((True, "gpu:0"), (False, "cpu")):
        advice = Advice(gpu, "a reason")
        assert [device_name("auto", n, advice) for n in (0, 1, 2)] == ["cpu", auto, auto]
        assert device_name("cpu", 1, advice) == "cpu"
        assert device_name("GPU:1", 2, advice) == "gpu:1"
    assert not advise_labelling(sizes(5, 3, 1)).gpu


def test_log_says_why(one_gpu, caplog):
    with caplog.at_level(logging.INFO, "mdgmvae"):
        assert devices.choose("auto", Advice(False, "it is over in a second")) == "CPU:0"
    assert "device='auto' is cpu: it is over in a second" in caplog.text
    assert devices.choose("auto") == "GPU:0"
    # TensorFlow would reserve the memory of the GPU even if it is not used.
    assert one_gpu == [("the GPU", True)] * 2


def test_flags_of_xla_are_set_once_and_those_of_the_user_stay(one_gpu, monkeypatch):
    flag = "--xla_gpu_enable_triton_gemm"
    for before, after in (
        ("", f"{flag}=false"),
        ("--xla_dump_to=x", f"--xla_dump_to=x {flag}=false"),
        (f"{flag}=true", f"{flag}=true"),
    ):
        monkeypatch.setenv("XLA_FLAGS", before)
        for _ in range(2):
            devices.choose("gpu")
        assert os.environ["XLA_FLAGS"] == after
    # XLA would end the process at a flag that it no longer has.
    monkeypatch.setenv("XLA_FLAGS", "")
    monkeypatch.setattr(tf, "__version__", "2.22.0-rc1")
    devices.choose("gpu")
    assert os.environ["XLA_FLAGS"] == ""


def test_results_on_a_gpu_are_in_full_precision(monkeypatch):
    """TF32 is off while the networks of a trained model are computed, and then on again."""
    a, tf32 = sizes(2, 3, 1), tf.config.experimental.tensor_float_32_execution_enabled
    flat = np.zeros(a.n_weights, np.float32)
    seen = []

    def compiled(name, architecture):
        def function(*given):
            seen.append(tf32())
            if len(seen) > 2:
                raise RuntimeError("out of memory")
            return [tf.zeros([256, 2])]

        return function

    monkeypatch.setattr(inference, "_compiled", compiled)
    assert tf32()
    Inference(a, flat, "CPU:0").probabilities(np.zeros((5, 3), np.float32))
    monkeypatch.setattr(tf, "device", lambda name: tf.name_scope("gpu"))
    on_gpu = Inference(a, flat, "GPU:0")
    on_gpu.probabilities(np.zeros((5, 3), np.float32))
    with pytest.raises(RuntimeError, match="out of memory"):
        on_gpu.probabilities(np.zeros((5, 3), np.float32))
    assert seen == [True, False, False]
    assert tf32()


def test_chunks_are_as_long_as_the_memory_of_the_device_permits(monkeypatch):
    monkeypatch.setattr(tf, "device", lambda name: tf.name_scope("gpu"))
    found = {
        (device, n_x): (model.chunk_frames, model.loss_frames)
        for n_x, k in ((3, 5), (1000, 10), (5000, 20))
        for device in ("CPU:0", "GPU:0")
        for a in [sizes(k, n_x, 1)]
        for model in [Inference(a, np.zeros(a.n_weights, np.float32), device)]
    }
    assert found == {
        ("CPU:0", 3): (8192, 4096),
        ("GPU:0", 3): (131_072, 65_536),
        ("CPU:0", 1000): (512, 256),
        ("GPU:0", 1000): (16_384, 8192),
        ("CPU:0", 5000): (64, 64),
        ("GPU:0", 5000): (2048, 1024),
    }


@pytest.mark.parametrize(
    ("features", "capability", "expected"),
    [
        ("flags : fpu avx512f", (7, 5), False),
        ("flags : fpu avx512_bf16", (8, 0), True),
        ("Features : fp asimd bf16", (9, 0), True),
        (None, None, True),
    ],
)
def test_devices_with_bfloat16(features, capability, expected, one_gpu, monkeypatch, tmp_path):
    info = tmp_path / "cpuinfo"
    if features is not None:
        info.write_text(features)
    monkeypatch.setattr(devices, "_CPU_INFO", info)
    details = {} if capability is None else {"compute_capability": capability}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details)
    assert devices.computes_bfloat16("CPU:0") is expected
    assert devices.computes_bfloat16("GPU:0") is expected


def test_a_processor_without_bfloat16_is_no_place_for_it(monkeypatch):
    """The training goes on. It is over before it starts here."""

    def stop(*arguments):
        raise StopIteration

    monkeypatch.setattr(loop, "computes_bfloat16", lambda device: False)
    monkeypatch.setattr(loop, "prepare", stop)
    x = np.zeros((50, 3), np.float32)
    with (
        pytest.warns(UserWarning, match=r"precision='bfloat16': CPU:0 has no instructions"),
        pytest.raises(StopIteration),
    ):
        GMVAE(precision="bfloat16", seed=0).fit(x)
    with pytest.raises(StopIteration):
        GMVAE(seed=0).fit(x)

"""Code compiled by XLA is stored, and it is no error if it cannot be stored."""

import os
import subprocess
import sys

import numpy as np
import pytest

from mdgmvae.training import xla_cache


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """Simulate a process that has not imported TensorFlow."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return monkeypatch


def test_flags_of_the_user_stay(clean):
    clean.setenv("TF_XLA_FLAGS", "--tf_xla_max_cluster_size=9")
    folder = xla_cache.enable_xla_cache()
    assert os.environ["TF_XLA_FLAGS"].split() == [
        "--tf_xla_max_cluster_size=9",
        f"--tf_xla_persistent_cache_directory={folder}",
    ]
    assert folder.stat().st_mode & 0o077 == 0
    assert xla_cache.enable_xla_cache() is None


@pytest.mark.parametrize("case", ["blank", "file", "others", "started"])
def test_a_folder_that_is_of_no_use_is_left_alone(case, clean, tmp_path):
    cache = tmp_path / "cache"
    if case == "blank":
        clean.setenv("XDG_CACHE_HOME", str(tmp_path / "my cache"))
    elif case == "file":
        cache.touch()
    elif case == "others":
        xla_cache.enable_xla_cache().chmod(0o777)
        clean.delenv("TF_XLA_FLAGS")
    else:
        clean.setitem(sys.modules, "tensorflow", object())
    assert xla_cache.enable_xla_cache() is None
    assert "TF_XLA_FLAGS" not in os.environ


def test_another_processor_has_another_folder(clean):
    ours = xla_cache.enable_xla_cache()
    clean.delenv("TF_XLA_FLAGS")
    clean.setattr(xla_cache, "_processor_features", lambda: "another")
    assert xla_cache.enable_xla_cache() != ours


def test_the_second_command_compiles_nothing_and_finds_the_same(tmp_path, five_wells):
    np.save(tmp_path / "x.npy", five_wells[0])
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("TF_XLA_FLAGS", None)
    found = []
    for out in ("first", "second"):
        # Enough steps to make compiling worthwhile.
        training = ["--n_epochs", "30", "--seed", "0", "--threads", "1"]
        command = ["train", "--traj_file", "x.npy", *training, "-o", out]
        done = subprocess.run(
            [sys.executable, "-m", "mdgmvae", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        kept = {path: path.stat().st_mtime for path in (tmp_path / "cache").rglob("*.pb")}
        history = (tmp_path / out / "history.csv").read_text()
        found.append((kept, history, done.stderr))
    (kept, history, _), (kept_again, history_again, said) = found
    assert kept and kept_again == kept
    assert history_again == history
    assert "text-format" not in said

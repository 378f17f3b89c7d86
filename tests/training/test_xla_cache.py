"""Code compiled by XLA is stored, and it is no error if it cannot be stored."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from command import LIBRARIES

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


#: Runs the first command in another folder, then the second in the current one. Both are forked
#: after the libraries have been loaded, which takes seconds.
TWO_COMMANDS = f"""
import json, os, sys
from importlib import import_module
from pathlib import Path
from mdgmvae.cli import main, start

enable = start.enable_xla_cache

def enable_and_divide():
    enable()
    for name in {LIBRARIES}:
        import_module(name)
    if os.fork() == 0:
        os.chdir("../first")
    else:
        _, status = os.wait()
        kept = {{str(path): path.stat().st_mtime for path in Path("../cache").rglob("*.pb")}}
        Path("../kept.json").write_text(json.dumps(kept))
        if status:
            os._exit(1)

start.enable_xla_cache = enable_and_divide
code = main.main(sys.argv[1:])
sys.stderr.flush()
os._exit(code)
"""


def test_the_second_command_compiles_nothing_and_finds_the_same(tmp_path, five_wells):
    np.save(tmp_path / "x.npy", five_wells[0][:500])
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    # As many steps as are worth compiling for.
    training = ["-k", "2", "--batch_size", "50", "--n_epochs", "100", "--seed", "0"]
    command = ["train", "--traj_file", "../x.npy", *training, "--threads", "1", "-o", "out"]
    environment = {**os.environ, "XDG_CACHE_HOME": "../cache"}
    environment.pop("TF_XLA_FLAGS", None)
    done = subprocess.run(
        [sys.executable, "-c", TWO_COMMANDS, *command],
        cwd=tmp_path / "second",
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert kept and "text-format" not in done.stderr
    now = {
        f"../{path.relative_to(tmp_path)}": path.stat().st_mtime for path in tmp_path.rglob("*.pb")
    }
    assert now == kept
    histories = [
        (tmp_path / run / "out" / "history.csv").read_text() for run in ("first", "second")
    ]
    assert histories[0] == histories[1]

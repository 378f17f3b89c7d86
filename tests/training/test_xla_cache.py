"""Code compiled by XLA is stored, and it is no error if it cannot be stored."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from command import LIBRARIES
from forked import run_script

from mdgmvae.training import xla_cache


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """Simulate a process that has not imported TensorFlow."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    # What is not set would not be restored.
    monkeypatch.setenv("TF_XLA_FLAGS", "")
    monkeypatch.delenv("TF_XLA_FLAGS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return monkeypatch


def test_flags_of_the_user_stay(clean):
    clean.setenv("TF_XLA_FLAGS", "--tf_xla_max_cluster_size=9")
    folder = xla_cache.enable_xla_cache()
    assert os.environ["TF_XLA_FLAGS"].split() == [
        "--tf_xla_max_cluster_size=9",
        "--tf_xla_persistent_cache_directory=ram://mdgmvae-xla",
        "--tf_xla_persistent_cache_device_types=CPU",
    ]
    assert folder.stat().st_mode & 0o077 == 0
    assert xla_cache.enable_xla_cache() is None


@pytest.mark.parametrize("case", ["file", "others", "started"])
def test_a_folder_that_is_of_no_use_is_left_alone(case, clean, tmp_path):
    cache = tmp_path / "cache"
    if case == "file":
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


#: XLA compiles a function of its own size for each number.
COMPILE = """
    import os, sys
    from pathlib import Path

    import tensorflow as tf

    from mdgmvae.training import xla_cache

    os.environ.pop("TF_XLA_FLAGS", None)
    os.environ["XDG_CACHE_HOME"] = str(Path("cache").absolute())
    module = sys.modules.pop("tensorflow")
    folder = xla_cache.enable_xla_cache()
    sys.modules["tensorflow"] = module

    def compiled(n):
        square = tf.function(lambda x: tf.reduce_sum(tf.matmul(x, x)), jit_compile=True)
        return float(square(tf.ones([n, n])))

    def entries():
        return sorted(folder.glob("*.xla"))
"""


def test_a_damaged_entry_is_neither_run_nor_kept(tmp_path):
    script = """
    assert compiled(20) == 20**3
    xla_cache.store_compiled()
    (path,) = entries()
    whole = path.read_bytes()

    def restored():
        for name in xla_cache._entries_in_memory():
            tf.io.gfile.remove("ram://mdgmvae-xla/" + name)
        xla_cache.restore_compiled()
        return len(xla_cache._entries_in_memory())

    assert restored() == 1 and path.read_bytes() == whole
    flipped = [bytearray(whole) for _ in range(3)]
    for copy, place in zip(flipped, (0, 40, len(whole) - 1)):
        copy[place] ^= 4
    for damaged in (*flipped, whole[:-1], whole[:10], b""):
        path.write_bytes(damaged)
        assert restored() == 0 and not path.exists()
    path.with_name("other name.xla").write_bytes(whole)
    assert restored() == 0 and entries() == []
    path.write_bytes(whole)
    assert restored() == 1
    """
    run_script(textwrap.dedent(COMPILE) + textwrap.dedent(script), tmp_path)


def test_what_cannot_be_run_is_compiled_again(tmp_path):
    """An entry with a fitting digest that TensorFlow cannot use, and a folder without room."""
    script = """
    import numpy as np
    from mdgmvae.training.optimiser import Optimiser

    names = []
    class Steps(Optimiser):
        def __init__(self):
            self._variables = [tf.Variable(1.0)]
            self._compiles = True

        def run(self):
            self._variables[0].assign_add(1.0)
            if not names:
                raise tf.errors.InvalidArgumentError(None, None, "the code is damaged")
            return compiled(30), 1

    # There is nothing in the cache, so the error has another cause.
    steps = Steps()
    try:
        steps._compile(steps.run)
    except tf.errors.InvalidArgumentError:
        pass
    else:
        raise AssertionError

    compiled(20)
    xla_cache.store_compiled()
    assert len(entries()) == 1
    forget = xla_cache.forget_compiled
    def forgotten():
        names.append("emptied")
        return forget()
    import mdgmvae.training.optimiser as optimiser
    optimiser.forget_compiled = forgotten

    steps = Steps()
    assert steps._compile(steps.run) == (30**3, 1)
    # What the first attempt changed was taken back.
    assert float(steps._variables[0]) == 2.0
    assert len(entries()) == 1

    def full(*_):
        raise OSError(122, "Disk quota exceeded")
    xla_cache.atomic_file = full
    compiled(40)
    xla_cache.store_compiled()
    assert len(entries()) == 1
    """
    run_script(textwrap.dedent(COMPILE) + textwrap.dedent(script), tmp_path)


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
        kept = {{str(path): path.stat().st_mtime for path in Path("../cache").rglob("*.xla")}}
        Path("../kept.json").write_text(json.dumps(kept))
        if status:
            os._exit(1)

start.enable_xla_cache = enable_and_divide
code = main.main(sys.argv[1:])
sys.stderr.flush()
os._exit(code)
"""


@pytest.mark.slow
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
        f"../{path.relative_to(tmp_path)}": path.stat().st_mtime for path in tmp_path.rglob("*.xla")
    }
    assert now == kept
    histories = [
        (tmp_path / run / "out" / "history.csv").read_text() for run in ("first", "second")
    ]
    assert histories[0] == histories[1]

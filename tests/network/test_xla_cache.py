"""Code compiled by XLA is stored, and it is no error if it cannot be stored."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from forked import run_script

from mdgmvae.network import xla_cache


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
    # A process that this one starts has the flags, too.
    flags = os.environ["TF_XLA_FLAGS"]
    assert xla_cache.enable_xla_cache() == folder
    assert os.environ["TF_XLA_FLAGS"] == flags


def test_a_cache_of_the_user_is_left_to_tensorflow(clean, tmp_path):
    clean.setenv("TF_XLA_FLAGS", f"--tf_xla_persistent_cache_directory={tmp_path}")
    assert xla_cache.enable_xla_cache() is None
    assert os.environ["TF_XLA_FLAGS"] == f"--tf_xla_persistent_cache_directory={tmp_path}"


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

    from mdgmvae.network import xla_cache

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


#: Fits in the first folder, then in the second one. Both are forked after the libraries have been
#: loaded, which takes seconds.
TWO_FITS = """
import json, os
from pathlib import Path
import numpy as np
import mdgmvae.training.loop
from mdgmvae import GMVAE

def fit():
    model = GMVAE(k=2, batch_size=50, n_epochs=100, seed=0).fit(np.load("x.npy"))
    return model.history_["loss"]

def entries():
    return {path.name: path.stat().st_mtime_ns for path in Path("cache").rglob("*.xla")}

found = []
for _ in range(2):
    receiver, sender = os.pipe()
    if os.fork() == 0:
        os.write(sender, json.dumps([fit(), entries()]).encode())
        os._exit(0)
    os.wait()
    found.append(json.loads(os.read(receiver, 10**6)))
print(json.dumps(found))
"""


@pytest.mark.slow
def test_a_second_process_compiles_nothing_and_finds_the_same(tmp_path, five_wells):
    np.save(tmp_path / "x.npy", five_wells[0][:500])
    environment = {**os.environ, "XDG_CACHE_HOME": "cache"}
    environment.pop("TF_XLA_FLAGS", None)
    done = subprocess.run(
        [sys.executable, "-c", TWO_FITS],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0 and "text-format" not in done.stderr, done.stderr
    first, second = json.loads(done.stdout)
    assert first[1]  # As many steps as are worth compiling for.
    assert second == first

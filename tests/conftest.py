"""Fixtures that are shared by several test files."""

import os
import signal

# Programs in the background or under nohup ignore these signals, and so would all they start. A
# handler is not passed on to new processes, but ignoring is.
for _signal, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _handler)
# The arrays of the tests are small, and two workers share the processors: threads of OpenMP and
# BLAS would mostly wait for each other. Set before NumPy is imported.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
for _kind in ("INTRA", "INTER"):
    os.environ.setdefault(f"TF_NUM_{_kind}OP_THREADS", "1")
# TensorFlow's start-up messages would only clutter the output of the tests.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from command import start_server  # noqa: E402
from paths import DATA  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Use one cache folder for compiled code in this test run, shared by all workers.

    A worker then need not compile with XLA what another worker has compiled before.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield


@pytest.fixture(scope="session")
def forked_workers():
    """Fork the workers of dask clusters from a process that has the libraries loaded.

    By default each is a new interpreter, which takes seconds to load them.
    """
    dask = pytest.importorskip("dask")
    start_server()
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        yield


@pytest.fixture(scope="session")
def mueller_brown():
    return np.load(DATA / "mueller_brown.npy")


@pytest.fixture(scope="session")
def five_wells():
    """Frames and true basins."""
    return np.load(DATA / "five_wells.npy"), np.load(DATA / "five_wells_labels.npy")


@pytest.fixture(scope="session")
def reference():
    """Return the results of the paper's own code, by name."""
    with np.load(DATA / "reference_mueller_brown.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="session")
def reference_model():
    from mdgmvae import GMVAE

    return GMVAE.from_tf1_checkpoint(DATA / "tf1_checkpoint" / "model.ckpt-20", seed=0)


@pytest.fixture(scope="session")
def fitted(five_wells):
    """Return a small trained model with two hidden layers; tests must not change it."""
    from mdgmvae import GMVAE

    model = GMVAE(
        k=4, n_z=2, n_epochs=4, qy_dims=(16, 8), qz_dims=(12, 8), pz_dims=(8, 6), px_dims=(24, 12),
        lr=3e-3, scale="standard", seed=3, verbose=False,
    )  # fmt: skip
    return model.fit(five_wells[0])

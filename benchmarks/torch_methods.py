"""VAMPnet and SPIB as methods of a comparison. They run in an environment of their own.

They need PyTorch, which mdgmvae does not: python -m pip install torch deeptime spib
"""

import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans

from mdgmvae.comparison.cross_validation import Assign, Method
from mdgmvae.comparison.methods import tica_microstates
from mdgmvae.kinetics.lumping import lump
from mdgmvae.kinetics.vamp import vamp2

WORKER = Path(__file__).with_name("torch_worker.py")
#: Microstates from which SPIB starts, the same as for TICA + k-means + PCCA+.
N_STARTS = 100


def torch_methods(worker: "Worker") -> dict[str, Method]:
    """Return the methods by name."""
    return {
        "VAMPnet": functools.partial(vampnet, worker=worker),
        "SPIB": functools.partial(spib, worker=worker),
    }


class Worker:
    """A process in another environment that fits one model at a time and applies it to frames.

    Parameters
    ----------
    python : str
        The Python interpreter of that environment.
    """

    def __init__(self, python: str) -> None:
        #: Processor time of all requests so far, in seconds.
        self.seconds = 0.0
        self._folder = tempfile.TemporaryDirectory()
        # A file, because a pipe that nobody reads would fill up and block the process.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [python, str(WORKER)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._answer("ready")

    def ask(self, **request: Any) -> None:
        """Send a request, with arrays as files, and wait until it is done."""
        for name, value in request.items():
            if isinstance(value, np.ndarray):
                request[name] = self._path(name)
                np.save(request[name], value)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        self.seconds += float(self._answer("done"))

    def apply(self, frames: np.ndarray) -> np.ndarray:
        """Return what the model that was fitted last says of frames."""
        self.ask(do="label", frames=frames, out=self._path("out"))
        return np.asarray(np.load(self._path("out")))

    def stop(self) -> None:
        self._process.communicate()
        self._errors.close()
        self._folder.cleanup()

    def _path(self, name: str) -> str:
        return f"{self._folder.name}/{name}.npy"

    def _answer(self, word: str) -> str:
        """Return what follows a word in the next answer."""
        assert self._process.stdout is not None
        first, _, rest = self._process.stdout.readline().strip().partition(" ")
        if first != word:
            self._process.wait()
            self._errors.seek(0)
            last = self._errors.read().strip().splitlines()[-1:]
            raise RuntimeError(f"{WORKER.name} stopped: {''.join(last)}")
        return rest


def vampnet(
    X: np.ndarray, lengths: tuple[int, ...], lag: int, n_states: int, seed: int, *, worker: Worker
) -> Assign:
    """Train a VAMPnet with one output per state (deeptime).

    The state of a frame is its most probable one, as in the paper. Because the score does not
    change if outputs are mixed, the same output may be the largest one for all frames. So frames
    are clustered by their outputs (k-means) if this gives the higher VAMP-2 of training frames.
    """
    worker.ask(
        do="fit", method="VAMPnet", frames=X, lengths=lengths, lag=lag, n_states=n_states, seed=seed
    )
    outputs = worker.apply(X)
    clusters = KMeans(n_states, n_init=10, random_state=seed).fit(outputs)
    largest = vamp2(outputs.argmax(axis=1), lag=lag, lengths=lengths)
    if vamp2(clusters.labels_, lag=lag, lengths=lengths) > largest:
        return lambda frames: np.asarray(clusters.predict(worker.apply(frames)), np.int64)
    return lambda frames: worker.apply(frames).argmax(axis=1)


def spib(
    X: np.ndarray, lengths: tuple[int, ...], lag: int, n_states: int, seed: int, *, worker: Worker
) -> Assign:
    """Refine microstates with SPIB and, if more are left than wanted, join them by PCCA+.

    SPIB chooses the number of its states itself.
    """
    start = tica_microstates(X, lengths, lag, N_STARTS, seed)(X)
    worker.ask(do="fit", method="SPIB", frames=X, lengths=lengths, lag=lag, start=start, seed=seed)
    labels = worker.apply(X).astype(np.int64)
    n = int(labels.max()) + 1
    if n <= n_states:
        return lambda frames: worker.apply(frames).astype(np.int64)
    lumped = lump(labels, lag=lag, lengths=lengths, k=n, n_macrostates=n_states)
    # Other frames may get a label that no frame has here.
    of_label = np.append(lumped.of_component, -1)
    return lambda frames: of_label[np.minimum(worker.apply(frames).astype(np.int64), n)]

"""Checkpoints: the state of a training in an .npz file, from which training can resume."""

from __future__ import annotations

import json
import logging
import os
import time
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import as_path
from ..errors import InputError
from ..storage.atomic import atomic_file, check_file
from .dataset import Dataset
from .state import Restart, State

logger = logging.getLogger(__name__)

#: Seconds between two checkpoints, and so the most that is lost if the process is killed.
INTERVAL = 20.0
_NOT_A_CHECKPOINT = "{}: not a checkpoint of mdgmvae; delete it or choose another name"
_ARRAYS = ("weights", "first_moment", "second_moment")


class Checkpoint:
    """Saves the state of a training at intervals, and loads it again.

    Parameters
    ----------
    path : path-like
        The .npz file, which is replaced atomically.
    identity : mapping
        The hyperparameters, seed and data. A training resumes only if they have not changed.
    writes : bool
        Whether this process writes the file. If several processes train together, only one of
        them writes, but all read.
    """

    def __init__(
        self, path: str | os.PathLike[str], identity: Mapping[str, Any], writes: bool = True
    ) -> None:
        self.path = check_path(path)
        self._writes = writes
        self._identity = json.loads(json.dumps(identity))
        self._written = time.monotonic()

    def save_if_due(self, state: State) -> None:
        """Save the state if at least `INTERVAL` seconds have passed since the last time."""
        if time.monotonic() - self._written >= INTERVAL:
            self.save(state)

    def save(self, state: State) -> None:
        """Save the state, or warn if the file cannot be written."""
        if not self._writes:
            return
        arrays = {name: getattr(state, name) for name in _ARRAYS}
        restarts = []
        for number, restart in enumerate(state.restarts):
            restarts.append({n: v for n, v in vars(restart).items() if n != "best_weights"})
            if restart.best_weights is not None:
                arrays[f"best_weights_{number}"] = restart.best_weights
        fields = {"epoch": state.epoch, "step": state.step, "restarts": restarts}
        text = json.dumps({"identity": self._identity, "state": fields})
        try:
            with atomic_file(self.path) as temporary, open(temporary, "wb") as file:
                np.savez(file, json=np.array(text), **arrays)
        except (OSError, InputError) as error:
            # A failed checkpoint is no reason to stop the training.
            warnings.warn(f"the checkpoint was not written: {error}", stacklevel=2)
        self._written = time.monotonic()

    def load(self) -> State | None:
        """Return the saved state, or None if there is no file yet.

        Raises
        ------
        InputError
            If the file is not a checkpoint, or belongs to another training.
        """
        if not self.path.exists():
            return None
        content, arrays = _read(self.path)
        try:
            identity, fields = content["identity"], content["state"]
            restarts = [
                Restart(**restart, best_weights=arrays.get(f"best_weights_{number}"))
                for number, restart in enumerate(fields["restarts"])
            ]
            state = State(
                epoch=fields["epoch"],
                step=fields["step"],
                restarts=restarts,
                **{name: arrays[name] for name in _ARRAYS},
            )
        except (KeyError, TypeError) as error:
            raise InputError(_NOT_A_CHECKPOINT.format(self.path)) from error
        different = [name for name in self._identity if identity.get(name) != self._identity[name]]
        if different:
            raise InputError(
                f"{self.path}: the checkpoint belongs to another training ({', '.join(different)} "
                "differ); delete it to start over, or choose another name"
            )
        logger.info("resuming from %s at epoch %d", self.path, state.epoch)
        return state


def check_path(path: str | os.PathLike[str]) -> Path:
    """Check the path of a checkpoint, and return it.

    Raises
    ------
    InputError
        If the name does not end in .npz, or the file cannot be written there.
    """
    path = as_path(path)
    if path.suffix != ".npz":
        raise InputError(f"checkpoint={str(path)!r}: the name of the file must end in .npz")
    check_file(path)
    return path


def stored_seed(path: str | os.PathLike[str]) -> int | None:
    """Return the seed that is stored in a checkpoint, or None if there is no file."""
    path = as_path(path)
    if not path.is_file():
        return None
    content, _ = _read(path)
    seed = content.get("identity", {}).get("seed")
    return int(seed) if seed is not None else None


def digest(dataset: Dataset) -> dict[str, Any]:
    """Return the shape of the data and a checksum of all frames, to identify them."""
    checksum = 0
    for chunk in dataset.chunks():
        checksum = zlib.crc32(np.ascontiguousarray(chunk).data, checksum)
    return {"shape": [len(dataset), dataset.n_columns], "checksum": checksum}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            content = json.loads(str(file["json"]))
            return content, {name: file[name] for name in file.files if name != "json"}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(_NOT_A_CHECKPOINT.format(path)) from error

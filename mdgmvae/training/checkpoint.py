"""Checkpoints: the state of a training in an .npz file, from which it can be resumed."""

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

from ..errors import InputError
from ..storage.atomic import atomic_file, check_file
from .dataset import Dataset
from .state import Restart, State

logger = logging.getLogger(__name__)

#: Seconds of training at most that are lost if the process is killed.
INTERVAL = 20.0
_NOT_A_CHECKPOINT = "{}: not a checkpoint of mdgmvae; delete it or choose another name"
_ARRAYS = ("weights", "first_moment", "second_moment")


class Checkpoint:
    """Writes the state of a training from time to time, and reads it back.

    Parameters
    ----------
    path : path-like
        The .npz file, which is replaced atomically.
    identity : mapping
        What must be equal for a training to be resumed: hyperparameters, seed and data.
    writes : bool
        Whether this process writes. Of processes that train together one writes and all read.
    """

    def __init__(
        self, path: str | os.PathLike[str], identity: Mapping[str, Any], writes: bool = True
    ) -> None:
        self.path = check_path(path)
        self._writes = writes
        self._identity = json.loads(json.dumps(identity))
        self._written = time.monotonic()

    def save_if_due(self, state: State) -> None:
        """Save the state if the last time was at least `INTERVAL` seconds ago."""
        if time.monotonic() - self._written >= INTERVAL:
            self.save(state)

    def save(self, state: State) -> None:
        """Write the state; warn if the file cannot be written."""
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
            # The training is worth more than its checkpoint, so it continues.
            warnings.warn(f"the checkpoint was not written: {error}", stacklevel=2)
        self._written = time.monotonic()

    def load(self) -> State | None:
        """Return the state to resume from, or None if there is no file yet.

        Raises
        ------
        InputError
            If the file is not a checkpoint, or that of another training.
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
                f"{self.path}: the checkpoint is of another training ({', '.join(different)} "
                "differ); delete it to start again, or choose another name"
            )
        logger.info("resuming from %s at epoch %d", self.path, state.epoch)
        return state


def check_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of a checkpoint.

    Raises
    ------
    InputError
        If the name does not end in .npz, or no file can be written there.
    """
    if Path(path).suffix != ".npz":
        raise InputError(f"checkpoint={str(path)!r}: the name of the file must end in .npz")
    check_file(path)
    return Path(path)


def stored_seed(path: str | os.PathLike[str]) -> int | None:
    """Return the seed of the training whose checkpoint this is; None if there is no file."""
    if not Path(path).is_file():
        return None
    content, _ = _read(Path(path))
    seed = content.get("identity", {}).get("seed")
    return int(seed) if seed is not None else None


def digest(dataset: Dataset) -> dict[str, Any]:
    """Return what tells these data from others: their shape and a checksum of all frames."""
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

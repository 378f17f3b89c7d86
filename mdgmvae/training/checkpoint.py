"""Interrupted trainings go on: the state of a training as one npz file, replaced atomically."""

from __future__ import annotations

import json
import logging
import os
import time
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..storage.atomic import atomic_file, check_file

if TYPE_CHECKING:
    from .loop import State

logger = logging.getLogger(__name__)

#: Seconds of training that an abrupt end may lose.
INTERVAL = 20.0
_NO_CHECKPOINT = "{}: not a checkpoint of mdgmvae; delete it or give another name"
_ARRAYS = ("weights", "first_moment", "second_moment")


class Checkpoint:
    """Writes the state of a training now and then, and reads it back.

    Parameters
    ----------
    path : path-like
        The .npz file.
    identity : mapping
        What must be the same for a training to go on: hyperparameters, seed, the data.
    writes : bool
        Of processes that train together only one writes; all of them read.
    """

    def __init__(
        self, path: str | os.PathLike, identity: Mapping[str, Any], writes: bool = True
    ) -> None:
        self.path = check_path(path)
        self._writes = writes
        self._identity = json.loads(json.dumps(identity))
        self._written = time.monotonic()

    def save_now_and_then(self, state: State) -> None:
        """Save when the last time is `INTERVAL` seconds ago."""
        if time.monotonic() - self._written >= INTERVAL:
            self.save(state)

    def save(self, state: State) -> None:
        """Write the state."""
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
            # The training is worth more than its checkpoint.
            warnings.warn(f"the checkpoint was not written: {error}", stacklevel=2)
        self._written = time.monotonic()

    def load(self) -> State | None:
        """The state to go on from; None where there is no file yet.

        Raises
        ------
        InputError
            When the file is no checkpoint, or that of another training.
        """
        from .loop import Restart, State

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
            raise InputError(_NO_CHECKPOINT.format(self.path)) from error
        different = [name for name in self._identity if identity.get(name) != self._identity[name]]
        if different:
            raise InputError(
                f"{self.path}: the checkpoint is of another training ({', '.join(different)} "
                "differ); delete it to start anew, or give another name"
            )
        logger.info("resuming from %s at epoch %d", self.path, state.epoch)
        return state


def check_path(path: str | os.PathLike) -> Path:
    """The path of a checkpoint, or an `InputError` when none can be written there."""
    if Path(path).suffix != ".npz":
        raise InputError(f"checkpoint={str(path)!r}: give the name of a file that ends in .npz")
    check_file(path)
    return Path(path)


def stored_seed(path: str | os.PathLike) -> int | None:
    """The seed of the training whose checkpoint is at `path`; None where there is none."""
    if not Path(path).is_file():
        return None
    content, _ = _read(Path(path))
    seed = content.get("identity", {}).get("seed")
    return int(seed) if seed is not None else None


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            content = json.loads(str(file["json"]))
            return content, {name: file[name] for name in file.files if name != "json"}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(_NO_CHECKPOINT.format(path)) from error

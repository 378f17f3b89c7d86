"""Interrupted trainings go on: the state of a training as one npz file, replaced atomically."""

from __future__ import annotations

import json
import logging
import os
import time
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputError
from .storage import atomic_file

if TYPE_CHECKING:
    from .training import State

logger = logging.getLogger(__name__)

#: Seconds of training that an abrupt end may lose.
INTERVAL = 20.0
_ARRAYS = ("weights", "first_moment", "second_moment", "best_weights")


class Checkpoint:
    """Writes the state of a training now and then, and reads it back.

    Parameters
    ----------
    path : path-like
        The .npz file.
    identity : mapping
        What must be the same for a training to go on: hyperparameters, seed, the data.
    """

    def __init__(self, path: str | os.PathLike, identity: Mapping[str, Any]) -> None:
        self.path = Path(path)
        if self.path.suffix != ".npz":
            raise InputError(f"checkpoint={str(path)!r}: give the name of a file that ends in .npz")
        self._identity = json.loads(json.dumps(identity))
        self._written = time.monotonic()

    def save_now_and_then(self, state: State) -> None:
        """Save when the last time is `INTERVAL` seconds ago."""
        if time.monotonic() - self._written >= INTERVAL:
            self.save(state)

    def save(self, state: State) -> None:
        """Write the state."""
        arrays = {name: getattr(state, name) for name in _ARRAYS if name != "best_weights"}
        if state.best_weights is not None:
            arrays["best_weights"] = state.best_weights
        if state.kept is not None:
            arrays["kept_weights"] = state.kept.weights
        fields = {name: value for name, value in vars(state).items() if name not in _ARRAYS}
        kept = fields.pop("kept")
        if kept is not None:
            fields["kept"] = {n: v for n, v in asdict(kept).items() if n != "weights"}
        text = json.dumps({"identity": self._identity, "state": fields})
        with atomic_file(self.path) as temporary, open(temporary, "wb") as file:
            np.savez(file, json=np.array(text), **arrays)
        self._written = time.monotonic()

    def load(self) -> State | None:
        """The state to go on from; None where there is no file yet.

        Raises
        ------
        InputError
            When the file is no checkpoint, or that of another training.
        """
        from .training import Fit, State

        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as file:
                content = json.loads(str(file["json"]))
                arrays = {name: file[name] for name in file.files if name != "json"}
            identity, fields = content["identity"], content["state"]
            kept = fields.pop("kept", None)
            if kept is not None:
                kept = Fit(weights=arrays.pop("kept_weights"), **kept)
            state = State(**fields, **arrays, kept=kept)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{self.path}: not a checkpoint of mdgmvae; delete it or give another name"
            ) from error
        different = [name for name in self._identity if identity.get(name) != self._identity[name]]
        if different:
            raise InputError(
                f"{self.path}: the checkpoint is of another training ({', '.join(different)} "
                "differ); delete it to start anew, or give another name"
            )
        logger.info("resuming from %s at epoch %d", self.path, state.epoch)
        return state

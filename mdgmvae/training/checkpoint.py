"""Checkpoints: the state of a training in an .npz file, from which training can resume."""

from __future__ import annotations

import copy
import json
import logging
import math
import os
import time
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import as_path
from ..errors import InputError
from ..json_files import (
    Unfit,
    anything,
    flag,
    listed,
    mapping,
    number,
    parse_json,
    record,
    whole,
)
from ..storage.atomic import atomic_file, check_file
from ..storage.npz import Entry, read_npz
from .dataset import Dataset
from .state import Restart, State

logger = logging.getLogger(__name__)

#: Seconds between two checkpoints, and so the most that is lost if the process is killed.
INTERVAL = 20.0
_ADVICE = "it is not a checkpoint of this version of mdgmvae; delete it or choose another name"
_ARRAYS = ("weights", "first_moment", "second_moment")
#: The two parts of a training: all restarts, and the best one again on all frames.
_RESTARTS, _REFIT = "restarts", "refit"


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
        self._part = _RESTARTS
        self._states: dict[str, State] = {}

    def refit(self) -> Checkpoint:
        """Return the checkpoint of the refit. It is in the same file, beside the restarts."""
        other = copy.copy(self)
        other._part = _REFIT
        return other

    def save_if_due(self, state: State) -> None:
        """Save the state if at least `INTERVAL` seconds have passed since the last time."""
        if time.monotonic() - self._written >= INTERVAL:
            self.save(state)

    def save(self, state: State) -> None:
        """Save the state, or warn if the file cannot be written."""
        if not self._writes:
            return
        self._states[self._part] = state
        arrays: dict[str, np.ndarray] = {}
        fields = {}
        for part, saved in self._states.items():
            arrays |= {f"{part}/{name}": getattr(saved, name) for name in _ARRAYS}
            for index, restart in enumerate(saved.restarts):
                if restart.best_weights is not None:
                    arrays[f"{part}/best_weights_{index}"] = restart.best_weights
            fields[part] = {
                "epoch": saved.epoch,
                "step": saved.step,
                "restarts": [_to_plain(restart) for restart in saved.restarts],
            }
        text = json.dumps({"identity": self._identity, "states": fields}, allow_nan=False)
        try:
            with atomic_file(self.path) as temporary, open(temporary, "wb") as file:
                np.savez(file, **{**arrays, "json": np.array(text)})  # type: ignore[arg-type]
        except (OSError, InputError) as error:
            # A failed checkpoint is no reason to stop the training.
            warnings.warn(f"the checkpoint was not written: {error}", stacklevel=2)
        self._written = time.monotonic()

    def load(self, shape: tuple[int, int]) -> State | None:
        """Return the saved state, or None if there is none yet.

        Parameters
        ----------
        shape : tuple of int
            Number of restarts and of weights.

        Raises
        ------
        InputError
            If the file is not a checkpoint, or belongs to another training.
        """
        if not self.path.exists():
            return None
        content = _read_json(self.path)
        identity = content["identity"]
        different = [name for name in self._identity if identity.get(name) != self._identity[name]]
        if different:
            raise InputError(
                f"{self.path}: the checkpoint belongs to another training ({', '.join(different)} "
                "differ); delete it to start over, or choose another name"
            )
        for part, fields in content["states"].items():
            # The other part may have another number of weights: a refit on all frames can have
            # other inputs.
            of_part = shape if part == self._part else (len(fields["restarts"]), "weights")
            self._states[part] = _read_state(self.path, part, fields, of_part)
        state = self._states.get(self._part)
        if state is not None:
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
    seed = _read_json(path)["identity"].get("seed")
    return int(whole(0)(seed)) if type(seed) is int else None


def digest(dataset: Dataset) -> dict[str, Any]:
    """Return the shape of the data and a checksum of all frames, to identify them."""
    checksum = 0
    for chunk in dataset.chunks():
        checksum = zlib.crc32(np.ascontiguousarray(chunk).data, checksum)
    return {"shape": [len(dataset), dataset.n_columns], "checksum": checksum}


def _read_json(path: Path) -> dict[str, Any]:
    """Read everything but the arrays."""
    found = read_npz(path, {"json": Entry("U", ())}, _ADVICE, strict=False)["json"]
    content: dict[str, Any] = parse_json(str(found), _CONTENT, str(path), _ADVICE)
    return content


def _read_state(
    path: Path, part: str, fields: dict[str, Any], shape: tuple[int, int | str]
) -> State:
    """Read the arrays of a state. A name as the number of weights stands for any number."""
    # The second moment may overflow, but no weights of an infinite loss are saved.
    entries = {
        f"{part}/{name}": Entry("f", shape, bytes=4, finite=name == "weights") for name in _ARRAYS
    }
    best = [f"{part}/best_weights_{index}" for index in range(shape[0])]
    entries |= {name: Entry("f", shape[1:], 4, required=False, finite=True) for name in best}
    arrays = read_npz(path, entries, _ADVICE, strict=False)
    restarts = fields["restarts"]
    if len(restarts) != shape[0]:
        raise InputError(f"{path}: has {len(restarts)} restarts instead of {shape[0]}; {_ADVICE}")
    return State(
        epoch=fields["epoch"],
        step=fields["step"],
        restarts=[
            Restart(**restart, best_weights=arrays.get(name))
            for restart, name in zip(restarts, best, strict=True)
        ],
        **{name: arrays[f"{part}/{name}"] for name in _ARRAYS},
    )


def _to_plain(restart: Restart) -> dict[str, Any]:
    """Return all but the weights of a restart as values for JSON, which has no infinity."""
    plain = {name: value for name, value in vars(restart).items() if name != "best_weights"}
    plain["best_loss"] = _to_text(restart.best_loss)
    plain["history"] = {
        name: [_to_text(value) for value in values] for name, values in restart.history.items()
    }
    return plain


def _to_text(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _any_number(value: Any) -> float:
    """Return a number that `_to_text` converted."""
    if value in ("inf", "-inf", "nan"):
        return float(value)
    found: float = number()(value)
    return found


def _history(value: Any) -> dict[str, list[float]]:
    """Return one value for each epoch and term."""
    found: dict[str, list[float]] = mapping(listed(_any_number))(value)
    if len(set(map(len, found.values()))) > 1:
        raise Unfit("the terms differ in length")
    return found


_STATE = record(
    {
        "epoch": whole(0),
        "step": whole(0),
        "restarts": listed(
            record(
                {
                    "history": _history,
                    "best_loss": _any_number,
                    "best_epoch": whole(0),
                    "stale_epochs": whole(0),
                    "diverged": flag,
                }
            )
        ),
    }
)
_CONTENT = record(
    {"identity": mapping(anything), "states": record({_RESTARTS: _STATE}, {_REFIT: _STATE})}
)

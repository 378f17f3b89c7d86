"""Damage files of every kind that mdgmvae reads, and see what their loaders say.

Only `random.Random` decides what is damaged, so that Hypothesis can, too. Nothing here needs
TensorFlow. `benchmarks/reliability/fuzz.py` does the same many times.
"""

import copy
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from mdgmvae import FeatureSet
from mdgmvae.annotation import read_labels, write_labels
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Concatenate, Contacts, Dihedrals, Distances, by_name
from mdgmvae.featurizers.topology.fingerprint import AtomRecord, Fingerprint
from mdgmvae.json_files import seal
from mdgmvae.model.saved_model import SavedModel, TrajectoryPart
from mdgmvae.network.architecture import Architecture, initial_weights
from mdgmvae.presets import Hyperparameters
from mdgmvae.training.checkpoint import Checkpoint
from mdgmvae.training.scaling import Scaling
from mdgmvae.training.state import Restart, State

SHAPE = (2, 5)
#: Values that are of the wrong type, too large, too deep or no text.
VALUES = [
    *(None, True, -1, 0, 3, 2**31, 2**63, 10**30, 10**400, 0.5, -1e308, float("inf"), float("nan")),
    *("", "x", "../../x", "/etc/passwd", "\ud800", "\0", "\x1b[31m", "=cmd", "9" * 5000),
    *([], {}, [[]], [None], {"kind": "dihedrals"}, {"kind": []}, [1, "a"], [0.5] * 3, [True]),
]


def write_sound_files(folder: Path) -> None:
    """Write a sound file of every kind."""
    rng = np.random.default_rng(0)
    np.save(folder / "x.npy", rng.normal(size=(6, 3)).astype(np.float32))
    atoms = Fingerprint(tuple(AtomRecord("ALA", 1 + i // 2, "CN"[i % 2]) for i in range(4)))
    featurizer = Concatenate((Dihedrals(), Distances(pairs=[(0, 1)]), Contacts())).to_dict()
    described = {
        **FeatureSet.load(folder / "x.npy").describe(),
        "lengths": [2, 4],
        "times": np.arange(6.0),
        "selection": "protein",
        "featurizer": featurizer,
        "fingerprint": atoms.to_dict(),
    }
    features = FeatureSet.load(folder / "x.npy")
    for name in ("lengths", "times", "selection", "featurizer", "fingerprint"):
        object.__setattr__(features, name, described[name])
    features.save(folder / "x.npy")

    sizes = Hyperparameters(k=2, qy_dims=3, qz_dims=3, pz_dims=3, px_dims=3)
    architecture = Architecture.of(sizes, n_x=3)
    part = TrajectoryPart(
        featurizer, "protein", atoms.to_dict(), ("a", "b", "c"), ("1",) * 3, "paper"
    )
    SavedModel(
        params={**sizes.to_dict(), "seed": 1},
        architecture=architecture,
        weights=initial_weights(architecture, rng),
        scaling=Scaling.fit(None, [], 3),
        fitted={
            "seed": 1,
            "device": "cpu",
            "populations": [0.25, 0.75],
            "state_of_component": [0, 1],
            "score_threshold": -20.0,
            "history": {"epoch": [1, 2], "loss": [1.5, 1.25]},
            "validation_history": {},
            "feature_names_in": [],
        },
        trajectory=part,
    ).save(folder / "model")

    arrays = [rng.normal(size=SHAPE).astype(np.float32) for _ in range(3)]
    restarts = [Restart({"epoch": [1], "loss": [0.5]}, arrays[0][0], 0.5, 1), Restart()]
    Checkpoint(folder / "state.npz", {"seed": 3, "params": {"k": 2}}).save(
        State(1, 10, *arrays, restarts)
    )
    columns = {"probabilities": 2, "component_probabilities": 2, "latent": 1}
    plain = {name: rng.random((6, n)).astype(np.float32) for name, n in columns.items()}
    for name in ("frames", "times", "trajectory_index", "labels", "components", "scores"):
        plain[name] = np.arange(6) % 2
    write_labels(folder / "labels.npz", type("Results", (), plain))
    (folder / "featurizer.json").write_text(json.dumps(featurizer))


@dataclass(frozen=True)
class Loader:
    """A loader and the file that is damaged before it is called.

    Parameters
    ----------
    file : str
        The file, in the folder of `write_sound_files`.
    load : callable
        Called with the folder.
    damage : callable
        Called with the file and a `Random`.
    protected : bool
        Whether each change of a byte must be noticed.
    """

    file: str
    load: Callable[[Path], object]
    damage: Callable[[Path, Random], None]
    protected: bool = False


def damage_bytes(path: Path, random: Random) -> None:
    """Change some bytes of a file."""
    content = bytearray(path.read_bytes())
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        _damage_once(content, random)
    path.write_bytes(content)


def _damage_once(content: bytearray, random: Random) -> None:
    at = random.randrange(len(content) + 1)
    length = random.choice([1, 2, 4, 8, 64, 1000])
    kind = random.randrange(7)
    if kind == 0 and content:
        content[at % len(content)] ^= 1 << random.randrange(8)
    elif kind == 1:
        del content[at : at + length]
    elif kind == 2:
        content[at:at] = bytes(random.randrange(256) for _ in range(min(length, 8)))
    elif kind == 3:
        content[at : at + length] = bytes([random.choice([0, 255, 48, 57, 91, 123])]) * length
    elif kind == 4:
        content[at : at + length] = content[: length // 2]
    elif kind == 5:
        number = random.choice([2**31 - 1, 2**32 - 1, 2**63 - 1, 10**11, 1, 0])
        size = random.choice([4, 8]) if number < 2**32 else 8
        content[at : at + size] = number.to_bytes(size, "little")
    else:
        del content[at:]


def damage_json(path: Path, random: Random) -> None:
    """Change a value somewhere in a JSON file, whose checksum fits again or is missing."""
    content = json.loads(path.read_text())
    content.pop("checksum", None)
    content = changed(content, random)
    path.write_text(json.dumps(content))
    if isinstance(content, dict) and content and random.randrange(4):
        seal(path)


def changed(value: Any, random: Random) -> Any:
    """Return a JSON value with a change somewhere in it."""
    value = copy.deepcopy(value)
    places: list[tuple[Any, Any]] = [([value], 0)]
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        keys = range(len(inner)) if isinstance(inner, list) else list(inner)
        places += [(inner, key) for key in keys]
        waiting += [inner[key] for key in keys if isinstance(inner[key], list | dict)]
    holder, key = random.choice(places)
    kind = random.randrange(6)
    if kind == 0 and holder is not places[0][0]:
        del holder[key]
    elif kind == 1:
        other, its_key = random.choice(places)
        holder[key] = copy.deepcopy(other[its_key])
    elif kind == 2:
        deep: Any = holder[key]
        for _ in range(random.choice([1, 30, 500])):
            deep = [deep] if random.randrange(2) else {"kind": deep}
        holder[key] = deep
    elif kind == 3 and isinstance(holder[key], list):
        holder[key] = holder[key] * random.choice([2, 100])
    else:
        holder[key] = random.choice(VALUES)
    return places[0][0][0]


def damage_weights(path: Path, random: Random) -> None:
    """Damage weights.npz, and make its digest in model.json fit again."""
    damage_bytes(path, random)
    description = path.with_name("model.json")
    content = json.loads(description.read_text())
    del content["checksum"]
    content["sha256"]["weights.npz"] = hashlib.sha256(path.read_bytes()).hexdigest()
    description.write_text(json.dumps(content))
    seal(description)


def damage_text_of_checkpoint(path: Path, random: Random) -> None:
    """Change a value in the JSON text of a checkpoint."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    content = changed(json.loads(str(arrays["json"])), random)
    np.savez(path, **{**arrays, "json": np.array(json.dumps(content).encode().decode())})


def _load_checkpoint(folder: Path) -> object:
    saver = Checkpoint(folder / "state.npz", {"seed": 3, "params": {"k": 2}})
    return saver.load(SHAPE), saver.refit().load(SHAPE)


LOADERS: dict[str, Loader] = {
    "values": Loader("x.npy", lambda f: FeatureSet.load(f / "x.npy"), damage_bytes, True),
    "description": Loader("x.json", lambda f: FeatureSet.load(f / "x.npy"), damage_bytes),
    "described": Loader("x.json", lambda f: FeatureSet.load(f / "x.npy"), damage_json),
    "model.json": Loader("model/model.json", SavedModel.load, damage_bytes, True),
    "model": Loader("model/model.json", SavedModel.load, damage_json),
    "weights.npz": Loader("model/weights.npz", SavedModel.load, damage_bytes, True),
    "weights": Loader("model/weights.npz", SavedModel.load, damage_weights),
    "checkpoint": Loader("state.npz", _load_checkpoint, damage_bytes),
    "state": Loader("state.npz", _load_checkpoint, damage_text_of_checkpoint),
    "labels": Loader("labels.npz", lambda f: read_labels(f / "labels.npz"), damage_bytes),
    "featurizer.json": Loader(
        "featurizer.json", lambda f: by_name(f / "featurizer.json"), damage_bytes
    ),
    "featurizer": Loader("featurizer.json", lambda f: by_name(f / "featurizer.json"), damage_json),
    "features": Loader("x.json", lambda f: by_name(f / "x.json"), damage_json),
}


def load_damaged(sound: Path, work: Path, loader: Loader, random: Random) -> str:
    """Damage a copy of the sound files in `work`, load it, and restore it.

    Returns
    -------
    str
        "read", "refused", "unchanged" if the damage happened to change nothing, or what went
        wrong.
    """
    folder = loader.file.split("/")[0]
    try:
        loader.damage(work / loader.file, random)
        if (work / loader.file).read_bytes() == (sound / loader.file).read_bytes():
            return "unchanged"
        try:
            loader.load(work)
        except InputError as error:
            message = str(error)
            return "refused" if "\n" not in message and len(message) < 1000 else message
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return "not noticed" if loader.protected else "read"
    finally:
        if folder == "model":
            for name in ("model.json", "weights.npz"):
                shutil.copyfile(sound / "model" / name, work / "model" / name)
        else:
            shutil.copyfile(sound / loader.file, work / loader.file)

"""A model on disk: a folder of model.json and weights.npz, plain text and plain arrays."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import numpy as np

from .._version import __version__
from ..errors import InputError
from ..network.architecture import Architecture
from ..presets import RULES
from ..storage.atomic import atomic_folder
from ..training.scaling import Scaling

FORMAT = "mdgmvae-model"
FORMAT_VERSION = 2
_FITTED = (
    "seed", "device", "populations", "state_of_component", "history", "validation_history",
    "feature_names_in",
)  # fmt: skip
_SCALING = ("mean", "scale", "projection", "back_projection", "autocorrelation", "explained")
_PACKAGES = ("numpy", "tensorflow", "scikit-learn", "MDAnalysis", "mdtraj")


@dataclass(frozen=True)
class TrajectoryPart:
    """What a saved model keeps of the trajectory that it was trained on.

    Parameters
    ----------
    featurizer : dict or None
        The featurizer as `Featurizer.to_dict` gives it; None for a model that was trained on
        an array.
    selection : str or None
        Selection of the atoms, in MDAnalysis' language; None for all atoms.
    fingerprint : dict or None
        Fingerprint of the atoms; None for a model that was trained on an array.
    names, units : tuple of str
        Name and unit of each feature.
    preset : str
        Preset of the hyperparameters.

    Examples
    --------
    >>> part = TrajectoryPart(None, None, None, ("x0",), ("1",), "paper")
    >>> TrajectoryPart.from_dict(part.to_dict()) == part
    True
    """

    featurizer: dict[str, Any] | None
    selection: str | None
    fingerprint: dict[str, Any] | None
    names: tuple[str, ...]
    units: tuple[str, ...]
    preset: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, as plain values that JSON can hold."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**plain, "names": list(self.names), "units": list(self.units)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Make the value from what `to_dict` returned.

        Raises
        ------
        KeyError
            When a field is missing.
        """
        values = {f.name: plain[f.name] for f in fields(cls)}
        return cls(**{**values, "names": tuple(plain["names"]), "units": tuple(plain["units"])})


@dataclass(frozen=True)
class SavedModel:
    """All that a model is.

    Parameters
    ----------
    params : dict
        Hyperparameters, as given to the constructor.
    architecture : Architecture
        With the order of the components.
    weights : dict of str to ndarray of float32
    scaling : Scaling
    fitted : dict
        Plain values found by the fit: seed, device, populations, history, ...
    trajectory : TrajectoryPart or None
        What it was trained on, where that was a trajectory.
    """

    params: dict[str, Any]
    architecture: Architecture
    weights: dict[str, np.ndarray]
    scaling: Scaling
    fitted: dict[str, Any]
    trajectory: TrajectoryPart | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def save(self, path: str | os.PathLike) -> None:
        """Write the folder; one that holds a model is replaced, any other is refused.

        Raises
        ------
        InputError
            When `path` cannot be written or holds something else than a model.
        """
        path = Path(path)
        architecture = {n: v for n, v in asdict(self.architecture).items() if n != "shapes"}
        content = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "versions": installed_versions(),
            "params": self.params,
            "architecture": architecture,
            "fitted": self.fitted,
            "trajectory": None if self.trajectory is None else self.trajectory.to_dict(),
        }
        arrays = {**self.weights, **_scaling_arrays(self.scaling)}
        with atomic_folder(path, overwrite=(path / "model.json").is_file()) as temporary:
            with open(temporary / "weights.npz", "wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            content["sha256"] = {"weights.npz": _digest(temporary / "weights.npz")}
            text = json.dumps(content, indent=1, default=_plain, allow_nan=False)
            (temporary / "model.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike) -> SavedModel:
        """Read the folder, or the folder `model` in it.

        Raises
        ------
        InputError
            When there is no model, it is damaged, or of a later version.
        """
        path = find_model(path)
        content = _read_json(path / "model.json")
        try:
            architecture = _architecture(content["architecture"])
            arrays = _read_arrays(path / "weights.npz")
            if _digest(path / "weights.npz") != content["sha256"]["weights.npz"]:
                raise InputError(f"{path}: weights.npz does not belong to model.json; save again")
            scaling = _scaling(arrays)
            model = cls(
                params=_known(_tuples(content["params"])),
                architecture=architecture,
                weights=arrays,
                scaling=scaling,
                fitted={name: content["fitted"][name] for name in _FITTED},
                trajectory=_trajectory(content["trajectory"]),
                versions=content["versions"],
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{path}: the model is damaged ({error}); save it again") from error
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes != architecture.shapes or not _fits(scaling, architecture.n_x):
            raise InputError(f"{path}: weights.npz does not fit model.json; save the model again")
        return model


def _scaling_arrays(scaling: Scaling) -> dict[str, np.ndarray]:
    arrays = {f"scaling/{name}": getattr(scaling, name) for name in _SCALING}
    return {n: np.asarray(a, np.float32) for n, a in arrays.items() if a is not None}


def _scaling(arrays: dict[str, np.ndarray]) -> Scaling:
    """The scaling, taken out of the arrays of the file."""
    explained = float(arrays.pop("scaling/explained"))
    found = {name: arrays.pop(f"scaling/{name}", None) for name in _SCALING[2:5]}
    return Scaling(
        arrays.pop("scaling/mean"), arrays.pop("scaling/scale"), **found, explained=explained
    )


def _fits(scaling: Scaling, n_x: int) -> bool:
    columns = scaling.mean.shape
    w, back = scaling.projection, scaling.back_projection
    if w is None or back is None or scaling.autocorrelation is None:
        return columns == scaling.scale.shape == (n_x,)
    return columns == scaling.scale.shape and w.shape == back.T.shape == (*columns, n_x)


def find_model(path: str | os.PathLike) -> Path:
    """The folder of a model: `path`, or `path`/model.

    Raises
    ------
    InputError
        When neither holds a model.json.
    """
    path = Path(path)
    for folder in (path, path / "model"):
        if (folder / "model.json").is_file():
            return folder
    reason = "holds no model (model.json)" if path.exists() else "does not exist"
    raise InputError(f"{path}: {reason}; give the folder that `mdgmvae train` or save() wrote")


def installed_versions() -> dict[str, str]:
    """Versions of mdgmvae, Python and the packages that decide the result."""
    found = {"mdgmvae": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path}: not a model of mdgmvae")
    if content.get("format_version") != FORMAT_VERSION:
        raise InputError(
            f"{path}: format {content.get('format_version')}, but this is mdgmvae {__version__}, "
            f"which reads format {FORMAT_VERSION}; install the version that wrote it"
        )
    return content


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read ({error}); save the model again") from error


def _known(params: dict[str, Any]) -> dict[str, Any]:
    unknown = set(params) - {*RULES, "seed"}
    if unknown:
        raise ValueError(f"unknown parameters {', '.join(sorted(unknown))}")
    return params


def _trajectory(content: Mapping[str, Any] | None) -> TrajectoryPart | None:
    return None if content is None else TrajectoryPart.from_dict(content)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _architecture(content: Mapping[str, Any]) -> Architecture:
    return Architecture(**_tuples(content))


def _tuples(content: Mapping[str, Any]) -> dict[str, Any]:
    return {n: tuple(v) if isinstance(v, list) else v for n, v in content.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} cannot be saved as JSON")

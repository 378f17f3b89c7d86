"""The saved model: a folder with model.json (plain text) and weights.npz (plain arrays)."""

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
    "seed", "device", "populations", "state_of_component", "score_threshold", "history",
    "validation_history", "feature_names_in",
)  # fmt: skip
_SCALING = ("mean", "scale", "projection", "back_projection", "autocorrelation", "explained")
_PACKAGES = ("numpy", "tensorflow", "scikit-learn", "MDAnalysis", "mdtraj")


@dataclass(frozen=True)
class TrajectoryPart:
    """The part of a saved model that describes the trajectory it was trained on.

    Parameters
    ----------
    featurizer : dict or None
        What `Featurizer.to_dict` returns. None for a model that was trained on an array.
    selection : str or None
        Selection of the atoms, in the language of MDAnalysis; None for all atoms.
    fingerprint : dict or None
        Fingerprint of the atoms. None for a model that was trained on an array.
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
        """Return the fields by name, as values for JSON.

        Returns
        -------
        dict
        """
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**plain, "names": list(self.names), "units": list(self.units)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Make the part from what `to_dict` returned.

        Parameters
        ----------
        plain : mapping

        Returns
        -------
        TrajectoryPart

        Raises
        ------
        KeyError
            If a field is missing.
        """
        values = {f.name: plain[f.name] for f in fields(cls)}
        return cls(**{**values, "names": tuple(plain["names"]), "units": tuple(plain["units"])})


@dataclass(frozen=True)
class SavedModel:
    """Everything that defines a trained model.

    Parameters
    ----------
    params : dict
        Parameters of the constructor of `GMVAE`.
    architecture : Architecture
        Sizes of the networks and the order of the components.
    weights : dict of str to ndarray of float32
    scaling : Scaling
    fitted : dict
        Plain values that the fit found: "seed", "device", "populations", "state_of_component",
        "score_threshold", "history", "validation_history", "feature_names_in".
    trajectory : TrajectoryPart or None
        What the model was trained on. None for a `GMVAE` that was saved by itself.
    versions : dict of str to str
        Versions of the packages that wrote the files; empty for a model that was not loaded.
    """

    params: dict[str, Any]
    architecture: Architecture
    weights: dict[str, np.ndarray]
    scaling: Scaling
    fitted: dict[str, Any]
    trajectory: TrajectoryPart | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the folder.

        Parameters
        ----------
        path : path-like
            The folder. A model that is already there is replaced.

        Raises
        ------
        InputError
            If `path` cannot be written, or has anything other than a model in it.
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
    def load(cls, path: str | os.PathLike[str]) -> SavedModel:
        """Read the folder.

        Parameters
        ----------
        path : path-like
            The folder, or one that contains it as ``model``.

        Returns
        -------
        SavedModel

        Raises
        ------
        InputError
            If there is no model, it is damaged, or it has the format of another version.
        """
        path = find_model(path)
        content = _read_json(path / "model.json")
        try:
            architecture = _architecture(content["architecture"])
            arrays = _read_arrays(path / "weights.npz")
            if _digest(path / "weights.npz") != content["sha256"]["weights.npz"]:
                raise InputError(
                    f"{path}: weights.npz does not belong to model.json; save the model again"
                )
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
    """Take the scaling out of the arrays of the file."""
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


def find_model(path: str | os.PathLike[str]) -> Path:
    """Find the folder of a model: `path`, or `path`/model.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If neither contains a model.json.
    """
    path = Path(path)
    for folder in (path, path / "model"):
        if (folder / "model.json").is_file():
            return folder
    reason = "contains no model (model.json)" if path.exists() else "does not exist"
    raise InputError(
        f"{path}: {reason}; pass a folder that `mdgmvae run`, `mdgmvae train`, "
        "GMVAEAnalysis.save_model or GMVAE.save wrote"
    )


def installed_versions() -> dict[str, str]:
    """Return the versions of mdgmvae, Python and the packages that affect results.

    Returns
    -------
    dict of str to str
        "not installed" for a package that is missing.
    """
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
        raise InputError(f"{path}: not a model of mdgmvae; pass a folder that mdgmvae saved")
    if content.get("format_version") != FORMAT_VERSION:
        raise InputError(
            f"{path}: format {content.get('format_version')}, but mdgmvae {__version__} reads "
            f"format {FORMAT_VERSION}; install the version of mdgmvae that wrote the model"
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

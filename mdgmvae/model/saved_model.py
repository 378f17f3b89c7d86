"""The saved model: a folder with model.json (plain text) and weights.npz (plain arrays)."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import numpy as np

from .._version import __version__
from ..checks import as_path
from ..errors import InputError
from ..json_files import read_json, seal
from ..network.architecture import Architecture
from ..storage.atomic import atomic_folder
from ..storage.npz import Entry, read_npz
from ..storage.workplace import finish_abandoned
from ..training.scaling import Scaling
from .model_kind import FORMAT, FORMAT_VERSION, model_kind

_ADVICE = "save the model again, or copy both files again"
_PROJECTION = ("projection", "back_projection", "center", "autocorrelation")
_SCALING = ("mean", "scale", *_PROJECTION, "explained")
_PRODUCTS = "scaling/products"
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

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the folder.

        Parameters
        ----------
        path : path-like
            The folder.
        overwrite : bool
            Replace a model that is already there. Other files in the folder are kept.

        Raises
        ------
        InputError
            If `path` is a file, cannot be written, or is not empty and `overwrite` is False.
        """
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
        with atomic_folder(path, overwrite) as temporary:
            with open(temporary / "weights.npz", "wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            content["sha256"] = {"weights.npz": _digest(temporary / "weights.npz")}
            text = json.dumps(content, indent=1, default=_plain, allow_nan=False)
            (temporary / "model.json").write_text(text, encoding="utf-8")
            seal(temporary / "model.json")

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
        content = read_json(path / "model.json", model_kind, _ADVICE, sealed=True)
        if _digest(path / "weights.npz") != content["sha256"]["weights.npz"]:
            raise InputError(f"{path}: weights.npz does not belong to model.json; {_ADVICE}")
        architecture = Architecture(**content["architecture"])
        arrays = read_npz(path / "weights.npz", _entries(architecture), _ADVICE)
        arrays = {
            name: array if name == _PRODUCTS else np.asarray(array, np.float32)
            for name, array in arrays.items()
        }
        scaling = _scaling(arrays)
        trajectory = content["trajectory"]
        _check_columns(path, scaling, content, architecture.n_x)
        return cls(
            params=content["params"],
            architecture=architecture,
            weights=arrays,
            scaling=scaling,
            fitted=content["fitted"],
            trajectory=None if trajectory is None else TrajectoryPart.from_dict(trajectory),
            versions=content["versions"],
        )


def _scaling_arrays(scaling: Scaling) -> dict[str, np.ndarray]:
    arrays = {f"scaling/{name}": getattr(scaling, name) for name in _SCALING}
    floats = {n: np.asarray(a, np.float32) for n, a in arrays.items() if a is not None}
    return {**floats, _PRODUCTS: scaling.products.astype(np.int64)}


def _scaling(arrays: dict[str, np.ndarray]) -> Scaling:
    """Take the scaling out of the arrays of the file."""
    explained = float(arrays.pop("scaling/explained"))
    found = {name: arrays.pop(f"scaling/{name}", None) for name in _PROJECTION}
    return Scaling(
        arrays.pop("scaling/mean"),
        arrays.pop("scaling/scale"),
        **found,
        products=arrays.pop(_PRODUCTS),
        explained=explained,
    )


def _entries(architecture: Architecture) -> dict[str, Entry]:
    """Return what weights.npz has to contain."""
    n_x = architecture.n_x
    weights = {
        name: Entry("f", shape, bytes=4, finite=True) for name, shape in architecture.shapes.items()
    }
    shapes: dict[str, tuple[int | str, ...]] = {
        "mean": ("n_columns",),
        "scale": ("n_columns",),
        "projection": ("n_inputs", n_x),
        "back_projection": (n_x, "n_columns"),
        "center": ("n_inputs",),
        "autocorrelation": (n_x,),
        "explained": (),
    }
    scaling = {
        f"scaling/{name}": Entry("f", shape, 4, required=name not in _PROJECTION, finite=True)
        for name, shape in shapes.items()
    }
    return {**weights, **scaling, _PRODUCTS: Entry("i", ("n_products", 2), 8)}


def _check_columns(path: Path, scaling: Scaling, content: dict[str, Any], n_x: int) -> None:
    """Compare the columns that the parts of a model are for."""
    n_columns, products = len(scaling.mean), scaling.products
    n_inputs = n_columns + len(products)
    projection = [getattr(scaling, name) is not None for name in _PROJECTION]
    names = [content["fitted"]["feature_names_in"] or None]
    if content["trajectory"] is not None:
        names += [content["trajectory"]["names"], content["trajectory"]["units"]]
    fits = [
        all(projection) or (not any(projection) and n_inputs == n_x),
        scaling.center is None or len(scaling.center) == n_inputs,
        not len(products) or 0 <= products.min() <= products.max() < n_columns,
        bool((scaling.scale > 0).all()),
        *(len(given) == n_columns for given in names if given is not None),
    ]
    if not all(fits):
        raise InputError(f"{path}: weights.npz does not fit model.json; {_ADVICE}")


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
    path = as_path(path)
    finish_abandoned(path)
    for folder in (path, path / "model"):
        if (folder / "model.json").is_file():
            return folder
    reason = "contains no model (model.json)" if path.exists() else "does not exist"
    if path.is_file():
        reason = "is a file"
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


def _digest(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a file; {_ADVICE}")
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{path}: cannot be read ({reason}); {_ADVICE}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} cannot be saved as JSON")

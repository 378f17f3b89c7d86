"""Make featurizers from names, dictionaries and JSON files."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import numpy as np

from ..checks import as_path
from ..errors import InputError
from ..json_files import Unfit, anything, read_json
from .base import Featurizer, defined_classes, required_options
from .concatenate import Concatenate


@cache
def _import_all() -> None:
    """Import all modules of this folder, so that their featurizers are registered."""
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")


def kinds() -> dict[str, type[Featurizer]]:
    """Return all featurizer classes by kind.

    Returns
    -------
    dict
        The classes of this package, and your own classes that have been defined so far.

    Examples
    --------
    >>> from mdgmvae.featurizers.registry import kinds
    >>> kinds()["contacts"].__name__
    'Contacts'
    """
    _import_all()
    classes = defined_classes()
    return {kind: classes[kind] for kind in sorted(classes)}


def built_in_classes() -> dict[str, type[Featurizer]]:
    """Return the featurizer classes of this package by class name."""
    return {
        cls.__name__: cls
        for cls in kinds().values()
        if cls.__module__.rpartition(".")[0] == __package__
    }


def _named() -> dict[str, Featurizer]:
    """Return the featurizers that have a short name, by this name."""
    found = {name: item for cls in kinds().values() for name, item in cls.named().items()}
    return {name: found[name] for name in sorted(found)}


def from_dict(
    values: Mapping[str, Any], custom: Mapping[str, Callable[..., Any]] | None = None
) -> Featurizer:
    """Make a featurizer from the dictionary that its `to_dict` returned.

    Parameters
    ----------
    values : dict
        The kind and the options. Missing options have their defaults.
    custom : dict, optional
        Functions of `Custom` featurizers by name.

    Returns
    -------
    Featurizer
        The featurizer.

    Raises
    ------
    InputError
        If the kind or an option is unknown, or a function is missing.

    Examples
    --------
    >>> from mdgmvae.featurizers import from_dict
    >>> from_dict({"kind": "dihedrals", "angles": ["chi1"]}).angles
    ('chi1',)
    """
    known = kinds()
    kind = values.get("kind") if isinstance(values, Mapping) else values
    if not isinstance(values, Mapping) or not isinstance(kind, str) or kind not in known:
        raise InputError(
            f"no featurizer is of kind {kind!r}: the kinds are {', '.join(known)}; if it is your "
            "own featurizer, import its module first"
        )
    cls = known[kind]
    options = {key: _restore(value, custom) for key, value in values.items() if key != "kind"}
    try:
        return cls._from_options(options, custom or {})
    except InputError:
        raise
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"the featurizer '{cls.kind}' cannot be made: {reason}") from error


def _restore(value: Any, custom: Mapping[str, Callable[..., Any]] | None) -> Any:
    """Convert the dictionaries in the value of an option back to featurizers."""
    if isinstance(value, Mapping) and "kind" in value:
        return from_dict(value, custom)
    if isinstance(value, list):
        return [_restore(item, custom) for item in value]
    return value


def by_name(features: Any) -> Featurizer:
    """Make a featurizer from a name, a list, a JSON file or another featurizer.

    Parameters
    ----------
    features : str, path-like, Featurizer, or a sequence of these
        "dihedrals", "distances" (between heavy atoms), "ca_distances", "positions", "angles",
        "contacts" (between residues), or the kind of your own featurizer. Or the path of a .json
        file that contains the `to_dict` of a featurizer or lies beside a feature file. The
        featurizers of a sequence are concatenated.

    Returns
    -------
    Featurizer
        The featurizer.

    Raises
    ------
    InputError
        If the name is unknown or the file cannot be used.

    Examples
    --------
    >>> from mdgmvae.featurizers import by_name
    >>> by_name(["dihedrals", "ca_distances"]).parts[1].scheme
    'ca'
    """
    if isinstance(features, Featurizer):
        return features
    if isinstance(features, (list, tuple)):
        parts = tuple(by_name(item) for item in features)
        return parts[0] if len(parts) == 1 else Concatenate(parts)
    if isinstance(features, (str, Path)) and Path(features).suffix.lower() == ".json":
        return _from_file(as_path(features))
    if isinstance(features, np.ndarray):
        raise InputError(
            "features: an array cannot be combined with others in a list; pass a single array"
        )
    if not isinstance(features, (str, Path)):
        raise InputError(
            f"features: a value of type {type(features).__name__} is unknown; pass a name, a "
            "featurizer, a list of them, or an array of shape (n_frames, n_features)"
        )
    name, named = str(features), _named()
    if name in named:
        return named[name]
    if Path(features).suffix == ".npy":
        raise InputError(
            f"features={name!r}: is a file of features; pass mdgmvae.FeatureSet.load({name!r})"
        )
    if name in kinds():
        cls = kinds()[name]
        options = ", ".join(required_options(cls)) or "parts"
        raise InputError(
            f"features={features!r}: {cls.__name__} has required options ({options}); pass "
            f"{cls.__name__}(...) with them, or a .json file"
        )
    raise InputError(
        f"features={features!r} is unknown; choose {', '.join(named)}, a featurizer, or FILE.json"
    )


def _from_file(path: Path) -> Featurizer:
    advice = "write the file with json.dump(featurizer.to_dict(), file)"
    values = read_json(path, _featurizer_in, advice)
    try:
        return from_dict(values)
    except InputError as error:
        raise InputError(f"{path}: {Unfit(str(error))}") from error


def _featurizer_in(value: Any) -> Any:
    """Return the featurizer in a file of its own, or in the description of a feature file."""
    if isinstance(value, dict) and "featurizer" in value:
        value = value["featurizer"]
    return anything(value)

"""Featurizers by name, and from what was saved."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from .angles import Angles
from .base import Featurizer
from .concatenate import Concatenate
from .contacts import Contacts
from .custom import Custom
from .dihedrals import Dihedrals
from .distances import Distances
from .positions import Positions

_KINDS: dict[str, type[Featurizer]] = {
    cls.kind: cls
    for cls in (Angles, Concatenate, Contacts, Custom, Dihedrals, Distances, Positions)
}
_NAMED: dict[str, Featurizer] = {
    "dihedrals": Dihedrals(),
    "distances": Distances(),
    "ca_distances": Distances(scheme="ca"),
    "positions": Positions(),
    "angles": Angles(),
    "contacts": Contacts(scheme="residue-min"),
}


def from_dict(
    values: Mapping[str, Any], custom: Mapping[str, Callable] | None = None
) -> Featurizer:
    """Rebuild a featurizer from what its `to_dict` made.

    Parameters
    ----------
    values : dict
        The kind and the options.
    custom : dict, optional
        Functions of `Custom` featurizers by name.

    Raises
    ------
    InputError
        When the kind or an option is unknown, or a function is missing.

    Examples
    --------
    >>> from mdgmvae.featurizers import from_dict
    >>> from_dict({"kind": "dihedrals", "angles": ["chi1"]}).angles
    ('chi1',)
    """
    if not isinstance(values, Mapping) or values.get("kind") not in _KINDS:
        kind = values.get("kind") if isinstance(values, Mapping) else values
        raise InputError(f"no featurizer is of kind {kind!r}: the kinds are {', '.join(_KINDS)}")
    options = {key: value for key, value in values.items() if key != "kind"}
    cls = _KINDS[values["kind"]]
    try:
        return cls._from_options(options, dict(custom or {}))
    except TypeError as error:
        raise InputError(f"the featurizer '{cls.kind}' cannot be made: {error}") from error


def by_name(features: Any) -> Featurizer:
    """Make a featurizer of what a user gives: a name, a featurizer, a list, or a JSON file.

    Parameters
    ----------
    features : str, path-like, Featurizer, or a sequence of these
        "dihedrals", "distances" (heavy atoms), "ca_distances", "positions", "angles", "contacts"
        (smallest distances of residues); or a path to FILE.json that holds `to_dict` of a
        featurizer, or is the .json beside a feature file. A sequence is concatenated.

    Raises
    ------
    InputError
        When the name is unknown or the file cannot be used.

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
    if str(features) in _NAMED:
        return _NAMED[str(features)]
    if isinstance(features, (str, Path)) and Path(features).suffix == ".json":
        return _from_file(Path(features))
    raise InputError(
        f"features={features!r} is unknown: give {', '.join(_NAMED)}, a featurizer, or FILE.json"
    )


def _from_file(path: Path) -> Featurizer:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error})") from error
    if isinstance(values, dict) and "featurizer" in values:
        values = values["featurizer"]
    try:
        return from_dict(values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error

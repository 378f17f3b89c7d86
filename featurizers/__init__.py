"""Featurizers: descriptions of features that can be bound to the atoms of any topology.

Featurizers in the modules of this folder are found by class name and need no entry here.
Importing this package is cheap: MDAnalysis and mdtraj are imported on first use.

Examples
--------
>>> from mdgmvae.featurizers import Dihedrals, by_name
>>> by_name("dihedrals") == Dihedrals()
True
"""

from typing import Any

from .._lazy import lazy_names

_NAMES = {
    "Featurizer": ".base",
    "BoundFeaturizer": ".base",
    "from_dict": ".registry",
    "by_name": ".registry",
    "featurize": "..trajectory.streaming",
    "FeatureSet": "..storage.features",
}
_get, _ = lazy_names(__name__, _NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return _get(name)
    if name == "__all__":
        return __dir__()
    if not name.startswith("_"):
        from .registry import built_in_classes

        found = built_in_classes().get(name)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    from .registry import built_in_classes

    return sorted([*_NAMES, *built_in_classes()])

"""Features of molecular-dynamics frames: frozen descriptions that bind to any topology.

Importing this is cheap: MDAnalysis and mdtraj are imported when atoms are touched.

Examples
--------
>>> from mdgmvae.featurizers import Dihedrals, by_name
>>> by_name("dihedrals") == Dihedrals()
True
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "Featurizer": "base",
    "BoundFeaturizer": "base",
    "Distances": "distances",
    "Dihedrals": "dihedrals",
    "Angles": "angles",
    "Positions": "positions",
    "Contacts": "contacts",
    "Concatenate": "concatenate",
    "Custom": "custom",
    "from_dict": "registry",
    "by_name": "registry",
    "featurize": "streaming",
    "FeatureSet": "..storage",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _PUBLIC[name]
    relative = module if module.startswith(".") else f".{module}"
    return getattr(import_module(relative, __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])

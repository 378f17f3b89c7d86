"""Features of molecular-dynamics frames: frozen descriptions that bind to any topology.

Importing this is cheap: MDAnalysis and mdtraj are imported when atoms are touched.

Examples
--------
>>> from mdgmvae.featurizers import Dihedrals, by_name
>>> by_name("dihedrals") == Dihedrals()
True
"""

from .._lazy import lazy_names

_NAMES = {
    "Featurizer": ".base",
    "BoundFeaturizer": ".base",
    "Distances": ".distances",
    "Dihedrals": ".dihedrals",
    "Angles": ".angles",
    "Positions": ".positions",
    "Contacts": ".contacts",
    "Concatenate": ".concatenate",
    "Custom": ".custom",
    "from_dict": ".registry",
    "by_name": ".registry",
    "featurize": "..trajectory.streaming",
    "FeatureSet": "..storage.features",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

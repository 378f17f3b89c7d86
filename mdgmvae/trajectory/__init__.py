"""Read trajectories, compute features and write them to files."""

from .._lazy import lazy_names

_NAMES = {
    "featurize": ".streaming",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

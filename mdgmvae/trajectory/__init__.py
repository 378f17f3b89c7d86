"""Reading of trajectories: frames in, feature files out."""

from .._lazy import lazy_names

_NAMES = {
    "featurize": ".streaming",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

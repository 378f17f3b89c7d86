"""Feature files, and writing that replaces a file completely or not at all."""

from .._lazy import lazy_names

_NAMES = {
    "FeatureSet": ".features",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

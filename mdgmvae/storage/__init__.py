"""Feature files, and atomic writing of files and folders."""

from .._lazy import lazy_names

_NAMES = {
    "FeatureSet": ".features",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

"""The estimator, the trained model, and the files that keep it."""

from .._lazy import lazy_names

_NAMES = {
    "GMVAE": ".gmvae",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

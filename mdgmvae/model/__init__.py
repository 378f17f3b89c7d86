"""The estimator `GMVAE`, the trained model, and its files."""

from .._lazy import lazy_names

_NAMES = {
    "GMVAE": ".gmvae",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

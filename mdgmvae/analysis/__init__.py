"""Analyse a trajectory, from features to annotated frames."""

from .._lazy import lazy_names

_NAMES = {
    "GMVAEAnalysis": ".gmvae_analysis",
    "default_selection": ".selection",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

"""Figures: each function takes ``ax=`` and returns the Axes that it has drawn on.

Most legends are above the Axes, where a title would be. ``axes.figure.suptitle`` gives a title to
the whole figure.
"""

from .._lazy import lazy_names

_NAMES = {
    "agreement": ".runs",
    "feature_sets": ".comparison",
    "methods": ".comparison",
    "number_of_components": ".comparison",
    "chapman_kolmogorov": ".kinetics",
    "implied_timescales": ".kinetics",
    "vamp2_scores": ".kinetics",
    "transition_network": ".network",
    "ramachandran": ".dihedrals",
    "free_energy": ".landscape",
    "free_energy_error": ".landscape",
    "effect_sizes": ".states",
    "populations": ".states",
    "trace": ".states",
    "history": ".training",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

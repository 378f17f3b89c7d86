"""Figures: each function takes ``ax=`` and returns the Axes it has drawn on."""

from .._lazy import lazy_names

_NAMES = {
    "plot_comparison": ".comparison",
    "plot_selection": ".comparison",
    "plot_effect_sizes": ".description",
    "plot_chapman_kolmogorov": ".kinetics",
    "plot_implied_timescales": ".kinetics",
    "plot_scores": ".kinetics",
    "free_energy": ".landscape",
    "free_energy_error": ".landscape",
    "history": ".landscape",
    "populations": ".landscape",
    "trace": ".landscape",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

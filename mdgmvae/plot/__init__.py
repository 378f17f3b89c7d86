"""Figures: each function takes ``ax=`` and returns the Axes that it has drawn on.

Most legends are above the Axes, where a title would be. ``axes.figure.suptitle`` gives a title to
the whole figure.
"""

from typing import Any

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
_get, __dir__ = lazy_names(__name__, _NAMES)


def require_matplotlib() -> None:
    """Raise an ImportError that says how to install matplotlib, if it is missing."""
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        raise ImportError(
            f"figures need {error.name}; install it with: pip install matplotlib"
        ) from error


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        require_matplotlib()
    return _get(name)

"""Show molecules in a notebook, coloured by state."""

from .._lazy import lazy_names

_NAMES = {
    "Explorer": ".explorer",
    "explore": ".explorer",
    "view": ".playback",
    "view_states": ".playback",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

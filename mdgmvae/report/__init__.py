"""One HTML page that shows the result of an analysis, and needs no network."""

from .._lazy import lazy_names

_NAMES = {
    "report_analysis": ".write",
    "report_folder": ".write",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

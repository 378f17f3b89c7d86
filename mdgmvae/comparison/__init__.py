"""Compare methods that find states, and choose the number of components."""

from .._lazy import lazy_names

_NAMES = {
    "compare": ".baselines",
    "held_out_score": ".baselines",
    "select_k": ".number_of_states",
    "Selection": ".number_of_states",
    "Comparison": ".result",
    "MethodResult": ".result",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

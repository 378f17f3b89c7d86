"""Describe states, and assess how well the data support them."""

from .._lazy import lazy_names

_NAMES = {
    "describe": ".description",
    "Description": ".state_features",
    "describe_both": ".description",
    "judge": ".judgement",
    "Judgement": ".judgement",
    "StateTable": ".summary",
    "summarize": ".summary",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

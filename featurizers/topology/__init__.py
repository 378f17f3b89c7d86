"""Atoms: what they are called, how they are linked, which ones a model was trained on."""

from ..._lazy import lazy_names

_NAMES = {
    "Fingerprint": ".atoms",
    "as_atoms": ".atoms",
    "select_indices": ".atoms",
    "selected_atoms": ".atoms",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

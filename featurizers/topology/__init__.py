"""Atoms of a topology: selections, names, linked residues and fingerprints."""

from ..._lazy import lazy_names

_NAMES = {
    "Fingerprint": ".fingerprint",
    "as_atoms": ".atoms",
    "select_indices": ".atoms",
    "selected_atoms": ".atoms",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

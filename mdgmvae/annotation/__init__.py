"""States and components written into trajectories and files."""

from .._lazy import lazy_names

_NAMES = {
    "annotate": ".attach",
    "read_labels": ".labels_file",
    "write_labels": ".labels_file",
    "write_h5md": ".writers",
    "write_pdb": ".writers",
    "write_representatives": ".writers",
    "write_states": ".writers",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

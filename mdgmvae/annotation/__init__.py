"""Annotate trajectories with states, and write files that other tools read."""

from .._lazy import lazy_names

_NAMES = {
    "annotate": ".attach",
    "read_labels": ".labels_file",
    "write_labels": ".labels_file",
    "write_h5md": ".h5md",
    "write_pdb": ".pdb",
    "write_states": ".state_files",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

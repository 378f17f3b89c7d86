"""Free energies and their errors."""

from .._lazy import lazy_names

_NAMES = {
    "StateFreeEnergies": ".state_energies",
    "state_free_energies": ".state_energies",
    "FreeEnergy": ".surface",
    "free_energy": ".surface",
    "free_energy_grid": ".surface",
}

__all__ = [*_NAMES]
__getattr__, __dir__ = lazy_names(__name__, _NAMES)

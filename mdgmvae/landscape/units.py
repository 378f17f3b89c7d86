"""Units of free energies: kT, or kJ/mol at a temperature."""

from __future__ import annotations

import math
from typing import Any

from ..errors import InputError

_GAS_CONSTANT = 8.31446261815324e-3
"""kJ / (mol K)."""


_ON_AXES = {"degree": " / °", "angstrom": " / Å"}


def axis_label(name: str, unit: str) -> str:
    """Return the label of the axis of a coordinate.

    Examples
    --------
    >>> axis_label("phi ALA2", "degree"), axis_label("z", "1")
    ('phi ALA2 / °', 'z')
    """
    return name + _ON_AXES.get(unit, "")


def energy_unit(temperature: Any) -> tuple[float, str]:
    """Return kT in the unit of energies, and the unit.

    Parameters
    ----------
    temperature : float or None
        In K, for energies in kJ/mol. None for energies in kT.

    Raises
    ------
    InputError
        If the temperature is not a positive number.

    Examples
    --------
    >>> energy_unit(None)
    (1.0, 'kT')
    >>> kT, unit = energy_unit(300)
    >>> round(kT, 3), unit
    (2.494, 'kJ/mol')
    """
    if temperature is None:
        return 1.0, "kT"
    try:
        kelvin = math.nan if isinstance(temperature, bool | str) else float(temperature)
    except (TypeError, ValueError):
        kelvin = math.nan
    if not (math.isfinite(kelvin) and kelvin > 0):
        raise InputError(f"temperature={temperature!r}: must be a positive number of kelvin")
    return _GAS_CONSTANT * kelvin, "kJ/mol"

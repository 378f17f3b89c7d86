"""Units of free energies: kT, or kJ/mol at a temperature."""

from __future__ import annotations

import math
from typing import Any

from ..errors import InputError

_GAS_CONSTANT = 8.31446261815324e-3
"""kJ / (mol K)."""


def energy_unit(temperature: Any) -> tuple[float, str]:
    """(kT in the unit, the unit): kJ/mol at a temperature in K, kT where it is None.

    Raises
    ------
    InputError
        When the temperature is no number above 0.

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
        raise InputError(f"temperature={temperature!r}: must be a number of kelvin above 0")
    return _GAS_CONSTANT * kelvin, "kJ/mol"

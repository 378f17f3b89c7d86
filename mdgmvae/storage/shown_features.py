"""Features as users see them: the cosine and sine columns of an angle are one feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Value of `second` for a feature that has only one column.
NO_COLUMN = -1


@dataclass(frozen=True, eq=False)
class ShownFeatures:
    """Map from the features that users see to the columns of a feature matrix.

    Attributes
    ----------
    names : tuple of str
        Name of each feature; "phi ALA2" for the columns "phi ALA2 cos" and "phi ALA2 sin".
    units : tuple of str
        Unit of each feature: "degree" for angles, otherwise the unit of the column.
    first, second : ndarray of int64 of shape (n_features,)
        Columns of each feature: cosine and sine of a pair. For other features, `second` is -1.
    is_angle : ndarray of bool of shape (n_features,)

    Examples
    --------
    >>> names = ("phi ALA2 cos", "phi ALA2 sin", "psi ALA2", "d A-B")
    >>> shown = ShownFeatures.of(names, ("1", "1", "radian", "angstrom"))
    >>> shown.names, shown.units
    (('phi ALA2', 'psi ALA2', 'd A-B'), ('degree', 'degree', 'angstrom'))
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    first: np.ndarray
    second: np.ndarray
    is_angle: np.ndarray

    @classmethod
    def of(cls, names: Sequence[str], units: Sequence[str]) -> ShownFeatures:
        """Group columns into features, from their names and units.

        Parameters
        ----------
        names, units : sequence of str
            Name and unit of each column.

        Returns
        -------
        ShownFeatures
        """
        place = {name: column for column, name in enumerate(names)}
        angles = {
            name.removesuffix(" cos"): (column, place[f"{name.removesuffix(' cos')} sin"])
            for name, column in place.items()
            if name.endswith(" cos") and f"{name.removesuffix(' cos')} sin" in place
        }
        found: list[tuple[str, str, int, int]] = []
        for column, (name, unit) in enumerate(zip(names, units, strict=True)):
            angle = name.rpartition(" ")[0]
            pair = angles.get(angle, ())
            if column not in pair:
                found.append((name, "degree" if unit == "radian" else unit, column, NO_COLUMN))
            elif column == min(pair):
                found.append((angle, "degree", *pair))
        shown_names, shown_units, first, second = zip(*found, strict=True)
        pairs = np.array(second, np.int64)
        radians = np.array([units[column] == "radian" for column in first])
        return cls(
            shown_names, shown_units, np.array(first, np.int64), pairs, (pairs >= 0) | radians
        )

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.names)

    def linear(self, raw: np.ndarray) -> np.ndarray:
        """Return the features that are not angles.

        Parameters
        ----------
        raw : ndarray of shape (n, n_columns)

        Returns
        -------
        ndarray of float64 of shape (n, n_linear)
        """
        return raw[:, self.first[~self.is_angle]].astype(np.float64)

    def directions(self, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the cosines and sines of the angles.

        Each pair is scaled to length 1. A pair of zeros has no direction and is returned as is.

        Parameters
        ----------
        raw : ndarray of shape (n, n_columns)

        Returns
        -------
        cosines, sines : ndarray of float64 of shape (n, n_angles)
        """
        first, second = self.first[self.is_angle], self.second[self.is_angle]
        x = raw[:, first].astype(np.float64)
        y = raw[:, second].astype(np.float64)
        radians = x[:, second == NO_COLUMN]
        length = np.hypot(x, y)
        length[length == 0] = 1.0
        x /= length
        y /= length
        x[:, second == NO_COLUMN], y[:, second == NO_COLUMN] = np.cos(radians), np.sin(radians)
        return x, y

    def gradient(self, raw: np.ndarray, by_column: np.ndarray) -> np.ndarray:
        """Convert the gradient of a function from columns to features.

        The result is per unit of the column. For a pair, it is the derivative along the circle,
        per radian: -sin * (d f / d cos) + cos * (d f / d sin).

        Parameters
        ----------
        raw : ndarray of shape (n, n_columns)
            Columns of each frame.
        by_column : ndarray of shape (n, n_columns)
            Derivative with respect to each column.

        Returns
        -------
        ndarray of float64 of shape (n, n_features)
        """
        gradient = by_column[:, self.first].astype(np.float64)
        pairs = np.flatnonzero(self.second != NO_COLUMN)
        cosines, sines = self.directions(raw)
        of_angles = np.flatnonzero(np.isin(np.flatnonzero(self.is_angle), pairs))
        by_sine = by_column[:, self.second[pairs]]
        gradient[:, pairs] = (
            cosines[:, of_angles] * by_sine - sines[:, of_angles] * gradient[:, pairs]
        )
        return gradient


def with_unit(value: float, unit: str) -> str:
    """Format the value of a feature with its unit.

    Angles are rounded to degrees. Other values have two decimals, or two significant digits if
    they are very small or very large.

    Parameters
    ----------
    value : float
    unit : str
        A unit of `ShownFeatures.units`.

    Returns
    -------
    str
        "-" for NaN.

    Examples
    --------
    >>> [with_unit(-63.2, "degree"), with_unit(3.14159, "angstrom"), with_unit(0.00123, "1")]
    ['-63°', '3.14 Å', '0.0012']
    """
    if np.isnan(value):
        return "-"
    if unit == "degree":
        return f"{value:.0f}°"
    digits = f"{value:.2f}" if value == 0 or 0.05 <= abs(value) < 1e5 else f"{value:.2g}"
    return digits + {"angstrom": " Å", "1": ""}.get(unit, f" {unit}")

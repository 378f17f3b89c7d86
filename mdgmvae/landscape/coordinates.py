"""Coordinates from the names of features: angles in degrees, others in their own unit."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..storage.features import FeatureSet
from ..storage.shown_features import NO_COLUMN, ShownFeatures
from ..training.dataset import Dataset
from .surface import FreeEnergy, free_energy


@dataclass(frozen=True)
class Coordinate:
    """A feature as a coordinate of a free energy.

    Parameters
    ----------
    name : str
    unit : str
        "degree", "angstrom" or "1".
    period : float or None
        360 for an angle that is periodic.
    columns : tuple of int
        The column of the feature, or those of the cosine and the sine of an angle.
    is_angle : bool
        Whether the feature is an angle, in radians if it has one column.
    """

    name: str
    unit: str
    period: float | None
    columns: tuple[int, ...]
    is_angle: bool

    def of_frames(self, rows: np.ndarray) -> np.ndarray:
        """Return the values (n,) of the coordinate from features (n, n_features) of n frames."""
        if len(self.columns) == 2:
            cosine, sine = rows[:, self.columns].T
            return np.asarray(np.degrees(np.arctan2(sine, cosine)))
        values = rows[:, self.columns[0]]
        return np.asarray(np.degrees(values) if self.is_angle else values)


def coordinates_of(features: FeatureSet) -> dict[str, Coordinate]:
    """Find the coordinates that the columns of a feature file form, by name.

    The columns "phi ALA2 cos" and "phi ALA2 sin" are one angle, "phi ALA2". Angles are in
    degrees. They are periodic, except those between bonds, whose names begin with "angle".

    Parameters
    ----------
    features : FeatureSet

    Returns
    -------
    dict of str to Coordinate
    """
    shown = ShownFeatures.of(features.names, features.units)
    found: dict[str, Coordinate] = {}
    for name, unit, first, second, is_angle in zip(
        shown.names,
        shown.units,
        shown.first.tolist(),
        shown.second.tolist(),
        shown.is_angle.tolist(),
        strict=True,
    ):
        columns = (first,) if second == NO_COLUMN else (first, second)
        period = 360.0 if is_angle and not name.startswith("angle ") else None
        found[name] = Coordinate(name, unit, period, columns, is_angle)
    return found


def chosen_coordinates(features: FeatureSet, names: str | Sequence[str]) -> list[Coordinate]:
    """Find the coordinates with these names; a cosine or sine stands for its angle.

    Parameters
    ----------
    features : FeatureSet
    names : str or sequence of str
        One to three names. A coordinate that is named twice is used once.

    Returns
    -------
    list of Coordinate

    Raises
    ------
    InputError
        If there are no names, more than three, or an unknown one. The error lists valid names.
    """
    known = coordinates_of(features)
    if not isinstance(names, str) and not hasattr(names, "__iter__"):
        raise InputError(f"coordinates={names!r}: pass the name of a feature, or up to three")
    wanted = [names] if isinstance(names, str) else list(names)
    chosen = {name: _by_name(name, known, features) for name in wanted}
    coordinates = list(dict.fromkeys(chosen.values()))
    if not 1 <= len(coordinates) <= 3:
        raise InputError(f"coordinates: {len(coordinates)} features are named; pass one to three")
    return coordinates


def _by_name(name: str, known: dict[str, Coordinate], features: FeatureSet) -> Coordinate:
    if name in known:
        return known[name]
    if name in features.names:
        return known[name.rpartition(" ")[0]]
    close = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {_some(known)}"
    raise InputError(f"coordinates: there is no feature {name!r}; {hint}")


def _some(known: dict[str, Coordinate]) -> str:
    names = list(known)
    return ", ".join(names[:6]) + (f" and {len(names) - 6:,} more" if len(names) > 6 else "")


def read_coordinates(features: FeatureSet, coordinates: Sequence[Coordinate]) -> np.ndarray:
    """Read the values of coordinates in all frames of a feature file, in bounded memory.

    Parameters
    ----------
    features : FeatureSet
    coordinates : sequence of Coordinate

    Returns
    -------
    ndarray of shape (n_frames, n_coordinates), float32
    """
    values = np.empty((len(features), len(coordinates)), np.float32)
    start = 0
    for rows in Dataset(features).chunks():
        for column, coordinate in enumerate(coordinates):
            values[start : start + len(rows), column] = coordinate.of_frames(rows)
        start += len(rows)
    return values


def drawable(latent: np.ndarray) -> np.ndarray:
    """Return latent coordinates that can be drawn: the first two if there are more than three.

    Parameters
    ----------
    latent : ndarray of shape (n_frames, n_z)

    Returns
    -------
    ndarray of shape (n_frames, 1 to 3)

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.landscape.coordinates import drawable
    >>> drawable(np.zeros((9, 3))).shape, drawable(np.zeros((9, 4))).shape
    ((9, 3), (9, 2))
    """
    return latent if latent.shape[1] <= 3 else latent[:, :2]


def free_energy_of(
    results: Any,
    features: FeatureSet,
    names: str | Sequence[str] | None = None,
    **options: Any,
) -> FreeEnergy:
    """Estimate the free energy of features with these names, or of the latent coordinates.

    Parameters
    ----------
    results : Results
        With ``latent`` (n_frames, n_z) and ``lengths``.
    features : FeatureSet
        Features of the same frames.
    names : str or sequence of str, optional
        One to three names of features. Default: the latent coordinates.
    **options
        Options of `mdgmvae.landscape.free_energy`.

    Returns
    -------
    FreeEnergy

    Raises
    ------
    InputError
        If there is no such feature, or an option is invalid.
    """
    options["lengths"] = results.lengths
    if names is None:
        return free_energy(results.latent, **options)
    coordinates = chosen_coordinates(features, names)
    return free_energy(
        read_coordinates(features, coordinates),
        names=[coordinate.name for coordinate in coordinates],
        axis_units=[coordinate.unit for coordinate in coordinates],
        periods=[coordinate.period for coordinate in coordinates],
        **options,
    )

"""Free energies on grids of latent, or of any, coordinates, and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, checked_seed
from ..errors import InputError
from .bootstrap import Blocks, Spread
from .grid import (
    as_points,
    bin_numbers,
    grid_edges,
    wrapped,
)
from .state_energies import StateFreeEnergies, state_free_energies
from .units import energy_unit

__all__ = [
    "FreeEnergy",
    "StateFreeEnergies",
    "free_energy",
    "free_energy_grid",
    "state_free_energies",
]


def free_energy_grid(
    latent: np.ndarray,
    bins: int | Sequence[int] | None = None,
    temperature: float | None = None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Free energy ``F = -ln p`` of the samples on a grid, its minimum at zero.

    Parameters
    ----------
    latent : (n_frames, n_z) or (n_frames,) array-like
        Latent coordinates, n_z from 1 to 3.
    bins : int or sequence of int, optional
        Bins along each axis. Default: 100, 60 or 30 for one, two or three axes, fewer where
        there are less than 10,000 frames.
    temperature : float, optional
        In K; the free energy is then in kJ/mol. Default: in units of kT.

    Returns
    -------
    energy : ndarray of float64
        One axis a dimension, NaN where no sample is.
    edges : list of ndarray
        Bin edges along each axis.

    Raises
    ------
    InputError
        When `latent` has no rows, more than three columns or values that are not finite, or
        `temperature` is not positive.

    Examples
    --------
    >>> from mdgmvae.landscape import free_energy_grid
    >>> energy, _ = free_energy_grid([0.0, 0.0, 0.0, 1.0], bins=2)
    >>> energy.round(3).tolist()  # ln 3
    [0.0, 1.099]
    """
    points = as_points(latent)
    kT, _ = energy_unit(temperature)
    edges = grid_edges(points, bins, (None,) * points.shape[1])
    counts, _ = np.histogramdd(points, bins=edges)
    energy = np.full(counts.shape, np.nan)
    energy[counts > 0] = np.log(counts.max() / counts[counts > 0])
    return kT * energy, list(edges)


@dataclass(frozen=True, eq=False)
class FreeEnergy:
    """The free energy F = -ln p of the bins of a grid, with errors.

    The lowest `energy` is zero. An error is that of -ln p, with p the share of all frames; or,
    where a reference was given, that of the difference from the reference bin, which is at
    zero and has no error.

    Parameters
    ----------
    energy : ndarray of float64
        One axis a coordinate, NaN where no frame is.
    error : ndarray of float64
        Standard error. Infinite where the bin was visited too few times to tell it (some three
        visits, however many blocks of time they fill), NaN where no frame is.
    lower, upper : ndarray of float64
        95 % interval; `upper` is infinite where too few visits were.
    edges : tuple of ndarray of float64
        Bin edges along each axis, in `axis_units`.
    names : tuple of str
        The coordinates.
    axis_units : tuple of str
        "degree", "angstrom" or "1" for each.
    periods : tuple of float or None
        Period of each coordinate, None for one that has none.
    unit : str
        "kT" or "kJ/mol", of all energies.
    temperature : float or None
        In K, where it was given.
    points : ndarray of float64 of shape (n_frames, n_coordinates)
        Where the frames are.
    n_blocks : int
        Blocks of time that were drawn from.
    block_length : float
        Their mean number of rows.
    trend : float
        Factor by which the mean error grows with blocks twice as long. Well above 1, the errors
        are too small: give a longer `block_length`, or simulate longer. NaN where not known.
    """

    energy: np.ndarray
    error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    edges: tuple[np.ndarray, ...]
    names: tuple[str, ...]
    axis_units: tuple[str, ...]
    periods: tuple[float | None, ...]
    unit: str
    temperature: float | None
    points: np.ndarray
    n_blocks: int
    block_length: float
    trend: float

    @property
    def centers(self) -> tuple[np.ndarray, ...]:
        """Middles of the bins along each axis."""
        return tuple((edge[1:] + edge[:-1]) / 2 for edge in self.edges)

    def at(self, points: Any) -> tuple[np.ndarray, np.ndarray]:
        """Energy and error, each (n,), of the bins that points (n, n_coordinates) are in.

        NaN where no frame is, and outside the grid.

        Raises
        ------
        InputError
            When `points` are of other coordinates or not finite.
        """
        given = np.asarray(points, np.float64)
        d = len(self.edges)
        if given.shape[-1:] != (d,) and not (d == 1 and given.ndim <= 1):
            raise InputError(
                f"points: of shape {given.shape}; {d} coordinates each are needed, (n, {d})"
            )
        wanted = wrapped(as_points(given.reshape(-1, d), "points"), self.periods)
        numbers = bin_numbers(wanted, self.edges)
        energy, error = (
            np.where(numbers < 0, np.nan, values.ravel()[numbers])
            for values in (self.energy, self.error)
        )
        return energy, error

    def __repr__(self) -> str:
        known = np.isfinite(self.error)
        median = f"{np.median(self.error[known]):.2g}" if known.any() else "not known"
        return (
            f"<FreeEnergy of {', '.join(self.names)}: {' x '.join(map(str, self.energy.shape))} "
            f"bins, {np.isfinite(self.energy).sum():,} with frames, {known.sum():,} with an error "
            f"(median {median} {self.unit}); {self.n_blocks:,} blocks of "
            f"{self.block_length:,.0f} rows, twice as long: errors times {self.trend:.2f}>"
        )


def free_energy(
    points: Any,
    *,
    bins: int | Sequence[int] | None = None,
    temperature: float | None = None,
    lengths: Sequence[int] | None = None,
    block_length: int | None = None,
    n_bootstrap: int = 200,
    seed: int = 0,
    reference: Any = None,
    names: Sequence[str] | None = None,
    axis_units: Sequence[str] | None = None,
    periods: Sequence[float | None] | None = None,
) -> FreeEnergy:
    """Free energy ``F = -ln p`` of one to three coordinates, with errors.

    The trajectory is cut into blocks of time; errors are the spread over replicas of it, made
    of blocks drawn with replacement. In each replica p is the share of its own frames, so an
    error is that of a bin against the whole; no other bin's error is in it. For the error of a
    difference give `reference`.

    Parameters
    ----------
    points : (n_frames, n_coordinates) or (n_frames,) array-like
        One to three coordinates of each frame, in the order of time.
    bins : int or sequence of int, optional
        Bins along each axis. Default: 100, 60 or 30 for one, two or three axes, fewer where
        there are less than 10,000 frames.
    temperature : float, optional
        In K; energies are then in kJ/mol. Default: in units of kT.
    lengths : sequence of int, optional
        Rows of each continuous piece of trajectory; no block lies in two. Default: one piece.
    block_length : int, optional
        Rows of a block. It has to be long against the time after which a frame has forgotten
        where it was. Default: a fiftieth of all rows; `FreeEnergy.trend` tells if it is enough.
    n_bootstrap : int
        Replicas, at least 2.
    seed : int
        Same seed, same errors.
    reference : (n_coordinates,) array-like, optional
        A point: energies are then differences from the bin that it is in.
    names : sequence of str, optional
        Of the coordinates. Default: z, or z1, z2, z3.
    axis_units : sequence of str, optional
        "degree", "angstrom" or "1" for each coordinate. Default: "1".
    periods : sequence of float or None, optional
        Period of each coordinate; 360 for an angle in degrees, which is then taken from -180 to
        180. Default: none.

    Returns
    -------
    FreeEnergy

    Raises
    ------
    InputError
        When an argument cannot be used, no frame is at the reference, or there is only one block.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.landscape import free_energy
    >>> found = free_energy(np.random.default_rng(0).normal(size=10_000), bins=20)
    >>> energy, error = found.at([0.0])
    >>> bool(0 < error[0] < 0.05), found.unit, found.names
    (True, 'kT', ('z',))
    """
    coordinates = as_points(points)
    d = coordinates.shape[1]
    periods = _one_each("periods", periods, (None,) * d)
    coordinates = wrapped(coordinates, periods)
    kT, unit = energy_unit(temperature)
    edges = grid_edges(coordinates, bins, periods)
    # Bins without frames are left out: of a fine grid in three dimensions they are most.
    there, numbers = np.unique(bin_numbers(coordinates, edges), return_inverse=True)
    zero = None if reference is None else _place(reference, edges, periods, there)
    blocks = Blocks.of_rows(len(coordinates), lengths, block_length)
    counts = blocks.counts(numbers, len(there))
    drawn = blocks.draw(check_count("n_bootstrap", n_bootstrap, low=2), checked_seed(seed))
    spread = Spread.of(blocks, counts, drawn, zero)
    minus_log_p = -np.log(np.bincount(numbers) / len(numbers))
    lowest = minus_log_p.min()
    known = {
        "energy": minus_log_p - (lowest if zero is None else minus_log_p[zero]),
        "error": spread.error,
        "lower": spread.lower - (lowest if zero is None else 0.0),
        "upper": spread.upper - (lowest if zero is None else 0.0),
    }
    shape = tuple(len(edge) - 1 for edge in edges)
    return FreeEnergy(
        **{name: _on_grid(kT * values, there, shape) for name, values in known.items()},
        edges=edges,
        names=_one_each("names", names, ("z",) if d == 1 else ("z1", "z2", "z3")[:d]),
        axis_units=_one_each("axis_units", axis_units, ("1",) * d),
        periods=periods,
        unit=unit,
        temperature=None if temperature is None else float(temperature),
        points=coordinates,
        n_blocks=len(blocks),
        block_length=blocks.length,
        trend=blocks.trend(counts),
    )


def _one_each(name: str, given: Sequence[Any] | None, default: Sequence[Any]) -> tuple[Any, ...]:
    """What is given for each coordinate."""
    values = tuple(default if given is None else given)
    if isinstance(given, str) or len(values) != len(default):
        raise InputError(f"{name}={given!r}: one for each of {len(default)} coordinates is needed")
    return values


def _place(
    reference: Any, edges: Sequence[np.ndarray], periods: Sequence[float | None], there: np.ndarray
) -> int:
    """Which of the bins with frames the reference is in."""
    point = np.atleast_1d(np.asarray(reference, np.float64))
    if point.shape != (len(edges),):
        raise InputError(f"reference={reference!r}: a point of {len(edges)} coordinates is needed")
    (number,) = bin_numbers(wrapped(point[np.newaxis], periods), edges)
    if number not in there:
        raise InputError(f"reference={reference!r}: no frame is in its bin; give another point")
    return int(np.searchsorted(there, number))


def _on_grid(values: np.ndarray, there: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Values of the bins with frames, among NaN."""
    grid = np.full(shape, np.nan)
    grid.ravel()[there] = values
    return grid

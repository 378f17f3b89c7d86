"""Free energies on grids of latent or other coordinates, and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import check_count, check_number, checked_seed
from ..errors import InputError
from ..labels import as_numbers
from ..tables import Shown, Table, counted
from .bootstrap import Blocks, Spread
from .cells import relaxation_of
from .grid import (
    as_points,
    bin_numbers,
    grid_edges,
    wrapped,
)
from .units import energy_unit


def free_energy_grid(
    latent: np.ndarray,
    bins: int | Sequence[int] | None = None,
    temperature: float | None = None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Compute the free energy ``F = -ln p`` of samples on a grid, with its minimum at zero.

    Parameters
    ----------
    latent : (n_frames, n_z) or (n_frames,) array-like
        Latent coordinates, n_z from 1 to 3.
    bins : int or sequence of int, optional
        Bins along each axis. Default: 100, 60 or 30 for one, two or three axes, fewer if
        there are fewer than 10,000 frames.
    temperature : float, optional
        In K; the free energy is then in kJ/mol. Default: free energy in units of kT.

    Returns
    -------
    energy : ndarray of float64
        One axis for each dimension; NaN in bins without frames.
    edges : list of ndarray
        Bin edges along each axis.

    Raises
    ------
    InputError
        If `latent` has no frames, more than three columns or values that are not finite, or
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


@dataclass(frozen=True, eq=False, repr=False)
class FreeEnergy(Shown):
    """The free energy F = -ln p of the bins of a grid, with errors; prints as a table.

    The lowest `energy` is zero. Errors are those of -ln p, where p is the share of all frames in a
    bin. If a reference was given, they are those of the difference from the reference bin,
    which is at zero and has no error.

    Parameters
    ----------
    energy : ndarray of float64
        One axis for each coordinate; NaN in bins without frames.
    error : ndarray of float64
        Standard error. Infinite if the bin was visited too few times to estimate it (about
        three visits, however many blocks of time they fill); NaN without frames.
    lower, upper : ndarray of float64
        95 % interval. `upper` is infinite if there were too few visits.
    edges : tuple of ndarray of float64
        Bin edges along each axis, in `axis_units`.
    names : tuple of str
        Names of the coordinates.
    axis_units : tuple of str
        "degree", "angstrom" or "1" for each coordinate.
    periods : tuple of float or None
        Period of each coordinate, None for one that is not periodic.
    unit : str
        Unit of all energies: "kT" or "kJ/mol".
    temperature : float or None
        In K, if it was given.
    points : ndarray of float64 of shape (n_frames, n_coordinates)
        Coordinates of the frames.
    n_blocks : int
        Number of blocks of time.
    block_length : float
        Mean number of frames of a block.
    trend : float
        Factor by which the errors grow if blocks are twice as long. It is about 1 if blocks are
        long compared with the correlation time, NaN where it is unknown.
    relaxation_time : float
        Relaxation time of the slowest process in these coordinates, in frames.
    doubts : tuple of str
        A sentence if the blocks are shorter than several relaxation times.
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
    relaxation_time: float
    doubts: tuple[str, ...]

    @property
    def centers(self) -> tuple[np.ndarray, ...]:
        """Centres of the bins along each axis."""
        return tuple((edge[1:] + edge[:-1]) / 2 for edge in self.edges)

    def at(self, points: Any) -> tuple[np.ndarray, np.ndarray]:
        """Look up the energy and the error at some points.

        Parameters
        ----------
        points : (n, n_coordinates) array-like

        Returns
        -------
        energy, error : ndarray of float64 of shape (n,)
            Values of the bins that contain the points; NaN in bins without frames and outside the
            grid.

        Raises
        ------
        InputError
            If `points` have another number of coordinates or are not finite.
        """
        given = as_numbers(points, "points")
        d = len(self.edges)
        if given.shape[-1:] != (d,) and not (d == 1 and given.ndim <= 1):
            each = counted(d, "coordinate")
            raise InputError(f"points: of shape {given.shape}; pass {each} each, (n, {d})")
        wanted = wrapped(as_points(given.reshape(-1, d), "points"), self.periods)
        numbers = bin_numbers(wanted, self.edges)
        energy, error = (
            np.where(numbers < 0, np.nan, values.ravel()[numbers])
            for values in (self.energy, self.error)
        )
        return energy, error

    def tables(self) -> list[Table]:
        """Return a table that describes the grid and the basis of the errors."""
        known = np.isfinite(self.error)
        median = f"{np.median(self.error[known]):.2g} {self.unit}" if known.any() else "unknown"
        trend = "unknown" if np.isnan(self.trend) else f"{self.trend:.2f} times as large"
        highest = f"{np.nanmax(self.energy):.3g} {self.unit}"
        rows = (
            ("coordinates", ", ".join(self.names)),
            ("bins", " x ".join(map(str, self.energy.shape))),
            ("bins with frames", f"{np.isfinite(self.energy).sum():,}"),
            ("highest free energy", highest),
            ("bins with a finite error", f"{known.sum():,}"),
            ("median error", median),
            ("blocks of time", f"{self.n_blocks:,} of {_frames(self.block_length)}"),
            ("slowest relaxation", _frames(self.relaxation_time)),
            ("errors with blocks twice as long", trend),
        )
        return [Table(("free energy", ""), rows, sentences=self.doubts)]


def _frames(number: float) -> str:
    """Return a rounded number of frames in words; it may be infinite."""
    text = f"{number:,.0f}"
    return f"{text} frame{'' if text == '1' else 's'}"


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
    """Estimate the free energy ``F = -ln p`` of one to three coordinates, with errors.

    The trajectory is cut into blocks of time. Errors are the standard deviations over replicas of
    the trajectory, each made of blocks drawn with replacement. In each replica, p is the share of
    its own frames, so an error refers to one bin relative to all frames and does not include the
    error of another bin. For the error of a difference, pass `reference`. Errors allow for the
    correlation between blocks, and intervals for the number of blocks as well.

    Parameters
    ----------
    points : (n_frames, n_coordinates) or (n_frames,) array-like
        One to three coordinates of each frame, in time order.
    bins : int or sequence of int, optional
        Bins along each axis. Default: 100, 60 or 30 for one, two or three axes, fewer if
        there are fewer than 10,000 frames.
    temperature : float, optional
        In K; energies are then in kJ/mol. Default: energies in units of kT.
    lengths : sequence of int, optional
        Number of frames in each segment. No block lies in two segments. Default: one segment.
    block_length : int, optional
        Number of frames in a block. Default: a fiftieth of all frames, or five relaxation times
        of the slowest process in these coordinates if that is longer, but at most a twentieth.
    n_bootstrap : int
        Number of bootstrap replicas, at least 2.
    seed : int
        The same seed gives the same errors.
    reference : (n_coordinates,) array-like, optional
        Reference point. Energies are then differences from the bin of this point.
    names : sequence of str, optional
        Names of the coordinates. Default: z, or z1, z2, z3.
    axis_units : sequence of str, optional
        "degree", "angstrom" or "1" for each coordinate. Default: "1".
    periods : sequence of float or None, optional
        Period of each coordinate; 360 for an angle in degrees, which is then wrapped to -180 to
        180. Default: no coordinate is periodic.

    Returns
    -------
    FreeEnergy

    Raises
    ------
    InputError
        If an argument is invalid, the reference bin has no frames, or there is only one
        block.

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.landscape import free_energy
    >>> found = free_energy(np.random.default_rng(0).normal(size=10_000), bins=20)
    >>> energy, error = found.at([0.0])
    >>> bool(0 < error[0] < 0.05), found.unit, found.names
    (True, 'kT', ('z',))
    """
    coordinates = as_points(points, "points")
    d = coordinates.shape[1]
    periods = _checked_periods(_one_each("periods", periods, (None,) * d))
    coordinates = wrapped(coordinates, periods)
    kT, unit = energy_unit(temperature)
    edges = grid_edges(coordinates, bins, periods)
    # Bins without frames are left out. In three dimensions, they make up most of a fine grid.
    there, numbers = np.unique(bin_numbers(coordinates, edges), return_inverse=True)
    zero = None if reference is None else _place(reference, edges, periods, there)
    relaxation = relaxation_of(coordinates, periods, lengths)
    blocks = Blocks.of_frames(len(coordinates), lengths, block_length, relaxation)
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
        relaxation_time=relaxation,
        doubts=tuple(blocks.doubts),
    )


def _one_each(name: str, given: Sequence[Any] | None, default: Sequence[Any]) -> tuple[Any, ...]:
    """Return the values given for each coordinate, or the default."""
    is_list = hasattr(given, "__iter__") and not isinstance(given, str)
    if given is None or (is_list and len(values := tuple(given)) == len(default)):
        return tuple(default) if given is None else values
    n = counted(len(default), "coordinate")
    raise InputError(f"{name}={given!r}: pass a list with one for each of {n}")


def _checked_periods(periods: Sequence[Any]) -> tuple[float | None, ...]:
    """Check that each period is a positive number or None."""
    for period in periods:
        if period is not None and check_number("periods", period) <= 0:
            raise InputError(f"periods={period!r}: must be positive, or None without a period")
    return tuple(None if period is None else float(period) for period in periods)


def _place(
    reference: Any, edges: Sequence[np.ndarray], periods: Sequence[float | None], there: np.ndarray
) -> int:
    """Find the position of the reference bin among the bins with frames."""
    point = np.atleast_1d(as_numbers(reference, "reference"))
    if point.shape != (len(edges),):
        raise InputError(f"reference={reference!r}: pass a point of {len(edges)} coordinates")
    (number,) = bin_numbers(wrapped(point[np.newaxis], periods), edges)
    if number not in there:
        raise InputError(f"reference={reference!r}: its bin has no frames; choose another point")
    return int(np.searchsorted(there, number))


def _on_grid(values: np.ndarray, there: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a grid with the values of the bins with frames, and NaN elsewhere."""
    grid = np.full(shape, np.nan)
    grid.ravel()[there] = values
    return grid

"""Grids of bins in one to three coordinates, periodic or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..checks import check_count
from ..errors import InputError
from ..labels import as_numbers
from ..tables import counted

_BINS = {1: 100, 2: 60, 3: 30}
"""Default number of bins along each axis by dimension, as fine as 10,000 frames can fill."""
_FEWEST_BINS = 8


def as_points(latent: Any, name: str = "latent") -> np.ndarray:
    """Return latent coordinates as an (n_frames, n_z) float64 array with n_z from 1 to 3.

    Parameters
    ----------
    latent : array-like of shape (n_frames, n_z) or (n_frames,)
    name : str
        Name of the argument, for errors.

    Raises
    ------
    InputError
        If there are no frames, more than three columns, or values that are not finite.
    """
    points = as_numbers(latent, name)
    if points.ndim == 1:
        points = points[:, np.newaxis]
    if points.ndim != 2 or not points.size:
        raise InputError(
            f"{name}: pass an array (n_frames, n_z) with at least one frame, not one of shape "
            f"{np.shape(latent)}"
        )
    if points.shape[1] > 3:
        raise InputError(
            f"{name}: {points.shape[1]} dimensions cannot be drawn; choose up to three columns, "
            f"for example {name}[:, :2]"
        )
    if not np.isfinite(points).all():
        frame = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        raise InputError(f"{name}: frame {frame} is not finite; leave such frames out")
    return points


def wrapped(points: np.ndarray, periods: Sequence[float | None]) -> np.ndarray:
    """Move each periodic coordinate of points (n, d) to between minus and plus half its period.

    Examples
    --------
    >>> wrapped(np.array([[190.0, 190.0]]), (360.0, None)).tolist()
    [[-170.0, 190.0]]
    """
    taken = points.copy()
    for axis, period in enumerate(periods):
        if period is not None:
            taken[:, axis] = (points[:, axis] + period / 2) % period - period / 2
    return taken


def grid_edges(
    points: np.ndarray, bins: Any, periods: Sequence[float | None]
) -> tuple[np.ndarray, ...]:
    """Compute the edges of the bins along each axis, over a period or the range of the points.

    Parameters
    ----------
    points : (n, d) ndarray
    bins : int, sequence of int or None
        Bins along each axis. None: 100, 60 or 30 for one, two or three axes, fewer for fewer than
        10,000 points.
    periods : sequence of float or None
        Period of each coordinate, None for one that is not periodic.

    Returns
    -------
    tuple of ndarray

    Raises
    ------
    InputError
        If `bins` is not a positive whole number, or one for each axis.

    Examples
    --------
    >>> [edge.tolist() for edge in grid_edges(np.array([[0.0, 2.0]]), 2, (360.0, None))]
    [[-180.0, 0.0, 180.0], [1.5, 2.0, 2.5]]
    """
    d = points.shape[1]
    numbers = [_default_bins(points) if bins is None else bins] * d if np.ndim(bins) == 0 else bins
    if len(numbers) != d:
        raise InputError(
            f"bins: {len(numbers)} numbers were given for {counted(d, 'coordinate')}; pass one for "
            "each"
        )
    return tuple(
        np.histogram_bin_edges(
            column,
            check_count("bins", number),
            None if period is None else (-period / 2, period / 2),
        )
        for column, number, period in zip(points.T, numbers, periods, strict=True)
    )


def bin_numbers(points: np.ndarray, edges: Sequence[np.ndarray]) -> np.ndarray:
    """Find the bin of each point: (n,) int64, counted along the raveled grid, -1 outside.

    Examples
    --------
    >>> edges = [np.array([0.0, 1.0, 2.0])] * 2
    >>> bin_numbers(np.array([[0.5, 1.0], [2.0, 2.0], [3.0, 0.0]]), edges)
    array([ 1,  3, -1])
    """
    numbers = np.zeros(len(points), np.int64)
    inside = np.ones(len(points), bool)
    for column, edge in zip(points.T, edges, strict=True):
        inside &= (column >= edge[0]) & (column <= edge[-1])
        # The last bin includes its right edge.
        place = np.clip(np.searchsorted(edge, column, side="right") - 1, 0, len(edge) - 2)
        numbers = numbers * (len(edge) - 1) + place
    return np.where(inside, numbers, -1)


def _default_bins(points: np.ndarray) -> int:
    n_frames, n_z = points.shape
    finest = _BINS[n_z]
    wanted = finest * float(n_frames / 10_000) ** (1 / max(n_z, 2))
    return int(max(_FEWEST_BINS, min(finest, round(wanted))))

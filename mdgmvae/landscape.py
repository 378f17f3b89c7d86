"""Free energies from samples of latent coordinates."""

from collections.abc import Sequence

import numpy as np

from .errors import InputError

_GAS_CONSTANT = 8.31446261815324e-3
"""kJ / (mol K)."""
_BINS = {1: 100, 2: 60, 3: 30}
"""Bins along each axis, by number of dimensions: about as fine as 10,000 frames can fill."""
_FEWEST_BINS = 8


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
    if temperature is not None and not temperature > 0:
        raise InputError(f"temperature: {temperature} K is no temperature; give kelvin above 0")
    counts, edges = np.histogramdd(points, bins=_default_bins(points) if bins is None else bins)
    energy = np.full(counts.shape, np.nan)
    energy[counts > 0] = np.log(counts.max() / counts[counts > 0])
    return energy * (1.0 if temperature is None else _GAS_CONSTANT * temperature), list(edges)


def _default_bins(points: np.ndarray) -> int:
    n_frames, n_z = points.shape
    finest = _BINS[n_z]
    return max(_FEWEST_BINS, min(finest, round(finest * (n_frames / 10_000) ** (1 / max(n_z, 2)))))


def as_points(latent: np.ndarray) -> np.ndarray:
    """Return latent coordinates as an (n_frames, n_z) float64 array with n_z from 1 to 3.

    Raises
    ------
    InputError
        See `free_energy_grid`.
    """
    points = np.asarray(latent, dtype=np.float64)
    if points.ndim == 1:
        points = points[:, np.newaxis]
    if points.ndim != 2 or not points.size:
        raise InputError(
            f"latent: an array (n_frames, n_z) of at least one frame is needed, got the shape "
            f"{np.shape(latent)}"
        )
    if points.shape[1] > 3:
        raise InputError(
            f"latent: {points.shape[1]} dimensions cannot be drawn; choose up to three columns, "
            "for example latent[:, :2]"
        )
    if not np.isfinite(points).all():
        frame = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        raise InputError(f"latent: row {frame} is not finite; leave such rows out")
    return points

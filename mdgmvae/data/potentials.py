"""Potentials made of Gaussians, with known energies, densities and basins of attraction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Potential:
    """A potential made of Gaussians.

    With q_i(x) = -(x - c_i)' P_i (x - c_i) / 2, the potential is sum_i a_i exp(q_i(x)), or
    -kT ln sum_i a_i exp(q_i(x)) if `mixture`.

    Parameters
    ----------
    amplitudes : ndarray of shape (n,)
        The a_i.
    centres : ndarray of shape (n, d)
        The c_i.
    precisions : ndarray of shape (n, d, d)
        The P_i.
    mixture : bool
        Whether the Boltzmann density is the mixture of the Gaussians.
    kT : float
        Thermal energy.
    minima : ndarray of shape (n_basins, d)
        Minima of the potential, in the order of the basins.
    capture : float
        Distance from a minimum within which steepest descent leads to it.
    bounds : ndarray of shape (d, 2)
        Box outside which the density is negligible.

    Examples
    --------
    >>> MUELLER_BROWN.energy(MUELLER_BROWN.minima).round(1).tolist()
    [-146.7, -80.8, -108.2]
    >>> FIVE_WELLS.basins([[2.0, 0.5, 0.3], [0.5, 0.4, 2.0]])
    array([1, 3])
    """

    amplitudes: np.ndarray
    centres: np.ndarray
    precisions: np.ndarray
    mixture: bool
    kT: float
    minima: np.ndarray
    capture: float
    bounds: np.ndarray

    def energy(self, points: np.ndarray) -> np.ndarray:
        """Compute the potential.

        Parameters
        ----------
        points : array-like of shape (n, d)

        Returns
        -------
        ndarray of shape (n,), float64
        """
        _, terms = self._terms(columns(points))
        total: np.ndarray = terms.sum(axis=0)
        return -self.kT * np.log(total) if self.mixture else total

    def gradient(self, points: np.ndarray) -> np.ndarray:
        """Compute the gradient of the potential.

        Parameters
        ----------
        points : array-like of shape (n, d)

        Returns
        -------
        ndarray of shape (n, d), float64
        """
        return self.slope(columns(points)).T

    def slope(self, x: np.ndarray) -> np.ndarray:
        """Compute the gradient at points whose coordinates are in rows.

        Parameters
        ----------
        x : ndarray of shape (d, n), float64

        Returns
        -------
        ndarray of shape (d, n), float64
        """
        forms, terms = self._terms(x)
        if self.mixture:
            terms *= -self.kT / terms.sum(axis=0)
        gradient: np.ndarray = -np.einsum("kdn,kn->dn", forms, terms)
        return gradient

    def _terms(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute P_i (x - c_i), shape (n_terms, d, n), and a_i exp(q_i), shape (n_terms, n)."""
        away = x - self.centres[:, :, None]
        forms = np.matmul(self.precisions, away)
        exponents = np.einsum("kdn,kdn->kn", away, forms)
        exponents *= -0.5
        return forms, self.amplitudes[:, None] * np.exp(exponents)

    def basins(self, points: np.ndarray) -> np.ndarray:
        """Find the minimum to which steepest descent leads.

        Parameters
        ----------
        points : array-like of shape (n, d)

        Returns
        -------
        ndarray of shape (n,), int64
        """
        x = columns(points)
        labels = np.full(x.shape[1], -1, np.int64)
        going = np.arange(x.shape[1])
        # Steps of at most a fifth of the capture distance cannot jump over a minimum.
        longest, rate = self.capture / 5, 0.5 / self._stiffness()
        while len(going):
            away = np.square(x[:, None, :] - self.minima.T[:, :, None]).sum(axis=0)
            near = away.min(axis=0) < self.capture**2
            labels[going[near]] = away[:, near].argmin(axis=0)
            going, x = going[~near], x[:, ~near]
            slope = self.slope(x)
            size = np.sqrt(np.square(slope).sum(axis=0))
            x = x - slope * np.minimum(rate, longest / np.maximum(size, 1e-300))
        return labels

    def populations(self, n_grid: int = 60) -> np.ndarray:
        """Compute the equilibrium populations of the basins by a sum over a grid.

        Parameters
        ----------
        n_grid : int
            Cells along each axis of `bounds`.

        Returns
        -------
        ndarray of shape (n_basins,), float64
        """
        points = self.grid(n_grid)
        weights = np.exp(-self.energy(points) / self.kT)
        there = weights > 1e-9 * weights.max()
        counted = np.bincount(self.basins(points[there]), weights[there], len(self.minima))
        shares: np.ndarray = counted / counted.sum()
        return shares

    def grid(self, n_grid: int) -> np.ndarray:
        """Return the centres of the cells of a grid.

        Parameters
        ----------
        n_grid : int
            Cells along each axis of `bounds`.

        Returns
        -------
        ndarray of shape (n_grid**d, d), float64
        """
        middles = (np.arange(n_grid) + 0.5) / n_grid
        axes = [low + (high - low) * middles for low, high in self.bounds]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))

    def draw(self, n: int, rng: np.random.Generator, n_grid: int = 60) -> np.ndarray:
        """Draw points from the equilibrium density, cell by cell of a grid.

        Parameters
        ----------
        n : int
            Number of points.
        rng : numpy.random.Generator
        n_grid : int
            Cells along each axis of `bounds`.

        Returns
        -------
        ndarray of shape (n, d), float64
        """
        points = self.grid(n_grid)
        energy = self.energy(points)
        weights = np.exp((energy.min() - energy) / self.kT)
        chosen = rng.choice(len(points), n, p=weights / weights.sum())
        cell = np.ptp(self.bounds, axis=1) / n_grid
        drawn: np.ndarray = points[chosen] + cell * (rng.random((n, len(cell))) - 0.5)
        return drawn

    def _stiffness(self) -> float:
        """Return the largest second derivative at the minima."""
        step = 1e-4
        d = self.minima.shape[1]
        shifts = np.eye(d)[:, None, :] * step
        difference = [
            (self.gradient(self.minima + shift) - self.gradient(self.minima - shift)) / (2 * step)
            for shift in shifts
        ]
        return float(np.linalg.norm(np.array(difference), ord=2, axis=(0, 2)).max())


def columns(points: np.ndarray) -> np.ndarray:
    """Put the coordinates of points in rows.

    Parameters
    ----------
    points : array-like of shape (n, d)

    Returns
    -------
    ndarray of shape (d, n), float64
    """
    return np.ascontiguousarray(np.asarray(points, np.float64).T)


def _mueller_brown() -> Potential:
    a = np.array([-1.0, -1.0, -6.5, 0.7])
    b = np.array([0.0, 0.0, 11.0, 0.6])
    c = np.array([-10.0, -10.0, -6.5, 0.7])
    return Potential(
        amplitudes=np.array([-200.0, -100.0, -170.0, 15.0]),
        centres=np.array([[1.0, 0.0], [0.0, 0.5], [-0.5, 1.5], [-1.0, 1.0]]),
        precisions=-np.array([[2 * a, b], [b, 2 * c]]).transpose(2, 0, 1),
        mixture=False,
        kT=15.0,
        minima=np.array([[-0.5582, 1.4417], [-0.0500, 0.4667], [0.6235, 0.0280]]),
        capture=0.05,
        bounds=np.array([[-1.9, 1.5], [-0.8, 2.5]]),
    )


def _rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    """Return the matrix of a rotation about an axis (Rodrigues' formula)."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: np.ndarray = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turned


def _five_wells() -> Potential:
    weights = np.array([0.35, 0.25, 0.20, 0.12, 0.08])
    minima = [[0, 0, 0], [2.4, 0.3, 0.2], [-0.2, 2.5, 0.5], [0.4, 0.3, 2.4], [2.5, 0.8, 2.5]]
    centres = np.array(minima, dtype=float)
    spreads = np.array(
        [[45, 50, 40], [50, 35, 45], [40, 50, 45], [45, 40, 50], [45, 45, 38]], dtype=float
    )
    axes = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1], [1, -1, 0]], dtype=float)
    angles = np.array([0.3, -0.5, 0.4, 0.7, -0.4])
    turns = [_rotation(axis, angle) for axis, angle in zip(axes, angles, strict=True)]
    precisions = np.array(
        [turn @ np.diag((100 / s) ** 2) @ turn.T for turn, s in zip(turns, spreads, strict=True)]
    )
    norms = np.sqrt(np.linalg.det(precisions) / (2 * np.pi) ** 3)
    return Potential(
        amplitudes=weights * norms,
        centres=centres,
        precisions=precisions,
        mixture=True,
        kT=1.0,
        minima=centres,
        capture=0.3,
        bounds=np.array([[-2.0, 4.5], [-2.2, 4.7], [-1.9, 4.6]]),
    )


#: The four Gaussians of Müller & Brown, Theor. Chim. Acta 53, 75 (1979), at kT = 15.
MUELLER_BROWN = _mueller_brown()
#: Five wells in three dimensions, whose density is a mixture of five Gaussians.
FIVE_WELLS = _five_wells()

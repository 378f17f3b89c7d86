"""Toy trajectories with known states: Langevin dynamics in two and three dimensions.

The potentials and their exact populations are in `mdgmvae.data.potentials`. The dynamics are
overdamped, with mobility 1. The integrator of Leimkuhler & Matthews (Appl. Math. Res. Express 2013,
34) samples the density of the potential to second order in the time step. Trajectories start in
equilibrium. All quantities are without units.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..checks import check_count, checked_seed
from .potentials import FIVE_WELLS, MUELLER_BROWN, Potential, columns

#: Number of random numbers that are drawn at once.
_DRAWN_AT_ONCE = 200_000


class Toy(NamedTuple):
    """Trajectories with known states.

    Parameters
    ----------
    X : ndarray of shape (n_trajectories * n_frames, n_x), float32
        Coordinates of the frames, one trajectory after the other.
    lengths : tuple of int
        Frames of each trajectory.
    labels : ndarray of shape (n_trajectories * n_frames,), int64
        Basin of attraction of each frame, by steepest descent.
    """

    X: np.ndarray
    lengths: tuple[int, ...]
    labels: np.ndarray


def mueller_brown(
    n_trajectories: int = 30, n_frames: int = 10_000, seed: int = 0, *, steps: int = 500
) -> Toy:
    """Simulate the Müller-Brown potential, with frames 0.05 time units apart.

    Basin 0 contains 90 % of the density and is metastable. Basins 1 (3 %) and 2 (8 %) exchange
    within a few frames, so the dynamics have two metastable states. The default number of frames
    is that of the paper (Bozkurt Varolgunes, Bereau & Rudzinski, 2020) and takes about a minute;
    30 trajectories of 200 frames take a second or two.

    Parameters
    ----------
    n_trajectories : int
        Number of trajectories.
    n_frames : int
        Frames of each trajectory.
    seed : int
        The same seed gives the same frames.
    steps : int
        Time steps between two frames.

    Returns
    -------
    Toy
        X of shape (n_trajectories * n_frames, 2).

    Raises
    ------
    InputError
        If a number is not a positive whole number.

    Examples
    --------
    >>> from mdgmvae.data.toys import mueller_brown
    >>> X, lengths, labels = mueller_brown(3, 10)
    >>> X.shape, X.dtype, lengths, labels.shape
    ((30, 2), dtype('float32'), (10, 10, 10), (30,))
    """
    return _toy(MUELLER_BROWN, n_trajectories, n_frames, seed, 0.05, steps)


def five_wells(
    n_trajectories: int = 10, n_frames: int = 5_000, seed: int = 0, *, steps: int = 20
) -> Toy:
    """Simulate five wells in three dimensions, with frames 0.1 time units apart.

    The density is a mixture of five Gaussians with weights 0.35, 0.25, 0.20, 0.12 and 0.08. A
    trajectory leaves a well after some 40 frames.

    Parameters
    ----------
    n_trajectories : int
        Number of trajectories.
    n_frames : int
        Frames of each trajectory.
    seed : int
        The same seed gives the same frames.
    steps : int
        Time steps between two frames.

    Returns
    -------
    Toy
        X of shape (n_trajectories * n_frames, 3).

    Raises
    ------
    InputError
        If a number is not a positive whole number.

    Examples
    --------
    >>> from mdgmvae.data.toys import five_wells
    >>> five_wells(2, 50).X.shape
    (100, 3)
    """
    return _toy(FIVE_WELLS, n_trajectories, n_frames, seed, 0.1, steps)


def _toy(
    potential: Potential, n_trajectories: int, n_frames: int, seed: int, time: float, steps: int
) -> Toy:
    n_trajectories = check_count("n_trajectories", n_trajectories)
    n_frames = check_count("n_frames", n_frames)
    steps = check_count("steps", steps)
    rng = np.random.default_rng(checked_seed(seed))
    start = potential.draw(n_trajectories, rng)
    frames = _langevin(potential, start, n_frames, steps, time / steps, rng)
    X = frames.transpose(2, 0, 1).reshape(-1, frames.shape[1])
    return Toy(X, (n_frames,) * n_trajectories, potential.basins(X))


def _langevin(
    potential: Potential,
    start: np.ndarray,
    n_frames: int,
    steps: int,
    dt: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Run all trajectories at once: shape (n_frames, d, n_trajectories), float32."""
    x = columns(start)
    frames = np.empty((n_frames, *x.shape), np.float32)
    size = np.sqrt(2 * potential.kT * dt)
    per_draw = max(1, _DRAWN_AT_ONCE // (steps * x.size))
    last = rng.standard_normal(x.shape)
    for first in range(0, n_frames, per_draw):
        n = min(per_draw, n_frames - first)
        drawn = np.concatenate([last[None], rng.standard_normal((n * steps, *x.shape))])
        # The noise of a step is the mean of its own draw and that of the step before.
        kicks = 0.5 * size * (drawn[1:] + drawn[:-1])
        last = drawn[-1]
        for step, kick in enumerate(kicks, 1):
            x = x - dt * potential.slope(x) + kick
            if step % steps == 0:
                frames[first + step // steps - 1] = x
    return frames

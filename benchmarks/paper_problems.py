"""Data for the paper's comparison, as close to the paper's own data as possible."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ablation import alanine as alanine_with_basins

from mdgmvae.data.toys import Toy, five_wells, mueller_brown


@dataclass(frozen=True)
class Problem:
    """Frames with known basins, which the methods are not given.

    Parameters
    ----------
    name : str
    X : ndarray of shape (n_frames, n_x)
    lengths : tuple of int
        Frames of each trajectory.
    basins : ndarray of int of shape (n_frames,)
        Basin of each frame.
    metastable : ndarray of int of shape (number of basins,)
        State of each basin. Basins that exchange within the lag belong to the same state.
    view : ndarray of shape (n_frames, 2)
        Familiar coordinates, in which the frames are drawn.
    axes : tuple of str
        Names of these coordinates.
    settings : dict
        Settings of the paper that differ from those of preset "paper".
    lag : int
        Lag in frames.
    dt : float, optional
        Time between frames in ps; toys have no unit of time.
    is_small : bool
        Whether this is a small problem, which only serves to check that everything works.
    """

    name: str
    X: np.ndarray
    lengths: tuple[int, ...]
    basins: np.ndarray
    metastable: np.ndarray
    view: np.ndarray
    axes: tuple[str, str]
    settings: dict[str, Any]
    lag: int = 5
    dt: float | None = None
    is_small: bool = False

    @property
    def states(self) -> np.ndarray:
        """The metastable state of each frame."""
        return self.metastable[self.basins]


def mueller_brown_frames(folder: Path, fast: bool, name: str, share: float) -> Problem:
    """Frames on the Mueller-Brown potential, with the hyperparameters of the paper's notebook.

    There are 401 epochs instead of 400, because the paper's code also printed a loss for "epoch
    401". `share` is the share of the paper's number of frames. The batch size is reduced by the
    same factor, so the number of training steps stays the same.
    """
    share = 0.02 if fast else share
    n_frames, batch_size = round(share * 10_000), round(share * 5_000)
    toy = kept(folder / f"mueller_brown_{n_frames}.npz", mueller_brown, 30, n_frames)
    return Problem(
        name, toy.X, toy.lengths, toy.labels, np.array([0, 1, 1]), toy.X, ("x", "y"),
        {"batch_size": batch_size, "n_epochs": 4 if fast else 401}, is_small=fast,
    )  # fmt: skip


def five_wells_frames(folder: Path, fast: bool) -> Problem:
    """Five wells in three dimensions, viewed such that no well hides another."""
    n_frames = 200 if fast else 5_000
    toy = kept(folder / f"five_wells_{n_frames}.npz", five_wells, 10, n_frames)
    x, y, z = toy.X.T
    return Problem(
        "five_wells", toy.X, toy.lengths, toy.labels, np.arange(5),
        np.stack([x - 0.6 * y, z], axis=1), ("x - 0.6 y", "z"), {"n_epochs": 4 if fast else 250},
        is_small=fast,
    )  # fmt: skip


def alanine(folder: Path, fast: bool, features: str) -> Problem:
    """The embedded trajectory; its basins are regions of the Ramachandran plane."""
    given = alanine_with_basins(features)
    angles = given if features == "dihedrals" else alanine_with_basins("dihedrals")
    cos_phi, sin_phi, cos_psi, sin_psi = angles.frames.T
    plane = np.degrees([np.arctan2(sin_phi, cos_phi), np.arctan2(sin_psi, cos_psi)]).T
    # The frames for --fast include the rare visit to phi > 0.
    rows = slice(5_000, 8_000) if fast else slice(None)
    X = given.frames[rows]
    assert given.basins is not None
    return Problem(
        f"alanine_{features}", X, (len(X),), given.basins[rows], np.arange(3), plane[rows],
        ("φ / degree", "ψ / degree"), {"n_epochs": 4 if fast else 300}, dt=2.0, is_small=fast,
    )  # fmt: skip


PROBLEMS: dict[str, Callable[[Path, bool], Problem]] = {
    "mueller_brown": lambda *given: mueller_brown_frames(*given, "mueller_brown", 1.0),
    "mueller_brown_tenth": lambda *given: mueller_brown_frames(*given, "mueller_brown_tenth", 0.1),
    "five_wells": five_wells_frames,
    "alanine_distances": lambda folder, fast: alanine(folder, fast, "distances"),
    "alanine_dihedrals": lambda folder, fast: alanine(folder, fast, "dihedrals"),
}


def kept(path: Path, maker: Callable[..., Toy], n_trajectories: int, n_frames: int) -> Toy:
    """Load the frames of a toy from a file, or simulate them, which can take minutes."""
    if path.exists():
        with np.load(path) as stored:
            return Toy(stored["X"], tuple(stored["lengths"].tolist()), stored["labels"])
    toy = maker(n_trajectories, n_frames, seed=0)
    np.savez(path, **toy._asdict())
    return toy

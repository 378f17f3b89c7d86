"""The data of the paper's comparison, or what is as near to them as can be had."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ablation import alanine as alanine_with_basins

from mdgmvae.data.toys import Toy, five_wells, mueller_brown


@dataclass(frozen=True)
class Problem:
    """Frames with basins that are known, of which the methods see nothing.

    Parameters
    ----------
    name : str
    X : ndarray of shape (n_frames, n_x)
    lengths : tuple of int
        Frames of each trajectory.
    basins : ndarray of int of shape (n_frames,)
        All of them.
    metastable : ndarray of int of shape (number of basins,)
        Which basins are one for the dynamics, since they exchange within the lag.
    view : ndarray of shape (n_frames, 2)
        The coordinates in which people look at them.
    axes : tuple of str
        What these are called.
    settings : dict
        What the paper's settings are here, where not those of the preset.
    lag : int
        Rows.
    dt : float, optional
        ps per row; toys have no unit of time.
    is_small : bool
        Only there to see that all of it works.
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
    """As many frames as in the paper, and its notebook's hyperparameters.

    One epoch more than its 400: the paper's code has printed the loss at "epoch 401", too. A
    share of the frames has a share of the batch, so that there are as many steps of training.
    """
    share = 0.02 if fast else share
    n_frames, batch_size = round(share * 10_000), round(share * 5_000)
    toy = kept(folder / f"mueller_brown_{n_frames}.npz", mueller_brown, 30, n_frames)
    return Problem(
        name, toy.X, toy.lengths, toy.labels, np.array([0, 1, 1]), toy.X, ("x", "y"),
        {"batch_size": batch_size, "n_epochs": 4 if fast else 401}, is_small=fast,
    )  # fmt: skip


def five_wells_frames(folder: Path, fast: bool) -> Problem:
    """In three dimensions; seen from a side where no well hides another."""
    n_frames = 200 if fast else 5_000
    toy = kept(folder / f"five_wells_{n_frames}.npz", five_wells, 10, n_frames)
    x, y, z = toy.X.T
    return Problem(
        "five_wells", toy.X, toy.lengths, toy.labels, np.arange(5),
        np.stack([x - 0.6 * y, z], axis=1), ("x - 0.6 y", "z"), {"n_epochs": 4 if fast else 250},
        is_small=fast,
    )  # fmt: skip


def alanine(folder: Path, fast: bool, features: str) -> Problem:
    """The embedded trajectory; basins by regions of the Ramachandran plane."""
    given = alanine_with_basins(features)
    angles = given if features == "dihedrals" else alanine_with_basins("dihedrals")
    cos_phi, sin_phi, cos_psi, sin_psi = angles.frames.T
    plane = np.degrees([np.arctan2(sin_phi, cos_phi), np.arctan2(sin_psi, cos_psi)]).T
    # The rare visit to phi > 0 is in the part for --fast.
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
    """Frames of a toy, which are kept: 300,000 of them take minutes to make."""
    if path.exists():
        with np.load(path) as stored:
            return Toy(stored["X"], tuple(stored["lengths"].tolist()), stored["labels"])
    toy = maker(n_trajectories, n_frames, seed=0)
    np.savez(path, **toy._asdict())
    return toy

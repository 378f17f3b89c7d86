"""Hold out blocks of consecutive frames for validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from ..segments import within_lag

#: Number of held-out blocks. Consecutive frames are nearly identical, so single frames drawn at
#: random would not be independent of the frames used for training.
N_HELD_OUT_BLOCKS = 20
#: Minimum length of a held-out block, in lags.
LAGS_IN_BLOCK = 20
#: The same, if the data are too short for blocks of `LAGS_IN_BLOCK` lags.
FEWEST_LAGS_IN_BLOCK = 4


@dataclass(frozen=True, eq=False)
class Split:
    """The frames used for training, and the held-out frames.

    Parameters
    ----------
    train, held_out : ndarray of bool of shape (n_frames,)
        Frames within one lag of a held-out frame are in neither.
    """

    train: np.ndarray
    held_out: np.ndarray

    @classmethod
    def train_on_all(cls, n_frames: int) -> Split:
        """Return a split without held-out frames."""
        everything = np.ones(n_frames, bool)
        return cls(everything, ~everything)

    @property
    def keep(self) -> np.ndarray | None:
        """`train`, or None if it contains all frames. To pass as `keep`."""
        return None if self.train.all() else self.train


def hold_out(
    n_frames: int,
    fraction: float,
    lengths: Sequence[int],
    rng: np.random.Generator,
    lag: int = 0,
) -> Split:
    """Choose blocks of consecutive frames to hold out.

    With a lag time, blocks are at least `LAGS_IN_BLOCK` lags long if the data permit it. No frames
    are held out if blocks would be shorter than `FEWEST_LAGS_IN_BLOCK` lags.

    Parameters
    ----------
    n_frames : int
        Number of frames.
    fraction : float
        Share of the frames to hold out.
    lengths : sequence of int
        Number of frames in each segment. No block extends over two segments.
    rng : numpy.random.Generator
    lag : int
        Lag time in frames. Frames within one lag of a held-out block are not used for training.

    Returns
    -------
    Split

    Examples
    --------
    >>> split = hold_out(1000, 0.1, [1000], np.random.default_rng(0), lag=2)
    >>> int(split.held_out.sum()), bool((split.held_out & split.train).any())
    (80, False)
    """
    if fraction == 0:
        return Split.train_on_all(n_frames)
    n_blocks = max(2, round(N_HELD_OUT_BLOCKS / fraction))
    if lag:
        # A block must not be longer than the total number of frames to hold out.
        n_blocks = max(min(n_blocks, n_frames // (LAGS_IN_BLOCK * lag)), ceil(1 / fraction))
        if n_frames < n_blocks * FEWEST_LAGS_IN_BLOCK * lag:
            return Split.train_on_all(n_frames)
    edges = {*np.linspace(0, n_frames, n_blocks + 1).astype(int), *np.cumsum([0, *lengths])}
    blocks = list(zip(sorted(edges)[:-1], sorted(edges)[1:], strict=True))
    held_out = np.zeros(n_frames, bool)
    n_left = round(fraction * n_frames)
    for block in rng.permutation(len(blocks)):
        start, stop = blocks[block]
        if stop - start <= n_left:
            held_out[start:stop] = True
            n_left -= stop - start
    return Split(~within_lag(held_out, lag), held_out)

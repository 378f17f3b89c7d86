"""Frames that are held out of the training, in blocks of neighbouring frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from ..segments import within_lag

#: Number of held-out blocks, spread over the data. Neighbours in time are nearly copies, so
#: single frames drawn at random would not really be held out.
N_HELD_OUT_BLOCKS = 20
#: Length of a held-out block in lags, at least, if there is a lag.
LAGS_IN_BLOCK = 20
#: Length of a held-out block in lags, at least, if the data are too short for that.
FEWEST_LAGS_IN_BLOCK = 4


@dataclass(frozen=True, eq=False)
class Split:
    """The frames that are trained on, and those that are held out.

    Parameters
    ----------
    train, held_out : ndarray of bool of shape (n_frames,)
        Frames within one lag of the held-out ones are in neither.
    """

    train: np.ndarray
    held_out: np.ndarray

    @classmethod
    def train_on_all(cls, n_frames: int) -> Split:
        """Return the split that holds out nothing."""
        everything = np.ones(n_frames, bool)
        return cls(everything, ~everything)

    @property
    def keep(self) -> np.ndarray | None:
        """`train`, or None if all frames are trained on."""
        return None if self.train.all() else self.train


def hold_out(
    n_frames: int,
    fraction: float,
    lengths: Sequence[int],
    rng: np.random.Generator,
    lag: int = 0,
) -> Split:
    """Choose blocks of neighbouring frames to hold out.

    With a lag, a block is at least `LAGS_IN_BLOCK` lags long, or fewer if the data are short.
    Nothing is held out if blocks would be shorter than `FEWEST_LAGS_IN_BLOCK` lags.

    Parameters
    ----------
    n_frames : int
    fraction : float
        Share of the frames to hold out.
    lengths : sequence of int
        Number of frames in each segment. No block lies in two segments.
    rng : numpy.random.Generator
    lag : int
        Lag time in frames; frames within one lag of a held-out block are not trained on.

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
        # No block may be longer than all frames that are to be held out.
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

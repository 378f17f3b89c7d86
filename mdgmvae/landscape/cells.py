"""The slowest relaxation of coordinates, from coarse cells of the space that they span."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..kinetics.relaxation import relaxation_time
from .grid import bin_numbers, grid_edges

#: Cells along each axis by dimension, and the fewest.
_CELLS = {1: 30, 2: 10, 3: 6}
_FEWEST_CELLS = 3
#: Frames in a cell on average: with fewer, the noise of the counts looks like slow motion.
_FRAMES_IN_CELL = 50


def relaxation_of(
    points: np.ndarray, periods: Sequence[float | None], lengths: Sequence[int] | None = None
) -> float:
    """Estimate the relaxation time of the slowest process in some coordinates, in frames.

    Parameters
    ----------
    points : (n_frames, n_coordinates) ndarray
        In time order, one to three coordinates.
    periods : sequence of float or None
        Period of each coordinate.
    lengths : sequence of int, optional
        Number of frames in each segment. Default: one segment.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.normal(size=20_000)
    >>> relaxation_of(noise[:, None], (None,)) < 1
    True
    >>> states = np.cumsum(rng.random(20_000) < 0.02) % 2
    >>> 20 < relaxation_of((5 * states + noise)[:, None], (None,)) < 30
    True
    """
    n, d = points.shape
    wanted = round((n / _FRAMES_IN_CELL) ** (1 / d))
    edges = grid_edges(points, max(_FEWEST_CELLS, min(_CELLS[d], wanted)), periods)
    return relaxation_time(bin_numbers(points, edges), lengths=lengths)

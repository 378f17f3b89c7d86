"""A tree of cuts that divides frames into slowly exchanging cells.

k-means follows the density, so it divides a populated basin before it finds a rare state, and
it is blind to a slow direction among many others. The tree follows the kinetics: it starts with
one cell and, again and again, makes the cut that raises the VAMP-2 score of the cells most.
VAMP-2 does not depend on the populations. It prefers an exchange between two basins to a slow
motion without a barrier: halves of a normal process with an autocorrelation of 0.8 add
(2 / pi arcsin 0.8)² = 0.35, two states with the same autocorrelation 0.64.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

#: Number of cuts that are tried on each axis, most of them at quantiles of the cell.
_QUANTILES = np.array([0.01, 0.02, 0.05, *np.linspace(0.1, 0.9, 9), 0.95, 0.98, 0.99])
#: Smallest number of pairs in a cell.
FEWEST_PAIRS = 50


class Cut(NamedTuple):
    """A cut of a cell: frames with a value above `at` move to a new cell."""

    cell: int
    axis: int
    at: float


@dataclass(frozen=True)
class VampTree:
    """Cells of frames that are bounded by cuts along axes.

    Parameters
    ----------
    cuts : tuple of Cut
        In order. Cut number n makes cell n + 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> slow = np.repeat(rng.permutation(40) % 2, 100) + 0.1 * rng.normal(size=4000)
    >>> x = np.stack([10 * rng.normal(size=4000), slow], axis=1)
    >>> tree = VampTree.grow(x[:-5], x[5:], 2)
    >>> tree.cuts[0].axis, bool(0.2 < tree.cuts[0].at < 0.8)
    (1, True)
    """

    cuts: tuple[Cut, ...] = ()

    @classmethod
    def grow(
        cls, earlier: np.ndarray, later: np.ndarray, n_cells: int, ridge: float = 0.0
    ) -> VampTree:
        """Make the cuts that raise VAMP-2 most, one after the other.

        Parameters
        ----------
        earlier, later : ndarray of shape (n_pairs, n_axes)
            Pairs of frames one lag apart.
        n_cells : int
            Number of cells. There are fewer if no cut raises VAMP-2.
        ridge : float
            Is added to the populations in the score, against noise of small cells.

        Returns
        -------
        VampTree
        """
        tree = cls()
        a, b = (np.zeros(len(earlier), np.int64) for _ in range(2))
        best = {0: _best_cut(earlier, later, a, b, 0, 1, ridge)}
        for new in range(1, n_cells):
            cell, (gain, axis, at) = max(best.items(), key=lambda item: item[1][0])
            if gain <= 0:
                break
            tree = replace(tree, cuts=(*tree.cuts, Cut(cell, axis, at)))
            a[(a == cell) & (earlier[:, axis] > at)] = new
            b[(b == cell) & (later[:, axis] > at)] = new
            if new + 1 < n_cells:
                for changed in (cell, new):
                    best[changed] = _best_cut(earlier, later, a, b, changed, new + 1, ridge)
        return tree

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the cell of each frame: (n, n_axes) -> (n,) int64."""
        cells = np.zeros(len(x), np.int64)
        for new, (cell, axis, at) in enumerate(self.cuts, start=1):
            cells[(cells == cell) & (x[:, axis] > at)] = new
        return cells


def _best_cut(
    earlier: np.ndarray,
    later: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    cell: int,
    n: int,
    ridge: float,
) -> tuple[float, int, float]:
    """Return the gain, axis and position of the best cut of a cell; the gain is 0 without one.

    `a` and `b` are the cells of the earlier and later frames, numbered from 0 to n - 1.
    """
    starts, ends = np.flatnonzero(a == cell), np.flatnonzero(b == cell)
    if min(len(starts), len(ends)) < 2 * FEWEST_PAIRS:
        return 0.0, 0, 0.0
    counts = np.bincount(a * n + b, minlength=n * n).reshape(n, n) / len(a)
    rows, columns = counts.sum(axis=1) + ridge, counts.sum(axis=0) + ridge
    before = np.square(counts) / np.outer(rows, columns)
    unchanged = before.sum() - before[cell].sum() - before[:, cell].sum() + before[cell, cell]
    others = np.arange(n) != cell
    best = (0.0, 0, 0.0)
    for axis in range(earlier.shape[1]):
        values = earlier[starts, axis]
        cuts = np.unique(np.quantile(values, _QUANTILES))
        # Bin i holds the values above i of the cuts.
        start_bins = np.searchsorted(cuts, values)
        end_bins = np.searchsorted(cuts, later[ends, axis])
        m = len(cuts) + 1
        there = b[starts] == cell
        inner = np.searchsorted(cuts, later[starts[there], axis])
        out = _histogram(start_bins, b[starts], m, n)
        into = _histogram(end_bins, a[ends], m, n)
        stay = _histogram(start_bins[there], inner, m, m)
        # Low and high part of the cell for each cut: cumulated over the bins.
        out_low, in_low = (h.cumsum(axis=0)[:-1] / len(a) for h in (out, into))
        out_high, in_high = out.sum(0) / len(a) - out_low, into.sum(0) / len(a) - in_low
        both = stay.cumsum(axis=0).cumsum(axis=1) / len(a)
        low_low = np.diagonal(both)[:-1]
        low_high = both[:-1, -1] - low_low
        high_low = both[-1, :-1] - low_low
        high_high = both[-1, -1] - low_low - low_high - high_low
        r_low, r_high = out_low.sum(axis=1) + ridge, out_high.sum(axis=1) + ridge
        c_low, c_high = in_low.sum(axis=1) + ridge, in_high.sum(axis=1) + ridge
        after = (
            _terms(out_low, r_low, columns, others)
            + _terms(out_high, r_high, columns, others)
            + _terms(in_low, c_low, rows, others)
            + _terms(in_high, c_high, rows, others)
            + low_low**2 / (r_low * c_low)
            + low_high**2 / (r_low * c_high)
            + high_low**2 / (r_high * c_low)
            + high_high**2 / (r_high * c_high)
        )
        fewest = FEWEST_PAIRS / len(a) + ridge
        small = np.minimum.reduce([r_low, r_high, c_low, c_high]) < fewest
        gains = np.where(small, -1.0, unchanged + after - before.sum())
        found = int(gains.argmax())
        if gains[found] > best[0]:
            best = (float(gains[found]), axis, float(cuts[found]))
    return best


def _histogram(bins: np.ndarray, labels: np.ndarray, m: int, n: int) -> np.ndarray:
    return np.bincount(bins * n + labels, minlength=m * n).reshape(m, n).astype(np.float64)


def _terms(
    flow: np.ndarray, own: np.ndarray, of_others: np.ndarray, others: np.ndarray
) -> np.ndarray:
    """Return the terms of VAMP-2 of exchange with other cells, for each cut."""
    shares = np.square(flow[:, others]) / np.maximum(of_others[others], 1e-300)
    return np.asarray(shares.sum(axis=1) / np.maximum(own, 1e-300))

"""Errors of free energies: a bootstrap over blocks of time.

Frames that follow each other are alike, so whole blocks of them are drawn, not frames. Only the
counts of each block are kept: a replica is a sum of rows of a sparse matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from ..checks import check_count
from ..errors import InputError
from ..segments import checked_lengths, even_parts

#: Blocks that are cut where nothing else is asked for: the longest blocks whose errors are
#: themselves known to about 1 / sqrt(2 * 50) = 10 %.
N_BLOCKS = 50
#: More blocks than these make no error better, but need memory.
MOST_BLOCKS = 10_000
#: With fewer visits than these more than 2.5 % of replicas have none: exp(-3.7).
FEWEST_VISITS = 3.7
#: Share of the replicas between the ends of an interval.
CONFIDENCE = 0.95
#: Numbers of all replicas that are held at a time.
_HELD = 1_000_000


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of time, each within one continuous piece of trajectory.

    Parameters
    ----------
    edges : ndarray of int64 of shape (n_blocks + 1,)
        First row of each block, and the number of rows.
    pieces : ndarray of int64 of shape (n_blocks,)
        Which piece each lies in.

    Examples
    --------
    >>> Blocks.of_rows(14, [10, 4], length=5).edges
    array([ 0,  5, 10, 14])
    """

    edges: np.ndarray
    pieces: np.ndarray

    @classmethod
    def of_rows(
        cls, n_rows: int, lengths: Sequence[int] | None = None, length: int | None = None
    ) -> Blocks:
        """Cut each piece into even parts of about `length` rows; by default some 50 in all.

        A piece that is shorter than `length` is one block. Without `lengths` there is one piece.

        Raises
        ------
        InputError
            When `lengths` do not add up to the rows, or there would be fewer than two blocks or
            more than 10,000.
        """
        rows = checked_lengths(lengths, n_rows)
        wanted = (
            max(1, n_rows // N_BLOCKS) if length is None else check_count("block_length", length)
        )
        parts = [max(1, round(n / wanted)) for n in rows]
        if not 2 <= sum(parts) <= MOST_BLOCKS:
            raise InputError(
                f"block_length={wanted:,}: {n_rows:,} rows in {len(rows):,} piece(s) make "
                f"{sum(parts):,} block(s); errors need 2 to {MOST_BLOCKS:,} of them"
            )
        sizes = np.concatenate([even_parts(n, k) for n, k in zip(rows, parts, strict=True)])
        return cls(np.concatenate([[0], np.cumsum(sizes)]), np.repeat(np.arange(len(rows)), parts))

    def __len__(self) -> int:
        return len(self.pieces)

    @property
    def length(self) -> float:
        """Mean number of rows of a block."""
        return float(self.edges[-1] / len(self))

    def counts(self, numbers: np.ndarray, n: int) -> csr_matrix:
        """Rows of each number from 0 to n - 1 in each block; -1 is not counted.

        Parameters
        ----------
        numbers : (n_rows,) ndarray of int
        n : int

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n_blocks, n), float64
        """
        chosen = np.where(numbers < 0, n, numbers)
        # The numbers of a block stand together already: they are the rows of such a matrix.
        counts = csr_matrix(
            (np.ones(len(chosen)), chosen, self.edges), shape=(len(self), n + 1), dtype=np.float64
        )
        counts.sum_duplicates()
        return counts[:, :n]

    def draw(self, n_bootstrap: int, seed: int) -> np.ndarray:
        """How often each block is in each replica: (n_bootstrap, n_blocks), float64.

        One block fewer than there are is drawn: deviations from the mean of n blocks are too
        small by sqrt((n - 1) / n), and so become right (Rao & Wu, J. Am. Stat. Assoc. 83, 231
        (1988)).
        """
        n = len(self)
        rng = np.random.default_rng(seed)
        return rng.multinomial(n - 1, np.full(n, 1 / n), size=n_bootstrap).astype(np.float64)

    def visits(self, counts: csr_matrix) -> np.ndarray:
        """About how many visits each bin had: (n_bins,) from counts (n_blocks, n_bins).

        Blocks in which it was seen, less those that only go on with a visit of the block
        before: times 1 - c, c the correlation of neighbouring blocks. One long visit is 1,
        however many blocks it fills.
        """
        first = self._followed
        seen = np.diff(counts.tocsc().indptr).astype(np.float64)
        if not len(first):
            return seen
        x, y = counts[first], counts[first + 1]
        means = _means(x) * _means(y)
        covariance = _means(x.multiply(y)) - means
        variances = [_means(c.multiply(c)) - _means(c) ** 2 for c in (x, y)]
        deviation = np.sqrt(np.maximum(variances[0], 0) * np.maximum(variances[1], 0))
        # What is as often in every block does not go on from one to the next, nor does what
        # would correlate as well by chance.
        varies = deviation > 1e-12 * means
        correlation = np.divide(covariance, deviation, out=np.zeros_like(seen), where=varies)
        correlation[correlation < 2 / np.sqrt(len(first))] = 0.0
        return seen * (1.0 - np.minimum(correlation, 1.0))

    @property
    def _followed(self) -> np.ndarray:
        """The blocks that another one of their piece comes after."""
        return np.flatnonzero(self.pieces[1:] == self.pieces[:-1])

    def trend(self, counts: csr_matrix) -> float:
        """Factor by which the mean error of -ln p grows when blocks are twice as long.

        About 1 where blocks are long enough; NaN for fewer than ten pairs of neighbours, and
        where there is no error at all.
        """
        first = self._followed
        # Counted within each piece, the blocks 0, 2, 4, ... begin a pair.
        place = first - np.searchsorted(self.pieces, self.pieces[first])
        first = first[place % 2 == 0]
        if len(first) < 10:
            return float("nan")
        single = counts[np.sort(np.concatenate([first, first + 1]))]
        error = _mean_error(single)
        return _mean_error(counts[first] + counts[first + 1]) / error if error > 0 else np.nan


@dataclass(frozen=True, eq=False)
class Spread:
    """How -ln p of some bins differs between replicas, in kT; arrays of shape (n_bins,).

    Parameters
    ----------
    error : ndarray of float64
        Standard deviation; infinite where an end of the interval is.
    lower, upper : ndarray of float64
        95 % interval. The upper end is infinite where more than 2.5 % of the replicas have no
        frame in the bin, which was then visited in some three blocks or fewer; and where so
        few visits filled more blocks than that.
    """

    error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @classmethod
    def of(
        cls,
        blocks: Blocks,
        counts: csr_matrix,
        drawn: np.ndarray,
        reference: int | None = None,
    ) -> Spread:
        """Of the counts of each block and the blocks of each replica.

        Parameters
        ----------
        blocks : Blocks
        counts : csr_matrix of shape (n_blocks, n_bins)
        drawn : (n_bootstrap, n_blocks) ndarray
        reference : int, optional
            The bin whose -ln p is subtracted in each replica. Default: none, p are the shares of
            all frames in the replica.
        """
        n_bins = counts.shape[1]
        base = counts.sum(axis=1) if reference is None else counts[:, [reference]].toarray()
        at_once = max(1, _HELD // len(drawn))
        with np.errstate(divide="ignore"):
            log_base = np.log(drawn @ np.asarray(base))
            parts = [
                _spread(log_base, np.log(_product(drawn, counts[:, start : start + at_once])))
                for start in range(0, n_bins, at_once)
            ]
        spread = cls(*(np.concatenate(values) for values in zip(*parts, strict=True)))
        few = blocks.visits(counts) < FEWEST_VISITS
        spread.error[few], spread.upper[few] = np.inf, np.inf
        if reference is not None and few[reference]:
            spread.error[:], spread.lower[:], spread.upper[:] = np.inf, -np.inf, np.inf
        if reference is not None:
            for values in (spread.error, spread.lower, spread.upper):
                values[reference] = 0.0
        return spread


def _spread(log_base: np.ndarray, log_counts: np.ndarray) -> tuple[np.ndarray, ...]:
    with np.errstate(invalid="ignore"):
        energies = log_base - log_counts
    n = len(energies)
    # Order statistics: nothing is interpolated between a number and infinity.
    tail = int((1 - CONFIDENCE) / 2 * n)
    unknown = np.isnan(energies)  # neither the bin nor the reference is in the replica
    lower = np.sort(np.where(unknown, -np.inf, energies), axis=0)[tail]
    upper = np.sort(np.where(unknown, np.inf, energies), axis=0)[n - 1 - tail]
    known = np.ma.masked_invalid(energies)
    error = np.ma.filled(known.std(axis=0, ddof=1), np.inf)
    return np.where(np.isfinite(lower) & np.isfinite(upper), error, np.inf), lower, upper


def _product(drawn: np.ndarray, counts: csr_matrix) -> np.ndarray:
    return np.asarray(counts.T.dot(drawn.T)).T


def _means(counts: csr_matrix) -> np.ndarray:
    """Mean over the blocks."""
    return np.asarray(counts.mean(axis=0)).ravel()


def _mean_error(counts: csr_matrix) -> float:
    """Mean over the frames of the standard error of -ln p of their bins, to first order."""
    sizes = np.asarray(counts.sum(axis=1)).ravel()
    shares = np.asarray(counts.sum(axis=0)).ravel() / sizes.sum()
    squares = np.asarray(counts.multiply(counts).sum(axis=0)).ravel()
    squares += shares * (shares * (sizes @ sizes) - 2 * np.asarray(counts.T @ sizes).ravel())
    # p times the error of ln p is the error of p.
    n = len(sizes)
    return float(np.sqrt(np.maximum(squares, 0.0) * n / (n - 1)).sum() / sizes.sum())

"""Errors of free energies by a bootstrap over blocks of time.

Consecutive frames are correlated, so whole blocks are drawn instead of single frames. Only the
counts of each block are kept: a replica is a sum of rows of a sparse matrix. Blocks are several
relaxation times long, as far as the trajectory allows; intervals allow for the correlation that
remains between blocks, and for errors that are estimated from few blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import norm, t

from ..checks import check_count
from ..errors import InputError
from ..kinetics.posterior import CONFIDENCE, central
from ..segments import checked_lengths, even_parts
from ..tables import counted

#: Default number of blocks: few enough for long blocks, but enough to determine errors to about
#: 1 / sqrt(2 * 50) = 10 %.
N_BLOCKS = 50
#: Relaxation times in a block: the rest of the variance, 1/5 of it, lies between blocks.
RELAXATIONS_IN_BLOCK = 5
#: Blocks with fewer relaxation times than this are short.
LEAST_RELAXATIONS = 3
#: Blocks are shorter if there would be fewer than this: errors from few blocks are rough.
FEWEST_BLOCKS = 20
#: More blocks than this do not improve errors, but need memory.
MOST_BLOCKS = 10_000
#: With fewer visits, more than 2.5 % of the replicas contain none: exp(-3.7).
FEWEST_VISITS = 3.7
#: Largest number of values of all replicas that are held in memory at a time.
_HELD = 1_000_000


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of time, each within one segment.

    Parameters
    ----------
    edges : ndarray of int64 of shape (n_blocks + 1,)
        First frame of each block, and the number of frames.
    segments : ndarray of int64 of shape (n_blocks,)
        The segment that each block lies in.
    relaxation : float
        Relaxation time of the slowest process in frames.

    Examples
    --------
    >>> Blocks.of_frames(14, [10, 4], length=5).edges
    array([ 0,  5, 10, 14])
    """

    edges: np.ndarray
    segments: np.ndarray
    relaxation: float = 0.0

    @classmethod
    def of_frames(
        cls,
        n_frames: int,
        lengths: Sequence[int] | None = None,
        length: int | None = None,
        relaxation: float = 0.0,
    ) -> Blocks:
        """Cut each segment into even blocks.

        Parameters
        ----------
        n_frames : int
        lengths : sequence of int, optional
            Number of frames in each segment. Default: one segment.
        length : int, optional
            Approximate number of frames in a block. A shorter segment is one block. Default:
            about 50 blocks in total, fewer but at least about 20 if blocks would be shorter than
            five relaxation times.
        relaxation : float
            Relaxation time of the slowest process in frames.

        Raises
        ------
        InputError
            If `lengths` do not add up to the frames, or there would be fewer than two blocks or
            more than 10,000.
        """
        frames = checked_lengths(lengths, n_frames)
        wanted = (
            _default_length(n_frames, relaxation)
            if length is None
            else check_count("block_length", length)
        )
        parts = [max(1, round(n / wanted)) for n in frames]
        if not 2 <= sum(parts) <= MOST_BLOCKS:
            raise InputError(
                f"block_length={wanted:,}: {counted(n_frames, 'frame')} in "
                f"{counted(len(frames), 'segment')} make {counted(sum(parts), 'block')}, but "
                f"errors need 2 to {MOST_BLOCKS:,}; choose another block_length"
            )
        sizes = np.concatenate([even_parts(n, k) for n, k in zip(frames, parts, strict=True)])
        numbers = np.repeat(np.arange(len(frames)), parts)
        return cls(np.concatenate([[0], np.cumsum(sizes)]), numbers, relaxation)

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self.segments)

    @property
    def length(self) -> float:
        """Mean number of frames of a block."""
        return float(self.edges[-1] / len(self))

    @property
    def growth(self) -> float:
        """Factor by which errors between independent blocks are too small.

        The means of blocks of x relaxation times have 1 - (1 - exp(-x)) / x of the variance that
        they would have, relative to their length, if the process were forgotten between blocks.
        Blocks that are segments of their own are independent.
        """
        if self.relaxation <= 0:
            return 1.0
        x = self.length / self.relaxation
        seen = 1 + np.expm1(-x) / x
        joined = np.bincount(self.segments)[self.segments] > 1
        share = np.diff(self.edges)[joined].sum() / self.edges[-1]
        return float(np.sqrt(1 + share * (1 / seen - 1)))

    @property
    def doubts(self) -> list[str]:
        """Return a sentence if the blocks are shorter than several relaxation times."""
        if self.length >= LEAST_RELAXATIONS * self.relaxation:
            return []
        advice = (
            "choose a longer block_length"
            if self.edges[-1] > 2 * FEWEST_BLOCKS * self.length
            else "simulate longer"
        )
        return [
            f"blocks of {self.length:,.0f} frames are short beside the slowest relaxation of "
            f"{self.relaxation:,.0f} frames: the errors allow for it, but are rough; {advice}"
        ]

    @property
    def widening(self) -> float:
        """Factor of the interval: `growth`, and that of Student's t for the number of blocks."""
        tail = (1 - CONFIDENCE) / 2
        return self.growth * float(t.isf(tail, len(self) - 1) / norm.isf(tail))

    def counts(self, numbers: np.ndarray, n: int) -> csr_matrix:
        """Count how often each number from 0 to n - 1 occurs in each block.

        Parameters
        ----------
        numbers : (n_frames,) ndarray of int
            State or bin of each frame. -1 is not counted.
        n : int
            Number of states or bins.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n_blocks, n), float64
        """
        chosen = np.where(numbers < 0, n, numbers)
        # The numbers of a block are contiguous, like the rows of a CSR matrix.
        counts = csr_matrix(
            (np.ones(len(chosen)), chosen, self.edges), shape=(len(self), n + 1), dtype=np.float64
        )
        counts.sum_duplicates()
        return counts[:, :n]

    def draw(self, n_bootstrap: int, seed: int) -> np.ndarray:
        """Draw how often each block occurs in each replica.

        One block fewer than the total number is drawn. Otherwise, deviations from the mean of n
        blocks would be too small by sqrt((n - 1) / n) (Rao & Wu, J. Am. Stat. Assoc. 83, 231
        (1988)).

        Parameters
        ----------
        n_bootstrap : int
            Number of replicas.
        seed : int

        Returns
        -------
        ndarray of float64 of shape (n_bootstrap, n_blocks)
        """
        n = len(self)
        rng = np.random.default_rng(seed)
        return rng.multinomial(n - 1, np.full(n, 1 / n), size=n_bootstrap).astype(np.float64)

    def visits(self, counts: csr_matrix) -> np.ndarray:
        """Estimate how many visits each bin had: (n_bins,) from counts (n_blocks, n_bins).

        This is the number of blocks in which the bin was visited, times 1 - c, where c is the
        correlation of neighbouring blocks. It excludes blocks that only continue the visit of
        the previous block: a long visit counts once, however many blocks it fills.
        """
        first = self._followed
        seen: np.ndarray = np.diff(counts.tocsc().indptr).astype(np.float64)
        if not len(first):
            return seen
        x, y = counts[first], counts[first + 1]
        means = _means(x) * _means(y)
        covariance = _means(x.multiply(y)) - means
        variances = [_means(c.multiply(c)) - _means(c) ** 2 for c in (x, y)]
        deviation = np.sqrt(np.maximum(variances[0], 0) * np.maximum(variances[1], 0))
        # Equal counts in all blocks are not evidence of a continued visit, and neither are
        # correlations that may be due to chance.
        varies = deviation > 1e-12 * means
        correlation = np.divide(covariance, deviation, out=np.zeros_like(seen), where=varies)
        correlation[correlation < 2 / np.sqrt(len(first))] = 0.0
        return np.asarray(seen * (1.0 - np.minimum(correlation, 1.0)))

    @property
    def _followed(self) -> np.ndarray:
        """Blocks that are followed by another block of the same segment."""
        return np.asarray(np.flatnonzero(self.segments[1:] == self.segments[:-1]))

    def trend(self, counts: csr_matrix) -> float:
        """Return the factor by which the mean error of -ln p grows with blocks twice as long.

        It is about 1 if blocks are long enough, and NaN with fewer than ten pairs of neighbouring
        blocks or without any error.
        """
        first = self._followed
        # In each segment the blocks 0, 2, 4, ... begin a pair.
        place = first - np.searchsorted(self.segments, self.segments[first])
        first = first[place % 2 == 0]
        if len(first) < 10:
            return float("nan")
        single = counts[np.sort(np.concatenate([first, first + 1]))]
        error = _mean_error(single)
        return _mean_error(counts[first] + counts[first + 1]) / error if error > 0 else np.nan


@dataclass(frozen=True, eq=False)
class Spread:
    """Spread of -ln p of some bins over the replicas, in kT; arrays of shape (n_bins,).

    Parameters
    ----------
    error : ndarray of float64
        Standard deviation; infinite if an end of the interval is infinite.
    lower, upper : ndarray of float64
        95 % interval. The upper end is infinite if more than 2.5 % of the replicas have no frame
        in the bin (visited in about three blocks or fewer), or if equally few visits fill more
        blocks.
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
        """Compute the spread from the counts of each block and the blocks of each replica.

        Parameters
        ----------
        blocks : Blocks
        counts : csr_matrix of shape (n_blocks, n_bins)
        drawn : (n_bootstrap, n_blocks) ndarray
        reference : int, optional
            The bin whose -ln p is subtracted in each replica. Default: none; p is the share of
            all frames in the replica.

        Returns
        -------
        Spread
        """
        n_bins = counts.shape[1]
        base = counts.sum(axis=1) if reference is None else counts[:, [reference]].toarray()
        at_once = max(1, _HELD // len(drawn))
        with np.errstate(divide="ignore", invalid="ignore"):
            log_base = np.log(drawn @ np.asarray(base))
            parts = [
                _spread(log_base, np.log(_product(drawn, counts[:, start : start + at_once])))
                for start in range(0, n_bins, at_once)
            ]
            error, lower, upper = (np.concatenate(values) for values in zip(*parts, strict=True))
            energies = np.log(base.sum()) - np.log(np.asarray(counts.sum(axis=0)).ravel())
            spread = cls(
                blocks.growth * error,
                np.minimum(lower, energies - blocks.widening * (energies - lower)),
                np.maximum(upper, energies + blocks.widening * (upper - energies)),
            )
        few = blocks.visits(counts) < FEWEST_VISITS
        spread.error[few], spread.upper[few] = np.inf, np.inf
        if reference is not None and few[reference]:
            spread.error[:], spread.lower[:], spread.upper[:] = np.inf, -np.inf, np.inf
        if reference is not None:
            for values in (spread.error, spread.lower, spread.upper):
                values[reference] = 0.0
        return spread


def _spread(log_base: np.ndarray, log_counts: np.ndarray) -> tuple[np.ndarray, ...]:
    energies = log_base - log_counts
    unknown = np.isnan(energies)  # the replica contains neither the bin nor the reference
    lower, _ = central(np.where(unknown, -np.inf, energies))
    _, upper = central(np.where(unknown, np.inf, energies))
    known = np.ma.masked_invalid(energies)
    error = np.ma.filled(known.std(axis=0, ddof=1), np.inf)
    return np.where(np.isfinite(lower) & np.isfinite(upper), error, np.inf), lower, upper


def _default_length(n_frames: int, relaxation: float) -> int:
    """Return the default number of frames in a block."""
    several = RELAXATIONS_IN_BLOCK * min(relaxation, n_frames)
    return max(1, n_frames // N_BLOCKS, min(int(several), n_frames // FEWEST_BLOCKS))


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
    # The error of ln p, times p, is the error of p.
    n = len(sizes)
    return float(np.sqrt(np.maximum(squares, 0.0) * n / (n - 1)).sum() / sizes.sum())

"""Pairs of frames one lag time apart, (t, t + lag), within a continuous segment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..kinetics.covariances import Covariances
from .dataset import Dataset, spread_out

#: The ridge as a number of frames. It halves the inverse population of a component of this size.
RIDGE_FRAMES = 2.0
#: Bounds on the number of pairs from which a training step estimates VAMP-2.
FEWEST_PAIRS, MOST_PAIRS = 4_096, 16_384


def pairs_of_step(k: int) -> int:
    """Return the number of pairs from which a training step estimates VAMP-2 of k components.

    With this number the estimate is too high by (k - 1)^2 / pairs, about 0.04 for 20 components,
    and nearly always contains a state with a population of 0.001.

    Examples
    --------
    >>> pairs_of_step(5), pairs_of_step(20)
    (4096, 9025)
    """
    return min(MOST_PAIRS, max(FEWEST_PAIRS, 25 * (k - 1) ** 2))


def ridge_of(n_pairs: int) -> float:
    """Return the ridge that is added to the diagonals of covariances of `n_pairs` pairs.

    Examples
    --------
    >>> ridge_of(20_000)
    0.0001
    """
    return RIDGE_FRAMES / n_pairs


def ridged_vamp2(covariances: Covariances) -> float:
    """Return the VAMP-2 score with the ridge that training uses for this number of pairs.

    Examples
    --------
    >>> slow = np.repeat(np.eye(2), 50, axis=0)
    >>> round(ridged_vamp2(Covariances.of([(slow, slow)] * 10)), 1)
    2.0
    """
    return covariances.vamp2_with_ridge(ridge_of(covariances.n_pairs))


@dataclass(frozen=True, eq=False)
class LaggedPairs:
    """The frames that have a partner one lag later.

    Parameters
    ----------
    lag : int
        Lag time in frames.
    has_partner : ndarray of bool of shape (n_frames,)
        Whether frame t + lag belongs to the same segment as frame t, and both may be used.

    Examples
    --------
    >>> LaggedPairs.within([3, 2], lag=1).has_partner.tolist()
    [True, True, False, True, False]
    """

    lag: int
    has_partner: np.ndarray

    @classmethod
    def within(
        cls, lengths: Sequence[int], lag: int, keep: np.ndarray | None = None
    ) -> LaggedPairs:
        """Return all pairs of frames within a segment.

        Parameters
        ----------
        lengths : sequence of int
            Number of frames in each segment.
        lag : int
            Lag time in frames.
        keep : ndarray of bool of shape (n_frames,), optional
            Use only these frames. Default: all.

        Raises
        ------
        InputError
            If there are no pairs.
        """
        pairs = cls.within_or_none(lengths, lag, keep)
        if pairs is None:
            raise InputError(
                f"lag={lag}: no continuous segment is longer than {lag} frames (the longest has "
                f"{max(lengths)}), so there are no pairs of frames one lag apart; shorten the "
                "lag, pass the frames in time order, or train without kinetics "
                "(vamp_weight=0)"
            )
        return pairs

    @classmethod
    def within_or_none(
        cls, lengths: Sequence[int], lag: int, keep: np.ndarray | None = None
    ) -> LaggedPairs | None:
        """Do the same as `within`, but return None if there are no pairs."""
        n_frames = sum(lengths)
        has_partner = np.ones(n_frames, bool)
        for end in np.cumsum(lengths):
            has_partner[max(end - lag, 0) : end] = False
        # A segment shorter than the lag has no pairs, not even with frames of the next segment.
        starts = np.cumsum([0, *lengths])[:-1]
        for start, length in zip(starts, lengths, strict=True):
            if length <= lag:
                has_partner[start : start + length] = False
        if keep is not None:
            later = np.zeros(n_frames, bool)
            later[: n_frames - lag if lag < n_frames else 0] = keep[lag:]
            has_partner &= keep & later
        return cls(lag, has_partner) if has_partner.any() else None

    @property
    def n_pairs(self) -> int:
        """Number of pairs."""
        return int(self.has_partner.sum())

    def thinned(self, n_most: int) -> LaggedPairs:
        """Return at most `n_most` of the pairs, evenly spread over the frames.

        Examples
        --------
        >>> LaggedPairs.within([100], lag=1).thinned(10).n_pairs
        10
        """
        if self.n_pairs <= n_most:
            return self
        chosen = np.zeros_like(self.has_partner)
        chosen[spread_out(np.flatnonzero(self.has_partner), n_most)] = True
        return LaggedPairs(self.lag, chosen)

    def chunks(
        self, dataset: Dataset, function: Callable[[np.ndarray], np.ndarray] = lambda raw: raw
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield all pairs in order, as chunks of (earlier frames, later frames).

        Parameters
        ----------
        dataset : Dataset
            The frames.
        function : callable
            Function to apply to the frames: (n, n_columns) -> (n, any number of values).
        """
        n = max(dataset.block_frames(1), 4 * self.lag)
        for start in range(0, len(dataset) - self.lag, n):
            stop = min(start + n, len(dataset) - self.lag)
            chosen = self.has_partner[start:stop]
            if chosen.any():
                values = function(dataset.read(start, stop + self.lag))
                yield values[: stop - start][chosen], values[self.lag :][chosen]

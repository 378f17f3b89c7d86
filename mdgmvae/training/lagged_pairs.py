"""Pairs of frames one lag apart: (t, t + lag) within one continuous piece of trajectory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from .dataset import Rows


@dataclass(frozen=True, eq=False)
class TimePairs:
    """Which rows have a partner one lag later.

    Parameters
    ----------
    lag : int
        Rows.
    has_partner : ndarray of bool of shape (n_rows,)
        Whether row t + lag belongs to the same piece (and both may be used).

    Examples
    --------
    >>> TimePairs.within([3, 2], lag=1).has_partner.tolist()
    [True, True, False, True, False]
    """

    lag: int
    has_partner: np.ndarray

    @classmethod
    def within(cls, lengths: Sequence[int], lag: int, keep: np.ndarray | None = None) -> TimePairs:
        """All pairs that do not straddle two pieces, of rows that `keep` marks.

        Raises
        ------
        InputError
            When there is none.
        """
        pairs = cls.if_any(lengths, lag, keep)
        if pairs is None:
            raise InputError(
                f"lag={lag}: no continuous piece of trajectory is longer than {lag} rows (the "
                f"longest has {max(lengths)}), so there are no pairs of frames one lag apart; "
                "lower the lag, give frames in the order of time, or leave kinetics out "
                "(vamp_weight=0)"
            )
        return pairs

    @classmethod
    def if_any(
        cls, lengths: Sequence[int], lag: int, keep: np.ndarray | None = None
    ) -> TimePairs | None:
        """`within`, or None where there is no pair."""
        n_rows = sum(lengths)
        has_partner = np.ones(n_rows, bool)
        for end in np.cumsum(lengths):
            has_partner[max(end - lag, 0) : end] = False
        # A piece that is shorter than the lag has no pair, and must not borrow a neighbour's.
        starts = np.cumsum([0, *lengths])[:-1]
        for start, length in zip(starts, lengths, strict=True):
            if length <= lag:
                has_partner[start : start + length] = False
        if keep is not None:
            later = np.zeros(n_rows, bool)
            later[: n_rows - lag if lag < n_rows else 0] = keep[lag:]
            has_partner &= keep & later
        return cls(lag, has_partner) if has_partner.any() else None

    @property
    def n_pairs(self) -> int:
        """How many there are."""
        return int(self.has_partner.sum())

    def chunks(
        self, rows: Rows, function: Callable[[np.ndarray], np.ndarray] = lambda raw: raw
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All pairs in order, as (earlier rows, later rows), in bounded chunks.

        Parameters
        ----------
        rows : Rows
        function : callable
            Applied to the rows first, (n, n_columns) -> (n, anything).
        """
        n = max(rows.block_rows(1), 4 * self.lag)
        for start in range(0, len(rows) - self.lag, n):
            stop = min(start + n, len(rows) - self.lag)
            chosen = self.has_partner[start:stop]
            if chosen.any():
                values = function(rows.read(start, stop + self.lag))
                yield values[: stop - start][chosen], values[self.lag :][chosen]

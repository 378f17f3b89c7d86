"""VAMP-2 of soft assignments from their covariances, within the training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

#: Frames that a component needs for half of the inverse that it would have without the ridge.
FRAMES_OF_RIDGE = 2.0
#: Bounds of the pairs that a step looks at.
FEWEST_PAIRS, MOST_PAIRS = 4_096, 16_384


def pairs_of_step(k: int) -> int:
    """Pairs of frames from which a step of the training knows VAMP-2 of k components.

    It is then too high by (k - 1)^2 / pairs, some 0.04 for 20 components, and a state with a
    thousandth of the frames is nearly always among them.

    Examples
    --------
    >>> pairs_of_step(5), pairs_of_step(20)
    (4096, 9025)
    """
    return min(MOST_PAIRS, max(FEWEST_PAIRS, 25 * (k - 1) ** 2))


def ridge_of(n_pairs: int) -> float:
    """What is added to the diagonals of the covariances, given how many pairs there are.

    Examples
    --------
    >>> ridge_of(20_000)
    0.0001
    """
    return FRAMES_OF_RIDGE / n_pairs


@dataclass(frozen=True, eq=False)
class SoftCovariances:
    """<q_0 q_0^T>, <q_0 q_1^T> and <q_1 q_1^T> over pairs of frames: shape (k, k), float64.

    Examples
    --------
    >>> slow = np.repeat(np.eye(2), 50, axis=0)
    >>> round(SoftCovariances.of([(slow, slow)] * 10).vamp2(), 1)
    2.0
    """

    c00: np.ndarray
    c01: np.ndarray
    c11: np.ndarray
    n_pairs: int

    @classmethod
    def of(cls, pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> SoftCovariances:
        """Averages over (earlier q, later q), each (n, k), which come in chunks."""
        sums: list = [0.0, 0.0, 0.0]
        n = 0
        for chunk in pairs:
            q0, q1 = (q.astype(np.float64) for q in chunk)
            sums = [
                s + part for s, part in zip(sums, (q0.T @ q0, q0.T @ q1, q1.T @ q1), strict=True)
            ]
            n += len(q0)
        c00, c01, c11 = (np.asarray(s) / n for s in sums)
        return cls(c00, c01, c11, n)

    def __add__(self, other: SoftCovariances) -> SoftCovariances:
        """Those of the pairs of both."""
        n = self.n_pairs + other.n_pairs
        share = self.n_pairs / n
        ours, theirs = (self.c00, self.c01, self.c11), (other.c00, other.c01, other.c11)
        c00, c01, c11 = (share * a + (1 - share) * b for a, b in zip(ours, theirs, strict=True))
        return SoftCovariances(c00, c01, c11, n)

    def vamp2(self) -> float:
        """VAMP-2, with the trivial singular value 1 counted."""
        ridge = ridge_of(self.n_pairs) * np.eye(len(self.c00))
        p, q = np.linalg.inv(self.c00 + ridge), np.linalg.inv(self.c11 + ridge)
        return float(np.trace(p @ self.c01 @ q @ self.c01.T))

"""Covariances of assignments over pairs of frames, and the VAMP-2 score that follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Covariances:
    """<q_0 q_0^T>, <q_0 q_1^T> and <q_1 q_1^T> over pairs of frames (t, t + lag).

    q_0 and q_1 are the assignments of the earlier and of the later frame of a pair: labels as
    one-hot vectors, or probabilities.

    Parameters
    ----------
    c00, c01, c11 : ndarray of float64 of shape (k, k)
    n_pairs : int
        Number of pairs that were averaged.

    Examples
    --------
    >>> slow = np.repeat(np.eye(2), 50, axis=0)
    >>> round(Covariances.of([(slow, slow)] * 10).vamp2(epsilon=1e-6), 1)
    2.0
    """

    c00: np.ndarray
    c01: np.ndarray
    c11: np.ndarray
    n_pairs: int

    @classmethod
    def of(cls, pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Covariances:
        """Average over chunks of pairs.

        Parameters
        ----------
        pairs : iterable of (ndarray of shape (n, k), ndarray of shape (n, k))
            Assignments of the earlier and of the later frames; at least one chunk, which may
            be empty.
        """
        sums: list[np.ndarray] = [np.zeros(())] * 3
        n = 0
        for chunk in pairs:
            q0, q1 = (q.astype(np.float64) for q in chunk)
            products = q0.T @ q0, q0.T @ q1, q1.T @ q1
            sums = [total + product for total, product in zip(sums, products, strict=True)]
            n += len(q0)
        c00, c01, c11 = (total / max(n, 1) for total in sums)
        return cls(c00, c01, c11, n)

    @classmethod
    def of_labels(cls, earlier: np.ndarray, later: np.ndarray, k: int) -> Covariances:
        """Average over pairs of labels, which needs counts only.

        Parameters
        ----------
        earlier, later : ndarray of int64 of shape (n,)
            Labels of the earlier and of the later frame of each pair.
        k : int
            Number of different labels.

        Examples
        --------
        >>> labels, vectors = np.array([0, 1, 1]), np.eye(2)[[0, 1, 1]]
        >>> counted = Covariances.of_labels(labels[:-1], labels[1:], 2)
        >>> bool(np.all(counted.c01 == Covariances.of([(vectors[:-1], vectors[1:])]).c01))
        True
        """
        counts = np.bincount(earlier * k + later, minlength=k * k).reshape(k, k)
        shares = counts / max(len(earlier), 1)
        of_earlier, of_later = (counts.sum(axis=axis) / max(len(earlier), 1) for axis in (1, 0))
        return cls(np.diag(of_earlier), shares, np.diag(of_later), len(earlier))

    def __add__(self, other: Covariances) -> Covariances:
        """Return the covariances over the pairs of both."""
        n = self.n_pairs + other.n_pairs
        share = self.n_pairs / n
        ours, theirs = (self.c00, self.c01, self.c11), (other.c00, other.c01, other.c11)
        c00, c01, c11 = (share * a + (1 - share) * b for a, b in zip(ours, theirs, strict=True))
        return Covariances(c00, c01, c11, n)

    def projected(self, u: np.ndarray, v: np.ndarray) -> Covariances:
        """Return the covariances of functions of the assignments.

        Parameters
        ----------
        u, v : ndarray of shape (k, n)
            Coefficients of n functions of the earlier and of the later frame.
        """
        return Covariances(u.T @ self.c00 @ u, u.T @ self.c01 @ v, v.T @ self.c11 @ v, self.n_pairs)

    def vamp2(self, *, epsilon: float) -> float:
        """Return VAMP-2 without the directions whose mean square is at most `epsilon`.

        The squared Frobenius norm of C_00^(-1/2) C_01 C_11^(-1/2) (Wu & Noé, J. Nonlinear Sci.
        30, 23 (2020)). The trivial singular value 1 counts.
        """
        roots = inverse_root(self.c00, epsilon), inverse_root(self.c11, epsilon)
        inverse00, inverse11 = (root @ root for root in roots)
        return self._score(inverse00, inverse11)

    def vamp2_with_ridge(self, ridge: float) -> float:
        """Return VAMP-2 with `ridge` added to the diagonals of C_00 and C_11."""
        diagonal = ridge * np.eye(len(self.c00))
        return self._score(np.linalg.inv(self.c00 + diagonal), np.linalg.inv(self.c11 + diagonal))

    def _score(self, inverse00: np.ndarray, inverse11: np.ndarray) -> float:
        """Return trace(C_00^-1 C_01 C_11^-1 C_01^T), the squared Frobenius norm above."""
        return float(np.trace(inverse00 @ self.c01 @ inverse11 @ self.c01.T))


def inverse_root(matrix: np.ndarray, epsilon: float) -> np.ndarray:
    """Return the inverse square root, using only eigenvalues above `epsilon`.

    Examples
    --------
    >>> inverse_root(np.diag([4.0, 0.0]), 1e-6)
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    values, vectors = np.linalg.eigh(matrix)
    kept = values > epsilon
    root: np.ndarray = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    return root

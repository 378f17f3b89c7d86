"""Products of features, for slow processes that no linear function of the features shows.

Two concentric rings have the same mean, and so have the two states of an exclusive or: with
either of them, every linear combination of the coordinates is as fast as the motion within the
states. The squared radius and the product of the two coordinates are slow. Products of two
features are therefore added to the features from which slow coordinates are computed, if their
autocorrelation or their distribution shows that a jointly normal process is not all there is:

- For jointly normal processes, the autocovariance of a product follows from those of its
  factors (Isserlis, Biometrika 12, 134 (1918)): C_ii C_jj + C_ij C_ji at the lag time, which is
  faster than either factor. A product that is slower shows a process that its factors do not.
- For jointly normal processes, a product is uncorrelated with all features. One that is slow and
  correlated shows several states, or a curved path between them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .dataset import Dataset
from .lagged_pairs import LaggedPairs

#: With more features there are too many products to test.
MAX_COLUMNS = 64
#: Largest number of products that are added.
MAX_PRODUCTS = 60
#: Smallest excess of the autocorrelation over that of normal processes, or smallest share of the
#: variance that the features explain. Both need an autocorrelation of at least 1/e.
EXCESS = 0.1
#: The same as a number of standard errors.
ERRORS = 5.0
#: Smallest autocorrelation of a product.
SLOW = 0.2
#: Number of pairs from which the products are chosen.
_PAIRS = 50_000


class Expansion(NamedTuple):
    """Appends products of columns to frames.

    Parameters
    ----------
    products : ndarray of int64 of shape (n_products, 2)
        The two columns of each product.

    Examples
    --------
    >>> Expansion(np.array([[0, 1]])).apply(np.array([[2.0, 3.0]], np.float32))
    array([[2., 3., 6.]], dtype=float32)
    """

    products: np.ndarray

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        pairs: LaggedPairs,
        function: Callable[[np.ndarray], np.ndarray],
        n_most: int,
    ) -> Expansion:
        """Choose the products that show slow processes.

        Parameters
        ----------
        dataset : Dataset
            The frames.
        pairs : LaggedPairs
            Pairs of frames one lag apart.
        function : callable
            Standardises the frames: (n, n_columns) -> (n, n_columns).
        n_most : int
            Largest number of products.

        Returns
        -------
        Expansion
            Without products if there are more than `MAX_COLUMNS` columns.
        """
        n_most = min(n_most, MAX_PRODUCTS)
        if dataset.n_columns > MAX_COLUMNS or n_most < 1:
            return cls(np.zeros((0, 2), np.int64))
        first, second = np.triu_indices(dataset.n_columns)
        sums = _Sums(first, second)
        for earlier, later in pairs.thinned(_PAIRS).chunks(dataset, function):
            sums.add(earlier.astype(np.float64), later.astype(np.float64))
        found = sums.scores()
        chosen = np.argsort(-found, kind="stable")[:n_most]
        chosen = np.sort(chosen[found[chosen] > 0])
        return cls(np.stack([first[chosen], second[chosen]], axis=1))

    def apply(self, frames: np.ndarray) -> np.ndarray:
        """Append the products: (n, n_columns) -> (n, n_columns + n_products)."""
        if not len(self.products):
            return frames
        first, second = self.products.T
        return np.concatenate([frames, frames[:, first] * frames[:, second]], axis=1)

    def gradient(self, frames: np.ndarray, of_expanded: np.ndarray) -> np.ndarray:
        """Return the gradient by the columns from that by columns and products.

        Parameters
        ----------
        frames : ndarray of shape (n, n_columns)
        of_expanded : ndarray of shape (n, n_columns + n_products)

        Returns
        -------
        ndarray of shape (n, n_columns)
        """
        n = frames.shape[1]
        total = of_expanded[:, :n].copy()
        for column, (i, j) in enumerate(self.products.tolist(), start=n):
            total[:, i] += of_expanded[:, column] * frames[:, j]
            total[:, j] += of_expanded[:, column] * frames[:, i]
        return total


class _Sums:
    """Moments of the columns and of their products, over both frames of each pair."""

    def __init__(self, first: np.ndarray, second: np.ndarray) -> None:
        n_columns, n_products = int(second.max()) + 1, len(first)
        self.first, self.second, self.n = first, second, 0
        self.mean = np.zeros(n_columns)
        self.square, self.lagged = np.zeros((2, n_columns, n_columns))
        self.product, self.product_square, self.product_lagged = np.zeros((3, n_products))
        self.third = np.zeros((n_products, n_columns))

    def add(self, earlier: np.ndarray, later: np.ndarray) -> None:
        """Add pairs of frames (n, n_columns)."""
        self.n += 2 * len(earlier)
        both = earlier.T @ later
        self.lagged += both + both.T
        products = []
        for frames in (earlier, later):
            self.mean += frames.sum(axis=0)
            self.square += frames.T @ frames
            product = frames[:, self.first] * frames[:, self.second]
            self.product += product.sum(axis=0)
            self.product_square += np.einsum("ij,ij->j", product, product)
            self.third += product.T @ frames
            products.append(product)
        self.product_lagged += 2 * np.einsum("ij,ij->j", *products)

    def scores(self) -> np.ndarray:
        """Return how far each product exceeds what normal processes give, (n_products,); or 0."""
        i, j, mean = self.first, self.second, self.mean / self.n
        c0 = self.square / self.n - np.outer(mean, mean)
        c1 = self.lagged / self.n - np.outer(mean, mean)
        average = self.product / self.n
        variance = self.product_square / self.n - average**2
        changing = variance > 1e-9
        variance = np.where(changing, variance, 1.0)
        slow = (self.product_lagged / self.n - average**2) / variance
        normal_variance = c0[i, i] * c0[j, j] + c0[i, j] ** 2
        normal = (c1[i, i] * c1[j, j] + c1[i, j] ** 2) / np.maximum(normal_variance, 1e-9)
        third = self.third / self.n - np.outer(average, mean)
        explained = np.einsum("ij,ji->i", third, np.linalg.pinv(c0) @ third.T) / variance
        # Products remember for (1 + r) / (1 - r) lags or so.
        inefficiency = (1 + np.clip(slow, 0, 0.95)) / (1 - np.clip(slow, 0, 0.95))
        error = np.sqrt(2 * inefficiency / self.n)
        excess = np.maximum(slow - normal, 0.0)
        is_excess = excess > np.maximum(EXCESS, ERRORS * error)
        is_explained = explained > np.maximum(EXCESS, len(mean) * error**2 * ERRORS)
        chosen = changing & (slow > SLOW) & (is_excess | is_explained)
        return np.where(chosen, slow * np.maximum(excess, explained), 0.0)

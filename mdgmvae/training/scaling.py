"""Scaling: the linear map that is applied to each frame before the networks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from sklearn.preprocessing import StandardScaler

from .dataset import Dataset
from .lagged_pairs import LaggedPairs
from .products import Expansion
from .reduction import Reduction, n_supported
from .tica import Tica

#: Bytes of frames from which principal components are computed, if there are many columns.
SAMPLE_BYTES = 2**26
NO_PRODUCTS = np.zeros((0, 2), np.int64)


@dataclass(frozen=True)
class Scaling:
    """The map from a frame to the inputs of the networks, and its inverse.

    Without a projection it is x -> (x - mean) / scale. With one, products of columns may be
    appended, and the result is projected: (expansion((x - mean) / scale) - center) W.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_columns,), float32
    projection, back_projection : ndarray of shape (n_inputs, n_x) and (n_x, n_columns), float32
        W for time-lagged independent components, and its least-squares inverse for the columns.
        n_inputs is the number of columns and products. None if the columns are not projected.
    center : ndarray of shape (n_inputs,), float32
        Mean that the projection subtracts. None without a projection.
    products : ndarray of shape (n_products, 2), int64
        The two columns of each product.
    autocorrelation : ndarray of shape (n_x,), float32
        Autocorrelation of each component at the lag time of TICA. None without a projection.
    explained : float
        Share of the variance of the standardised columns that the projection retains. 1 without
        a projection.

    Examples
    --------
    >>> scaling = Scaling.fit("standard", [np.array([[0.0], [2.0]])], n_columns=1)
    >>> scaling.apply(np.array([[2.0]], np.float32))
    array([[1.]], dtype=float32)
    """

    mean: np.ndarray
    scale: np.ndarray
    projection: np.ndarray | None = None
    back_projection: np.ndarray | None = None
    center: np.ndarray | None = None
    products: np.ndarray = field(default_factory=lambda: NO_PRODUCTS)
    autocorrelation: np.ndarray | None = None
    explained: float = 1.0

    @classmethod
    def fit(cls, kind: str | None, chunks: Iterable[np.ndarray], n_columns: int) -> Scaling:
        """Return no scaling, or standardise the columns.

        Parameters
        ----------
        kind : {None, "standard", "tica"}
            None leaves the frames as they are. With "tica", continue with `fit_tica`.
        chunks : iterable of ndarray of shape (n, n_columns)
            Frames from which mean and standard deviation are computed.
        n_columns : int
            Number of columns.

        Returns
        -------
        Scaling
            The scale of a constant column is 1.
        """
        if kind is None:
            return cls(np.zeros(n_columns, np.float32), np.ones(n_columns, np.float32))
        scaler = StandardScaler()
        for chunk in chunks:
            scaler.partial_fit(chunk.astype(np.float64))
        return cls(scaler.mean_.astype(np.float32), scaler.scale_.astype(np.float32))

    @classmethod
    def fit_tica(
        cls,
        standard: Scaling,
        dataset: Dataset,
        pairs: LaggedPairs,
        reduction: Reduction,
        tica_dim: int | None,
        keep: np.ndarray | None = None,
    ) -> Scaling:
        """Return the projection to whitened time-lagged independent components.

        Parameters
        ----------
        standard : Scaling
            Standardisation, from `fit`.
        dataset : Dataset
            The frames.
        pairs : LaggedPairs
            Pairs of frames from which the components are computed.
        reduction : Reduction
            The directions of the standardised columns that the frames support.
        tica_dim : int or None
            Number of components to keep, the slowest first; None keeps as many as
            `tica.n_slow` says. Each component has variance 1.
        keep : ndarray of bool of shape (n_frames,), optional
            Compute principal components only from these frames.

        Raises
        ------
        InputError
            If no column changes.
        """
        expansion = Expansion(NO_PRODUCTS)
        if not reduction.is_needed:
            supported = n_supported(pairs.n_pairs, pairs.lag) - dataset.n_columns
            expansion = Expansion.of(dataset, pairs, standard.apply, supported)
        tica = Tica.fit_wide(
            dataset,
            pairs,
            lambda raw: expansion.apply(standard.apply(raw)),
            reduction,
            lambda: standard.apply(dataset.sample(SAMPLE_BYTES, keep=keep)),
            tica_dim,
            n_explained=dataset.n_columns,
        )
        return cls(
            standard.mean,
            standard.scale,
            projection=tica.projection,
            back_projection=tica.back_projection[:, : dataset.n_columns],
            center=tica.mean,
            products=expansion.products,
            autocorrelation=tica.autocorrelation,
            explained=tica.explained,
        )

    @property
    def n_x(self) -> int:
        """Number of values per frame after scaling."""
        return len(self.mean) if self.projection is None else int(self.projection.shape[1])

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Return scaled frames: (n, n_columns) -> (n, n_x), float32."""
        inputs = self.inputs(x)
        if self.projection is None:
            return inputs
        return np.asarray((inputs - self.center) @ self.projection)

    def inputs(self, x: np.ndarray) -> np.ndarray:
        """Return standardised columns and products: (n, n_columns) -> (n, n_inputs), float32."""
        return Expansion(self.products).apply(self._standardise(x))

    def invert(self, x: np.ndarray) -> np.ndarray:
        """Return frames in the units of the data: (n, n_x) -> (n, n_columns), float32.

        With a projection, return the least-squares solution.
        """
        if self.back_projection is not None and self.center is not None:
            x = x @ self.back_projection + self.center[: len(self.mean)]
        values: np.ndarray = x * self.scale + self.mean
        return values

    def gradient(self, x: np.ndarray, scaled_gradient: np.ndarray) -> np.ndarray:
        """Return the gradient of a function with respect to the columns.

        Parameters
        ----------
        x : ndarray of shape (n, n_columns)
            Frames in the units of the data.
        scaled_gradient : ndarray of shape (n, n_x)
            Gradient with respect to the scaled frame.

        Returns
        -------
        ndarray of shape (n, n_columns)
        """
        by_input = scaled_gradient
        if self.projection is not None:
            expansion = Expansion(self.products)
            by_input = expansion.gradient(self._standardise(x), scaled_gradient @ self.projection.T)
        return np.asarray(by_input / self.scale)

    def _standardise(self, x: np.ndarray) -> np.ndarray:
        scaled = np.asarray(x.astype(np.float32, copy=False) - self.mean)
        scaled /= self.scale  # in place, since wide frames take much memory
        return scaled

    @property
    def log_jacobian(self) -> float:
        """The log-Jacobian, to convert a log-density of scaled frames into one of x.

        With a projection to fewer dimensions, the density is that within the subspace. Products
        do not count, so that with them it is a density of x only up to a constant.
        """
        log_scale = float(np.log(self.scale.astype(np.float64)).sum())
        if self.projection is None:
            return -log_scale
        w = self.projection[: len(self.scale)].astype(np.float64) / self.scale[:, np.newaxis]
        sizes = np.linalg.svd(w, compute_uv=False)
        # With products, some coordinates may not depend on the columns alone.
        return float(np.log(sizes[sizes > 1e-6 * sizes[0]]).sum())

"""Scaling: the linear map that is applied to every frame before the networks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sklearn.preprocessing import StandardScaler

from .dataset import Dataset
from .lagged_pairs import LaggedPairs
from .tica import Tica

#: Bytes of the frames from which principal components are computed if there are many columns.
SAMPLE_BYTES = 2**26


@dataclass(frozen=True)
class Scaling:
    """The map x -> ((x - mean) / scale) W, and the way back.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_columns,), float32
    projection, back_projection : ndarray of shape (n_columns, n_x) and (n_x, n_columns), float32
        W of the time-lagged independent components, and the least-squares way back. None if the
        networks see the standardised columns themselves.
    autocorrelation : ndarray of shape (n_x,), float32
        Autocorrelation of each component at the lag of TICA; None without a projection.
    explained : float
        Share of the variance of the standardised columns that survives the way there and back;
        1 without a projection.

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
    autocorrelation: np.ndarray | None = None
    explained: float = 1.0

    @classmethod
    def fit(cls, kind: str | None, chunks: Iterable[np.ndarray], n_columns: int) -> Scaling:
        """Return no scaling, or standardisation by the frames in `chunks`.

        Parameters
        ----------
        kind : {None, "standard", "tica"}
            None leaves the frames as they are. With "tica", continue with `fit_tica`.
        chunks : iterable of ndarray of shape (n, n_columns)
        n_columns : int

        Returns
        -------
        Scaling
            A constant column has scale 1.
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
        tica_dim: int | None,
        keep: np.ndarray | None = None,
    ) -> Scaling:
        """Return the scaling to whitened time-lagged independent components.

        Parameters
        ----------
        standard : Scaling
            Standardisation, from `fit`.
        dataset : Dataset
        pairs : LaggedPairs
        tica_dim : int or None
            Number of components to keep, the slowest first; None keeps all. Each component
            has variance 1.
        keep : ndarray of bool of shape (n_frames,), optional
            The frames from which principal components may be computed.
        """
        tica = Tica.fit_wide(
            lambda reduce: pairs.chunks(dataset, lambda raw: reduce(standard.apply(raw))),
            dataset.n_columns,
            lambda: standard.apply(dataset.sample(SAMPLE_BYTES, keep=keep)),
            pairs.lag,
            tica_dim,
        )
        return cls(
            standard.mean + standard.scale * tica.mean,
            standard.scale,
            tica.projection,
            tica.back_projection,
            tica.autocorrelation,
            tica.explained,
        )

    @property
    def n_x(self) -> int:
        """Number of values of a frame that the networks see."""
        return len(self.mean) if self.projection is None else int(self.projection.shape[1])

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Return scaled frames: (n, n_columns) -> (n, n_x), float32."""
        scaled: np.ndarray = (x.astype(np.float32, copy=False) - self.mean) / self.scale
        return scaled if self.projection is None else scaled @ self.projection

    def invert(self, x: np.ndarray) -> np.ndarray:
        """Return frames in the units of the data: (n, n_x) -> (n, n_columns), float32.

        After a projection, the least-squares solution.
        """
        if self.back_projection is not None:
            x = x @ self.back_projection
        values: np.ndarray = x * self.scale + self.mean
        return values

    def gradient(self, scaled_gradient: np.ndarray) -> np.ndarray:
        """Return d f / d column, per standard deviation of each column, by the chain rule.

        Parameters
        ----------
        scaled_gradient : ndarray of shape (..., n_x)
            d f / d network input.

        Returns
        -------
        ndarray of shape (..., n_columns)
        """
        return scaled_gradient if self.projection is None else scaled_gradient @ self.projection.T

    @property
    def log_jacobian(self) -> float:
        """The logarithm of |d scaled / d x|, to turn a log-density of scaled frames into that of x.

        After a projection to fewer dimensions it refers to the density within their span.
        """
        log_scale = float(np.log(self.scale.astype(np.float64)).sum())
        if self.projection is None:
            return -log_scale
        w = self.projection.astype(np.float64) / self.scale[:, np.newaxis]
        return float(np.log(np.linalg.svd(w, compute_uv=False)).sum())

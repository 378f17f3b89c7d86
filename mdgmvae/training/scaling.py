"""Inputs on one scale: the linear map that every frame goes through before the networks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.preprocessing import StandardScaler

from .tica import Tica

if TYPE_CHECKING:
    from .dataset import Rows
    from .lagged_pairs import TimePairs

#: Bytes of rows from which principal components are computed, where there are many columns.
SAMPLE_BYTES = 2**26


@dataclass(frozen=True)
class Scaling:
    """x -> ((x - mean) / scale) W, and back.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_columns,), float32
    projection, back_projection : ndarray of shape (n_columns, n_x) and (n_x, n_columns), float32
        W of the time-lagged independent components, and the least-squares way back; None where
        the standardised columns themselves are used.
    autocorrelation : ndarray of shape (n_x,), float32
        Of each component at the lag of TICA; None without a projection.
    explained : float
        Share of the variance of the standardised columns that is left after going there and
        back; 1 without a projection.

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
        """None or "standard" of the rows in `chunks`; a constant column keeps scale 1."""
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
        rows: Rows,
        pairs: TimePairs,
        tica_dim: int | None,
        keep: np.ndarray | None = None,
    ) -> Scaling:
        """Whitened time-lagged independent components of standardised columns.

        Every component has variance 1, the slowest comes first, `tica_dim` of them are kept
        (None: all that there are). `keep` marks the rows that may be used beside the pairs.
        """
        tica = Tica.fit_wide(
            lambda reduce: pairs.chunks(rows, lambda raw: reduce(standard.apply(raw))),
            rows.n_columns,
            lambda: standard.apply(rows.spread(SAMPLE_BYTES, keep=keep)),
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
        """Columns that the networks see."""
        return len(self.mean) if self.projection is None else int(self.projection.shape[1])

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Scaled rows, float32; the rows given are left as they are."""
        scaled = (x.astype(np.float32, copy=False) - self.mean) / self.scale
        return scaled if self.projection is None else scaled @ self.projection

    def invert(self, x: np.ndarray) -> np.ndarray:
        """Rows in the units of the data again, float32; by least squares after a projection."""
        if self.back_projection is not None:
            x = x @ self.back_projection
        return x * self.scale + self.mean

    def gradient(self, by_scaled: np.ndarray) -> np.ndarray:
        """d f / d column, in units of one standard deviation of each column, by the chain rule.

        Parameters
        ----------
        by_scaled : ndarray of shape (..., n_x)
            d f / d scaled input.

        Returns
        -------
        ndarray of shape (..., n_columns)
        """
        return by_scaled if self.projection is None else by_scaled @ self.projection.T

    @property
    def log_jacobian(self) -> float:
        """log |d scaled / d x|: added to a log-density of scaled rows it gives that of x.

        After a projection to fewer dimensions it is the density within their span.
        """
        log_scale = float(np.log(self.scale.astype(np.float64)).sum())
        if self.projection is None:
            return -log_scale
        w = self.projection.astype(np.float64) / self.scale[:, np.newaxis]
        return float(np.log(np.linalg.svd(w, compute_uv=False)).sum())

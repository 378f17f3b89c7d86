"""Inputs on one scale: what is subtracted and divided before the network sees a frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sklearn.preprocessing import StandardScaler

from .errors import InputError

SCALES = (None, "standard")


@dataclass(frozen=True)
class Scaling:
    """x -> (x - mean) / scale, column by column.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_x,), float32

    Examples
    --------
    >>> scaling = Scaling.fit("standard", [np.array([[0.0], [2.0]])], n_x=1)
    >>> scaling.apply(np.array([[2.0]], np.float32))
    array([[1.]], dtype=float32)
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, kind: str | None, chunks: Iterable[np.ndarray], n_x: int) -> Scaling:
        """The scaling called `kind` of the rows in `chunks`; a constant column keeps scale 1."""
        if kind not in SCALES:
            raise InputError(f"scale={kind!r}: choose one of {', '.join(map(str, SCALES))}")
        if kind is None:
            return cls(np.zeros(n_x, np.float32), np.ones(n_x, np.float32))
        scaler = StandardScaler()
        for chunk in chunks:
            scaler.partial_fit(chunk.astype(np.float64))
        return cls(scaler.mean_.astype(np.float32), scaler.scale_.astype(np.float32))

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Scaled rows, float32; the rows given are left as they are."""
        return (x.astype(np.float32, copy=False) - self.mean) / self.scale

    def invert(self, x: np.ndarray) -> np.ndarray:
        """Rows in the units of the data again, float32."""
        return x * self.scale + self.mean

    @property
    def log_jacobian(self) -> float:
        """log |d scaled / d x|: added to a log-density of scaled rows it gives that of x."""
        return -float(np.log(self.scale.astype(np.float64)).sum())

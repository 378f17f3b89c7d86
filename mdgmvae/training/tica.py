"""Time-lagged independent component analysis (TICA): the slow coordinates of the frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..errors import InputError
from .dataset import Dataset
from .lagged_pairs import LaggedPairs
from .reduction import Reduction

#: (earlier frames, later frames) in chunks, each of shape (n, n_columns).
Pairs: TypeAlias = Iterable[tuple[np.ndarray, np.ndarray]]

#: Directions whose variance is below this share of the largest are left out. They are noise or
#: linear combinations of other columns.
EPSILON = 1e-6
#: Smallest and largest number of components that are kept, and the share of the kinetic variance
#: (the sum of the squared autocorrelations) that they carry.
FEWEST, MOST, KINETIC_VARIANCE = 10, 50, 0.95


@dataclass(frozen=True, eq=False)
class Tica:
    """A projection to uncorrelated slow coordinates with mean 0 and variance 1.

    Perez-Hernandez et al., J. Chem. Phys. 139, 015102 (2013).

    Parameters
    ----------
    mean : ndarray of shape (n_columns,), float32
    projection : ndarray of shape (n_columns, n_components), float32
        The slowest component first.
    back_projection : ndarray of shape (n_components, n_columns), float32
        Least-squares inverse of the projection.
    autocorrelation : ndarray of shape (n_components,), float32
        Autocorrelation of each component at the lag time.
    explained : float
        Share of the variance that the projection retains.

    Examples
    --------
    >>> slow = np.repeat([[0.0], [1.0]], 50, axis=0)
    >>> x = np.hstack([slow, np.random.default_rng(0).normal(size=(100, 1))])
    >>> tica = Tica.fit([(x[:-1], x[1:])], lag=1)
    >>> int(abs(tica.projection[:, 0]).argmax()), tica.autocorrelation.round(1).tolist()[0]
    (0, 1.0)
    """

    mean: np.ndarray
    projection: np.ndarray
    back_projection: np.ndarray
    autocorrelation: np.ndarray
    explained: float

    @classmethod
    def fit_wide(
        cls,
        dataset: Dataset,
        pairs: LaggedPairs,
        function: Callable[[np.ndarray], np.ndarray],
        reduction: Reduction,
        sample: Callable[[], np.ndarray],
        n_components: int | None = None,
        n_explained: int | None = None,
    ) -> Tica:
        """Fit the components, from fewer directions if there are many columns or few frames.

        Parameters
        ----------
        dataset : Dataset
            The frames.
        pairs : LaggedPairs
            Pairs of frames from which the components are computed.
        function : callable
            The scaling, which is applied to the frames first: (n, n_columns) -> (n, n_columns).
        reduction : Reduction
            The directions from which the components are computed.
        sample : callable
            Returns the scaled frames (n, n_columns) from which the directions are computed, if
            there are fewer than columns.
        n_components : int, optional
            Number of components to keep, the slowest first. Default: see `n_slow`.
        n_explained : int, optional
            Number of columns whose variance `explained` refers to. Default: all.

        Raises
        ------
        InputError
            If no column changes.
        """
        lag = pairs.lag
        if not reduction.is_needed:
            return cls.fit(pairs.chunks(dataset, function), lag, n_components, n_explained)
        frames = sample()
        # One column after the other, since all of them in float64 take twice the memory.
        total = sum(float(column.var(dtype=np.float64)) for column in frames.T)
        axes = reduction.axes(dataset, pairs, function, frames)
        del frames
        tica = cls.fit(pairs.chunks(dataset, lambda raw: function(raw) @ axes), lag, n_components)
        back = tica.back_projection @ axes.T
        return cls(
            # The mean in the other directions does not matter, because they are left out.
            mean=axes @ tica.mean,
            projection=axes @ tica.projection,
            back_projection=back,
            autocorrelation=tica.autocorrelation,
            explained=min(1.0, float(np.square(back).sum()) / total) if total > 0 else 1.0,
        )

    @classmethod
    def fit(
        cls,
        pairs: Pairs,
        lag: int,
        n_components: int | None = None,
        n_explained: int | None = None,
    ) -> Tica:
        """Fit the components to pairs of frames.

        Parameters
        ----------
        pairs : iterable of (earlier frames, later frames)
            Chunks, each of shape (n, n_columns).
        lag : int
            Lag time in frames.
        n_components : int, optional
            Number of components to keep, the slowest first. Default: see `n_slow`.
        n_explained : int, optional
            Number of columns whose variance `explained` refers to. Default: all.

        Raises
        ------
        InputError
            If no column changes.
        """
        from deeptime.decomposition import TICA

        estimator = TICA.covariance_estimator(lagtime=lag)
        for earlier, later in pairs:
            estimator.partial_fit((earlier.astype(float), later.astype(float)))
        covariances = estimator.fetch_model()
        covariance = np.asarray(covariances.cov_00)
        largest = float(np.linalg.eigvalsh(covariance)[-1])
        if not largest > 0:
            raise InputError(
                "scale='tica': no feature changes from frame to frame, so there are no slow "
                "coordinates; use features that change between frames"
            )
        model = (
            TICA(lagtime=lag, epsilon=EPSILON * largest, scaling=None)
            .fit_from_covariances(covariances)
            .fetch_model()
        )
        # deeptime sorts by absolute value, but a negative autocorrelation is the fastest of all.
        slowest_first = np.argsort(-model.singular_values, kind="stable")
        if n_components is None:
            n_components = n_slow(np.asarray(model.singular_values)[slowest_first])
        slowest_first = slowest_first[:n_components]
        w = np.asarray(model.singular_vectors_left)[:, slowest_first]
        w = w / np.sqrt(np.einsum("ij,ik,kj->j", w, covariance, w))
        # The sign of an eigenvector depends on the solver, so choose it.
        w = w * np.where(w[np.abs(w).argmax(axis=0), np.arange(w.shape[1])] < 0, -1, 1)
        # The components are uncorrelated with variance 1, so the least-squares inverse is their
        # covariance with the columns.
        back = (covariance @ w).T
        total = float(np.diag(covariance)[:n_explained].sum())
        return cls(
            mean=np.asarray(model.mean_0, np.float32),
            projection=w.astype(np.float32),
            back_projection=back.astype(np.float32),
            autocorrelation=np.asarray(model.singular_values[slowest_first], np.float32),
            explained=min(1.0, float(np.square(back[:, :n_explained]).sum()) / total)
            if total > 0
            else 1.0,
        )


def n_slow(autocorrelation: np.ndarray) -> int:
    """Return how many components carry the slow dynamics.

    Noé & Clementi, J. Chem. Theory Comput. 11, 5002 (2015): those that carry 95 % of the kinetic
    variance, but at least 10 and at most 50 of them.

    Parameters
    ----------
    autocorrelation : ndarray of shape (n,)
        Of all components, the slowest first.

    Examples
    --------
    >>> n_slow(np.full(40, 0.9)), n_slow(np.array([0.9, 0.1])), n_slow(np.full(20, 0.9))
    (38, 2, 19)
    """
    variance = np.square(np.clip(autocorrelation, 0.0, 1.0))
    total = variance.sum()
    share = np.cumsum(variance) / total if total > 0 else np.ones_like(variance)
    n = 1 + int(np.searchsorted(share, KINETIC_VARIANCE - 1e-9))
    return min(len(autocorrelation), MOST, max(FEWEST, n))

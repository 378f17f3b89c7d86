"""Reduction of the features to as many directions as the frames support.

TICA looks for directions whose value a lag time later can be predicted. In few frames of many
columns it always finds some, whatever the data: p directions of pure noise in n independent frames
have autocorrelations of up to about sqrt(2 p / n). This is the edge of the semicircle law for the
symmetrised lagged covariance, whose elements have a variance of 1 / 2n (Wachter, Ann. Stat. 8, 937
(1980) gives the general law for canonical correlations). With as many columns as frames it is 1:
TICA is degenerate, and its slowest coordinates repeat with the period of the lag.

Successive frames are not independent. The sampling error of the lagged covariance of two
coordinates grows by the factor sum_s r(s)^2 (Bartlett, J. R. Stat. Soc. Suppl. 8, 27 (1946)), the
statistical inefficiency: (1 + r^2) / (1 - r^2) for exponential decay with the autocorrelation r
from one frame to the next. Anything that decays more slowly than the lag is signal, so the factor
is at most the lag in frames.

A process that outlives the lag has an autocorrelation above 1/e. So p is chosen such that the
noise stays below that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import ndtri
from sklearn.decomposition import PCA

from .dataset import Dataset
from .lagged_pairs import LaggedPairs

#: Number of columns above which principal components are used, and their largest number.
MAX_COLUMNS, N_PRINCIPAL = 300, 100
#: Largest autocorrelation at the lag time that noise may seem to have.
LARGEST_NOISE = np.exp(-1.0)
#: Probability that any column of pure noise counts as slow.
FALSE_SLOW = 0.05


def n_supported(n_pairs: float, inefficiency: float) -> int:
    """Return the number of directions in which noise does not look slower than the lag.

    Parameters
    ----------
    n_pairs : float
        Number of pairs of frames one lag apart.
    inefficiency : float
        Number of successive frames that count as one independent frame.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> n_supported(93, 1.0), n_supported(93, 5.0), n_supported(20_000, 5.0)
    (6, 1, 270)
    """
    return max(1, int(LARGEST_NOISE**2 / 2 * n_pairs / inefficiency))


@dataclass(frozen=True, eq=False)
class Reduction:
    """The directions of the features from which slow coordinates are computed.

    Parameters
    ----------
    n_columns : int
        Number of features.
    n_directions : int
        Number of directions that the frames support if they are as slow as the columns are on
        average: at most `n_columns`, and at most `N_PRINCIPAL` if there are more than
        `MAX_COLUMNS` columns.
    is_slow : ndarray of bool of shape (n_columns,)
        Columns whose own autocorrelation at the lag time is above the noise; all of them if
        there are frames enough.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(98, 30)).astype(np.float32)
    >>> pairs = LaggedPairs.within([98], lag=5)
    >>> Reduction.of(Dataset(x), pairs, lambda frames: frames).n_directions
    6
    """

    n_columns: int
    n_directions: int
    is_slow: np.ndarray

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        pairs: LaggedPairs,
        function: Callable[[np.ndarray], np.ndarray],
    ) -> Reduction:
        """Find out how many directions the frames support, and which columns are slow.

        The frames are read only if there are too few of them for any statistical inefficiency.

        Parameters
        ----------
        dataset : Dataset
            The frames.
        pairs : LaggedPairs
            Pairs of frames one lag apart.
        function : callable
            The scaling, which is applied to the frames: (n, n_columns) -> (n, n_columns).
        """
        n_columns = dataset.n_columns
        enough = _enough(n_columns)
        if n_supported(pairs.n_pairs, pairs.lag) >= enough:
            return cls(n_columns, enough, np.ones(n_columns, bool))
        decay, variance = _autocovariance(dataset, _steps(pairs), function)
        total = float(variance.sum())
        inefficiency = _inefficiency(float(decay.sum()) / total if total > 0 else 0.0, pairs.lag)
        n = n_supported(pairs.n_pairs, inefficiency)
        if n >= enough:
            return cls(n_columns, enough, np.ones(n_columns, bool))
        lagged, variance = _autocovariance(dataset, pairs, function)
        # The Bonferroni bound for the sampling error of one autocorrelation.
        noise = -ndtri(FALSE_SLOW / n_columns) * np.sqrt(inefficiency / pairs.n_pairs)
        return cls(n_columns, n, lagged > noise * variance)

    @property
    def is_needed(self) -> bool:
        """Whether there are fewer directions than columns."""
        return self.n_directions < self.n_columns

    @property
    def has_few_frames(self) -> bool:
        """Whether more frames would support more directions."""
        return self.n_directions < _enough(self.n_columns)

    def axes(
        self,
        dataset: Dataset,
        pairs: LaggedPairs,
        function: Callable[[np.ndarray], np.ndarray],
        frames: np.ndarray,
    ) -> np.ndarray:
        """Return orthonormal directions of the features.

        Half of the directions are principal components of the slow columns, because slow columns
        among many fast ones do not show in the variance of all. The others are principal
        components of all columns, because a slow process may be spread over many columns that
        are all fast on their own. If the directions turn out to be slower than the columns, fewer
        of them are supported.

        Parameters
        ----------
        dataset, pairs, function
            As in `of`.
        frames : ndarray of shape (n, n_columns), float32
            Scaled frames from which the directions are computed.

        Returns
        -------
        ndarray of shape (n_columns, at most n_directions), float32
        """
        n = self.n_directions
        while True:
            axes = self._axes(frames, n)
            if not self.has_few_frames or n == 1:
                return axes
            projected = partial(_projected, function=function, axes=axes)
            decay, variance = _autocovariance(dataset, _steps(pairs), projected)
            changing = variance > 0
            r = float((decay[changing] / variance[changing]).mean()) if changing.any() else 0.0
            supported = n_supported(pairs.n_pairs, _inefficiency(r, pairs.lag))
            if supported >= n:
                return axes
            n = supported

    def _axes(self, frames: np.ndarray, n: int) -> np.ndarray:
        n_slow = int(self.is_slow.sum())
        n_own = min(n // 2, n_slow) if n_slow < self.n_columns else 0
        axes = _principal(frames, n - n_own)
        if not n_own:
            return axes
        own = np.zeros((self.n_columns, n_own), np.float32)
        own[self.is_slow, :] = _principal(frames[:, self.is_slow], n_own)
        # Directions that both have in common count once.
        left, sizes, _ = np.linalg.svd(np.hstack([axes, own]), full_matrices=False)
        return np.ascontiguousarray(left[:, sizes > 1e-3])


def _enough(n_columns: int) -> int:
    return n_columns if n_columns <= MAX_COLUMNS else N_PRINCIPAL


def _principal(frames: np.ndarray, n: int) -> np.ndarray:
    """Return the first n principal directions, shape (n_columns, n), float32."""
    n = min(n, *frames.shape)
    pca = PCA(n, svd_solver="randomized", random_state=0).fit(frames)
    return np.asarray(pca.components_.T.astype(np.float32))


def _projected(
    raw: np.ndarray, function: Callable[[np.ndarray], np.ndarray], axes: np.ndarray
) -> np.ndarray:
    return function(raw) @ axes


def _steps(pairs: LaggedPairs) -> LaggedPairs:
    """Return the pairs of successive frames."""
    return LaggedPairs(1, pairs.has_partner)


def _inefficiency(r: float, lag: int) -> float:
    """Return the statistical inefficiency, given the autocorrelation from frame to frame."""
    r = max(0.0, r)
    return lag if r >= 1 else min(float(lag), (1 + r**2) / (1 - r**2))


def _autocovariance(
    dataset: Dataset, pairs: LaggedPairs, function: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the autocovariance and the variance of each coordinate, (n,) float64."""
    total, products, squares = np.zeros((3, 1))
    for earlier, later in pairs.chunks(dataset, function):
        a, b = earlier.astype(np.float64), later.astype(np.float64)
        total = total + (a + b).sum(axis=0)
        products = products + np.einsum("ij,ij->j", a, b)
        squares = squares + np.einsum("ij,ij->j", a, a) + np.einsum("ij,ij->j", b, b)
    n = pairs.n_pairs
    mean = total / (2 * n)
    return products / n - mean**2, squares / (2 * n) - mean**2

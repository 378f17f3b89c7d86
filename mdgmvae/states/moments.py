"""Means, spreads and effect sizes of features by state, from sums of one pass over the rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..storage.shown_features import ShownFeatures

#: Share of a mean square below which a variance is what rounding has left of it.
_ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class StateMoments:
    """Sums over the rows of each state.

    Attributes
    ----------
    n : ndarray of shape (k,)
        Rows.
    shift : ndarray of shape (n_linear,)
        Taken from every value before it is summed, so that squares do not cancel.
    total, squares : ndarray of shape (k, n_linear)
        Sums of the shifted values, and of their squares.
    cosines, sines : ndarray of shape (k, n_angles)

    References
    ----------
    Circular mean and standard deviation: Mardia & Jupp, Directional Statistics (2000), ch. 2.
    """

    n: np.ndarray
    shift: np.ndarray
    total: np.ndarray
    squares: np.ndarray
    cosines: np.ndarray
    sines: np.ndarray

    @classmethod
    def sum_up(
        cls, shown: ShownFeatures, chunks: Iterable[np.ndarray], labels: np.ndarray, k: int
    ) -> StateMoments:
        """Go once through rows of shape (n, n_columns); a row with the label -1 is left out."""
        n_angles = int(shown.is_angle.sum())
        n_linear = len(shown) - n_angles
        total, squares = np.zeros((2, k, n_linear))
        cosines, sines = np.zeros((2, k, n_angles))
        shift = np.zeros(n_linear)
        done = 0
        for raw in chunks:
            if done == 0:
                # A row of the data, so that a constant column is exactly 0 from here on.
                shift = shown.linear(raw[:1])[0]
            belongs = np.arange(k)[:, np.newaxis] == labels[done : done + len(raw)]
            done += len(raw)
            weights = belongs.astype(np.float64)
            values = shown.linear(raw) - shift
            total += weights @ values
            squares += weights @ np.square(values, out=values)
            cosine, sine = shown.directions(raw)
            cosines += weights @ cosine
            sines += weights @ sine
        n = np.bincount(labels[labels >= 0], minlength=k).astype(np.float64)
        return cls(n, shift, total, squares, cosines, sines)

    def joined(self, weights: np.ndarray) -> StateMoments:
        """Sums over groups of states: `weights` is 1 where a state (column) is in a group."""
        sums = (self.n, self.total, self.squares, self.cosines, self.sines)
        n, total, squares, cosines, sines = (weights @ of_states for of_states in sums)
        return StateMoments(n, self.shift, total, squares, cosines, sines)

    @property
    def others(self) -> StateMoments:
        """For each state, all the other states. Summed, not subtracted: nothing cancels."""
        return self.joined(1.0 - np.eye(len(self.n)))

    @property
    def all(self) -> StateMoments:
        """All states as one."""
        return self.joined(np.ones((1, len(self.n))))

    def linear(self) -> tuple[np.ndarray, np.ndarray]:
        """Means and variances, each of shape (k, n_linear); NaN of a state without rows."""
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = self.total / self.n[:, np.newaxis]
            mean_square = self.squares / self.n[:, np.newaxis]
        variance = mean_square - np.square(mean)
        variance[variance < _ROUNDING * mean_square] = 0.0
        return mean + self.shift, variance

    def circular(self) -> tuple[np.ndarray, np.ndarray]:
        """Circular means and variances -2 ln R, each of shape (k, n_angles), in radians.

        R is the length of the mean of the unit vectors. The variance is that of the normal
        distribution which, wound round the circle, has this R; it is infinite for R = 0.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            length = np.hypot(self.cosines, self.sines) / self.n[:, np.newaxis]
            variance = -2.0 * np.log(np.minimum(length, 1.0))
        mean = np.arctan2(self.sines, self.cosines)
        mean[self.n == 0] = np.nan
        return mean, variance


def means_and_spreads(shown: ShownFeatures, sums: StateMoments) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each feature, shape (k, n_features); angles in degrees."""
    linear, circular = sums.linear(), sums.circular()
    return (
        _merged(shown, linear[0], np.degrees(circular[0])),
        _merged(shown, np.sqrt(linear[1]), np.degrees(np.sqrt(circular[1]))),
    )


def effect_sizes(shown: ShownFeatures, sums: StateMoments) -> np.ndarray:
    """How far each state is from all other rows, in units of the spread within both.

    Hedges' g, the difference of the means over the pooled standard deviation with the
    correction for few rows 1 - 3 / (4 df - 1), df = n + n_others - 2. Of an angle, by analogy:
    the turn from the circular mean of the others to that of the state, the shorter way round
    (its sign says nothing where it is close to 180 degrees), over the root of the pooled
    circular variances -2 ln R. For narrow distributions that is g itself; where the others
    point everywhere their variance is large and the effect small.

    Returns
    -------
    ndarray of shape (k, n_features)
        0 where nothing differs, infinite where both are constant and differ, NaN for a state
        without rows or without others.

    References
    ----------
    Hedges, J. Educ. Stat. 6, 107 (1981).
    """
    others = sums.others
    (mean, variance), (mean_others, variance_others) = sums.linear(), others.linear()
    linear = _standardised(mean - mean_others, variance, variance_others, sums.n, others.n)
    (mean, variance), (mean_others, variance_others) = sums.circular(), others.circular()
    turn = np.mod(mean - mean_others + np.pi, 2 * np.pi) - np.pi
    angular = _standardised(turn, variance, variance_others, sums.n, others.n)
    return _merged(shown, linear, angular)


def _standardised(
    difference: np.ndarray,
    variance: np.ndarray,
    variance_others: np.ndarray,
    n: np.ndarray,
    n_others: np.ndarray,
) -> np.ndarray:
    n, n_others = n[:, np.newaxis], n_others[:, np.newaxis]
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.where(n + n_others > 2, n + n_others - 2, np.nan)
        pooled = np.sqrt((n * variance + n_others * variance_others) / freedom)
        correction = 1.0 - 3.0 / (4.0 * freedom - 1.0)
        effect = np.where(difference == 0, 0.0, difference / pooled) * correction
    return np.where((n > 0) & (n_others > 0), effect, np.nan)


def _merged(shown: ShownFeatures, linear: np.ndarray, angular: np.ndarray) -> np.ndarray:
    """Columns of both kinds in the order of the features."""
    merged = np.empty((len(linear), len(shown)))
    merged[:, ~shown.is_angle] = linear
    merged[:, shown.is_angle] = angular
    return merged

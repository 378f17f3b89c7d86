"""Means, spreads and effect sizes of the features of each state, from sums over its frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..storage.shown_features import ShownFeatures

#: Variances below this share of the mean square are rounding errors.
_ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class StateMoments:
    """Sums over the frames of each state.

    Attributes
    ----------
    n : ndarray of shape (k,)
        Number of frames.
    shift : ndarray of shape (n_linear,)
        Subtracted from every value before it is summed, so that no digits are lost.
    total, squares : ndarray of shape (k, n_linear)
        Sums of the shifted values, and of their squares.
    cosines, sines : ndarray of shape (k, n_angles)
        Sums of the unit vectors of angles.

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
        """Sum over frames in one pass.

        Parameters
        ----------
        shown : ShownFeatures
        chunks : iterable of ndarray of shape (n, n_columns)
            The features of consecutive frames.
        labels : ndarray of int64 of shape (n_frames,)
            States of the frames. Frames with the label -1 are left out.
        k : int
            Number of states.

        Returns
        -------
        StateMoments
        """
        n_angles = int(shown.is_angle.sum())
        n_linear = len(shown) - n_angles
        total, squares = np.zeros((2, k, n_linear))
        cosines, sines = np.zeros((2, k, n_angles))
        shift = np.zeros(n_linear)
        done = 0
        for raw in chunks:
            if done == 0:
                # Shift by the first frame, so that a constant feature is exactly 0 from here on.
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
        """Sum over groups of states.

        Parameters
        ----------
        weights : (n_groups, k) ndarray
            1 where a state belongs to a group, otherwise 0.

        Returns
        -------
        StateMoments
            Of n_groups states.
        """
        sums = (self.n, self.total, self.squares, self.cosines, self.sines)
        n, total, squares, cosines, sines = (weights @ of_states for of_states in sums)
        return StateMoments(n, self.shift, total, squares, cosines, sines)

    @property
    def others(self) -> StateMoments:
        """Sums over all other states for each state, computed without loss of digits."""
        return self.joined(1.0 - np.eye(len(self.n)))

    @property
    def all(self) -> StateMoments:
        """Sums over all states, as one state."""
        return self.joined(np.ones((1, len(self.n))))

    def linear(self) -> tuple[np.ndarray, np.ndarray]:
        """Return means and variances, each (k, n_linear); NaN for a state without frames."""
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = self.total / self.n[:, np.newaxis]
            mean_square = self.squares / self.n[:, np.newaxis]
        variance = mean_square - np.square(mean)
        variance[variance < _ROUNDING * mean_square] = 0.0
        return mean + self.shift, variance

    def circular(self) -> tuple[np.ndarray, np.ndarray]:
        """Return circular means and variances -2 ln R, each (k, n_angles), in radians.

        R is the length of the mean unit vector. The variance is that of a normal distribution
        that has this R when it is wrapped around the circle; it is infinite for R = 0.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            length = np.hypot(self.cosines, self.sines) / self.n[:, np.newaxis]
            variance = -2.0 * np.log(np.minimum(length, 1.0))
        mean = np.arctan2(self.sines, self.cosines)
        mean[self.n == 0] = np.nan
        return mean, variance


def means_and_spreads(shown: ShownFeatures, sums: StateMoments) -> tuple[np.ndarray, np.ndarray]:
    """Compute the mean and standard deviation of each feature, in degrees for angles.

    Parameters
    ----------
    shown : ShownFeatures
    sums : StateMoments

    Returns
    -------
    means, spreads : ndarray of shape (k, n_features)
    """
    linear, circular = sums.linear(), sums.circular()
    return (
        _merged(shown, linear[0], np.degrees(circular[0])),
        _merged(shown, np.sqrt(linear[1]), np.degrees(np.sqrt(circular[1]))),
    )


def effect_sizes(shown: ShownFeatures, sums: StateMoments) -> np.ndarray:
    """Compute effect sizes: how far each state is from all other frames, in units of the spread.

    The effect size is Hedges' g: the difference of the means divided by the pooled standard
    deviation, times 1 - 3 / (4 df - 1), df = n + n_others - 2, which corrects for few frames. For
    angles, by analogy, it is the shorter rotation from the circular mean of the other frames to
    that of the state (its sign has no meaning close to 180 degrees), divided by the root of the
    pooled circular variance -2 ln R. For narrow distributions this equals g. If the
    angles of the other frames are spread over the circle, their variance is large and the effect
    size is small.

    Parameters
    ----------
    shown : ShownFeatures
    sums : StateMoments

    Returns
    -------
    ndarray of shape (k, n_features)
        0 if the means are equal, infinite if both are constant and differ, NaN for a state
        without frames or without other frames.

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
    """Columns of linear features and angles, in the order of the features."""
    merged = np.empty((len(linear), len(shown)))
    merged[:, ~shown.is_angle] = linear
    merged[:, shown.is_angle] = angular
    return merged

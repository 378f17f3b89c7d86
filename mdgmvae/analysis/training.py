"""Settings of a training, and the estimator made from them."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.gmvae import GMVAE
from ..storage.features import FeatureSet
from ..trajectory.lag_time import lag_in_frames, warn_of_different_steps


@dataclass(frozen=True)
class Training:
    """Settings for training on the features of a trajectory.

    Parameters
    ----------
    estimator : GMVAE
        An untrained estimator with all parameters.
    preset : str
        The preset on which its hyperparameters are based.
    lag_time : float or None
        In ps; it replaces the estimator's lag, which is in frames.
    """

    estimator: GMVAE
    preset: str
    lag_time: float | None = None

    def check(self, n_features: int, n_frames: int | None = None) -> None:
        """Raise an error if the parameters do not fit each other or data of this size.

        Parameters
        ----------
        n_features : int
        n_frames : int, optional
            Number of frames, once it is known.

        Raises
        ------
        InputError
            If a parameter does not fit. The message names it and its allowed values.
        """
        # The lag in frames follows from the times of the frames, which are not known yet.
        lag = self.estimator.lag if self.lag_time is None else 1
        n_frames = self.estimator.k if n_frames is None else n_frames
        self._estimator(lag=lag).check(n_frames, n_features)

    def estimator_for(self, features: FeatureSet, verbose: bool | None = None) -> GMVAE:
        """Make an untrained estimator whose lag fits the times of the frames.

        Parameters
        ----------
        features : FeatureSet
            Features to train on.
        verbose : bool, optional
            Show progress bars.

        Raises
        ------
        InputError
            If the lag time is shorter than the time between frames, or that time is unknown.

        Warns
        -----
        UserWarning
            If the lag time is not a multiple of the time between frames, or segments have
            different time steps.
        """
        lag = self.estimator.lag
        if self.lag_time is not None:
            lag = lag_in_frames(self.lag_time, features)
        elif lag is not None:
            warn_of_different_steps(lag, features)
        return self._estimator(lag=lag, verbose=verbose)

    def _estimator(self, **changes: object) -> GMVAE:
        # Not sklearn's clone, which would copy a tf.distribute.Strategy.
        return GMVAE(**{**self.estimator.get_params(deep=False), **changes})

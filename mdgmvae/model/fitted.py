"""The methods of a fitted GMVAE: components, states and latent coordinates of frames."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    TransformerMixin,
)
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from ..checks import check_count, checked_flag, checked_memory, checked_seed
from ..errors import InputError, methods_of
from ..labels import as_numbers
from ..network.architecture import Architecture
from ..storage.features import FeatureSet
from ..tables import counted
from ..training.dataset import Dataset
from ..training.scaling import Scaling
from .trained_model import Assignment, TrainedModel

#: Features of frames: a matrix (n_frames, n_x) in memory or mapped, the path of an .npy file of
#: one, or what `featurize` returns.
Features: TypeAlias = np.ndarray | str | os.PathLike[str] | FeatureSet


@methods_of("GMVAE")
class FittedMixture(ClassNamePrefixFeaturesOutMixin, TransformerMixin, DensityMixin, BaseEstimator):
    """The part of `GMVAE` that answers questions about frames once it is fitted."""

    model_: TrainedModel
    populations_: np.ndarray
    state_of_component_: np.ndarray
    score_threshold_: float | None
    history_: dict[str, list[float]]
    validation_history_: dict[str, list[float]]
    n_epochs_: int
    n_features_in_: int
    feature_names_in_: np.ndarray
    seed_: int
    device_: str

    @property
    def n_states_(self) -> int:
        """Number of states."""
        return int(self.state_of_component_.max()) + 1

    @property
    def weights_(self) -> Mapping[str, np.ndarray]:
        """Weights of the networks by name."""
        return self.model_.weights

    @property
    def architecture_(self) -> Architecture:
        """Sizes of the networks and the order of the components."""
        return self.model_.architecture

    @property
    def scaling_(self) -> Scaling:
        """Scaling of the features before they enter the networks."""
        return self.model_.scaling

    def assign(self, X: Features) -> Assignment:
        """Find components and latent coordinates of the frames in one pass.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet

        Returns
        -------
        Assignment
            With ``components`` (n_frames,) int64, ``component_probabilities`` (n_frames, k)
            float32 and ``latent`` (n_frames, n_z) float32. `states_of` gives the states.
        """
        check_is_fitted(self)
        return self.model_.assign(self._rows(X))

    def states_of(self, component_probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turn probabilities of the components into states and their probabilities.

        The state of a frame is that of its most probable component. If that component had no
        frames in the fit, it has no state; then the most probable component that has one
        decides. The probability of a state is the sum over its components, so the state of a
        frame is not always the one with the highest probability.

        Parameters
        ----------
        component_probabilities : array-like of shape (n_frames, k)
            q(y|x) from `assign` or `predict_proba`.

        Returns
        -------
        labels : ndarray of shape (n_frames,), int64
        probabilities : ndarray of shape (n_frames, n_states), float32

        Raises
        ------
        InputError
            If the array does not have k columns.
        """
        check_is_fitted(self)
        of_component = self.state_of_component_
        q = np.asarray(component_probabilities, np.float32)
        if q.ndim != 2 or q.shape[1] != len(of_component):
            raise InputError(
                f"component_probabilities of shape {q.shape}: must be (n, {len(of_component)})"
            )
        components = q.argmax(axis=1)
        stateless = np.flatnonzero(of_component[components] < 0)
        if len(stateless):
            components[stateless] = np.where(of_component >= 0, q[stateless], -1.0).argmax(axis=1)
        probabilities = np.zeros((len(q), self.n_states_), np.float32)
        for component in np.flatnonzero(of_component >= 0):
            probabilities[:, of_component[component]] += q[:, component]
        return of_component[components], probabilities

    def predict(self, X: Features) -> np.ndarray:
        """Find the component of each frame, argmax_y q(y|x).

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet

        Returns
        -------
        ndarray of shape (n_frames,), int64
        """
        return self.assign(X).components

    def predict_states(self, X: Features) -> np.ndarray:
        """Find the state of each frame, as `states_of` does.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet

        Returns
        -------
        ndarray of shape (n_frames,), int64
        """
        return self.states_of(self.assign(X).component_probabilities)[0]

    def predict_proba(self, X: Features) -> np.ndarray:
        """Compute the probability of each component, q(y|x).

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet

        Returns
        -------
        ndarray of shape (n_frames, k), float32
        """
        return self.assign(X).component_probabilities

    def transform(self, X: Features, *, sample: bool = False) -> np.ndarray:
        """Compute the latent coordinates of the frames.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet
        sample : bool
            False: sum_y q(y|x) * mean of q(z|x,y). True: the same sum over draws of z, as in
            the paper, with the random numbers of `seed_`.

        Returns
        -------
        ndarray of shape (n_frames, n_z), float32
        """
        check_is_fitted(self)
        sample, rows = checked_flag("sample", sample), self._rows(X)
        return self.model_.draw_latent(rows) if sample else self.model_.assign(rows).latent

    def reconstruct(self, X: Features, *, sample: bool = False) -> np.ndarray:
        """Encode the frames and decode them again.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet
        sample : bool
            False: sum_y q(y|x) * mean of p(x|z_y), with z_y at its mean. True: the same sum over
            draws of z_y and x, as in the paper, with the random numbers of `seed_`.

        Returns
        -------
        ndarray of shape (n_frames, n_x), float32
            In the units of X.
        """
        check_is_fitted(self)
        sample, rows = checked_flag("sample", sample), self._rows(X)
        return self.model_.draw_reconstruction(rows) if sample else self.model_.reconstruct(rows)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Compute the mean of p(x|z) at latent coordinates.

        Parameters
        ----------
        z : array-like of shape (n, n_z)

        Returns
        -------
        ndarray of shape (n, n_x), float32
            In the units of X.

        Raises
        ------
        InputError
            If `z` does not have n_z columns of finite numbers.
        """
        check_is_fitted(self)
        z = as_numbers(z, "z").astype(np.float32)
        n_z = self.architecture_.n_z
        if z.ndim != 2 or z.shape[1] != n_z or not np.isfinite(z).all():
            raise InputError(f"z of shape {z.shape}: must be (n, {n_z}), of finite numbers")
        return self.model_.decode(z)

    def sample(self, n: int = 1, *, seed: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Draw frames from the model: y from 1/k, z from p(z|y), x from p(x|z).

        Parameters
        ----------
        n : int
            Number of frames.
        seed : int, optional
            Seed of the random numbers. Default: `seed_`.

        Returns
        -------
        X : ndarray of shape (n, n_x), float32
        y : ndarray of shape (n,), int64
            Component of each frame.
        """
        check_is_fitted(self)
        seed = self.seed_ if seed is None else checked_seed(seed)
        return self.model_.sample(check_count("n", n), np.random.default_rng(seed))

    def score_samples(self, X: Features) -> np.ndarray:
        """Compute minus the loss of each frame, averaged over draws of z, in the units of X.

        It is the loss of decoding the frame itself, without the kinetic term, whatever the model
        was trained with. A model with ``decoder_target="lagged"`` scores lower, because it was
        trained to decode a later frame.

        With `r_nent` = 1 the score is a lower bound of the log-density. The draws depend on
        `seed_` and on the frame itself, not on the other frames.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet

        Returns
        -------
        ndarray of shape (n_frames,), float32
            In nats.
        """
        check_is_fitted(self)
        return -self.model_.loss(self._rows(X), float(self.r_nent))

    def unlike_training(self, X: Features) -> np.ndarray:
        """Mark the frames that are unlike those of the training.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet

        Returns
        -------
        ndarray of shape (n_frames,), bool
            Whether the score is below `score_threshold_`. The components and states of such
            frames mean little, however high their probabilities are. False if the threshold is
            unknown.
        """
        return self.is_below_threshold(self.score_samples(X))

    def is_below_threshold(self, scores: np.ndarray) -> np.ndarray:
        """Mark the scores, from `score_samples`, that are below `score_threshold_`.

        Parameters
        ----------
        scores : ndarray of shape (n_frames,)

        Returns
        -------
        ndarray of shape (n_frames,), bool
        """
        check_is_fitted(self)
        lowest = -np.inf if self.score_threshold_ is None else self.score_threshold_
        return np.asarray(scores < lowest)

    def score(self, X: Features, y: object = None) -> float:
        """Compute the mean of `score_samples`; larger is better.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet
        y : object
            Ignored.

        Returns
        -------
        float
            In nats per frame.
        """
        return float(self.score_samples(X).mean(dtype=np.float64))

    @property
    def _n_features_out(self) -> int:
        return self.architecture_.n_z

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether there is a trained model."""
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of scikit-learn; transformed arrays are float32."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _rows(self, X: Any, reset: bool = False) -> Dataset:
        """Open X; `reset` makes its number of columns that of the estimator."""
        max_memory = checked_memory(self.max_memory)
        # A column of a table may have one of these names, too.
        if hasattr(type(X), "universe") or hasattr(type(X), "topology"):
            raise InputError(
                "X: pass features of shape (n_frames, n_x), which mdgmvae.featurize computes from "
                "a trajectory; GMVAEAnalysis takes the trajectory itself"
            )
        if not isinstance(X, str | os.PathLike | np.memmap | FeatureSet):
            # Dataset.check_finite names the first frame that is not finite; scikit-learn would not.
            X = validate_data(
                self,
                X,
                reset=reset,
                dtype=np.float32,
                ensure_min_samples=1 + reset,
                ensure_all_finite=False,
            )
            return Dataset(X, max_memory)
        if isinstance(X, np.memmap) and (X.ndim != 2 or not X.size or X.dtype.kind not in "fiu"):
            raise InputError(
                f"X: a memory map of shape {X.shape} and type {X.dtype}; pass real numbers of "
                "shape (n_frames, n_x)"
            )
        rows = Dataset(X, max_memory)
        if reset:
            self.n_features_in_ = rows.n_columns
            if hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
        elif rows.n_columns != self.n_features_in_:
            raise InputError(
                f"{rows.name}: has {counted(rows.n_columns, 'column')}, but the model was trained "
                f"on {self.n_features_in_}; compute the same features for it"
            )
        return rows

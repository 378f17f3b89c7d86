"""How a `GMVAE` goes to disk and comes back, and where else it can come from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..checks import checked_seed
from ..network.architecture import Architecture
from ..training.scaling import Scaling
from .saved_model import SavedModel, TrajectoryPart
from .trained_model import TrainedModel

#: Parameters that belong to the machine and the session, not to the model: never saved.
_OF_THE_MACHINE = ("device", "strategy", "max_memory", "checkpoint", "verbose")


class Persistence(BaseEstimator):
    """The part of `GMVAE` that saves and loads what was learnt, and shows its parts."""

    model_: TrainedModel
    populations_: np.ndarray
    macrostates_: np.ndarray
    history_: dict[str, list[float]]
    validation_history_: dict[str, list[float]]
    n_epochs_: int
    n_features_in_: int
    feature_names_in_: np.ndarray
    seed_: int
    device_: str

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        # A strategy is of devices of this process; its name goes anywhere.
        kept = state["strategy"] if isinstance(state.get("strategy"), str) else None
        return {**state, "strategy": kept}

    @property
    def weights_(self) -> Mapping[str, np.ndarray]:
        """The weights of the networks by name."""
        return self.model_.weights

    @property
    def architecture_(self) -> Architecture:
        """Sizes of the networks and the order of the components."""
        return self.model_.architecture

    @property
    def scaling_(self) -> Scaling:
        """What is done to the inputs before the networks see them."""
        return self.model_.scaling

    def save(self, path: str | os.PathLike) -> None:
        """Write the model to a folder of model.json and weights.npz.

        Raises
        ------
        InputError
            When `path` is a file, or a folder that holds something else than a model.
        """
        self.to_saved_model().save(path)

    def to_saved_model(self, trajectory: TrajectoryPart | None = None) -> SavedModel:
        """All that the model is, as a value that can be written."""
        check_is_fitted(self)
        fitted = {
            "seed": self.seed_,
            "device": self.device_,
            "populations": [None if np.isnan(p) else float(p) for p in self.populations_],
            "macrostates": self.macrostates_,
            "history": self.history_,
            "validation_history": self.validation_history_,
            "feature_names_in": getattr(self, "feature_names_in_", np.array([])).tolist(),
        }
        return SavedModel(
            params={n: v for n, v in self.get_params().items() if n not in _OF_THE_MACHINE},
            architecture=self.architecture_,
            weights=dict(self.weights_),
            scaling=self.scaling_,
            fitted=fitted,
            trajectory=trajectory,
        )

    @classmethod
    def load(cls, path: str | os.PathLike, *, device: str = "auto") -> Self:
        """Read a model that `save` wrote; no code in the files is run.

        Parameters
        ----------
        path : path-like
            The folder, or one that holds it as ``model``.
        device : {"auto", "cpu", "gpu:0", ...}
            Where it computes from now on.

        Raises
        ------
        InputError
            When there is no model, or it is damaged.
        """
        return cls.from_saved_model(SavedModel.load(path), device)

    @classmethod
    def from_saved_model(cls, saved: SavedModel, device: str = "auto") -> Self:
        """The estimator that a saved model describes."""
        model = cls(**saved.params, device=device)
        fitted = saved.fitted
        model.seed_ = fitted["seed"]
        model.n_features_in_ = len(saved.scaling.mean)
        model.model_ = TrainedModel(
            saved.architecture, saved.weights, saved.scaling, model.seed_, model.device
        )
        model.device_ = fitted["device"]
        model.populations_ = np.array(fitted["populations"], float)
        model.macrostates_ = np.array(fitted["macrostates"], np.int64)
        model.history_ = fitted["history"]
        model.validation_history_ = fitted["validation_history"]
        model.n_epochs_ = len(model.history_.get("epoch", []))
        if fitted["feature_names_in"]:
            model.feature_names_in_ = np.array(fitted["feature_names_in"], object)
        return model

    @classmethod
    def from_tf1_checkpoint(cls, prefix: str | os.PathLike, **params: Any) -> Self:
        """A model that was trained with the paper's own TensorFlow 1 code.

        The sizes follow from the weights; the order of the components is the checkpoint's, so
        `populations_` is unknown (NaN) and nothing is lumped.

        Parameters
        ----------
        prefix : path-like
            ``.../model.ckpt-20``, or the folder of the checkpoint.
        **params
            Parameters that a checkpoint does not hold (``r_nent``, ``seed``, ...).

        Raises
        ------
        InputError
            When it is not a checkpoint of that code.
        """
        from .tf1 import read_checkpoint

        architecture, weights = read_checkpoint(prefix)
        sizes = ("k", "n_x", "n_z", "qy_dims", "qz_dims", "pz_dims", "px_dims", "relu_logits")
        model = cls(**{**params, **{name: getattr(architecture, name) for name in sizes}})
        scaling = Scaling.fit(None, [], architecture.n_x)
        model.seed_ = 0 if model.seed is None else checked_seed(model.seed)
        model.n_features_in_ = architecture.n_x
        model.model_ = TrainedModel(architecture, weights, scaling, model.seed_, model.device)
        model.device_ = "unknown"
        model.populations_ = np.full(architecture.k, np.nan)
        model.macrostates_ = np.arange(architecture.k)
        model.history_ = {}
        model.validation_history_ = {}
        model.n_epochs_ = 0
        return model

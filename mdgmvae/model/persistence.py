"""Save a `GMVAE`, load it, and import one from the paper's own code."""

from __future__ import annotations

import os
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..checks import checked_seed
from ..errors import methods_of
from ..training.scaling import Scaling
from .fitted import FittedMixture
from .saved_model import SavedModel, TrajectoryPart
from .settings import checked_device
from .trained_model import TrainedModel

#: Parameters of the machine and the session, which are not saved with the model.
_OF_THE_MACHINE = ("device", "strategy", "max_memory", "checkpoint", "verbose")


@methods_of("GMVAE")
class Persistence(FittedMixture):
    """The part of `GMVAE` that writes and reads files."""

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle or copy, with the strategy by name."""
        state: dict[str, Any] = super().__getstate__()
        # A tf.distribute.Strategy belongs to the devices of this process; its name is portable.
        kept = state["strategy"] if isinstance(state.get("strategy"), str) else None
        return {**state, "strategy": kept}

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the model to a folder, as model.json and weights.npz.

        Parameters
        ----------
        path : path-like
            The folder.
        overwrite : bool
            Replace a model that is already there. Other files in the folder are kept.

        Raises
        ------
        InputError
            If `path` is a file, or a folder that is not empty and `overwrite` is False.
        """
        self.to_saved_model().save(path, overwrite=overwrite)

    def to_saved_model(self, trajectory: TrajectoryPart | None = None) -> SavedModel:
        """Collect everything that defines the model as a value that can be written.

        Parameters
        ----------
        trajectory : TrajectoryPart, optional
            What the model was trained on, to be saved with it.

        Returns
        -------
        SavedModel
        """
        check_is_fitted(self)
        fitted = {
            "seed": self.seed_,
            "device": self.device_,
            "populations": [None if np.isnan(p) else float(p) for p in self.populations_],
            "state_of_component": self.state_of_component_,
            "score_threshold": self.score_threshold_,
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
    def load(cls, path: str | os.PathLike[str], *, device: str = "auto") -> Self:
        """Read a model that `save` wrote. Nothing in the files is executed.

        Parameters
        ----------
        path : path-like
            The folder, or one that contains it as ``model``.
        device : {"auto", "cpu", "gpu:0", ...}
            Device to compute on.

        Returns
        -------
        GMVAE

        Raises
        ------
        InputError
            If there is no model, it is damaged, or there is no such device.
        """
        return cls.from_saved_model(SavedModel.load(path), device)

    @classmethod
    def from_saved_model(cls, saved: SavedModel, device: str = "auto") -> Self:
        """Make the estimator that a saved model describes.

        Parameters
        ----------
        saved : SavedModel
        device : {"auto", "cpu", "gpu:0", ...}
            Device to compute on.

        Returns
        -------
        GMVAE

        Raises
        ------
        InputError
            If there is no such device.
        """
        checked_device(device)
        model = cls(**saved.params, device=device)
        fitted = saved.fitted
        model.seed_ = fitted["seed"]
        model.n_features_in_ = len(saved.scaling.mean)
        model.model_ = TrainedModel(
            saved.architecture, saved.weights, saved.scaling, model.seed_, model.device
        )
        model.device_ = fitted["device"]
        model.populations_ = np.array(fitted["populations"], float)
        model.state_of_component_ = np.array(fitted["state_of_component"], np.int64)
        model.score_threshold_ = fitted["score_threshold"]
        model.history_ = fitted["history"]
        model.validation_history_ = fitted["validation_history"]
        model.n_epochs_ = len(model.history_.get("epoch", []))
        if fitted["feature_names_in"]:
            model.feature_names_in_ = np.array(fitted["feature_names_in"], object)
        return model

    @classmethod
    def from_tf1_checkpoint(cls, prefix: str | os.PathLike[str], **params: Any) -> Self:
        """Import a model that was trained with the paper's own TensorFlow 1 code.

        The sizes of the networks follow from the weights. The components keep the order of the
        checkpoint, each is a state, and `populations_` (NaN) and `score_threshold_` (None) are
        unknown.

        Parameters
        ----------
        prefix : path-like
            ``.../model.ckpt-20``, or the folder of the checkpoint.
        **params
            Parameters that a checkpoint does not contain (``r_nent``, ``seed``, ...).

        Returns
        -------
        GMVAE

        Raises
        ------
        InputError
            If it is not a checkpoint of that code.
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
        model.state_of_component_ = np.arange(architecture.k, dtype=np.int64)
        model.score_threshold_ = None
        model.history_ = {}
        model.validation_history_ = {}
        model.n_epochs_ = 0
        return model

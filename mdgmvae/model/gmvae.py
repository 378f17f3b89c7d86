"""GMVAE, a scikit-learn estimator: features in, states and latent coordinates out."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from inspect import signature
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..checks import checked_seed, draw_seed
from ..errors import InputError, TrainingError
from ..network.architecture import unflatten
from ..presets import PAPER, RULES, Hyperparameters, check_names
from ..segments import checked_lengths
from ..training.checkpoint import Checkpoint, digest, stored_seed
from ..training.convergence import diagnose
from ..training.dataset import Dataset
from ..training.microstates import spread_blocks
from .fitted import Features
from .persistence import Persistence
from .score_threshold import threshold_of_fit
from .settings import check_settings
from .states_of_fit import states_of_fit
from .trained_model import TrainedModel

logger = logging.getLogger(__name__)


# A dataclass, so that the constructor stores its parameters and does nothing else, as
# scikit-learn asks. Two estimators are compared by identity and shown by scikit-learn's repr.
@dataclass(eq=False, repr=False)
class GMVAE(Persistence):
    """Gaussian-mixture variational autoencoder.

    Learns a low-dimensional latent space and the k components of a mixture at once, and lumps the
    components into metastable states. The default values are those of the paper.
    ``GMVAE.from_preset("robust")`` is the better start.

    Parameters
    ----------
    k : int
        Number of components. 1 is a plain variational autoencoder.
    n_x : int, optional
        Number of features. None takes the number of columns of the data; any other number must
        agree with it.
    n_z : int
        Number of latent dimensions.
    n_epochs : int
        Number of epochs.
    qy_dims, qz_dims, pz_dims, px_dims : tuple of int
        Widths of the hidden layers of q(y|x), q(z|x,y), p(z|y) and p(x|z).
    r_nent : float
        Weight of the negative entropy of q(y|x).
    batch_size : int
        Frames in a batch.
    lr : float
        Learning rate of Adam.
    scale : {None, "standard", "tica"}
        Scaling of the features. "standard" gives each feature mean 0 and variance 1. "tica" also
        projects them on whitened time-lagged independent components, together with products of
        two features that show a slow process; `reconstruct` and `decode` then go back by least
        squares (`scaling_.explained` is the share of the variance that comes back).
    tica_dim : int, optional
        Number of slowest independent components to keep. None keeps those that carry 95 % of the
        kinetic variance, at least 10 and at most 50.
    r_nent_start : float, optional
        Weight of the negative entropy at the start, which decreases linearly to `r_nent`. With 1
        the loss is minus the evidence lower bound.
    anneal : float
        Share of the epochs in which it decreases.
    lr_schedule : {"constant", "cosine"}
        Course of the learning rate over the epochs.
    validation_fraction : float
        Share of the frames held out, as blocks of neighbouring frames with a gap of one lag time.
        The weights with the lowest loss on these frames are kept.
    patience : int, optional
        Training stops after this number of epochs without a lower validation loss.
    n_init : int
        Number of restarts, all trained on the same batches. The one with the lowest loss (on the
        frames held out, if there are any) is kept.
    init : {"random", "kmeans"}
        "kmeans" starts q(y|x) from clusters of frames that exchange slowly: k-means in the slow
        coordinates, or a tree of cuts if it scores higher.
    refit : bool
        Train the best restart again on all frames, for the number of epochs that was best. A
        state that was visited once may lie in the frames held out.
    vamp_weight : float
        Weight of the kinetic term. VAMP-2 of q(y|x) over pairs of frames one lag time apart,
        times this weight, times the root of n_x, is subtracted from the loss. 0 is the paper.
    lag : int, optional
        Lag time in frames, within a segment. None: nothing is known of the kinetics, and each
        component is a state.
    decoder_target : {"same", "lagged"}
        Decode the frame itself, or the one a lag time later.
    kl : {"sampled", "analytic"}
        Latent term at the z drawn, as in the paper, or in closed form.
    px_floor : float
        Smallest variance of p(x|z), in scaled units.
    n_decoded : int, optional
        Components that a step decodes for each frame: this number of the most probable ones, and
        one drawn among the rest, which keeps the loss unbiased. None, or k - 1 and more, decodes
        all, as in the paper.
    precision : {"float32", "bfloat16"}
        Precision of products of matrices with at least 64 rows and columns in training.
        Everything else is float32, which a GPU with TF32 rounds to 10 bits in the products of the
        training. "bfloat16" is for GPUs and processors that support it; others warn.
    n_macrostates : int, optional
        Number of states, which needs a lag. None: the largest number of states with barriers and
        a gap between them, or, if there is none, the number of relaxation processes slower than
        the lag time, plus one.
    relu_logits : bool
        Apply ReLU to the logits of q(y|x), as the paper's code does. It makes components die;
        use it only for models that were trained with that code.
    device : {"auto", "cpu", "gpu:0", ...}
        Device to compute on. "auto" is the first GPU if it is faster, else the CPU (see the log).
    strategy : {"mirrored", "multiworker"} or tf.distribute.Strategy, optional
        Share each batch among several devices or machines. The losses are those of one device, up
        to rounding. "mirrored" uses all GPUs of this machine, "multiworker" the processes that
        Slurm or TF_CONFIG names, each of which calls `fit` with the same data and `seed`.
    max_memory : int or str, optional
        Memory for features, in bytes or as in "2 GB"; the networks need some on top for a batch.
        A file of more than half of it is read block by block in each epoch and shuffled block by
        block. None is 512 MiB.
    checkpoint : path-like, optional
        An .npz file for the state of the training. If it exists, training continues from it.
    seed : int, optional
        The same seed gives the same weights, bit for bit on a CPU at the same thread count.
        None draws a seed.
    verbose : bool, optional
        Show progress bars. None shows them on a terminal and in a notebook only.

    Attributes
    ----------
    model_ : TrainedModel
        The trained networks; `weights_`, `architecture_` and `scaling_` are parts of it.
        Components are numbered by decreasing count of labels over the frames of the fit.
    populations_ : ndarray of shape (k,)
        Share of the frames of the fit in each component.
    state_of_component_ : ndarray of shape (k,), int64
        State of each component. Components that exchange within the lag time form one state
        (PCCA+ on their Markov model at the lag time). States are numbered by decreasing count of
        frames over the fit; a component without frames has -1. Without a lag each component is
        a state.
    n_states_ : int
        Number of states.
    score_threshold_ : float or None
        Score (see `score_samples`) below which a frame is unlike those of the fit: one in 100,000
        frames like them would be. None if it is unknown.
    history_ : dict of str to list of float
        One value an epoch: "epoch", "loss", "reconstruction", "latent", "negative_entropy"
        (each in nats a frame), "r_nent", "lr"; with a kinetic term "vamp2" (of q(y|x) over all
        training pairs); with frames held out "val_loss" (which chooses the weights: the loss with
        the kinetic term of the components) and "val_vamp2".
    validation_history_ : dict of str to list of float
        The history of the restart with frames held out, if `refit` trained it again on all
        frames; else empty.
    n_epochs_ : int
        Epochs of the fit that is kept.
    n_features_in_ : int
        Number of features.
    seed_ : int
        Seed of the fit.
    device_ : str
        Device of the fit.

    References
    ----------
    Bozkurt Varolgunes, Bereau & Rudzinski, Mach. Learn.: Sci. Technol. 1, 015012 (2020).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(-3, 1, (600, 2)), rng.normal(3, 1, (300, 2))])
    >>> model = GMVAE.from_preset("robust", k=2, n_epochs=20, lr=0.01, batch_size=50, seed=0)
    >>> labels = model.fit(X).predict(X)
    >>> int(labels[0]), int(labels[-1]), model.transform(X).shape
    (0, 1, (900, 2))

    Do the data support the states? Here each was visited once:

    >>> from mdgmvae.states import judge
    >>> states, q = model.predict_states(X), model.predict_proba(X)
    >>> judge(labels, q, states=states, lag=model.lag).is_supported
    False
    """

    k: int = PAPER.k
    _: KW_ONLY
    n_x: int | None = PAPER.n_x
    n_z: int = PAPER.n_z
    n_epochs: int = PAPER.n_epochs
    qy_dims: Sequence[int] = PAPER.qy_dims
    qz_dims: Sequence[int] = PAPER.qz_dims
    pz_dims: Sequence[int] = PAPER.pz_dims
    px_dims: Sequence[int] = PAPER.px_dims
    r_nent: float = PAPER.r_nent
    batch_size: int = PAPER.batch_size
    lr: float = PAPER.lr
    scale: str | None = PAPER.scale
    tica_dim: int | None = PAPER.tica_dim
    r_nent_start: float | None = PAPER.r_nent_start
    anneal: float = PAPER.anneal
    lr_schedule: str = PAPER.lr_schedule
    validation_fraction: float = PAPER.validation_fraction
    patience: int | None = PAPER.patience
    n_init: int = PAPER.n_init
    init: str = PAPER.init
    refit: bool = PAPER.refit
    vamp_weight: float = PAPER.vamp_weight
    lag: int | None = PAPER.lag
    decoder_target: str = PAPER.decoder_target
    kl: str = PAPER.kl
    px_floor: float = PAPER.px_floor
    n_decoded: int | None = PAPER.n_decoded
    precision: str = PAPER.precision
    n_macrostates: int | None = PAPER.n_macrostates
    relu_logits: bool = PAPER.relu_logits
    device: str = "auto"
    strategy: Any = None
    max_memory: int | str | None = None
    checkpoint: str | os.PathLike[str] | None = None
    seed: int | None = None
    verbose: bool | None = None

    @classmethod
    def from_preset(cls, preset: str, **overrides: Any) -> GMVAE:
        """Make an estimator with the values of a preset.

        Parameters
        ----------
        preset : {"paper", "robust"}
        **overrides
            Any parameter of the constructor; it replaces the value of the preset.

        Returns
        -------
        GMVAE

        Raises
        ------
        InputError
            If the preset or a parameter is unknown.

        Examples
        --------
        >>> GMVAE.from_preset("robust", k=3).scale
        'tica'
        """
        of_preset = Hyperparameters.of(preset).to_dict()
        known = signature(cls).parameters
        check_names([name for name in overrides if name not in known], known)
        return cls(**{**of_preset, **overrides})

    def fit(self, X: Features, y: object = None, *, lengths: Sequence[int] | None = None) -> GMVAE:
        """Train on the frames of X.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet
        y : object
            Ignored.
        lengths : sequence of int, optional
            Number of frames in each segment, in order. Default: as in the FeatureSet or in the
            .json beside the .npy file; other data are one segment.

        Returns
        -------
        GMVAE
            The estimator itself.

        Raises
        ------
        InputError
            If the data or the parameters are invalid.
        TrainingError
            If the loss is no longer a finite number. The last good weights are kept, so the
            estimator can still be inspected and used.
        """
        rows = self._rows(X, reset=True)
        hyperparameters = self.check(len(rows), rows.n_columns)
        lengths = rows.lengths if lengths is None else lengths
        segments = checked_lengths(lengths, len(rows))
        rows.check_finite()
        self.seed_ = self._seed_of_fit()
        self._train(rows, segments, hyperparameters)
        return self

    def fit_predict(
        self, X: Features, y: object = None, *, lengths: Sequence[int] | None = None
    ) -> np.ndarray:
        """Train on the frames of X and find the component of each.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, path of an .npy file, or FeatureSet
        y : object
            Ignored.
        lengths : sequence of int, optional
            As for `fit`.

        Returns
        -------
        ndarray of shape (n_frames,), int64
        """
        return self.fit(X, lengths=lengths).predict(X)

    def check(self, n_frames: int, n_columns: int) -> Hyperparameters:
        """Check the parameters against the size of the data, as `fit` does.

        Parameters
        ----------
        n_frames, n_columns : int
            Size of the data.

        Returns
        -------
        Hyperparameters

        Raises
        ------
        InputError
            If a parameter is invalid. The message names it and its allowed values.
        """
        hyperparameters = Hyperparameters(**{name: getattr(self, name) for name in RULES})
        hyperparameters.check_data(n_frames, n_columns)
        check_settings(
            self.device, self.strategy, self.max_memory, self.checkpoint, self.seed, self.verbose
        )
        return hyperparameters

    def _seed_of_fit(self) -> int:
        if self.seed is not None:
            return checked_seed(self.seed)
        from ..training.distribution import n_processes

        if n_processes(self.strategy) > 1:
            raise InputError(
                "seed=None: processes that train together must share one; set seed to a number"
            )
        stored = None if self.checkpoint is None else stored_seed(self.checkpoint)
        return draw_seed() if stored is None else stored

    def _train(
        self, dataset: Dataset, lengths: tuple[int, ...], parameters: Hyperparameters
    ) -> None:
        from ..network.device_choice import advise_training
        from ..network.devices import choose, describe
        from ..training.distribution import devices_of, is_chief
        from ..training.loop import train

        # A strategy is for the GPUs that there are.
        advice = advise_training(parameters, len(dataset), dataset.n_columns)
        device = choose(self.device, advice) if self.strategy is None else choose(self.device)
        self.device_ = describe(device)
        logger.info("training on %s, seed %d", self.device_, self.seed_)
        checkpoint = None
        if self.checkpoint is not None:
            data_of = {**digest(dataset), "lengths": lengths}
            identity = {"params": parameters.to_dict(), "seed": self.seed_, "data": data_of}
            checkpoint = Checkpoint(self.checkpoint, identity, is_chief(self.strategy))
        trained = train(
            dataset,
            lengths,
            parameters,
            self.seed_,
            devices_of(device, self.strategy),
            checkpoint=checkpoint,
            verbose=self.verbose,
        )

        kept, architecture = trained.kept, trained.architecture
        weights = unflatten(architecture, kept.weights)
        model = TrainedModel(architecture, weights, trained.scaling, self.seed_, self.device)
        # Components are numbered by decreasing count over all frames, once and for all.
        counts = np.bincount(model.labels(dataset), minlength=parameters.k)
        self.score_threshold_ = threshold_of_fit(model, dataset, parameters.r_nent)
        self.model_ = model.reorder(np.argsort(-counts, kind="stable"))
        # Labelled again: of two equally probable components the one with the lower number counts.
        blocks = spread_blocks(lengths, parameters.lag)
        components, q = self.model_.labels_and_probabilities(dataset, blocks)
        self.populations_ = np.bincount(components, minlength=parameters.k) / len(dataset)
        self.state_of_component_ = states_of_fit(components, q, blocks, lengths, parameters)
        self.history_ = kept.history
        self.validation_history_ = trained.validation_history
        self.n_epochs_ = len(kept.history.get("epoch", []))
        if kept.diverged:
            raise TrainingError(
                f"the loss became infinite or NaN in epoch {self.n_epochs_ + 1}; lower "
                f"lr={self.lr:g} or scale the inputs (scale='standard'). The weights of epoch "
                f"{self.n_epochs_} are kept"
            )
        for problem in diagnose(kept.history, parameters):
            warnings.warn(problem, ConvergenceWarning, stacklevel=3)

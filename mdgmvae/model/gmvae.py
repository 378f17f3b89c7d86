"""GMVAE, a scikit-learn estimator: feature arrays in, states and latent coordinates out."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from ..checks import check_count, checked_memory, checked_seed, draw_seed
from ..errors import InputError, TrainingError
from ..kinetics.metastable import lump_components
from ..network.architecture import unflatten
from ..presets import PAPER, RULES, Hyperparameters
from ..segments import checked_lengths
from ..training.checkpoint import Checkpoint, check_path, digest, stored_seed
from ..training.convergence import diagnose
from ..training.dataset import Dataset
from .persistence import Persistence
from .trained_model import TrainedModel

logger = logging.getLogger(__name__)

#: A feature matrix (n_frames, n_x), in memory or mapped, or the path of a .npy file of one.
Features: TypeAlias = np.ndarray | str | os.PathLike


class GMVAE(
    Persistence, ClassNamePrefixFeaturesOutMixin, TransformerMixin, DensityMixin, BaseEstimator
):
    """Gaussian-mixture variational autoencoder.

    Learns a low-dimensional latent space and k mixture components at once. The defaults are
    those of the paper; ``GMVAE.from_preset("robust")`` is the set to begin with.

    Parameters
    ----------
    k : int
        Mixture components. 1 is a plain variational autoencoder.
    n_x : int, optional
        Observable dimensions; None takes the columns of the data, any other number must be
        theirs.
    n_z : int
        Latent dimensions.
    n_epochs : int
        Epochs.
    qy_dims, qz_dims, pz_dims, px_dims : tuple of int
        Widths of the hidden layers of q(y|x), q(z|x,y), p(z|y) and p(x|z).
    r_nent : float
        Weight of the negative entropy of q(y|x).
    batch_size : int
        Frames in a batch.
    lr : float
        Learning rate of Adam.
    scale : {None, "standard", "tica"}
        "standard" gives every feature mean 0 and variance 1; "tica" goes on to whitened
        time-lagged independent components, `reconstruct` and `decode` then go back by least
        squares (`scaling_.explained` says how much of the variance comes back).
    tica_dim : int, optional
        Slowest components that are kept; None keeps all.
    r_nent_start : float, optional
        Weight of the negative entropy at the start; it falls linearly to `r_nent`. 1 is the
        evidence lower bound.
    anneal : float
        Share of the epochs during which it falls.
    lr_schedule : {"constant", "cosine"}
        Course of the learning rate over the epochs.
    validation_fraction : float
        Share of the frames held out, as pieces of neighbouring frames (with a gap of one lag);
        the weights with the lowest loss on them are kept.
    patience : int, optional
        Epochs without a lower validation loss after which training stops.
    n_init : int
        Restarts, trained on the same batches; the one with the lowest loss (on the frames held out,
        where there are such) is kept.
    init : {"random", "kmeans"}
        "kmeans" starts q(y|x) as k-means clusters of the slow coordinates.
    refit : bool
        Train the best restart again on all frames, for as many epochs as were best: a state
        that was visited once lies in one piece of the trajectory.
    vamp_weight : float
        Weight of the kinetic term: VAMP-2 of q(y|x) over pairs of frames one lag apart, times
        this, times the root of n_x, is subtracted from the loss. 0 is the paper.
    lag : int, optional
        Rows between the frames of a pair, within a continuous piece of trajectory.
    decoder_target : {"same", "lagged"}
        What is decoded: the frame itself or the one a lag later.
    kl : {"sampled", "analytic"}
        The latent term at the z that were drawn, as in the paper, or in closed form.
    px_floor : float
        Floor of the variance of p(x|z), in scaled units.
    n_decoded : int, optional
        Components that a step decodes for each frame: so many of the most probable, and one
        drawn among the rest, without a bias. None, or k - 1 and more, is all of them, as in the
        paper.
    precision : {"float32", "bfloat16"}
        Of the products of matrices with 64 and more rows and columns, in training; all else is
        float32. "bfloat16" is for processors and GPUs that have it.
    n_macrostates : int, optional
        Metastable states into which the components are lumped; None counts the processes that
        are slower than the lag.
    relu_logits : bool
        ReLU on the logits of q(y|x), as in the paper's code. Components die of it; it is
        there for models that were trained with that code.
    device : {"auto", "cpu", "gpu:0", ...}
        Where to compute; "auto" is the first GPU that TensorFlow sees, else the CPU.
    strategy : {"mirrored", "multiworker"} or tf.distribute.Strategy, optional
        Share each batch among several devices or machines; the losses are those of one device, to
        rounding. "mirrored" is all GPUs of this machine, "multiworker" the processes that Slurm
        or TF_CONFIG names, each of which calls `fit` with the same data and `seed`.
    max_memory : int or str, optional
        Memory that features may take, in bytes or such as "2 GB"; what the networks need for a
        batch comes on top. A file of more than half of it is read in pieces, again and again, and
        shuffled piece by piece. None is 512 MiB.
    checkpoint : path-like, optional
        An .npz file to which the state of the training is written; where it exists, the
        training goes on from it.
    seed : int, optional
        The same seed gives the same weights, bit for bit on a CPU at the same thread count.
        None draws one.
    verbose : bool, optional
        Progress bars; None shows them on a terminal and in a notebook only.

    Attributes
    ----------
    model_ : TrainedModel
        What was learnt; `weights_`, `architecture_` and `scaling_` are parts of it. Components
        are numbered by falling count of labels over the frames of the fit.
    populations_ : ndarray of shape (k,)
        Share of the frames of the fit in each component.
    macrostates_ : ndarray of shape (k,), int64
        The metastable state of each component: those that exchange within the lag are one
        (PCCA+ on their Markov model at the lag, or at one row where there is no lag). Numbered
        by falling population; -1 for a component without frames.
    history_ : dict of str to list of float
        One value an epoch: "epoch", "loss", "reconstruction", "latent", "negative_entropy"
        (each in nats a frame), "r_nent", "lr"; with a kinetic term "vamp2" (of q(y|x) over all
        training pairs), and where frames are held out "val_loss" (what chooses the weights: the
        loss with the kinetic term of the components) and "val_vamp2".
    validation_history_ : dict of str to list of float
        The same of the restart that was kept, with frames held out, where `refit` trained it
        again on all frames; else empty.
    n_epochs_ : int
        Epochs that were run, by the fit that is kept.
    n_features_in_ : int
    seed_ : int
    device_ : str

    References
    ----------
    Bozkurt Varolgunes, Bereau & Rudzinski, Mach. Learn.: Sci. Technol. 1, 015012 (2020).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(-3, 1, (600, 2)), rng.normal(3, 1, (300, 2))])
    >>> model = GMVAE.from_preset("robust", k=2, n_epochs=30, batch_size=50, seed=0).fit(X)
    >>> labels = model.predict(X)
    >>> labels[0], labels[-1], model.transform(X).shape
    (np.int64(0), np.int64(1), (900, 2))
    """

    def __init__(
        self,
        k: int = PAPER.k,
        *,
        n_x: int | None = PAPER.n_x,
        n_z: int = PAPER.n_z,
        n_epochs: int = PAPER.n_epochs,
        qy_dims: Sequence[int] = PAPER.qy_dims,
        qz_dims: Sequence[int] = PAPER.qz_dims,
        pz_dims: Sequence[int] = PAPER.pz_dims,
        px_dims: Sequence[int] = PAPER.px_dims,
        r_nent: float = PAPER.r_nent,
        batch_size: int = PAPER.batch_size,
        lr: float = PAPER.lr,
        scale: str | None = PAPER.scale,
        tica_dim: int | None = PAPER.tica_dim,
        r_nent_start: float | None = PAPER.r_nent_start,
        anneal: float = PAPER.anneal,
        lr_schedule: str = PAPER.lr_schedule,
        validation_fraction: float = PAPER.validation_fraction,
        patience: int | None = PAPER.patience,
        n_init: int = PAPER.n_init,
        init: str = PAPER.init,
        refit: bool = PAPER.refit,
        vamp_weight: float = PAPER.vamp_weight,
        lag: int | None = PAPER.lag,
        decoder_target: str = PAPER.decoder_target,
        kl: str = PAPER.kl,
        px_floor: float = PAPER.px_floor,
        n_decoded: int | None = PAPER.n_decoded,
        precision: str = PAPER.precision,
        n_macrostates: int | None = PAPER.n_macrostates,
        relu_logits: bool = PAPER.relu_logits,
        device: str = "auto",
        strategy: Any = None,
        max_memory: int | str | None = None,
        checkpoint: str | os.PathLike | None = None,
        seed: int | None = None,
        verbose: bool | None = None,
    ) -> None:
        self.k = k
        self.n_x = n_x
        self.n_z = n_z
        self.n_epochs = n_epochs
        self.qy_dims = qy_dims
        self.qz_dims = qz_dims
        self.pz_dims = pz_dims
        self.px_dims = px_dims
        self.r_nent = r_nent
        self.batch_size = batch_size
        self.lr = lr
        self.scale = scale
        self.tica_dim = tica_dim
        self.r_nent_start = r_nent_start
        self.anneal = anneal
        self.lr_schedule = lr_schedule
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.n_init = n_init
        self.init = init
        self.refit = refit
        self.vamp_weight = vamp_weight
        self.lag = lag
        self.decoder_target = decoder_target
        self.kl = kl
        self.px_floor = px_floor
        self.n_decoded = n_decoded
        self.precision = precision
        self.n_macrostates = n_macrostates
        self.relu_logits = relu_logits
        self.device = device
        self.strategy = strategy
        self.max_memory = max_memory
        self.checkpoint = checkpoint
        self.seed = seed
        self.verbose = verbose

    @classmethod
    def from_preset(cls, preset: str, **overrides: Any) -> GMVAE:
        """An estimator with the values of a preset, and what is given instead.

        Parameters
        ----------
        preset : {"paper", "robust"}
        **overrides
            Any parameter of the constructor.

        Examples
        --------
        >>> GMVAE.from_preset("robust", k=3).scale
        'tica'
        """
        of_preset = Hyperparameters.of(preset).to_dict()
        return cls(**{**of_preset, **overrides})

    def fit(self, X: Features, y: object = None, *, lengths: Sequence[int] | None = None) -> GMVAE:
        """Train on the rows of X.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, or path of a .npy file
        y : ignored
        lengths : sequence of int, optional
            Rows of each continuous piece of trajectory, in order. For an .npy file they come
            from the .json beside it.

        Returns
        -------
        GMVAE
            The estimator itself.

        Raises
        ------
        InputError
            For data or parameters that cannot be used.
        TrainingError
            When the loss is no longer a finite number. The last good weights are kept, so the
            estimator can be inspected and used.
        """
        rows = self._rows(X, reset=True)
        hyperparameters = self.check(len(rows), rows.n_columns)
        lengths = rows.lengths if lengths is None else lengths
        pieces = checked_lengths(lengths, len(rows))
        rows.check_finite()
        self.seed_ = self._seed_of_fit()
        self._train(rows, pieces, hyperparameters)
        return self

    def _seed_of_fit(self) -> int:
        if self.seed is not None:
            return checked_seed(self.seed)
        from ..training.distribution import n_processes

        if n_processes(self.strategy) > 1:
            raise InputError("seed=None: processes that train together need the same one; give it")
        stored = None if self.checkpoint is None else stored_seed(self.checkpoint)
        return draw_seed() if stored is None else stored

    def _train(
        self, dataset: Dataset, lengths: tuple[int, ...], parameters: Hyperparameters
    ) -> None:
        from ..network.devices import choose, describe
        from ..training.distribution import devices_of, is_chief
        from ..training.loop import train

        device = choose(self.device)
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
        self.model_ = model.reorder(np.argsort(-counts, kind="stable"))
        # Labelled again: of two equally probable components the one with the lower number counts.
        labels = self.model_.labels(dataset)
        self.populations_ = np.bincount(labels, minlength=parameters.k) / len(dataset)
        self.macrostates_ = lump_components(
            labels, lengths, parameters.k, parameters.lag, parameters.n_macrostates
        )
        self.history_ = kept.history
        self.validation_history_ = trained.validation_history
        self.n_epochs_ = len(kept.history.get("epoch", []))
        for problem in trained.problems:
            warnings.warn(problem, UserWarning, stacklevel=3)
        if kept.diverged:
            raise TrainingError(
                f"the loss became infinite or not a number in epoch {self.n_epochs_ + 1}; lower "
                f"lr={self.lr:g} or scale the inputs (scale='standard'). The weights of epoch "
                f"{self.n_epochs_} are kept"
            )
        for problem in diagnose(kept.history, parameters):
            warnings.warn(problem, ConvergenceWarning, stacklevel=3)

    def check(self, n_frames: int, n_columns: int) -> Hyperparameters:
        """Check the parameters, as `fit` does, against data of this size.

        Returns
        -------
        Hyperparameters

        Raises
        ------
        InputError
            Naming the parameter and what it may be.
        """
        hyperparameters = Hyperparameters(**{name: getattr(self, name) for name in RULES})
        hyperparameters.check_data(n_frames, n_columns)
        if self.seed is not None:
            checked_seed(self.seed)
        if self.checkpoint is not None:
            check_path(self.checkpoint)
        return hyperparameters

    def assign(self, X: Features) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Labels, probabilities and latent coordinates of each frame, in one pass.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, or path of a .npy file

        Returns
        -------
        labels : ndarray of shape (n_frames,), int64
        probabilities : ndarray of shape (n_frames, k), float32
        latent : ndarray of shape (n_frames, n_z), float32
        """
        check_is_fitted(self)
        probabilities, latent = self.model_.assign(self._rows(X))
        return probabilities.argmax(axis=1), probabilities, latent

    def predict(self, X: Features) -> np.ndarray:
        """The component of each frame, argmax_y q(y|x): shape (n_frames,), int64."""
        return self.assign(X)[0]

    def predict_macrostates(self, X: Features) -> np.ndarray:
        """The metastable state of each frame: shape (n_frames,), int64.

        That of its component, by `macrostates_`.
        """
        return self.macrostates_[self.predict(X)]

    def predict_proba(self, X: Features) -> np.ndarray:
        """q(y|x): shape (n_frames, k), float32."""
        return self.assign(X)[1]

    def fit_predict(
        self, X: Features, y: object = None, *, lengths: Sequence[int] | None = None
    ) -> np.ndarray:
        """Train, and return the component of each frame: shape (n_frames,), int64."""
        return self.fit(X, lengths=lengths).predict(X)

    def transform(self, X: Features, *, sample: bool = False) -> np.ndarray:
        """Latent coordinates: shape (n_frames, n_z), float32.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, or path of a .npy file
        sample : bool
            False: sum_y q(y|x) * mean of q(z|x,y). True: the same sum over draws of z, as in
            the paper; drawn by `seed_`.
        """
        check_is_fitted(self)
        rows = self._rows(X)
        return self.model_.draw_latent(rows) if sample else self.model_.assign(rows)[1]

    def reconstruct(self, X: Features, *, sample: bool = False) -> np.ndarray:
        """Each frame through the latent space and back: shape (n_frames, n_x), float32.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_x), np.memmap, or path of a .npy file
        sample : bool
            False: sum_y q(y|x) * mean of p(x|z_y), z_y at its mean. True: the same sum over
            draws of z_y and x, as in the paper; drawn by `seed_`.
        """
        check_is_fitted(self)
        rows = self._rows(X)
        if sample:
            return self.model_.draw_reconstruction(rows)
        return self.model_.reconstruct(rows)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """The mean of p(x|z) in the units of X: (n, n_z) -> (n, n_x), float32.

        Raises
        ------
        InputError
            When `z` has not n_z columns of finite numbers.
        """
        check_is_fitted(self)
        z = np.asarray(z, np.float32)
        n_z = self.architecture_.n_z
        if z.ndim != 2 or z.shape[1] != n_z or not np.isfinite(z).all():
            raise InputError(f"z of shape {z.shape}: must be (n, {n_z}), of finite numbers")
        return self.model_.decode(z)

    def sample(self, n: int = 1, *, seed: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Draw frames from the model: y from 1/k, z from p(z|y), x from p(x|z).

        Parameters
        ----------
        n : int
        seed : int, optional
            By default `seed_`.

        Returns
        -------
        X : ndarray of shape (n, n_x), float32
        y : ndarray of shape (n,), int64
        """
        check_is_fitted(self)
        seed = self.seed_ if seed is None else checked_seed(seed)
        return self.model_.sample(check_count("n", n), np.random.default_rng(seed))

    def score_samples(self, X: Features) -> np.ndarray:
        """Minus the loss of each frame, averaged over draws of z, in the units of X.

        That of decoding the frame itself, without the kinetic term, however it was trained: a
        lagged decoder (``decoder_target="lagged"``) scores lower, since it predicts another.

        With `r_nent` = 1 it is a lower bound of the log-density. The draws depend on `seed_`
        and on the frame itself, not on its place among the others.

        Returns
        -------
        ndarray of shape (n_frames,), float32
            Nats.
        """
        check_is_fitted(self)
        return -self.model_.loss(self._rows(X), float(self.r_nent))

    def score(self, X: Features, y: object = None) -> float:
        """The mean of `score_samples`: larger is better."""
        return float(self.score_samples(X).mean(dtype=np.float64))

    @property
    def _n_features_out(self) -> int:
        return self.architecture_.n_z

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _rows(self, X: Features, reset: bool = False) -> Dataset:
        """X as rows; an array in memory is checked by scikit-learn's rules."""
        max_memory = checked_memory(self.max_memory)
        if not isinstance(X, str | os.PathLike | np.memmap):
            # What is not finite is told by row and column, as that of files is.
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
                f"X: a memory map of shape {X.shape} and type {X.dtype}; give real numbers of "
                "shape (n_frames, n_x)"
            )
        rows = Dataset(X, max_memory)
        if reset:
            self.n_features_in_ = rows.n_columns
            if hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
        elif rows.n_columns != self.n_features_in_:
            raise InputError(
                f"{rows.name}: has {rows.n_columns} columns, but the model was trained on "
                f"{self.n_features_in_}; compute the same features for it"
            )
        return rows

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

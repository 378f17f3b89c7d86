"""GMVAEAnalysis, an MDAnalysis analysis: trajectory in, annotated trajectory out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from typing import Any, ClassVar, Self

import numpy as np
from MDAnalysis.analysis.backends import BackendBase

from ..annotation.attach import annotate_results, check_can_annotate
from ..assignment.results import TrajectoryResults
from ..assignment.trajectory_model import TrajectoryModel
from ..checks import checked_flag
from ..errors import InputError
from ..featurizers.base import Featurizer
from ..featurizers.registry import by_name
from ..featurizers.topology.atoms import as_atoms
from ..model.gmvae import GMVAE
from ..presets import Hyperparameters, check_names
from ..storage.features import FeatureSet
from ..trajectory.collector import FeatureCollector
from ..trajectory.frames import frame_numbers
from ..trajectory.lag_time import checked_lag_time
from ..trajectory.on_bad_frames import skips
from ..trajectory.precomputed import Precomputed
from .display import Display
from .selection import check_source, default_selection
from .training import Training
from .views import Views


class GMVAEAnalysis(Display, Views, FeatureCollector):
    """Learn the states of a trajectory and write the state of each frame back to it.

    Parameters
    ----------
    universe : AtomGroup
        Atoms to analyse, or a Universe.
    select : str, optional
        Atoms to use, in MDAnalysis' selection language. None is "protein" for a Universe, with
        residues that are bonded into its chains, and all atoms for an AtomGroup.
    features : str
        Input of the networks: "dihedrals", "distances", "positions", ...; a
        `mdgmvae.featurizers.Featurizer`; a list of both; or an array of shape
        (n_frames, n_features) or a `mdgmvae.FeatureSet` computed for the analysed frames.
    feature_names : list, optional
        Names of the columns, when `features` is an array.
    preset : {"robust", "paper"}
        A named set of hyperparameters.
    annotate : bool
        Write the states to the trajectory: ``ts.aux.gmvae_state``, ``ts.aux.gmvae_component``
        and ``ts.aux.gmvae_probability`` (of the state); -1 for frames that were not analysed.
    lag_time : float, optional
        Lag time of the kinetic term and of the states in ps, a multiple of the time between
        frames. By default the preset's ``lag``, in frames (robust: 5; paper: none).
    seed : int, optional
        The same seed gives the same result.
    device : str
        Where to train: "auto", "cpu", "gpu:0", ...
    strategy : str, optional
        Train on several devices: "mirrored" (all GPUs of this machine), "multiworker" (the
        processes that Slurm or TF_CONFIG names), or a `tf.distribute.Strategy`.
    max_memory : str, optional
        Memory for the features during the training: bytes, or a size such as "2 GB".
    checkpoint : str, optional
        An .npz file from which an interrupted training continues.
    verbose : bool, optional
        Show progress bars; None shows them on a terminal and in a notebook only.
    **hyperparameters
        ``k``, ``n_z``, ``n_epochs``, ... of `mdgmvae.GMVAE`; they override the preset.

    Attributes
    ----------
    results : TrajectoryResults
        After `run`, one entry for each analysed frame: ``labels`` (states), ``components``,
        ``probabilities`` (of states), ``component_probabilities``, ``latent``, ``scores``,
        ``frames``, ``times``, ``trajectory_index``; and ``lengths`` of the segments,
        ``populations`` of the states and the ``history`` of the training. It has
        ``to_dataframe()`` and ``dtrajs``.
    features : FeatureSet
        After `run`, the features of the analysed frames.

    Raises
    ------
    InputError
        If the selection is empty, a feature cannot be computed for these atoms, or a
        parameter has an impossible value.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> u = mda.Universe(*alanine_dipeptide())
    >>> gm = GMVAEAnalysis(u, k=2, n_epochs=3, n_init=1, seed=0).run(step=20)
    >>> gm.results.labels.shape, gm.results.component_probabilities.shape
    ((1000,), (1000, 2))
    >>> bool(u.trajectory[20].aux.gmvae_state == gm.results.labels[1])
    True
    """

    _not_sent: ClassVar[tuple[str, ...]] = (*FeatureCollector._not_sent, "_trained", "_training")

    #: Settings of the training; None for a loaded analysis, which labels frames but never trains.
    _training: Training | None = None
    _precomputed: Precomputed | None = None
    _bars: bool | None = None

    def __init__(
        self,
        universe: Any,
        select: str | None = None,
        features: str | Featurizer | Sequence[str | Featurizer] | np.ndarray | FeatureSet = (
            "dihedrals"
        ),
        *,
        feature_names: Sequence[str] | None = None,
        preset: str = "robust",
        annotate: bool = True,
        lag_time: float | None = None,
        seed: int | None = None,
        device: str = "auto",
        strategy: Any = None,
        max_memory: int | str | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        verbose: bool | None = None,
        **hyperparameters: Any,
    ) -> None:
        check_names(hyperparameters, signature(GMVAEAnalysis).parameters)
        estimator = GMVAE(
            **Hyperparameters.of(preset, **hyperparameters).to_dict(),
            seed=seed,
            device=device,
            strategy=strategy,
            max_memory=max_memory,
            checkpoint=checkpoint,
            verbose=verbose,
        )
        self._training = Training(estimator, preset, checked_lag_time(lag_time, hyperparameters))
        self.annotate = checked_flag("annotate", annotate)
        check_source(universe)
        if isinstance(features, np.ndarray | FeatureSet):
            self._precomputed = Precomputed.of(features, feature_names)
        elif feature_names is not None:
            raise InputError(
                "feature_names: computed features already have names; leave "
                "feature_names out, or pass features as an array"
            )
        featurizer = None if self._precomputed else by_name(features)
        select = default_selection(universe, select)
        super().__init__(universe, featurizer, select=select, verbose=verbose)  # type: ignore[arg-type]
        self.results = TrajectoryResults()
        if featurizer is not None:
            # Raise errors about features now, not after run() has begun.
            self._bound = self._bind(self._trajectory.ts)
        self._training.check(self.n_features)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return (self._precomputed or self._bound).n_features

    def run(
        self,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
        frames: Iterable[Any] | None = None,
        verbose: bool | None = None,
        n_workers: int | None = None,
        n_parts: int | None = None,
        backend: str | BackendBase | None = None,
        *,
        unsupported_backend: bool = False,
        progressbar_kwargs: dict[str, Any] | None = None,
        on_bad_frames: str = "error",
    ) -> Self:
        """Compute the features of the chosen frames, train, label the frames and annotate them.

        A loaded analysis labels the frames with its saved model and does not train.

        Parameters
        ----------
        start, stop, step : int, optional
            Frames as in a slice.
        frames : iterable of int or bool, optional
            Frame numbers in any order (which is kept), or a mask, instead of a slice.
        verbose : bool, optional
            Show progress bars; by default as set in the constructor.
        n_workers, n_parts : int, optional
            Number of processes of a parallel backend, by default all processors, and of the
            parts into which it splits the frames.
        backend : {'serial', 'multiprocessing', 'dask'}, optional
            Where the features are computed; all backends give identical features.
        unsupported_backend, progressbar_kwargs : optional
            As in `FeatureCollector.run`.
        on_bad_frames : {'error', 'skip'}
            Raise an error at a frame that cannot be used, or leave it out with a warning.

        Returns
        -------
        GMVAEAnalysis
            Itself, with `results`, `model` and `features`.

        Raises
        ------
        InputError
            If the frames, a file or a feature cannot be used.
        TrainingError
            If the loss becomes infinite or NaN; `model` keeps the last good weights.
        """
        if "atomgroup" not in vars(self):
            raise InputError(
                "run() needs a trajectory, and this analysis was loaded without a universe; use "
                "GMVAEAnalysis.load(path, universe=u), or assign(u)"
            )
        self._bars = self.verbose if verbose is None else checked_flag("verbose", verbose)
        if self._precomputed is None:
            return super().run(
                start, stop, step, frames, verbose, n_workers, n_parts, backend,
                unsupported_backend=unsupported_backend, progressbar_kwargs=progressbar_kwargs,
                on_bad_frames=on_bad_frames,
            )  # fmt: skip
        if skips(on_bad_frames):
            raise InputError(
                "on_bad_frames='skip': features that were computed before are taken as they are; "
                "leave bad frames out of them, and out of frames="
            )
        numbers = frame_numbers(self._trajectory.n_frames, start, stop, step, frames)
        self._check_run(len(numbers), self.n_features)
        self.features = self._precomputed.store(self.atomgroup, numbers, self.select)
        self._learn_and_label()
        return self

    def _check_run(self, n_frames: int, n_features: int) -> None:
        if self.annotate:
            check_can_annotate(self.atomgroup.universe)
        if self._training is None:
            return
        if self._trajectory.n_frames == 1:
            raise InputError(
                f"{self._trajectory.filename}: has only one frame, and training needs many; "
                "load a trajectory, as in MDAnalysis.Universe(topology, trajectory)"
            )
        if n_frames == 1:
            raise InputError(
                "only one frame was chosen, and training needs many; choose more with start, stop "
                "and step (--start, --stop, --step), or frames"
            )
        self._training.check(n_features, n_frames)

    def _conclude(self) -> None:
        super()._conclude()
        self._learn_and_label()

    def _learn_and_label(self) -> None:
        """Train, unless the model was loaded, then label and annotate the frames."""
        self.results = TrajectoryResults()
        if self._training is not None:
            self._train(self._training)
        trained = self._require_model()
        self.results = trained.label(self.features)
        self.results.history = trained.gmvae.history_
        if self.annotate:
            annotate_results(self.atomgroup.universe, self.results)

    def _train(self, training: Training) -> None:
        self._trained = None
        gmvae = training.estimator_for(self.features, self._bars)
        featurizer = None if self._precomputed else self._bound.featurizer
        try:
            gmvae.fit(self.features)
        finally:
            # After a TrainingError, the last good weights can still be inspected and used.
            if hasattr(gmvae, "model_"):
                self._trained = TrajectoryModel.of(
                    gmvae, self.features, training.preset, featurizer
                )

    def assign(
        self,
        source: Any,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
        frames: Iterable[Any] | None = None,
        backend: str | BackendBase | None = None,
        out: str | os.PathLike[str] | None = None,
        *,
        n_workers: int | None = None,
        on_bad_frames: str = "error",
    ) -> TrajectoryResults:
        """Label the frames of another universe with the trained model.

        Parameters
        ----------
        source : Universe, AtomGroup or mdtraj.Trajectory
            The atoms that the model was trained on, or more: the selection of the training is
            applied to them.
        start, stop, step, frames, backend, out, n_workers, on_bad_frames
            As in `mdgmvae.assignment.TrajectoryModel.assign`.

        Returns
        -------
        TrajectoryResults
            As `results`, without ``history``. The trajectory is not annotated; use
            `mdgmvae.annotate`.

        Raises
        ------
        AtomMismatchError
            If the atoms are not those of the model; the message names the first that differs.
        InputError
            If there is no trained model yet, or it was trained on an array.
        """
        return self._require_model().assign(
            source, start, stop, step, frames, backend, out,
            n_workers=n_workers, verbose=self.verbose, on_bad_frames=on_bad_frames,
        )  # fmt: skip

    def save_model(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the model, its featurizer and the fingerprint of its atoms to a folder.

        Parameters
        ----------
        path : path-like
            A folder for model.json and weights.npz.
        overwrite : bool
            Replace a model that is already there. Other files in the folder are kept.

        Raises
        ------
        InputError
            If there is no trained model yet, or `path` is a file, or a folder that is not empty and
            `overwrite` is False.
        """
        self._require_model().save(path, overwrite=overwrite)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        universe: Any = None,
        *,
        custom: Mapping[str, Callable[..., Any]] | None = None,
        device: str = "auto",
        annotate: bool = True,
        verbose: bool | None = None,
    ) -> Self:
        """Read a model that `save_model` wrote; no code in the files is run.

        `run` of a loaded analysis labels the frames of `universe` with the saved model. It does
        not train: to train again, make a new GMVAEAnalysis.

        Parameters
        ----------
        path : path-like
            The folder.
        universe : Universe or AtomGroup, optional
            The trajectory for `run`. Without one the model can only `assign`.
        custom : mapping of str to callable, optional
            The functions of `Custom` featurizers by name.
        device : {"auto", "cpu", "gpu:0", ...}
            Where to compute from now on.
        annotate, verbose
            As in the constructor.

        Returns
        -------
        GMVAEAnalysis

        Raises
        ------
        AtomMismatchError
            If the atoms of `universe` are not those of the model.
        InputError
            If there is no model, it was not trained on a trajectory, or an argument is invalid.
        """
        annotate = checked_flag("annotate", annotate)
        verbose = None if verbose is None else checked_flag("verbose", verbose)
        trained = TrajectoryModel.load(path, custom, device)
        try:
            featurizer = trained.require_featurizer()
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        # The constructor prepares a training, which a loaded model does not need.
        loaded = cls.__new__(cls)
        if universe is not None:
            # Pass atoms: for a Universe, no selection would mean "protein".
            atoms = as_atoms(universe)
            trained.check_atoms(atoms)
            select = trained.origin.selection
            FeatureCollector.__init__(loaded, atoms, featurizer, select=select)
        loaded.verbose, loaded.annotate, loaded.featurizer = verbose, annotate, featurizer
        loaded.results = TrajectoryResults()
        loaded._trained = trained
        return loaded

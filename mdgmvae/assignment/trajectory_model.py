"""A trained model together with the recipe that computes its features from a trajectory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Self

from MDAnalysis.analysis.backends import BackendBase

from ..errors import InputError
from ..featurizers.base import Featurizer
from ..featurizers.registry import from_dict
from ..featurizers.topology.atoms import selected_atoms
from ..featurizers.topology.fingerprint import Fingerprint
from ..featurizers.topology.names import comparable_name
from ..model.gmvae import GMVAE
from ..model.saved_model import SavedModel, TrajectoryPart
from ..storage.features import FeatureSet
from ..tables import counted
from .labelling import label
from .results import TrajectoryResults


@dataclass(frozen=True, eq=False)
class TrajectoryModel:
    """A trained GMVAE together with the atoms and the featurizer of its features.

    Parameters
    ----------
    gmvae : GMVAE
        The trained estimator.
    origin : TrajectoryPart
        Featurizer, selection and fingerprint of the atoms, names and units of the features, and
        preset of the training.
    featurizer : Featurizer, optional
        The featurizer that `origin` describes, with its reference. By default, it is created from
        the description when needed.
    custom : mapping of str to callable, optional
        The functions of `Custom` featurizers by name.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers import featurize
    >>> u = mda.Universe(*alanine_dipeptide())
    >>> features = featurize(u, "dihedrals", step=100)
    >>> gmvae = GMVAE(k=2, n_epochs=2, seed=0).fit(features.path)
    >>> model = TrajectoryModel.of(gmvae, features)
    >>> model.assign(u, stop=50).labels.shape
    (50,)
    """

    gmvae: GMVAE
    origin: TrajectoryPart
    featurizer: Featurizer | None = None
    custom: Mapping[str, Callable[..., Any]] | None = None

    @classmethod
    def of(
        cls,
        gmvae: GMVAE,
        features: FeatureSet,
        preset: str = "paper",
        featurizer: Featurizer | None = None,
    ) -> Self:
        """Combine an estimator with the features that it was trained on.

        Parameters
        ----------
        gmvae : GMVAE
            The trained estimator.
        features : FeatureSet
            Features that it was trained on.
        preset : {"robust", "paper"}
            Preset of the training.
        featurizer : Featurizer, optional
            The featurizer of `features`, with its reference.
        """
        origin = TrajectoryPart(
            featurizer=features.featurizer or None,
            selection=features.selection,
            fingerprint=features.fingerprint or None,
            names=features.names,
            units=features.units,
            preset=preset,
        )
        return cls(gmvae, origin, featurizer)

    def label(
        self,
        features: FeatureSet,
        backend: str | BackendBase | None = None,
        verbose: bool | None = None,
    ) -> TrajectoryResults:
        """Label frames whose features have been computed.

        Parameters
        ----------
        features : FeatureSet
            The features that the model was trained on, for any frames.
        backend : str or BackendBase, optional
            "dask" uses the cluster of the active dask.distributed client, if there is one. All
            others run in this process, where TensorFlow uses its threads.
        verbose : bool, optional
            Show the progress bar of a cluster; by default on a terminal or in a notebook only.

        Returns
        -------
        TrajectoryResults

        Raises
        ------
        InputError
            If the features are not those of the model, or a worker cannot see their file.
        """
        self._check_features(features)
        return label(self.gmvae, features, backend, verbose)

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
        verbose: bool | None = None,
        on_bad_frames: str = "error",
    ) -> TrajectoryResults:
        """Compute the features of a trajectory and label its frames.

        Parameters
        ----------
        source : Universe, AtomGroup or mdtraj.Trajectory
            The atoms that the model was trained on, or more: the selection of the training is
            applied to them.
        start, stop, step : int, optional
            Frames as in a slice.
        frames : iterable of int or bool, optional
            Frame numbers in any order (which is kept), or a mask, instead of a slice.
        backend : {'serial', 'multiprocessing', 'dask'} or BackendBase, optional
            Where the features are computed. With "dask" and an active dask.distributed client,
            the cluster also labels the frames.
        out : path-like, optional
            The .npy file for the features; by default a temporary one. All workers of a cluster
            must have access to it.
        n_workers : int, optional
            Number of processes of a parallel backend; by default all processors.
        verbose : bool, optional
            Show progress bars; by default on a terminal or in a notebook only.
        on_bad_frames : {'error', 'skip'}
            Raise an error at a frame that cannot be used, or leave it out with a warning.

        Returns
        -------
        TrajectoryResults

        Raises
        ------
        AtomMismatchError
            If the atoms are not those of the model; the message names the first that differs.
        InputError
            If the model was trained on an array, or the frames cannot be read.
        """
        from ..trajectory.streaming import featurize

        featurizer = self.require_featurizer()
        self.check_atoms(source)
        features = featurize(
            source,
            featurizer,
            out,
            select=self.origin.selection,
            start=start,
            stop=stop,
            step=step,
            frames=frames,
            backend=backend,
            n_workers=n_workers,
            verbose=verbose,
            on_bad_frames=on_bad_frames,
        )
        # The atoms are the same, but other residues may be linked than in the training.
        self._check_columns(features, "the universe given")
        return label(self.gmvae, features, backend, verbose)

    def require_featurizer(self) -> Featurizer:
        """Return the featurizer of the training, with its reference.

        Raises
        ------
        InputError
            If the model was trained on an array, or a function of a `Custom` featurizer is
            missing.
        """
        if not self.origin.featurizer:
            raise InputError(
                "this model was trained on an array of features, so it cannot read trajectories; "
                "compute the same features and pass them to GMVAE.predict, or to mdgmvae assign "
                "MODEL FEATURES.npy"
            )
        return self.featurizer or from_dict(self.origin.featurizer, self.custom)

    def check_atoms(self, source: Any) -> None:
        """Raise an error if the atoms differ from those of the training.

        Parameters
        ----------
        source : Universe, AtomGroup or mdtraj.Trajectory
            The selection of the training is applied to it.

        Raises
        ------
        AtomMismatchError
            If the atoms differ. The message names the first atom that differs.
        """
        atoms = selected_atoms(source, self.origin.selection)
        Fingerprint.from_dict(self.origin.fingerprint or {}).check(atoms, "the universe given")

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the model to a folder of model.json and weights.npz.

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
        self.gmvae.to_saved_model(self.origin).save(path, overwrite=overwrite)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        custom: Mapping[str, Callable[..., Any]] | None = None,
        device: str = "auto",
    ) -> Self:
        """Read a model that `save` wrote; no code in the files is run.

        Parameters
        ----------
        path : path-like
            The folder, or one that holds it as ``model``.
        custom : mapping of str to callable, optional
            The functions of `Custom` featurizers by name.
        device : {"auto", "cpu", "gpu:0", ...}
            Where to compute from now on.

        Raises
        ------
        InputError
            If there is no model, it is damaged, or there is no such device.
        """
        if not isinstance(custom, Mapping | None):
            raise InputError(
                f"custom: pass the functions by name, such as {{'name': function}}, not "
                f"{type(custom).__name__}"
            )
        saved = SavedModel.load(path)
        # A model written by GMVAE.save knows only its number of features.
        n_features = len(saved.scaling.mean)
        names = tuple(f"x{column}" for column in range(n_features))
        plain = TrajectoryPart(None, None, None, names, ("1",) * n_features, "paper")
        gmvae = GMVAE.from_saved_model(saved, device)
        return cls(gmvae, saved.trajectory or plain, custom=custom)

    def _check_features(self, features: FeatureSet) -> None:
        """Raise an error if a feature file describes other features; accept a plain array."""
        origin = self.origin
        if not origin.featurizer or not features.featurizer:
            return
        self._check_columns(features, str(features.path))
        if features.featurizer != origin.featurizer:
            raise InputError(
                f"{features.path}: the columns have the names of the model's features, but were "
                "computed with other options (reference, periodic, ...); pass the trajectory "
                "instead"
            )

    def _check_columns(self, features: FeatureSet, what: str) -> None:
        """Raise an error if the columns are not those that the model was trained on."""
        origin = self.origin
        columns = zip(features.names, features.units, strict=True)
        known = zip(origin.names, origin.units, strict=True)
        for number, (its, models) in enumerate(zip_longest(columns, known)):
            if its is None or models is None:
                raise InputError(
                    f"{what}: has {counted(len(features.names), 'feature')}, but the model was "
                    f"trained on {len(origin.names)}; the first that differs is column {number}, "
                    f"{(its or models)[0]}"
                )
            if (comparable_name(its[0]), its[1]) != (comparable_name(models[0]), models[1]):
                raise InputError(
                    f"{what}: column {number} is {its[0]} ({its[1]}), but the model was "
                    f"trained on {models[0]} ({models[1]}); compute the same features"
                )

    def __repr__(self) -> str:
        """Summarise the number of components and the features."""
        k, n_features = self.gmvae.architecture_.k, len(self.origin.names)
        kind = (self.origin.featurizer or {}).get("kind", "an array")
        size = f"{counted(k, 'component')}, {counted(n_features, 'feature')}"
        return f"<TrajectoryModel: {size} ({kind})>"

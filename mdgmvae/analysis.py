"""GMVAEAnalysis, an MDAnalysis analysis: trajectory in, annotated trajectory out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np
from MDAnalysis.analysis.results import Results

from .annotation.attach import annotate
from .assignment import judge_results, label, trajectory_part
from .checks import checked_memory
from .errors import InputError
from .featurizers.base import Featurizer
from .featurizers.registry import by_name, from_dict
from .featurizers.topology.atoms import as_atoms, is_mdtraj, selected_atoms
from .featurizers.topology.fingerprint import Fingerprint
from .model.gmvae import GMVAE
from .model.saved_model import SavedModel
from .presets import RULES, Hyperparameters
from .states.summary import describe_states, states_html
from .storage.features import FeatureSet
from .trajectory.collector import FeatureCollector
from .trajectory.frames import frame_numbers
from .trajectory.lag_time import checked_lag_time, lag_in_rows, warn_of_several_steps
from .trajectory.precomputed import store_precomputed

if TYPE_CHECKING:
    from .landscape.state_energies import StateFreeEnergies
    from .landscape.surface import FreeEnergy
    from .states.description import Description
    from .states.judgement import Judgement


class GMVAEAnalysis(FeatureCollector):
    """Learn the states of a trajectory and write each frame's state back to it.

    Parameters
    ----------
    universe : AtomGroup
        What to analyse; a Universe as well.
    select : str, optional
        Atoms to use, in MDAnalysis' selection language. None is "protein" for a Universe and
        all atoms for an AtomGroup.
    features : str
        What the network sees: "dihedrals", "distances", "positions", ...; or a
        `mdgmvae.featurizers.Featurizer`, or a list of both; or an array of shape
        (n_frames, n_features) that was computed for the frames to be analysed.
    preset : {"robust", "paper"}
        A named set of hyperparameters.
    annotate : bool
        Write the states to the trajectory: ``ts.aux.gmvae_state``, ``ts.aux.gmvae_macrostate``,
        ``ts.aux.gmvae_probability``.
    lag_time : float, optional
        In ps: the lag of the kinetic term and of the metastable states, a multiple of the time
        between frames. By default the preset's ``lag``, in rows (robust: 5; paper: none).
    seed : int, optional
        The same seed gives the same result.
    device : str
        Where to train: "auto", "cpu", "gpu:0", ...
    strategy : str, optional
        Share the training among "mirrored" (all GPUs of this machine) or "multiworker" (the
        processes that Slurm or TF_CONFIG names), or a `tf.distribute.Strategy`.
    max_memory : str, optional
        Memory that features may take while the model is trained: bytes, or such as "2 GB".
    checkpoint : str, optional
        An .npz file from which an interrupted training goes on.
    verbose : bool, optional
        Progress bars; None shows them on a terminal and in a notebook only.
    **hyperparameters
        ``k``, ``n_z``, ``n_epochs``, ... of `mdgmvae.GMVAE`; they win over the preset.

    Attributes
    ----------
    settings : dict
        The parameters of the estimator: the preset's, and what was given instead.
    results : MDAnalysis.analysis.results.Results
        After `run`: ``labels`` (n_frames,) int64, ``probabilities`` (n_frames, k) float32,
        ``latent`` (n_frames, n_z) float32, ``macrostates`` (n_frames,) int64 the metastable
        states that the components are lumped into, ``frames`` (n_frames,) int64 frame numbers,
        ``times`` (n_frames,) in ps, ``trajectory_index`` (n_frames,) which file,
        ``lengths`` frames of each continuous piece, ``populations`` (k,), ``history`` dict of
        lists, one value an epoch.
    model : GMVAE
        The trained estimator.
    features : FeatureSet
        What it was trained on.

    Raises
    ------
    InputError
        When the selection is empty, a feature cannot be computed from these atoms, or a
        parameter makes no sense.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> u = mda.Universe(*alanine_dipeptide())
    >>> gm = GMVAEAnalysis(u, k=2, n_epochs=3, n_init=1, seed=0).run(step=20)
    >>> gm.results.labels.shape, gm.results.probabilities.shape
    ((1000,), (1000, 2))
    >>> bool(u.trajectory[20].aux.gmvae_state == gm.results.labels[1])
    True
    """

    _not_pickled: ClassVar[tuple[str, ...]] = (*FeatureCollector._not_pickled, "model", "strategy")

    model: GMVAE
    #: With the reference that it took from the first frame; `featurizer` stays as it was given.
    _trained_featurizer: Featurizer

    def __init__(
        self,
        universe: Any,
        select: str | None = None,
        features: str | Featurizer | Sequence[str | Featurizer] | np.ndarray = "dihedrals",
        *,
        preset: str = "robust",
        annotate: bool = True,
        lag_time: float | None = None,
        seed: int | None = None,
        device: str = "auto",
        strategy: Any = None,
        max_memory: int | str | None = None,
        checkpoint: str | os.PathLike | None = None,
        verbose: bool | None = None,
        **hyperparameters: Any,
    ) -> None:
        self.settings = _settings(preset, hyperparameters)
        self.settings |= {"seed": seed, "device": device, "checkpoint": checkpoint}
        self.settings["max_memory"] = checked_memory(max_memory)
        self.strategy = strategy
        self.lag_time = checked_lag_time(lag_time, hyperparameters)
        self.preset = preset
        self.annotate = annotate
        self._array = _as_array(features)
        if is_mdtraj(universe):
            raise InputError(
                "an mdtraj.Trajectory cannot take the states back: give an MDAnalysis Universe of "
                "the files, or compute features of it (mdgmvae.featurize) and train mdgmvae.GMVAE "
                "on them"
            )
        featurizer = None if self._array is not None else by_name(features)
        self._loaded_without_universe = universe is None
        if universe is None:
            self.select, self.verbose = select, verbose
            self.featurizer = cast(Featurizer, featurizer)
            self.results = Results()
            return
        select = default_selection(universe, select)
        super().__init__(universe, cast(Featurizer, featurizer), select=select, verbose=verbose)
        if featurizer is not None:
            # What cannot be computed is told now, not when run() has begun.
            self._bound = self._bind(self._trajectory.ts)

    @property
    def n_features(self) -> int:
        """Columns that the network will see."""
        return self._bound.n_features if self._array is None else self._array.shape[1]

    def run(
        self,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
        frames: Any = None,
        verbose: bool | None = None,
        n_workers: int | None = None,
        n_parts: int | None = None,
        backend: Any = None,
        *,
        unsupported_backend: bool = False,
        progressbar_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Compute the features of the chosen frames, train, label the frames, annotate.

        Parameters
        ----------
        start, stop, step : int, optional
            Frames as in a slice.
        frames : iterable of int or bool, optional
            Frame numbers in any order (which is kept), or a mask, instead of a slice.
        verbose : bool, optional
            Draw progress bars; by default as the constructor was told.
        n_workers : int, optional
            Number of processes of a parallel backend; by default all processors.
        n_parts : int, optional
            Into how many parts a parallel backend splits the frames.
        backend : {'serial', 'multiprocessing', 'dask'}, optional
            Of the featurization; all give identical features.
        unsupported_backend : bool, optional
            Allow an instance of another class of backend, as in MDAnalysis.
        progressbar_kwargs : dict, optional
            Further arguments of the bar that counts frames.

        Returns
        -------
        GMVAEAnalysis
            Itself, with `results`, `model` and `features`.

        Raises
        ------
        InputError
            When the frames, a file or a feature cannot be used.
        TrainingError
            When the loss is no longer a finite number; `model` keeps the last good weights.
        """
        if self._loaded_without_universe:
            raise InputError(
                "run() needs a trajectory, and this model was loaded without one; use "
                "GMVAEAnalysis.load(path, universe=u), or assign(u) for labels of u"
            )
        verbose = self.verbose if verbose is None else verbose
        self._training_verbose = verbose
        if self._array is None:
            return super().run(
                start,
                stop,
                step,
                frames,
                verbose,
                n_workers,
                n_parts,
                backend,
                unsupported_backend=unsupported_backend,
                progressbar_kwargs=progressbar_kwargs,
            )
        numbers = frame_numbers(self._trajectory.n_frames, start, stop, step, frames)
        self._check_run(len(numbers), self.n_features)
        self.features = store_precomputed(self._array, self.atomgroup, numbers, self.select)
        self.results = Results()
        self._learn()
        return self

    def assign(self, source: Any, **run_options: Any) -> Results:
        """Label the frames of another universe with the trained model.

        Parameters
        ----------
        source : Universe, AtomGroup or mdtraj.Trajectory
            With the atoms that the model was trained on; the selection of the training is
            applied to it.
        **run_options
            ``start``, ``stop``, ``step``, ``frames``, ``backend``, ``n_workers``, and ``out``, an
            .npy file for the features (by default a temporary one). With ``backend="dask"`` and
            an active dask.distributed client the cluster computes the features and labels them;
            `out` is then a file that all its workers see.

        Returns
        -------
        MDAnalysis.analysis.results.Results
            ``labels``, ``probabilities``, ``latent``, ``macrostates``, ``frames``, ``times``,
            ``trajectory_index``, ``lengths`` (frames of each continuous piece).

        Raises
        ------
        AtomMismatchError
            Naming the first atom that differs.
        InputError
            When there is no trained model yet, or it was trained on an array.
        """
        from .trajectory.streaming import featurize

        model, trajectory = self._trained_on()
        if not trajectory["featurizer"]:
            raise InputError(
                "this model was trained on an array of features; compute the same array for the "
                "other universe and give it to .model.predict"
            )
        selection = trajectory["selection"]
        atoms = selected_atoms(source, selection)
        Fingerprint.from_dict(trajectory["fingerprint"]).check(atoms, "the universe given")
        features = featurize(
            source,
            self._trained_featurizer,
            select=selection,
            verbose=self.verbose,
            **run_options,
        )
        return label(model, features, run_options.get("backend"), self.verbose)

    def save_model(self, path: str | os.PathLike) -> None:
        """Write model, featurizer, scaling and the atoms' fingerprint to a folder.

        Parameters
        ----------
        path : path-like
            A folder for model.json and weights.npz; one that holds a model is replaced.

        Raises
        ------
        InputError
            When there is no trained model yet, or `path` holds something else.
        """
        model, trajectory = self._trained_on()
        model.to_saved_model(trajectory).save(path)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike,
        universe: Any = None,
        *,
        custom: Mapping[str, Callable] | None = None,
        device: str = "auto",
    ) -> GMVAEAnalysis:
        """Read what `save_model` wrote; no code in the files is run.

        Parameters
        ----------
        path : path-like
            The folder.
        universe : Universe or AtomGroup, optional
            To run the analysis on. Without one the model can `assign`.
        custom : mapping of str to callable, optional
            The functions of `Custom` featurizers, by their names.
        device : {"auto", "cpu", "gpu:0", ...}
            Where it computes from now on.

        Returns
        -------
        GMVAEAnalysis

        Raises
        ------
        AtomMismatchError
            When the atoms of `universe` are not those of the model.
        InputError
            When there is no model, or it was not trained from a trajectory.
        """
        saved = SavedModel.load(path)
        trajectory = saved.trajectory
        if trajectory is None or not trajectory["featurizer"]:
            raise InputError(
                f"{path}: this model was trained on an array, so it cannot read trajectories; "
                "give it features (mdgmvae assign MODEL FEATURES.npy, or GMVAE.load in Python)"
            )
        model = GMVAE.from_saved_model(saved, device)
        featurizer = from_dict(trajectory["featurizer"], custom)
        if universe is not None:
            # As a group of atoms: of a Universe, no selection would mean "protein".
            universe = as_atoms(universe)
            atoms = selected_atoms(universe, trajectory["selection"])
            Fingerprint.from_dict(trajectory["fingerprint"]).check(atoms, "the universe given")
        params = {name: getattr(model, name) for name in RULES}
        loaded = cls(
            universe,
            trajectory["selection"],
            featurizer,
            preset=trajectory["preset"],
            device=device,
            seed=model.seed_,
            **params,
        )
        loaded.model = model
        loaded._trajectory_part = trajectory
        loaded._trained_featurizer = featurizer
        return loaded

    def view(self, **options: Any) -> Any:
        """An nglview widget of the analysed atoms, coloured by state as it plays.

        Parameters
        ----------
        **options
            Of `mdgmvae.viewer.view`.

        Returns
        -------
        nglview.NGLWidget

        Raises
        ------
        InputError
            Before `run`.
        """
        from .viewer.playback import view

        self._require_results()
        shown = {"probabilities": self.results.probabilities, **options}
        return view(self.atomgroup, self.results.labels, self.results.frames, **shown)

    def judge(self, lag: int | None = None, *, n_samples: int = 100, seed: int = 0) -> Judgement:
        """Say of the components and of the metastable states what these data support.

        Populations, lifetimes, implied timescales and VAMP-2 with errors, the
        Chapman-Kolmogorov test, and a verdict in plain words.

        Parameters
        ----------
        lag : int, optional
            Rows. Default: that of the training (one row where it had none).
        n_samples : int
            Sampled Markov models for each error, at least 2.
        seed : int
            Same seed, same errors.

        Returns
        -------
        Judgement
            Of the components; its ``macrostates`` is that of the metastable states.

        Raises
        ------
        InputError
            Before `run`, or when the frames are not in the order of time.
        """
        self._require_results()
        lag = self.model.lag if lag is None else lag
        return judge_results(self.results, lag, n_samples=n_samples, seed=seed)

    def describe(self, of: str = "macrostates", n_representatives: int = 5) -> Description:
        """Say of each state which features set it apart, and which frames show it.

        Parameters
        ----------
        of : {"macrostates", "components"}
            Metastable states, or the components that they are lumped from.
        n_representatives : int
            Frames that are to stand for each state.

        Returns
        -------
        Description
            Mean, spread, effect size and gradient of log q(state|x) of every feature, and frame
            numbers of representatives.

        Raises
        ------
        InputError
            Before `run`, or when an argument cannot be used.
        """
        from .states.description import describe

        self._require_results()
        return describe(self.model, self.features, self.results, of, n_representatives)

    def free_energy(
        self,
        coordinates: str | Sequence[str] | None = None,
        temperature: float | None = None,
        bins: int | Sequence[int] | None = None,
        **options: Any,
    ) -> FreeEnergy:
        """Free energy of the latent coordinates or of any features, with errors.

        Parameters
        ----------
        coordinates : str or sequence of str, optional
            Names of one to three features, as in ``features.names``; an angle that is there as
            cosine and sine by its name without them, "phi ALA2". Angles are in degrees.
            Default: the latent coordinates.
        temperature : float, optional
            In K; energies are then in kJ/mol. Default: in units of kT.
        bins : int or sequence of int, optional
            Bins along each axis.
        **options
            ``block_length``, ``n_bootstrap``, ``seed``, ``reference`` of
            `mdgmvae.landscape.free_energy`.

        Returns
        -------
        FreeEnergy
            `mdgmvae.plot.free_energy` draws it.

        Raises
        ------
        InputError
            Before `run`, or when there is no such feature or an argument cannot be used.
        """
        from .landscape.coordinates import free_energy_of

        self._require_results()
        options |= {"temperature": temperature, "bins": bins}
        return free_energy_of(self.results, self.features, coordinates, **options)

    def state_free_energies(
        self, of: str = "macrostates", temperature: float | None = None, **options: Any
    ) -> StateFreeEnergies:
        """Free energies of the states relative to the first, with errors.

        Parameters
        ----------
        of : {"macrostates", "components"}
            Metastable states, or the components that they are lumped from.
        temperature : float, optional
            In K; energies are then in kJ/mol. Default: in units of kT.
        **options
            ``reference``, ``block_length``, ``n_bootstrap``, ``seed`` of
            `mdgmvae.landscape.state_free_energies`.

        Returns
        -------
        StateFreeEnergies
            It prints itself as a table.

        Raises
        ------
        InputError
            Before `run`, or when an argument cannot be used.
        """
        from .landscape.state_energies import state_free_energies_of

        self._require_results()
        return state_free_energies_of(self.results, of, temperature=temperature, **options)

    def _check_run(self, n_frames: int, n_features: int) -> None:
        settings = dict(self.settings)
        if self.lag_time is not None:
            # How many rows it is, is known when the times of the frames are.
            settings["lag"] = 1
        GMVAE(**settings).check(n_frames, n_features)

    def _conclude(self) -> None:
        super()._conclude()
        self._learn()

    def _learn(self) -> None:
        """Train on the features, label every frame, annotate the trajectory."""
        if self._array is None:
            self._trained_featurizer = self._bound.featurizer
        self._trajectory_part = trajectory_part(self.features, self.preset)
        settings = dict(self.settings)
        if self.lag_time is not None:
            settings["lag"] = lag_in_rows(self.lag_time, self.features)
        elif settings["lag"] is not None:
            warn_of_several_steps(settings["lag"], self.features)
        self.model = GMVAE(**settings, strategy=self.strategy, verbose=self._training_verbose)
        self.model.fit(self.features.path, lengths=self.features.lengths)
        self.results.update(label(self.model, self.features))
        self.results.populations = self.model.populations_
        self.results.history = self.model.history_
        if self.annotate:
            universe, results = self.atomgroup.universe, self.results
            for name, rows in (
                ("gmvae_state", results.labels),
                ("gmvae_macrostate", results.macrostates),
                ("gmvae_probability", results.probabilities),
            ):
                annotate(universe, rows, results.frames, name=name)

    def _trained_on(self) -> tuple[GMVAE, dict[str, Any]]:
        if not hasattr(self, "model"):
            raise InputError("there is no trained model yet; call run() first")
        return self.model, self._trajectory_part

    def _require_results(self) -> None:
        if "labels" not in self.results:
            raise InputError("there are no results yet; call run() first")

    def __repr__(self) -> str:
        atoms = "no universe" if self._loaded_without_universe else f"{len(self.atomgroup)} atoms"
        features = f"array {self._array.shape}" if self._array is not None else self.featurizer
        k = self.settings["k"]
        head = f"<GMVAEAnalysis of {atoms}, features={features}, k={k}, preset={self.preset!r}"
        if "labels" not in self.results:
            return head + ("; trained>" if hasattr(self, "model") else "; not run yet>")
        shares = ", ".join(f"{100 * p:.1f} %" for p in self.results.populations)
        return f"{head}; {len(self.results.labels):,} frames in states {shares}>"

    def _repr_html_(self) -> str:
        if "labels" not in self.results:
            from html import escape

            return f"<code>{escape(repr(self))}</code>"
        return states_html(describe_states(self.results, self.features))


def _settings(preset: str, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the estimator: the preset's, and what is given instead, checked."""
    return Hyperparameters.of(preset, **hyperparameters).to_dict()


def _as_array(features: Any) -> np.ndarray | None:
    """Features that were computed already, or None."""
    if isinstance(features, np.ndarray):
        return features
    if isinstance(features, FeatureSet):
        return features.values
    return None


def default_selection(universe: Any, select: str | None) -> str | None:
    """`select`, or what stands for None: "protein" of a Universe, all atoms of an AtomGroup."""
    is_universe = getattr(universe, "universe", None) is universe
    return "protein" if select is None and is_universe else select

"""Methods that evaluate the results of an analysis: judgements, descriptions, free energies."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..assignment.results import TrajectoryResults
from ..assignment.trajectory_model import TrajectoryModel
from ..errors import InputError, methods_of
from ..plot import require_matplotlib
from ..trajectory.lag_time import chosen_lag

if TYPE_CHECKING:
    from ..kinetics.exchange import Transitions
    from ..landscape.state_energies import StateFreeEnergies
    from ..landscape.surface import FreeEnergy
    from ..model.gmvae import GMVAE
    from ..plot.of_results import ResultPlots
    from ..states.judgement import Judgement
    from ..states.state_features import Description
    from ..storage.features import FeatureSet

_NO_MODEL = "there is no trained model: call run() first"


@methods_of("GMVAEAnalysis")
class Evaluation:
    """The part of `GMVAEAnalysis` that evaluates its results."""

    atomgroup: Any
    features: FeatureSet
    results: Any
    _trained: TrajectoryModel | None = None

    @property
    def model(self) -> GMVAE:
        """The trained estimator, after `run` or `load`; its ``lag`` is in frames."""
        if self._trained is None:
            raise AttributeError(_NO_MODEL)
        return self._trained.gmvae

    def judge(
        self,
        lag: int | None = None,
        *,
        lag_time: float | None = None,
        n_samples: int = 50,
        seed: int = 0,
    ) -> Judgement:
        """Assess how well the data support the states and the components.

        Parameters
        ----------
        lag : int, optional
            Lag time in frames; by default that of the training (1 if it had none).
        lag_time : float, optional
            Lag time in ps, instead of `lag`: a multiple of the time between frames.
        n_samples : int
            Number of sampled Markov models for each error, at least 2.
        seed : int
            The same seed gives the same errors.

        Returns
        -------
        Judgement
            Populations, lifetimes, implied timescales and VAMP-2 with errors, the
            Chapman-Kolmogorov test, and a verdict on each state.

        Raises
        ------
        InputError
            Before `run`, or if the frames are not in time order.
        """
        from ..states.judgement import judge_results

        results = self._require_results()
        chosen = self._lag(lag, lag_time, results)
        return judge_results(results, chosen, n_samples=n_samples, seed=seed)

    def transitions(
        self,
        lag: int | None = None,
        *,
        lag_time: float | None = None,
        n_samples: int = 50,
        seed: int = 0,
    ) -> Transitions:
        """Count the transitions between states, with rates and mean first passage times.

        Parameters
        ----------
        lag, lag_time, n_samples, seed
            As in `judge`.

        Returns
        -------
        Transitions

        Raises
        ------
        InputError
            Before `run`, or if the frames are not in time order.
        """
        from ..states.state_transitions import transitions_of

        results = self._require_results()
        chosen = self._lag(lag, lag_time, results)
        return transitions_of(results, chosen, n_samples=n_samples, seed=seed)

    def describe(self, of: str = "states", n_representatives: int = 5) -> Description:
        """Find the features that set each state apart, and representative frames.

        Parameters
        ----------
        of : {"states", "components"}
            What to describe.
        n_representatives : int
            Number of representative frames of each state.

        Returns
        -------
        Description
            Mean, spread, effect size and gradient of log q(state|x) for each feature, and the
            numbers of the representative frames.

        Raises
        ------
        InputError
            Before `run`, or if an argument is invalid.
        """
        from ..states.description import describe

        results = self._require_results()
        return describe(self.model, self.features, results, of, n_representatives)

    def free_energy(
        self,
        coordinates: str | Sequence[str] | None = None,
        temperature: float | None = None,
        bins: int | Sequence[int] | None = None,
        **options: Any,
    ) -> FreeEnergy:
        """Compute the free energy over the latent coordinates or over features, with errors.

        Parameters
        ----------
        coordinates : str or sequence of str, optional
            Names of one to three features, as in ``features.names``. An angle that is stored as
            cosine and sine has their common name, such as "phi ALA2", and is in degrees. By
            default the latent coordinates.
        temperature : float, optional
            In K; energies are then in kJ/mol. By default energies are in units of kT.
        bins : int or sequence of int, optional
            Number of bins along each axis.
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
            Before `run`, or if a feature does not exist or an argument is invalid.
        """
        from ..landscape.coordinates import free_energy_of

        results = self._require_results()
        options |= {"temperature": temperature, "bins": bins}
        return free_energy_of(results, self.features, coordinates, **options)

    def state_free_energies(
        self,
        of: str = "states",
        temperature: float | None = None,
        *,
        lag_time: float | None = None,
        **options: Any,
    ) -> StateFreeEnergies:
        """Compute the free energies of the states relative to the first one, with errors.

        They are those of a Markov model at the lag of the training. With the preset "paper", which
        has no lag, populations are shares of the frames, and errors come from blocks of time.

        Parameters
        ----------
        of : {"states", "components"}
            Which free energies to compute.
        temperature : float, optional
            In K; energies are then in kJ/mol. By default energies are in units of kT.
        lag_time : float, optional
            Lag time of the Markov model in ps, instead of ``lag`` in frames.
        **options
            ``lag``, ``reference``, ``block_length``, ``n_bootstrap``, ``seed`` of
            `mdgmvae.landscape.state_free_energies`. A ``block_length`` chooses blocks, and so does
            a trajectory without a segment longer than the lag.

        Returns
        -------
        StateFreeEnergies

        Raises
        ------
        InputError
            Before `run`, or if an argument is invalid.
        """
        from ..landscape.state_energies import state_free_energies_of

        results = self._require_results()
        if lag_time is None:
            options = {"lag": self.model.lag, **options}
        else:
            options["lag"] = chosen_lag(options.get("lag"), lag_time, results)
        return state_free_energies_of(results, of, temperature=temperature, **options)

    def report(self, path: str | os.PathLike[str], *, runs: Sequence[Any] = ()) -> None:
        """Write a page that shows the results, with turning structures of the states.

        Everything is in one HTML file, which needs no network.

        Parameters
        ----------
        path : path-like
            The .html file. A file that exists is replaced.
        runs : sequence of (n_frames,) array-like of int, optional
            Labels of the same frames by analyses with other seeds. The page then shows how well
            they agree.

        Raises
        ------
        InputError
            Before `run`, or if `path` cannot be written.
        """
        from ..report.write import report_analysis

        self._require_results()
        report_analysis(self, path, runs=runs)

    @property
    def plot(self) -> ResultPlots:
        """The figures: ``gm.plot.free_energy()``, ``gm.plot.trace()``, ...

        Each returns matplotlib Axes and takes `ax`.
        """
        require_matplotlib()
        from ..plot.of_results import ResultPlots

        return ResultPlots(self.model, self._require_results(), vars(self).get("features"))

    @property
    def preset(self) -> str:
        """The preset of the training, after `run` or `load`."""
        return self._require_model().origin.preset

    def _lag(self, lag: int | None, lag_time: float | None, results: TrajectoryResults) -> int:
        """Return the lag in frames, by default that of the training, or 1 if it had none."""
        lag = chosen_lag(lag, lag_time, results)
        lag = self.model.lag if lag is None else lag
        return 1 if lag is None else lag

    def _require_model(self) -> TrajectoryModel:
        """Return the trained model.

        Raises
        ------
        InputError
            Before `run`.
        """
        if self._trained is None:
            raise InputError(_NO_MODEL)
        return self._trained

    def _require_results(self) -> TrajectoryResults:
        """Return the results.

        Raises
        ------
        InputError
            Before `run`.
        """
        results = self.results
        if not isinstance(results, TrajectoryResults) or "labels" not in results:
            raise InputError("there are no results yet; call run() first")
        return results

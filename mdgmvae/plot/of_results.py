"""The figures of an analysis, each by one call."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, methods_of
from ..kinetics.agreement_of_runs import compare_runs, labels_of_each
from ..kinetics.rates import stationary_populations
from ..landscape.coordinates import drawable, free_energy_of
from ..landscape.surface import FreeEnergy, free_energy
from ..states.description import describe
from ..states.judgement import N_SAMPLES, Judgement, judge_results
from ..states.state_transitions import transitions_of
from . import dihedrals, kinetics, landscape, network, runs, states, training
from .figures import FIGURES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..model.gmvae import GMVAE
    from ..storage.features import FeatureSet

__all__ = ["ResultPlots"]


@methods_of("GMVAEAnalysis.plot")
class ResultPlots:
    """Figures of the results of an analysis. Each method returns the Axes and takes `ax`.

    Parameters
    ----------
    model : GMVAE
        The trained estimator.
    results : TrajectoryResults
        The labels of the frames.
    features : FeatureSet, optional
        Features of the same frames.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae import GMVAEAnalysis
    >>> from mdgmvae.data import alanine_dipeptide
    >>> u = mda.Universe(*alanine_dipeptide())
    >>> gm = GMVAEAnalysis(u, k=2, n_epochs=2, n_init=1, seed=0).run(step=20)
    >>> axes = gm.plot.free_energy(["phi ALA2", "psi ALA2"])
    >>> axes.get_xlabel()
    'phi ALA2 / °'
    >>> gm.plot
    <figures: free_energy, free_energy_error, trace, populations, effect_sizes, \
ramachandran, transition_network, implied_timescales, chapman_kolmogorov, history, agreement>
    """

    def __init__(self, model: GMVAE, results: Any, features: FeatureSet | None = None) -> None:
        self._model, self._results, self._features = model, results, features

    def __repr__(self) -> str:
        """List the figures."""
        return f"<figures: {', '.join(FIGURES)}>"

    def __dir__(self) -> list[str]:
        """Return the names of the figures."""
        return list(FIGURES)

    def __getattr__(self, name: str) -> Any:
        """Say which figures there are, for a name that is none of them."""
        raise AttributeError(_no_such_figure(name))

    def by_name(self, name: str) -> Callable[..., Axes]:
        """Return the method of a figure.

        Parameters
        ----------
        name : str
            One of `FIGURES`.

        Raises
        ------
        InputError
            If there is no such figure.
        """
        if name not in FIGURES:
            raise InputError(_no_such_figure(name))
        method: Callable[..., Axes] = getattr(self, name)
        return method

    def free_energy(
        self,
        coordinates: str | Sequence[str] | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> Axes:
        """Draw the free energy with the states.

        Parameters
        ----------
        coordinates : str or sequence of str, optional
            Names of one to three features. Default: the latent coordinates, the first two if there
            are more than three.
        ax : matplotlib Axes, optional
            The Axes to draw on.
        **options
            ``temperature``, ``bins`` and others of `GMVAEAnalysis.free_energy`.
        """
        found = self._free_energy(coordinates, options)
        ax = landscape.free_energy(found, labels=self._results.labels, ax=ax)
        return self._say_what_is_drawn(ax, coordinates)

    def free_energy_error(
        self,
        coordinates: str | Sequence[str] | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> Axes:
        """Draw the standard error of the free energy in two or three dimensions.

        Parameters
        ----------
        coordinates, ax, **options
            As in `free_energy`.
        """
        found = self._free_energy(coordinates, options)
        ax = landscape.free_energy_error(found, labels=self._results.labels, ax=ax)
        return self._say_what_is_drawn(ax, coordinates)

    def trace(self, ax: Axes | None = None) -> Axes:
        """Draw the state of each frame against time."""
        return states.trace(self._results.labels, self._results.times, ax=ax)

    def populations(self, ax: Axes | None = None) -> Axes:
        """Draw the share of the frames in each state, with a lag time also its equilibrium."""
        lag, results = self._model.lag, self._results
        found = None
        # The bars need no lag time, so segments that are too short for it are no error here.
        if lag is not None and max(results.lengths) > lag:
            found = stationary_populations(
                results.labels,
                lag=lag,
                lengths=results.lengths,
                k=len(results.populations),
                n_samples=N_SAMPLES,  # so that the table of `judge` has the same intervals
            )
        return states.populations(np.asarray(results.populations), ax=ax, equilibrium=found)

    def effect_sizes(self, n: int = 3, ax: Axes | None = None) -> Axes:
        """Draw the `n` features that set each state apart most."""
        if self._features is None:
            raise InputError("effect_sizes: the features of these frames are not known")
        return states.effect_sizes(describe(self._model, self._features, self._results), ax=ax, n=n)

    def ramachandran(self, residue: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw the Ramachandran plot of a residue in each state.

        Parameters
        ----------
        residue : str, optional
            As in the names of features: "ALA2" for "phi ALA2" and "psi ALA2". Default: the residue
            whose angles tell most about the state.
        ax : matplotlib Axes, optional
            The panels share the area of this Axes.

        Raises
        ------
        InputError
            If the features have no phi and psi of such a residue.
        """
        if self._features is None:
            raise InputError("ramachandran: the features of these frames are not known")
        name, phi, psi = dihedrals.chosen_residue(self._features, self._results.labels, residue)
        return dihedrals.ramachandran(phi, psi, self._results.labels, ax=ax, name=name)

    def agreement(self, others: Sequence[Any] = (), ax: Axes | None = None) -> Axes:
        """Draw how well the states agree with those of analyses with other seeds.

        Parameters
        ----------
        others : sequence of (n_frames,) array-like of int
            Labels of the same frames by the other analyses.
        ax : matplotlib Axes, optional
            The panels share the area of this Axes.

        Raises
        ------
        InputError
            If there are none, or they are not of the same frames.
        """
        found = labels_of_each(others)
        if not found:
            raise InputError(
                "agreement: there is one run; analyse the same frames with other seeds, and pass "
                "their labels (command line: --runs DIR ...)"
            )
        return runs.agreement(compare_runs([self._results.labels, *found]), ax=ax)

    def transition_network(self, ax: Axes | None = None) -> Axes:
        """Draw the states and the rates between them."""
        found = transitions_of(self._results, self._lag("transition_network"))
        return network.transition_network(found, self._results.populations, ax=ax)

    def implied_timescales(self, ax: Axes | None = None) -> Axes:
        """Draw the implied timescales of the states against the lag time."""
        return kinetics.implied_timescales(self._judgement("implied_timescales").timescales, ax=ax)

    def chapman_kolmogorov(self, ax: Axes | None = None) -> Axes:
        """Draw predicted and observed probabilities of transitions at longer times."""
        return kinetics.chapman_kolmogorov(
            self._judgement("chapman_kolmogorov").chapman_kolmogorov, ax=ax
        )

    def history(self, ax: Axes | None = None) -> Axes:
        """Draw the course of the training."""
        return training.history(self._model.history_, ax=ax)

    def _free_energy(
        self, coordinates: str | Sequence[str] | None, options: dict[str, Any]
    ) -> FreeEnergy:
        if coordinates is None:
            latent = drawable(self._results.latent)
            return free_energy(latent, lengths=self._results.lengths, **options)
        if self._features is None:
            raise InputError(f"{coordinates}: the features of these frames are not known")
        return free_energy_of(self._results, self._features, coordinates, **options)

    def _say_what_is_drawn(self, ax: Axes, coordinates: str | Sequence[str] | None) -> Axes:
        """Say on the axes if only some of the latent coordinates are drawn."""
        n_z = self._results.latent.shape[1]
        if coordinates is None and n_z > drawable(self._results.latent).shape[1]:
            ax.set(xlabel=f"{ax.get_xlabel()} of {n_z}", ylabel=f"{ax.get_ylabel()} of {n_z}")
        return ax

    def _judgement(self, figure: str) -> Judgement:
        return judge_results(self._results, self._lag(figure))

    def _lag(self, figure: str) -> int:
        if self._model.lag is None:
            raise InputError(
                f"{figure}: the model has no lag time; train with one (lag_time=, lag=), or pass "
                "labels and a lag to mdgmvae.kinetics"
            )
        return self._model.lag


def _no_such_figure(name: str) -> str:
    close = difflib.get_close_matches(name, FIGURES, n=1)
    hint = f"did you mean {close[0]}?" if close else f"choose from {', '.join(FIGURES)}"
    return f"{name}: there is no such figure; {hint}"

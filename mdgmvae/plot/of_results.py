"""The figures of an analysis, each by one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..landscape.coordinates import drawable, free_energy_of
from ..landscape.surface import FreeEnergy, free_energy
from ..states.description import describe
from ..states.judgement import Judgement, judge_results
from ..states.state_transitions import transitions_of
from . import kinetics, landscape, network, states, training
from .figures import FIGURES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..model.gmvae import GMVAE
    from ..storage.features import FeatureSet

__all__ = ["ResultPlots"]


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
transition_network, implied_timescales, chapman_kolmogorov, history>
    """

    def __init__(self, model: GMVAE, results: Any, features: FeatureSet | None = None) -> None:
        self._model, self._results, self._features = model, results, features

    def __repr__(self) -> str:
        """List the figures."""
        return f"<figures: {', '.join(FIGURES)}>"

    def __dir__(self) -> list[str]:
        """Return the names of the figures."""
        return list(FIGURES)

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
            raise InputError(f"{name}: there is no such figure; choose from {', '.join(FIGURES)}")
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
            Names of one to three features. Default: the latent coordinates, at most two.
        ax : matplotlib Axes, optional
            The Axes to draw on.
        **options
            ``temperature``, ``bins`` and others of `GMVAEAnalysis.free_energy`.
        """
        found = self._free_energy(coordinates, options)
        return landscape.free_energy(found, labels=self._results.labels, ax=ax)

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
        return landscape.free_energy_error(found, labels=self._results.labels, ax=ax)

    def trace(self, ax: Axes | None = None) -> Axes:
        """Draw the state of each frame against time."""
        times = self._results.times
        return states.trace(
            self._results.labels, times if np.isfinite(times).all() else None, ax=ax
        )

    def populations(self, ax: Axes | None = None) -> Axes:
        """Draw the share of the frames in each state."""
        return states.populations(self._results.labels, ax=ax)

    def effect_sizes(self, ax: Axes | None = None, n: int = 3) -> Axes:
        """Draw the `n` features that set each state apart most."""
        if self._features is None:
            raise InputError("effect_sizes: the features of these frames are not known")
        return states.effect_sizes(describe(self._model, self._features, self._results), ax=ax, n=n)

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

    def _judgement(self, figure: str) -> Judgement:
        return judge_results(self._results, self._lag(figure))

    def _lag(self, figure: str) -> int:
        if self._model.lag is None:
            raise InputError(
                f"{figure}: the model has no lag time; train with one (lag_time=, lag=), or pass "
                "labels and a lag to mdgmvae.kinetics"
            )
        return self._model.lag

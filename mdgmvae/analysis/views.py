"""Methods that show the results of an analysis with the molecule: in nglview, in the explorer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..annotation.writers import kind_of
from ..checks import check_count
from ..errors import InputError, methods_of
from .evaluation import Evaluation

if TYPE_CHECKING:
    from ..viewer.explorer import Explorer

#: Most representative frames of a state that are shown at a time.
_MOST_SHOWN = 20


@methods_of("GMVAEAnalysis")
class Views(Evaluation):
    """The part of `GMVAEAnalysis` that shows its results with the molecule."""

    def view(
        self,
        of: str = "states",
        *,
        palette: Sequence[str] | None = None,
        select: str | None = None,
        reference: Any = None,
        superpose: bool | str = True,
    ) -> Any:
        """Show the analysed atoms in nglview, coloured by state as the trajectory plays.

        Parameters
        ----------
        of : {"states", "components"}
            What to colour by.
        palette, select, reference, superpose
            As in `mdgmvae.viewer.view`.

        Returns
        -------
        nglview.NGLWidget
            Shows the frames that were analysed; ``frame`` is the number of the current one.
            Buttons go to the previous and the next transition, as do ``previous_transition()``
            and ``next_transition()``.

        Raises
        ------
        InputError
            Before `run`, or if an argument is invalid.
        """
        from ..viewer.playback import view

        results = self._require_results()
        kind = kind_of(of)
        labels, probabilities = results[kind.labels], results[kind.probabilities]
        drawn: dict[str, Any] = {"select": select, "reference": reference, "superpose": superpose}
        return view(self.atomgroup, labels, results.frames, probabilities, palette, of=of, **drawn)

    def view_states(
        self,
        of: str = "states",
        n_representatives: int = 1,
        *,
        palette: Sequence[str] | None = None,
        side_by_side: bool = False,
        select: str | None = None,
        reference: Any = None,
        superpose: bool | str = True,
    ) -> Any:
        """Show representative frames of the states in nglview, superposed or side by side.

        Parameters
        ----------
        of : {"states", "components"}
            What to show.
        n_representatives : int
            Number of representative frames of each state, at most 20.
        palette, side_by_side, select, reference, superpose
            As in `mdgmvae.viewer.view_states`.

        Returns
        -------
        ipywidgets.VBox
            Its attribute ``views`` is a list of `nglview.NGLWidget`.

        Raises
        ------
        InputError
            Before `run`, or if an argument is invalid.
        """
        from ..viewer.playback import view_states

        if check_count("n_representatives", n_representatives) > _MOST_SHOWN:
            raise InputError(
                f"n_representatives={n_representatives}: more than {_MOST_SHOWN} structures of a "
                "state cannot be told apart; write them with write_states instead"
            )
        found = self.describe(of, n_representatives).representatives
        drawn: dict[str, Any] = {"select": select, "reference": reference, "superpose": superpose}
        frames = dict(enumerate(found))
        return view_states(
            self.atomgroup, frames, palette, of=of, side_by_side=side_by_side, **drawn
        )

    def explore(
        self,
        coordinates: str | Sequence[str] | None = None,
        of: str = "states",
        *,
        palette: Sequence[str] | None = None,
        height: int = 560,
        title: str = "mdgmvae explorer",
    ) -> Explorer:
        """Explore the states: a landscape that is linked with the molecule and a timeline.

        Parameters
        ----------
        coordinates : str or sequence of str, optional
            Names of two features, such as ``("phi ALA2", "psi ALA2")``, or of one, which is shown
            against time. By default the latent coordinates, the first two if there are more.
        of : {"states", "components"}
            What to show.
        palette, height, title
            As in `mdgmvae.explore`.

        Returns
        -------
        Explorer
            Displays itself in a notebook. ``save("explorer.html")`` writes an offline page,
            ``brushed`` has the numbers of the frames that a lasso has chosen, and
            ``write("brushed.xtc")`` writes these frames.

        Raises
        ------
        InputError
            Before `run`, or if a feature does not exist or `of` has another value.
        """
        from ..viewer.explored_results import explore_results

        results = self._require_results()
        shown: dict[str, Any] = {"palette": palette, "height": height, "title": title}
        return explore_results(self.atomgroup, results, self.features, coordinates, of, **shown)

"""Show trajectories in a notebook, coloured by state as they play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..annotation.writers import kind_of
from ..errors import InputError
from ..labels import as_frames
from ..plot.palette import chosen_colors
from .played_frames import PlayedFrames
from .shown_atoms import ShownAtoms, atoms_to_show


def view(
    source: Any,
    labels: Any,
    frames: Any = None,
    probabilities: Any = None,
    palette: Sequence[str] | None = None,
    *,
    of: str = "states",
    select: str | None = None,
    reference: Any = None,
    superpose: bool | str = True,
) -> Any:
    """Show a trajectory in the colour of the state of each frame as it plays.

    Proteins and nucleic acids are drawn as ribbons, small molecules as sticks. Molecules that the
    box has broken are made whole. Frames without a state are skipped.

    Only the atoms that are drawn are sent to the browser. Water, ions and lipids are not, unless
    `select` names them, or there is nothing else.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to show. The current frame of a Universe stays as it is.
    labels : (n,) array-like of int
        States or components; -1 for none.
    frames : (n,) array-like of int, optional
        Frame numbers of the labels. Default: all frames, in order.
    probabilities : (n, m) array-like, optional
        Probabilities of the states. The legend then shows the probability of the state of the
        frame.
    palette : sequence of str, optional
        Colour of each state as ``"#RRGGBB"``. Default: the colours of the plots
        (`mdgmvae.plot.palette.state_colors`).
    of : {"states", "components"}
        What the labels are, for the legend.
    select : str, optional
        Which of the atoms to show, in MDAnalysis' selection language. Solvent is drawn as lines.
    reference : int, Universe, AtomGroup or mdtraj.Trajectory, optional
        On what frames are superposed: the number of a frame, or the current frame of another
        structure, such as a crystal structure. Default: the first frame that is shown.
    superpose : bool or str
        Which of the atoms shown are superposed, in MDAnalysis' selection language. True: the
        C-alpha atoms, or else the heavy atoms of the polymer. False: frames are not superposed.

    Returns
    -------
    nglview.NGLWidget
        ``frame`` is the number of the frame that is shown. ``legend``, an `ipywidgets.HTML`, and
        ``controls``, buttons that go to the previous and the next transition, are displayed above
        the molecule. ``next_transition()`` and ``previous_transition()`` do the same in Python.

    Raises
    ------
    ImportError
        If nglview is not installed.
    InputError
        If the labels, probabilities, palette or reference do not fit the trajectory.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.viewer import view
    >>> u = mda.Universe(alanine_dipeptide().topology, alanine_dipeptide().trajectories)
    >>> widget = view(u, [1, 0], frames=[0, 6400])
    >>> "frame 0: <b>state 1" in widget.legend.value
    True
    >>> widget.next_transition()
    >>> "frame 6400: <b>state 0" in widget.legend.value
    True
    """
    _require_nglview()
    from .stateview import StateView

    kind = kind_of(of)
    moving = atoms_to_show(source, select)
    played = PlayedFrames.of(moving.atoms.universe.trajectory, labels, frames, probabilities)
    shown = ShownAtoms.of(moving, int(played.numbers[0]), reference, superpose)
    return StateView(shown, played, chosen_colors(played.n_states, palette), name=kind.name)


def view_states(
    source: Any,
    frames: Mapping[int, Any],
    palette: Sequence[str] | None = None,
    *,
    of: str = "states",
    side_by_side: bool = False,
    select: str | None = None,
    reference: Any = None,
    superpose: bool | str = True,
) -> Any:
    """Show representative frames of states, superposed or side by side.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to show. The current frame of a Universe stays as it is.
    frames : mapping of int to sequence of int
        Frame numbers of the representatives of each state. States without frames are left out.
    palette, of, select, reference, superpose
        As in `view`. All frames are superposed, on the first one by default.
    side_by_side : bool
        Show each state in a view of its own, up to twelve of them. They turn together. Default:
        all in one view, where each state can be hidden.

    Returns
    -------
    ipywidgets.VBox
        Its attribute ``views`` is a list of `nglview.NGLWidget`.

    Raises
    ------
    ImportError
        If nglview is not installed.
    InputError
        If there are no frames, or an argument is invalid.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.viewer import view_states
    >>> u = mda.Universe(*alanine_dipeptide())
    >>> len(view_states(u, {0: [12], 1: [6400]}, side_by_side=True).views)
    2
    """
    _require_nglview()
    from .statesview import StatesView

    kind = kind_of(of)
    moving = atoms_to_show(source, select)
    chosen = {
        int(state): as_frames(numbers, len(numbers), moving.n_frames)
        for state, numbers in sorted(frames.items())
        if len(numbers)
    }
    if not chosen:
        raise InputError("frames: no state has a frame, so there is nothing to show")
    first = int(next(iter(chosen.values()))[0])
    shown = ShownAtoms.of(moving, first, reference, superpose)
    colors = chosen_colors(max(chosen) + 1, palette)
    return StatesView(shown, chosen, colors, name=kind.name, side_by_side=side_by_side)


def _require_nglview() -> None:
    try:
        import nglview  # noqa: F401
    except ModuleNotFoundError as error:
        raise ImportError(
            f"the viewer needs {error.name}; install it with: pip install 'mdgmvae[notebook]', or "
            "pip install '.[notebook]' in a clone"
        ) from error

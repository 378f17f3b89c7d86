"""Show trajectories in a notebook, coloured by state as they play."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..annotation.labelled import assigned_probabilities
from ..annotation.superposition import fitted_atoms
from ..errors import InputError
from ..featurizers.topology.atom_kinds import alpha_carbons
from ..featurizers.topology.atoms import as_atoms, is_mdtraj
from ..labels import as_frames, as_labels
from ..plot.palette import state_colors

#: A molecule with fewer C-alpha atoms is drawn as sticks.
_SMALLEST_CARTOON = 10
_NAMES = {"states": "state", "components": "component"}


def view(
    source: Any,
    labels: Any,
    frames: Any = None,
    probabilities: Any = None,
    palette: Sequence[str] | None = None,
    *,
    of: str = "states",
) -> Any:
    """Show a trajectory in the colour of the state of each frame as it plays.

    Proteins are drawn as ribbons, small molecules as sticks. All frames are superposed on the
    first one. The widget reads frames from `source` while it plays, so it changes the current
    frame of a Universe.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to show.
    labels : (n,) array-like of int
        States or components. Frames with the label -1 and frames without a label are grey. If
        every n-th frame has a label, the frames between have the colour of the one before.
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

    Returns
    -------
    nglview.NGLWidget
        Its attribute ``legend`` is an `ipywidgets.HTML`, which is displayed above the molecule.

    Raises
    ------
    ImportError
        If nglview is not installed.
    InputError
        If the labels, probabilities or palette do not fit the trajectory.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.viewer import view
    >>> u = mda.Universe(alanine_dipeptide().topology, alanine_dipeptide().trajectories)
    >>> widget = view(u, [1, 0], frames=[0, 6400])
    >>> "state 1" in widget.legend.value
    True
    """
    try:
        from nglview import MDAnalysisTrajectory, MDTrajTrajectory

        from .stateview import StateView
        from .superposed import SuperposedTrajectory
    except ModuleNotFoundError as error:
        raise ImportError(
            f"the viewer needs {error.name}; install it with: pip install 'mdgmvae[notebook]', or "
            "pip install '.[notebook]' in a clone"
        ) from error
    if of not in _NAMES:
        raise InputError(f"of={of!r}: choose 'states' or 'components'")
    atoms = as_atoms(source)
    if is_mdtraj(source):
        trajectory, reader = MDTrajTrajectory(source), None
    else:
        trajectory, reader = MDAnalysisTrajectory(atoms), atoms.universe.trajectory
    states = as_labels(labels)
    numbers = as_frames(frames, len(states), trajectory.n_frames)
    certainty = None if probabilities is None else assigned_probabilities(states, probabilities)
    colors = _colors(states, probabilities, palette)
    before = None if reader is None else reader.frame
    source_of = _sources(numbers, trajectory.n_frames)
    widget = StateView(
        SuperposedTrajectory(trajectory, fitted_atoms(atoms)),
        _spread(states, numbers, source_of, -1),
        colors,
        _representation(atoms),
        None if certainty is None else _spread(certainty, numbers, source_of, np.nan),
        labelled=source_of,
        name=_NAMES[of],
    )
    if reader is not None:
        reader[before]
    return widget


def _representation(atoms: Any) -> str:
    return "cartoon" if alpha_carbons(atoms).sum() >= _SMALLEST_CARTOON else "licorice"


def _colors(states: np.ndarray, probabilities: Any, palette: Sequence[str] | None) -> list[str]:
    n_states = int(states.max(initial=-1)) + 1
    if probabilities is not None:
        n_states = np.shape(probabilities)[1]
    if palette is None:
        return state_colors(n_states)
    if len(palette) < n_states:
        raise InputError(
            f"palette: {len(palette)} colours for {n_states} states; pass one for each"
        )
    return list(palette[:n_states])


def _sources(frames: np.ndarray, n_frames: int) -> np.ndarray:
    """Find the frame whose label each frame of the trajectory shows: its own or one before.

    Parameters
    ----------
    frames : ndarray of int64
        The frames that have a label.
    n_frames : int
        Number of frames of the trajectory.

    Returns
    -------
    ndarray of int64 of shape (n_frames,)
        -1 for none, which is so in gaps that are longer than the usual step between labels.
    """
    labelled = np.unique(frames)
    step = int(np.median(np.diff(labelled))) if len(labelled) > 1 else 1
    everything = np.arange(n_frames)
    before = np.searchsorted(labelled, everything, side="right") - 1
    source = np.where(before < 0, -1, labelled[before])
    gap = np.diff(labelled, append=labelled[-1] + step)[before] if len(labelled) else 0
    own = source == everything
    return np.where(own | ((gap <= step) & (everything - source < step)), source, -1)


def _spread(
    values: np.ndarray, frames: np.ndarray, source_of: np.ndarray, missing: float
) -> np.ndarray:
    """Spread the values of some frames over an array of all frames."""
    spread = np.full(len(source_of), missing, dtype=values.dtype)
    spread[frames] = values
    return np.where(source_of < 0, np.asarray(missing, values.dtype), spread[source_of])

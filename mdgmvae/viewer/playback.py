"""Trajectories in the notebook, coloured by state as they play."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..featurizers.topology.atoms import as_atoms, is_mdtraj
from ..labels import as_frames, as_labels
from ..plot.palette import state_colors

_SMALLEST_CARTOON = 10
"""C-alpha atoms from which a ribbon says more than sticks do."""


def view(
    source: Any,
    labels: Any,
    frames: Any = None,
    probabilities: Any = None,
    palette: Sequence[str] | None = None,
) -> Any:
    """Show a trajectory that takes the colour of each frame's state as it plays.

    Proteins are drawn as ribbons, small molecules as sticks. The widget reads frames from
    `source` while it plays, so it moves the current frame of a Universe.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to show.
    labels : (n,) array-like of int
        States; -1 for none, drawn in grey like frames without a label.
    frames : (n,) array-like of int, optional
        Frame numbers of the labels. Default: all frames, in order.
    probabilities : (n, k) array-like, optional
        Of the states; the legend then shows the probability of the state of the frame.
    palette : sequence of str, optional
        ``"#RRGGBB"`` of each state. Default: `mdgmvae.plot.palette.state_colors`, as in the plots.

    Returns
    -------
    nglview.NGLWidget
        With the attribute ``legend``, an `ipywidgets.HTML` that is displayed above it.

    Raises
    ------
    ImportError
        When nglview is not installed.
    InputError
        When labels, probabilities or palette and trajectory do not fit.

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
    except ModuleNotFoundError as error:
        raise ImportError(
            f'the viewer needs {error.name}; install it with: pip install "mdgmvae[notebook]"'
        ) from error
    atoms = as_atoms(source)
    if is_mdtraj(source):
        trajectory, reader = MDTrajTrajectory(source), None
    else:
        trajectory, reader = MDAnalysisTrajectory(atoms), atoms.universe.trajectory
    states = as_labels(labels)
    numbers = as_frames(frames, len(states), trajectory.n_frames)
    certainty = None if probabilities is None else _certainty(probabilities, states)
    colors = _colors(states, probabilities, palette)
    before = None if reader is None else reader.frame
    widget = StateView(
        trajectory,
        _spread(states, numbers, trajectory.n_frames, -1),
        colors,
        _representation(atoms),
        None if certainty is None else _spread(certainty, numbers, trajectory.n_frames, np.nan),
    )
    if reader is not None:
        reader[before]
    return widget


def _representation(atoms: Any) -> str:
    n_alpha = atoms.select_atoms("protein and name CA").n_atoms
    return "cartoon" if n_alpha >= _SMALLEST_CARTOON else "licorice"


def _certainty(probabilities: Any, states: np.ndarray) -> np.ndarray:
    rows = np.asarray(probabilities, dtype=np.float32)
    n_states = states.max(initial=-1) + 1
    if rows.ndim != 2 or len(rows) != len(states) or rows.shape[1] < n_states:
        raise InputError(
            f"probabilities: an array of shape {rows.shape} does not go with {len(states):,} "
            f"labels of {n_states} states"
        )
    return rows[np.arange(len(states)), states]


def _colors(states: np.ndarray, probabilities: Any, palette: Sequence[str] | None) -> list[str]:
    n_states = int(states.max(initial=-1)) + 1
    if probabilities is not None:
        n_states = np.shape(probabilities)[1]
    if palette is None:
        return state_colors(n_states)
    if len(palette) < n_states:
        raise InputError(f"palette: {len(palette)} colours for {n_states} states; give one each")
    return list(palette[:n_states])


def _spread(values: np.ndarray, frames: np.ndarray, n_frames: int, missing: float) -> np.ndarray:
    """Put values of some frames where they belong in an array of all frames."""
    spread = np.full(n_frames, missing, dtype=values.dtype)
    spread[frames] = values
    return spread

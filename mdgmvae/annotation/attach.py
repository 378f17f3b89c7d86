"""Labels into trajectories and files: the public place of `annotate` and of the writers."""

import keyword
from typing import Any

import numpy as np

from ..errors import InputError
from ..featurizers.topology.atoms import is_mdtraj
from ..labels import as_frames, as_labels
from .auxiliary import FrameAuxReader
from .labels_file import read_labels, write_labels
from .writers import (
    write_h5md,
    write_pdb,
    write_representatives,
    write_states,
)

__all__ = [
    "annotate",
    "read_labels",
    "write_h5md",
    "write_labels",
    "write_pdb",
    "write_representatives",
    "write_states",
]


def annotate(universe: Any, labels: Any, frames: Any = None, name: str = "gmvae_state") -> None:
    """Make labels travel with a trajectory: every frame has them as ``ts.aux.<name>``.

    They stay through indexing, slicing, ``copy()``, pickling and parallel analyses. A second
    call with the same name replaces the values. A trajectory that is loaded anew, by
    ``load_new`` or ``transfer_to_memory``, has to be annotated again.

    Parameters
    ----------
    universe : Universe or AtomGroup
        Whose trajectory to annotate.
    labels : array-like
        (n,) int: ``ts.aux.<name>`` is an int, -1 for a frame that is not in `frames`.
        (n, m) numbers, such as probabilities: ``ts.aux.<name>`` is an (m,) float32 array, NaN
        for a frame that is not in `frames`.
    frames : array-like of int, optional
        The frame number of each row. Default: the rows are all frames, in order.
    name : str
        The name under ``ts.aux``.

    Raises
    ------
    InputError
        When labels, frames and trajectory do not fit, a frame is given twice with different
        labels, or `name` is no Python name or taken by another auxiliary.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> import numpy as np
    >>> from mdgmvae.annotation import annotate
    >>> u = mda.Universe.empty(1, trajectory=True).load_new(np.zeros((3, 1, 3)))
    >>> annotate(u, [1, 0], frames=[0, 2])
    >>> [ts.aux.gmvae_state for ts in u.trajectory]
    [1, -1, 0]
    """
    trajectory = _trajectory(universe)
    values = _rows(labels)
    numbers = as_frames(frames, len(values), trajectory.n_frames)
    _attach(trajectory, values, numbers, name, missing=-1 if values.ndim == 1 else np.nan)


def annotate_results(universe: Any, results: Any) -> None:
    """Make the results of an analysis travel with its trajectory.

    Every frame has the int ``ts.aux.gmvae_state``, the int ``ts.aux.gmvae_component`` and the
    float ``ts.aux.gmvae_probability``, the probability of its state; all are -1 for a frame that
    was not analysed.

    Parameters
    ----------
    universe : Universe or AtomGroup
        The universe that was analysed.
    results : TrajectoryResults
        The states of some of its frames.

    Raises
    ------
    InputError
        When the trajectory does not have these frames.
    """
    trajectory = _trajectory(universe)
    numbers = as_frames(results.frames, len(results.labels), trajectory.n_frames)
    for name, values in (
        ("gmvae_state", results.labels),
        ("gmvae_component", results.components),
        ("gmvae_probability", results.state_probability),
    ):
        _attach(trajectory, values, numbers, name, missing=-1)


def _attach(
    trajectory: Any, values: np.ndarray, numbers: np.ndarray, name: str, missing: float
) -> None:
    """Attach values of some frames as an auxiliary, with `missing` for all other frames."""
    if not name.isidentifier() or keyword.iskeyword(name) or hasattr(dict, name):
        raise InputError(f"name: {name!r} cannot be an attribute of ts.aux; use letters and _")
    shape = (trajectory.n_frames, *values.shape[1:])
    of_all_frames = np.full(shape, missing, dtype=values.dtype)
    of_all_frames[numbers] = values
    differing = np.flatnonzero(~_same(of_all_frames[numbers], values))
    if differing.size:
        raise InputError(
            f"frames: frame {numbers[differing[0]]} is given twice, with different labels"
        )
    trajectory.add_auxiliary(name, FrameAuxReader((of_all_frames,)))


def _trajectory(source: Any) -> Any:
    if is_mdtraj(source):
        raise InputError(
            "an mdtraj.Trajectory cannot carry labels; keep them with "
            "mdgmvae.annotation.write_labels, or write them with write_pdb or write_states"
        )
    trajectory = getattr(getattr(source, "universe", None), "trajectory", None)
    if trajectory is None:
        raise InputError(
            f"cannot annotate a {type(source).__name__}: give an MDAnalysis Universe or AtomGroup "
            "that has a trajectory"
        )
    return trajectory


def _rows(labels: Any) -> np.ndarray:
    rows = np.asarray(labels)
    if rows.ndim != 2:
        return as_labels(rows)
    if rows.dtype.kind not in "iuf":
        raise InputError(f"labels: numbers are needed, got an array of dtype {rows.dtype}")
    return rows.astype(np.float32)


def _same(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    equal = (first == second) | ((first != first) & (second != second))
    return equal if equal.ndim == 1 else equal.all(axis=1)

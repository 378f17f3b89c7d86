"""Attach labels and other values of each frame to an MDAnalysis trajectory."""

from __future__ import annotations

import keyword
from typing import Any

import numpy as np

from ..errors import InputError
from ..featurizers.topology.atoms import is_mdtraj
from ..labels import as_frames, as_labels
from .auxiliary import FrameAuxReader, check_name
from .labelled import assigned_probabilities

_OF_RESULTS = ("gmvae_state", "gmvae_component", "gmvae_probability")


def annotate(universe: Any, labels: Any, frames: Any = None, name: str = "gmvae_state") -> None:
    """Attach labels to a trajectory, as ``ts.aux.<name>`` of every frame.

    The labels survive indexing, slicing, ``copy()``, pickling and parallel analyses. A second
    call with the same name replaces them. ``load_new`` and ``transfer_to_memory`` replace the
    trajectory, which then has to be annotated again.

    Parameters
    ----------
    universe : Universe or AtomGroup
        The universe whose trajectory is annotated.
    labels : array-like
        Integers of shape (n,): states or components. ``ts.aux.<name>`` is then an int, and -1
        for a frame that is not in `frames`.
        Numbers of shape (n, m), such as probabilities. ``ts.aux.<name>`` is then an (m,) float32
        array, and NaN for a frame that is not in `frames`.
    frames : array-like of int, optional
        Frame number of each label. Default: there is one label for every frame, in order.
    name : str
        The name under ``ts.aux``.

    Raises
    ------
    InputError
        If labels, frames and trajectory do not match, if a frame is given twice with
        different labels, or if `name` is not a Python name or is used by another auxiliary.

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
    values = _as_values(labels)
    numbers = as_frames(frames, len(values), trajectory.n_frames)
    _attach(trajectory, values, numbers, name, missing=-1 if values.ndim == 1 else np.nan)


def check_can_annotate(universe: Any) -> None:
    """Raise an error if `annotate_results` could not attach results to a trajectory.

    Parameters
    ----------
    universe : Universe or AtomGroup

    Raises
    ------
    InputError
        If an auxiliary that mdgmvae did not make has one of the names.
    """
    trajectory = _trajectory(universe)
    for name in _OF_RESULTS:
        check_name(trajectory, name)


def annotate_results(universe: Any, results: Any) -> None:
    """Attach the results of an analysis to its trajectory.

    Every frame gets ``ts.aux.gmvae_state`` and ``ts.aux.gmvae_component``, both int, and
    ``ts.aux.gmvae_probability``, the probability of its state as a float. All are -1 for a frame
    that was not analysed.

    Parameters
    ----------
    universe : Universe or AtomGroup
        The universe that was analysed.
    results : TrajectoryResults
        Results with ``frames``, ``labels``, ``components`` and ``probabilities``.

    Raises
    ------
    InputError
        If the trajectory does not have these frames.
    """
    trajectory = _trajectory(universe)
    numbers = as_frames(results.frames, len(results.labels), trajectory.n_frames)
    attached = (
        results.labels,
        results.components,
        assigned_probabilities(results.labels, results.probabilities),
    )
    for name, values in zip(_OF_RESULTS, attached, strict=True):
        _attach(trajectory, values, numbers, name, missing=-1)


def _attach(
    trajectory: Any, values: np.ndarray, numbers: np.ndarray, name: str, missing: float
) -> None:
    """Attach values as an auxiliary. Frames without a value get `missing`."""
    is_name = isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)
    if not is_name or hasattr(dict, name):
        raise InputError(f"name: {name!r} cannot be an attribute of ts.aux; use letters and _")
    spread = np.full((trajectory.n_frames, *values.shape[1:]), missing, dtype=values.dtype)
    spread[numbers] = values
    differing = np.flatnonzero(~_equal(spread[numbers], values))
    if differing.size:
        raise InputError(
            f"frames: frame {numbers[differing[0]]} is given twice, with different labels"
        )
    trajectory.add_auxiliary(name, FrameAuxReader((spread,)))


def _trajectory(source: Any) -> Any:
    if is_mdtraj(source):
        raise InputError(
            "an mdtraj.Trajectory cannot hold labels; save them with "
            "mdgmvae.annotation.write_labels, or write them with write_pdb or write_states"
        )
    trajectory = getattr(getattr(source, "universe", None), "trajectory", None)
    if trajectory is None:
        raise InputError(
            f"cannot annotate this {type(source).__name__}: pass an MDAnalysis Universe or "
            "AtomGroup that has a trajectory"
        )
    return trajectory


def _as_values(labels: Any) -> np.ndarray:
    """Return labels as int64, or two-dimensional values as float32."""
    values = np.asarray(labels)
    if values.ndim != 2:
        return as_labels(labels)
    if values.dtype.kind not in "iuf":
        raise InputError(f"labels: pass numbers, not an array of dtype {values.dtype}")
    return values.astype(np.float32)


def _equal(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return for each frame whether its two values are equal. NaN equals NaN."""
    equal: np.ndarray = (first == second) | ((first != first) & (second != second))
    return equal if equal.ndim == 1 else np.asarray(equal.all(axis=1))

"""Attach labels, and other values of frames, to an MDAnalysis trajectory."""

from __future__ import annotations

import keyword
from typing import Any

import numpy as np

from ..errors import InputError
from ..featurizers.topology.atoms import is_mdtraj
from ..labels import as_frames, as_labels
from .auxiliary import FrameAuxReader


def annotate(universe: Any, labels: Any, frames: Any = None, name: str = "gmvae_state") -> None:
    """Attach labels to a trajectory: every frame has its label as ``ts.aux.<name>``.

    The labels survive indexing, slicing, ``copy()``, pickling and parallel analyses. A second
    call with the same name replaces them. A trajectory that is loaded anew, by ``load_new`` or
    ``transfer_to_memory``, has to be annotated again.

    Parameters
    ----------
    universe : Universe or AtomGroup
        The trajectory to annotate is that of this universe.
    labels : array-like
        Of shape (n,) and integer: states or components. ``ts.aux.<name>`` is an int, -1 for a
        frame that is not in `frames`.
        Of shape (n, m): numbers such as probabilities. ``ts.aux.<name>`` is an (m,) float32
        array, NaN for a frame that is not in `frames`.
    frames : array-like of int, optional
        Frame number of each label. Default: the labels are those of all frames, in order.
    name : str
        The name under ``ts.aux``.

    Raises
    ------
    InputError
        When labels, frames and trajectory do not fit, when a frame is given twice with
        different labels, or when `name` is no Python name or belongs to another auxiliary.

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
    given = np.asarray(labels)
    attach_values(universe, given if given.ndim == 2 else as_labels(given), frames, name)


def attach_values(universe: Any, values: Any, frames: Any, name: str) -> None:
    """Attach one number, or one vector, for each frame to a trajectory.

    Parameters
    ----------
    universe : Universe or AtomGroup
        The trajectory to annotate is that of this universe.
    values : (n,) or (n, m) array-like of numbers
        Integers in one dimension stay integers, -1 for a frame that is not in `frames`; all
        others become float32, NaN for a frame that is not in `frames`.
    frames : array-like of int or None
        Frame number of each value. None: the values are those of all frames, in order.
    name : str
        The name under ``ts.aux``.

    Raises
    ------
    InputError
        As `annotate`.
    """
    if not name.isidentifier() or keyword.iskeyword(name) or hasattr(dict, name):
        raise InputError(f"name: {name!r} cannot be an attribute of ts.aux; use letters and _")
    trajectory = _trajectory(universe)
    given = _numbers(values)
    numbers = as_frames(frames, len(given), trajectory.n_frames)
    missing = -1 if given.dtype.kind == "i" else np.nan
    spread = np.full((trajectory.n_frames, *given.shape[1:]), missing, dtype=given.dtype)
    spread[numbers] = given
    differing = np.flatnonzero(~_same(spread[numbers], given))
    if differing.size:
        raise InputError(
            f"frames: frame {numbers[differing[0]]} is given twice, with different labels"
        )
    trajectory.add_auxiliary(name, FrameAuxReader((spread,)))


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


def _numbers(values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
        raise InputError(
            f"labels: give one number or one vector for each frame, not an array of shape "
            f"{array.shape} and dtype {array.dtype}"
        )
    whole = array.ndim == 1 and array.dtype.kind in "iu"
    return array.astype(np.int64 if whole else np.float32)


def _same(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """For each frame, whether both values are equal or both are NaN."""
    equal = (first == second) | ((first != first) & (second != second))
    return equal if equal.ndim == 1 else equal.all(axis=1)

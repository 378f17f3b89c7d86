"""Labels and their frames, checked against a trajectory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..checks import real_path
from ..errors import InputError
from ..labels import as_frames, as_labels, check_repeated
from ..trajectory.moving_atoms import MovingAtoms

#: Names of a label in files, one for each kind of labels.
NAMES = ("state", "component")


@dataclass(frozen=True, eq=False)
class LabelledFrames:
    """The frames of a trajectory that have a label.

    Parameters
    ----------
    moving : MovingAtoms
        The atoms and their trajectory.
    labels : ndarray of int64 of shape (n,)
        States or components, none of them -1.
    frames : ndarray of int64 of shape (n,)
        Frame number of each label.
    kept : ndarray of bool of shape (n_given,)
        Mask of the given labels that are kept (those that are not -1).
    """

    moving: MovingAtoms
    labels: np.ndarray
    frames: np.ndarray
    kept: np.ndarray

    @classmethod
    def of(cls, source: Any, labels: Any, frames: Any) -> Self:
        """Check the labels, and leave out frames with the label -1.

        Parameters
        ----------
        source : Universe, AtomGroup or mdtraj.Trajectory
            The atoms and their trajectory.
        labels : (n,) array-like of int
            States or components; -1 for none.
        frames : (n,) array-like of int or None
            Frame numbers of the labels; None for all frames of the trajectory.

        Raises
        ------
        InputError
            If labels, frames and trajectory do not match, or every label is -1.
        """
        given = as_labels(labels)
        moving = MovingAtoms.of(source)
        numbers = as_frames(frames, len(given), moving.n_frames)
        check_repeated(numbers, given)
        kept = given >= 0
        if not kept.any():
            raise InputError("labels: no frame has a state, so there is nothing to write")
        return cls(moving, given[kept], numbers[kept], kept)

    @property
    def atoms(self) -> Any:
        """The AtomGroup."""
        return self.moving.atoms

    def values(self, values: Any, name: str, *, ndim: tuple[int, ...] = (1, 2)) -> np.ndarray:
        """Check other values of the same frames, and keep those of the labelled frames.

        Parameters
        ----------
        values : (n_given,) or (n_given, m) array-like
            One number or one vector for each of the given labels. Integers become int64,
            floating-point numbers float32.
        name : str
            Name of the values in error messages.
        ndim : tuple of int
            Allowed numbers of dimensions.

        Returns
        -------
        ndarray of shape (n,) or (n, m)

        Raises
        ------
        InputError
            If the values are not numbers, or there is not one number or vector for each label.
        """
        array = np.asarray(values)
        if array.ndim not in ndim or len(array) != len(self.kept) or array.dtype.kind not in "iuf":
            raise InputError(
                f"{name}: an array of shape {array.shape} and dtype {array.dtype} does not match "
                f"{len(self.kept):,} labels; pass one number, or one vector, for each label"
            )
        kept: np.ndarray = array[self.kept]
        return kept.astype(np.float32 if array.dtype.kind == "f" else np.int64)

    def check_output(self, path: str | os.PathLike[str]) -> None:
        """Raise an error if writing to `path` would replace the topology or a trajectory file.

        Raises
        ------
        InputError
            If `path` is a file that is being read.
        """
        universe = self.atoms.universe
        trajectory = universe.trajectory
        own = [universe.filename, trajectory.filename, *getattr(trajectory, "filenames", ())]
        for name in own:
            if isinstance(name, str | os.PathLike) and real_path(name) == real_path(path):
                raise InputError(
                    f"{path}: is being read and would be replaced; choose another name"
                )


def assigned_probabilities(labels: np.ndarray, probabilities: Any) -> np.ndarray:
    """Return the probability of the state (or component) that each frame is assigned to.

    Parameters
    ----------
    labels : ndarray of int64 of shape (n,)
        States or components; -1 for none.
    probabilities : (n, m) array-like
        Probabilities of the same states or components.

    Returns
    -------
    ndarray of float32 of shape (n,)
        NaN where the label is -1.

    Raises
    ------
    InputError
        If there is not one row for each label and one column for each state.

    Examples
    --------
    >>> assigned_probabilities(np.array([1, 0]), [[0.25, 0.75], [1.0, 0.0]])
    array([0.75, 1.  ], dtype=float32)
    """
    matrix = np.asarray(probabilities, dtype=np.float32)
    n_states = int(labels.max(initial=-1)) + 1
    if matrix.ndim != 2 or len(matrix) != len(labels) or matrix.shape[1] < n_states:
        raise InputError(
            f"probabilities: an array of shape {matrix.shape} does not match {len(labels):,} "
            f"labels of {n_states} states; pass one row for each label and one column for each "
            "state"
        )
    own: np.ndarray = matrix[np.arange(len(labels)), labels]
    own[labels < 0] = np.nan
    return own

"""Features that were computed before the analysis, stored like those that it computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..errors import InputError
from ..featurizers.topology.fingerprint import Fingerprint
from ..storage.features import FeatureSet
from ..storage.npy import write_rows
from .feature_writer import FeatureWriter
from .frames import continuous_lengths, file_of_frames, frames_needed
from .integrity import check_universe


@dataclass(frozen=True, eq=False)
class Precomputed:
    """Features that the user has computed for the frames of a trajectory.

    Parameters
    ----------
    values : numpy.ndarray
        (n_frames, n_features), one line for each frame that will be analysed.
    names, units : tuple of str
        Name and unit of each feature.
    frames : numpy.ndarray, optional
        (n_frames,) int64, the frame numbers where they are known.

    Examples
    --------
    >>> features = Precomputed.of(np.zeros((10, 2)), names=["distance", "angle"])
    >>> features.n_features, features.names
    (2, ('distance', 'angle'))
    """

    values: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...]
    frames: np.ndarray | None = None

    @classmethod
    def of(cls, features: np.ndarray | FeatureSet, names: Sequence[str] | None = None) -> Self:
        """Take an array with the names of its columns, or a FeatureSet with its own names.

        Parameters
        ----------
        features : numpy.ndarray or FeatureSet
            Numbers of shape (n_frames, n_features).
        names : sequence of str, optional
            One name for each column of an array; by default "x0", "x1", ...

        Raises
        ------
        InputError
            If `features` is not a table of numbers, or `names` do not fit its columns.
        """
        if isinstance(features, FeatureSet):
            if names is not None:
                raise InputError(
                    "feature_names: a FeatureSet has names already; leave feature_names out"
                )
            # A plain .npy file says nothing about the frames that it was computed for.
            frames = features.frames if features.featurizer else None
            return cls(features.values, features.names, features.units, frames)
        if features.ndim != 2 or features.dtype.kind not in "fiub" or not features.shape[1]:
            raise InputError(
                f"features: an array of shape {features.shape} and type {features.dtype} was "
                "given; pass numbers of shape (n_frames, n_features)"
            )
        n_features = features.shape[1]
        return cls(features, _checked_names(names, n_features), ("1",) * n_features)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.values.shape[1])

    def store(self, atoms: Any, frames: np.ndarray, selection: str | None) -> FeatureSet:
        """Write the features to a temporary file, with the times of the frames.

        Parameters
        ----------
        atoms : MDAnalysis.AtomGroup
            The atoms that are analysed.
        frames : numpy.ndarray
            (n_frames,) int64, the frames that are analysed.
        selection : str, optional
            The selection that `atoms` was made by.

        Returns
        -------
        FeatureSet
            Its `featurizer` is empty.

        Raises
        ------
        InputError
            If the features are of other frames, or a trajectory file is damaged.
        """
        self._check_frames(frames)
        universe = atoms.universe
        check_universe(universe, frames_needed(None, frames))
        trajectory = universe.trajectory
        index, joined = file_of_frames(trajectory, frames)
        with FeatureWriter(None, self.n_features) as writer:
            write_rows(writer.rows_path, 0, np.asarray(self.values, np.float32))
            return writer.commit(
                names=self.names,
                units=self.units,
                frames=frames.astype(np.int64),
                times=_times(trajectory, frames),
                trajectory_index=index,
                lengths=continuous_lengths(frames, index, joined),
                selection=selection,
                featurizer={},
                fingerprint=Fingerprint.of(atoms).to_dict(),
            )

    def _check_frames(self, frames: np.ndarray) -> None:
        if len(self.values) != len(frames):
            raise InputError(
                f"features: there are features of {len(self.values):,} frames, but "
                f"{len(frames):,} frames are to be analysed; choose the same frames with start, "
                "stop, step or frames"
            )
        if self.frames is None:
            return
        different = np.flatnonzero(self.frames != frames)
        if len(different):
            first = different[0]
            raise InputError(
                f"features: they were computed for frame {self.frames[first]:,} where frame "
                f"{frames[first]:,} is to be analysed; choose the same frames with start, stop, "
                "step or frames"
            )


def _checked_names(names: Sequence[str] | None, n_features: int) -> tuple[str, ...]:
    if names is None:
        return tuple(f"x{column}" for column in range(n_features))
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise InputError(f"feature_names={names!r}: pass a list of names, one for each column")
    if len(names) != n_features:
        raise InputError(
            f"feature_names: there are {len(names)} names for {n_features} columns of features; "
            "pass one name for each column"
        )
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise InputError(f"feature_names: {repeated[0]!r} is given twice; pass different names")
    return tuple(names)


def _times(trajectory: Any, frames: np.ndarray) -> np.ndarray:
    """Read the time of each frame in ps, and go back to the frame where the trajectory was."""
    before = trajectory.frame
    times = np.array([ts.time for ts in trajectory[frames]], dtype=np.float64)
    trajectory[before]
    return times

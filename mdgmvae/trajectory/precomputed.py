"""Features that the user has computed, stored in the same form as those of an analysis."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..errors import InputError
from ..featurizers.topology.fingerprint import Fingerprint
from ..storage.features import FeatureSet
from ..storage.npy import write_rows
from ..tables import counted
from .feature_writer import FeatureWriter
from .frame_reader import FrameReader, keep_current_frame
from .frame_times import NO_DT, Timeline, timed_files
from .frames import file_of_frames, frames_needed
from .integrity import check_universe


@dataclass(frozen=True, eq=False)
class Precomputed:
    """Features that the user has computed for the frames of a trajectory.

    Parameters
    ----------
    values : numpy.ndarray
        Features of the frames that will be analysed, (n_frames, n_features).
    names, units : tuple of str
        Name and unit of each feature.
    frames : numpy.ndarray, optional
        Frame numbers, (n_frames,) int64, if they are known.

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
        """Check an array and the names of its columns, or a FeatureSet, which has names.

        Parameters
        ----------
        features : numpy.ndarray or FeatureSet
            Numbers of shape (n_frames, n_features).
        names : sequence of str, optional
            One name for each column of an array. By default "x0", "x1", ...

        Returns
        -------
        Precomputed

        Raises
        ------
        InputError
            If `features` is not a two-dimensional array of numbers, or `names` do not match its
            columns.
        """
        if isinstance(features, FeatureSet):
            if names is not None:
                raise InputError(
                    "feature_names: a FeatureSet already has names; leave feature_names out"
                )
            # A plain .npy file does not say which frames it was computed for.
            frames = features.frames if features.featurizer else None
            return cls(features.values, features.names, features.units, frames)
        if features.ndim != 2 or features.dtype.kind not in "fiub" or not features.shape[1]:
            raise InputError(
                f"features: an array of shape {features.shape} and type {features.dtype} was "
                "given; pass numbers of shape (n_frames, n_features)"
                + (", such as features.reshape(-1, 1)" if features.ndim == 1 else "")
            )
        n_features = features.shape[1]
        return cls(features, _checked_names(names, n_features), ("1",) * n_features)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.values.shape[1])

    def store(self, atoms: Any, frames: np.ndarray, selection: str | None) -> FeatureSet:
        """Write the features and the times of their frames to a temporary file.

        Parameters
        ----------
        atoms : MDAnalysis.AtomGroup
            The analysed atoms.
        frames : numpy.ndarray
            Numbers of the analysed frames, (n_frames,) int64.
        selection : str, optional
            The selection of `atoms`.

        Returns
        -------
        FeatureSet
            The stored features. `featurizer` is empty.

        Raises
        ------
        InputError
            If the features belong to other frames, or a trajectory file is damaged.
        """
        self._check_frames(frames)
        universe = atoms.universe
        inputs = check_universe(universe, frames_needed(None, frames))
        trajectory = universe.trajectory
        index, joined = file_of_frames(trajectory, frames)
        times = _times(trajectory, frames)
        inputs.check()
        timeline = Timeline.of(frames, times, index, timed_files(universe), joined)
        with FeatureWriter(None, self.n_features) as writer:
            write_rows(writer.rows_path, 0, np.asarray(self.values, np.float32))
            return writer.commit(
                names=self.names,
                units=self.units,
                frames=frames.astype(np.int64),
                times=timeline.times,
                trajectory_index=index,
                lengths=timeline.lengths,
                selection=selection,
                featurizer={},
                fingerprint=Fingerprint.of(atoms).to_dict(),
            )

    def _check_frames(self, frames: np.ndarray) -> None:
        if len(self.values) != len(frames):
            raise InputError(
                f"features: features of {counted(len(self.values), 'frame')} were given, but "
                f"{counted(len(frames), 'frame')} are to be analysed; choose the same frames with "
                "start, stop, step or frames"
            )
        if self.frames is None:
            return
        different = np.flatnonzero(self.frames != frames)
        if len(different):
            first = different[0]
            raise InputError(
                f"features: computed for frame {self.frames[first]:,}, but frame {frames[first]:,} "
                "is to be analysed; choose the same frames with start, stop, step or frames"
            )


def _checked_names(names: Sequence[str] | None, n_features: int) -> tuple[str, ...]:
    if names is None:
        return tuple(f"x{column}" for column in range(n_features))
    is_list = hasattr(names, "__iter__") and not isinstance(names, str)
    if not is_list or not all(isinstance(name, str) for name in names):
        raise InputError(f"feature_names={names!r}: pass a list of names, one for each column")
    if len(names) != n_features:
        raise InputError(
            f"feature_names: pass {n_features} names, one for each column of the features, not "
            f"{len(names)}"
        )
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise InputError(f"feature_names: {repeated[0]!r} is given twice; pass different names")
    return tuple(names)


def _times(trajectory: Any, frames: np.ndarray) -> np.ndarray:
    """Read the time of each frame in ps, and return to the current frame of the trajectory."""
    with warnings.catch_warnings(), keep_current_frame(trajectory):
        warnings.filterwarnings("ignore", message=NO_DT)
        return np.array([ts.time for ts in FrameReader(trajectory, frames)], dtype=np.float64)

"""Features that the user computed: kept like those that are computed here."""

from typing import Any

import numpy as np

from ..errors import InputError
from ..featurizers.topology.fingerprint import Fingerprint
from ..storage.features import FeatureSet
from ..storage.npy import write_rows
from .feature_writer import FeatureWriter
from .frames import continuous_lengths, file_of_frames, frames_needed
from .integrity import check_universe


def store_precomputed(
    array: np.ndarray, atoms: Any, frames: np.ndarray, selection: str | None
) -> FeatureSet:
    """Keep an array of features with the frame numbers and times of a trajectory.

    Parameters
    ----------
    array : numpy.ndarray
        (n_frames, n_features), one row for each of `frames`.
    atoms : MDAnalysis.AtomGroup
        Whose trajectory it is.
    frames : numpy.ndarray
        (n_frames,), int64.
    selection : str, optional
        Kept with the features.

    Returns
    -------
    FeatureSet
        In a temporary file; `featurizer` is empty.

    Raises
    ------
    InputError
        When the array has another number of rows, or is not a table of numbers.
    """
    if array.ndim != 2 or array.dtype.kind not in "fiub" or not array.shape[1]:
        raise InputError(
            f"features: an array of shape {array.shape} and type {array.dtype}; give numbers of "
            "shape (n_frames, n_features)"
        )
    if len(array) != len(frames):
        raise InputError(
            f"features: the array has {len(array):,} rows, but {len(frames):,} frames are to be "
            "analysed; give one row for each (start, stop, step, frames)"
        )
    universe = atoms.universe
    check_universe(universe, frames_needed(None, frames))
    trajectory = universe.trajectory
    kept = trajectory.frame
    times = np.array([ts.time for ts in trajectory[frames]], dtype=np.float64)
    trajectory[kept]
    index, joined = file_of_frames(trajectory, frames)
    n_features = array.shape[1]
    with FeatureWriter(None, n_features) as writer:
        write_rows(writer.rows_path, 0, np.asarray(array, np.float32))
        return writer.commit(
            names=tuple(f"x{column}" for column in range(n_features)),
            units=("1",) * n_features,
            frames=frames.astype(np.int64),
            times=times,
            trajectory_index=index,
            lengths=continuous_lengths(frames, index, joined),
            selection=selection,
            featurizer={},
            fingerprint=Fingerprint.of(atoms).to_dict(),
        )

"""Whether labels are those of the trajectory that they are given with.

Frame numbers fit every trajectory that is long enough.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from MDAnalysis import Universe

    from ..storage.features import FeatureSet

#: Number of frames whose features are compared.
_N_COMPARED = 20
#: Features of the same frames differ by less, in angstrom, radians or cosines, even if coordinates
#: were rounded in another format.
_MAX_DIFFERENCE = 0.1


def check_labelled(labels: str, path: Path, found: Any, universe: Universe) -> None:
    """Raise an error, or warn, if labels seem to be those of another trajectory.

    Parameters
    ----------
    labels : str
        The label file, or the folder of results that contains it and the features of its frames.
    path : pathlib.Path
        The label file.
    found : Results
        Its contents.
    universe : MDAnalysis.Universe
        The trajectory.

    Raises
    ------
    InputError
        If the features in the folder of results are not those of the trajectory.

    Warns
    -----
    UserWarning
        If times or files are not those of the trajectory.
    """
    if Path(labels).is_dir():
        _check_features(path, found, universe)
    _warn_of_other_times(path, found, universe)
    _warn_of_other_files(path, found, universe)


def _check_features(path: Path, found: Any, universe: Universe) -> None:
    """Raise an error if most of some frames have other features than beside the labels."""
    from ..featurizers.registry import from_dict
    from ..storage.features import FeatureSet
    from ..trajectory.streaming import featurize

    file = path.with_name("features.npy")
    if not file.is_file():
        return
    known = FeatureSet.load(file)
    if not known.featurizer or not np.array_equal(known.frames, found.frames):
        return
    some = np.unique(np.linspace(0, len(known.frames) - 1, _N_COMPARED).astype(int))
    if known.frames[some].max() >= len(universe.trajectory):
        return
    with warnings.catch_warnings():
        # They were given when the frames were labelled.
        warnings.simplefilter("ignore")
        try:
            featurizer = from_dict(known.featurizer)
            frames = known.frames[some].tolist()
            again = featurize(
                universe, featurizer, select=known.selection, frames=frames, verbose=False
            )
        except InputError:  # a function of the user, or other atoms, of which this says nothing
            return
    if again.names != known.names:
        return
    _compare(path, known, some, np.asarray(again.values))


def _compare(path: Path, known: FeatureSet, some: np.ndarray, values: np.ndarray) -> None:
    before = np.asarray(known.values[some])
    differences = np.abs(values - before)
    circular = np.array(known.units) == "radian"
    differences[:, circular] = np.abs(np.angle(np.exp(1j * differences[:, circular])))
    typical = np.median(differences, axis=0)
    column = int(typical.argmax())
    if typical[column] <= _MAX_DIFFERENCE:
        return
    row = int(differences[:, column].argmax())
    raise InputError(
        f"{path}: {known.names[column]} of frame {known.frames[some[row]]:,} was "
        f"{before[row, column]:.3g} when it was labelled, but is {values[row, column]:.3g} in this "
        "trajectory, so the labels are those of another one; pass the files that were analysed, "
        "in the same order (if they are the same frames all the same, pass the label file itself)"
    )


def _warn_of_other_times(path: Path, found: Any, universe: Universe) -> None:
    from ..trajectory.frame_times import timed_files

    if not all(file.has_times for file in timed_files(universe)):
        return
    known = np.flatnonzero(np.isfinite(found.times) & (found.frames < len(universe.trajectory)))
    for index in known[[0, len(known) // 2, -1]] if len(known) else []:
        frame, time = int(found.frames[index]), float(found.times[index])
        read = float(universe.trajectory[frame].time)
        if abs(read - time) > 1e-3 * max(1.0, abs(time)):
            warnings.warn(
                f"{path}: frame {frame} was at {time:g} ps when it was labelled but is at {read:g} "
                "ps in this trajectory; are the labels those of another trajectory?",
                stacklevel=3,
            )
            return


def _warn_of_other_files(path: Path, found: Any, universe: Universe) -> None:
    """Warn if frames are in other files. Files that were joined into one since then are none."""
    from ..trajectory.frames import file_of_frames, place_of

    index = file_of_frames(universe.trajectory, found.frames)[0]
    differ = np.flatnonzero(index != found.trajectory_index)
    if not len(differ) or not index.any():
        return
    frame = int(found.frames[differ[0]])
    file = os.fspath(place_of(universe.trajectory, frame).file)
    warnings.warn(
        f"{path}: frame {frame} was in file {found.trajectory_index[differ[0]] + 1} when it was "
        f"labelled but is in file {index[differ[0]] + 1} in this trajectory, {file}; are they the "
        "same files in the same order?",
        stacklevel=3,
    )

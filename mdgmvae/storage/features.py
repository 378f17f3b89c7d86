"""Feature sets: an .npy file of numbers and a .json file that describes them."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..errors import InputError
from ..segments import continuous_lengths
from ..tables import Table, counted
from .atomic import atomic_file
from .npy import (
    check_npy_name,
    mismatch_message,
    open_npy,
    read_description,
    write_description,
    write_header,
    write_rows,
)

_COPY_BYTES = 16 * 2**20
#: Largest number of features that a notebook lists.
_MAX_SHOWN = 20


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Features of trajectory frames on disk: an .npy file and a .json file beside it.

    Attributes
    ----------
    values : numpy.memmap
        Features, (n_frames, n_features) float32, read from disk on access. An .npy file that you
        made yourself keeps its own floating-point or integer type.
    names, units : tuple of str
        Name and unit of each column. Units are "angstrom", "radian" or "1".
    frames : numpy.ndarray
        Frame numbers in the trajectory, (n_frames,) int64.
    times : numpy.ndarray
        Times in ps, (n_frames,) float64; NaN if unknown. They may restart in each file.
    trajectory_index : numpy.ndarray
        Index of the trajectory file of each frame, (n_frames,) int64.
    lengths : tuple of int
        Number of frames in each segment. Their sum is n_frames.
    path : pathlib.Path
        The .npy file. If it is temporary, it is removed together with this object.
    selection : str or None
        Selection of the atoms that were passed to the featurizer.
    featurizer : dict
        The featurizer and its reference. Empty for an .npy file that you made yourself.
    fingerprint : dict
        Identity of the atoms. Empty for an .npy file that you made yourself.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.npy"
    >>> np.save(path, np.zeros((4, 2), np.float32))
    >>> features = FeatureSet.load(path)
    >>> features.names, features.lengths, len(features)
    (('x0', 'x1'), (4,), 4)
    """

    values: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...]
    frames: np.ndarray
    times: np.ndarray
    trajectory_index: np.ndarray
    lengths: tuple[int, ...]
    path: Path
    selection: str | None = None
    featurizer: dict[str, Any] = field(default_factory=dict)
    fingerprint: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.values)

    def __repr__(self) -> str:
        """Return a summary: the size of the set, and its file."""
        n_frames, n_features = self.values.shape
        return (
            f"FeatureSet({counted(n_frames, 'frame')} x {counted(n_features, 'feature')} in "
            f"{counted(len(self.lengths), 'segment')}, {self.path})"
        )

    def _repr_html_(self) -> str:
        n_more = self.n_features - _MAX_SHOWN
        shown = Table(
            ("column", "feature", "unit"),
            tuple(zip(range(_MAX_SHOWN), self.names, self.units, strict=False)),
            title=repr(self),
            note=counted(n_more, "more feature") if n_more > 0 else "",
        )
        return shown.html()

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.values.shape[1])

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Open x.npy, and x.json if it exists.

        Parameters
        ----------
        path : path-like
            An .npy file of real numbers of shape (n_frames, n_features). Without a .json file,
            the columns are called "x0", "x1", ..., the frames are numbered from 0 and form one
            segment, and the times are NaN. If the .json file has no lengths, they follow from
            its frames and times.

        Returns
        -------
        FeatureSet
            The features. `values` is a read-only memory map.

        Raises
        ------
        InputError
            If the file does not contain such an array or is truncated, or if the .json file does
            not describe it.
        """
        path = Path(path)
        values = open_npy(path)
        n_frames, n_features = values.shape
        known: dict[str, Any] = {
            "names": [f"x{column}" for column in range(n_features)],
            "units": ["1"] * n_features,
            "frames": range(n_frames),
            "times": [None] * n_frames,
            "trajectory_index": [0] * n_frames,
            "lengths": None,
            "selection": None,
            "featurizer": {},
            "fingerprint": {},
        }
        sidecar = path.with_suffix(".json")
        if sidecar.is_file():
            described = read_description(sidecar, path)
            known.update({key: described[key] for key in known if key in described})
        try:
            frames = np.array(known["frames"], dtype=np.int64)
            times = np.array(known["times"], dtype=np.float64)
            trajectory_index = np.array(known["trajectory_index"], dtype=np.int64)
            if known["lengths"] is None:
                same = frames.shape == times.shape == trajectory_index.shape == (n_frames,)
                given = (frames, trajectory_index, times)
                known["lengths"] = continuous_lengths(*given) if same else [n_frames]
            features = cls(
                values=values,
                names=tuple(map(str, known["names"])),
                units=tuple(map(str, known["units"])),
                frames=frames,
                times=times,
                trajectory_index=trajectory_index,
                lengths=tuple(map(int, known["lengths"])),
                path=path,
                selection=known["selection"],
                featurizer=dict(known["featurizer"]),
                fingerprint=dict(known["fingerprint"]),
            )
        except (TypeError, ValueError) as error:
            raise InputError(mismatch_message(sidecar, path, str(error))) from error
        features._check(sidecar)
        return features

    def _check(self, sidecar: Path) -> None:
        """Raise an error if the description does not match the array."""
        n_frames, n_features = self.values.shape
        for name, found, wanted in (
            ("names", len(self.names), n_features),
            ("units", len(self.units), n_features),
            ("frames", self.frames.shape, (n_frames,)),
            ("times", self.times.shape, (n_frames,)),
            ("trajectory_index", self.trajectory_index.shape, (n_frames,)),
            ("frames in lengths", sum(self.lengths), n_frames),
        ):
            if found != wanted:
                why = f"{name}: found {found}, expected {wanted}"
                raise InputError(mismatch_message(sidecar, self.path, why))
        if min(self.lengths) < 1:
            raise InputError(
                mismatch_message(sidecar, self.path, "a segment length is not positive")
            )

    def save(self, path: str | os.PathLike[str]) -> "FeatureSet":
        """Copy the features to `path` and to a .json file beside it.

        Existing files are replaced completely or, if an error occurs, not at all.

        Parameters
        ----------
        path : path-like
            The file to write. Its name must end in .npy.

        Returns
        -------
        FeatureSet
            The copy.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        path = check_npy_name(path)
        rows = max(1, _COPY_BYTES // (4 * self.n_features))
        with atomic_file(path.with_suffix(".json")) as description, atomic_file(path) as copy:
            write_header(copy, len(self), self.n_features)
            for start in range(0, len(self), rows):
                write_rows(copy, start, self.values[start : start + rows])
            write_description(description, self.describe())
        return FeatureSet.load(path)

    def describe(self) -> dict[str, Any]:
        """Return everything except the values and the path, for `write_description`."""
        return {
            "names": list(self.names),
            "units": list(self.units),
            "frames": self.frames,
            "times": self.times,
            "trajectory_index": self.trajectory_index,
            "lengths": list(self.lengths),
            "selection": self.selection,
            "featurizer": self.featurizer,
            "fingerprint": self.fingerprint,
        }

"""Feature files: an .npy of numbers and the .json that says what they are; never pickled."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..errors import InputError
from .atomic import atomic_file
from .npy import (
    check_npy_name,
    open_npy,
    read_description,
    unfit,
    write_description,
    write_header,
    write_rows,
)

_COPY_BYTES = 16 * 2**20


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Features of trajectory frames on disk: an .npy file and the .json beside it.

    Attributes
    ----------
    values : numpy.memmap
        (n_frames, n_features), float32, read from disk as it is used. Of a user's own .npy:
        the floating-point or integer type that it has.
    names, units : tuple of str
        One a column; units are "angstrom", "radian" or "1".
    frames : numpy.ndarray
        (n_frames,), int64: frame numbers in the trajectory.
    times : numpy.ndarray
        (n_frames,), float64, in ps; NaN where not known. They may restart in each file.
    trajectory_index : numpy.ndarray
        (n_frames,), int64: which of the trajectory files.
    lengths : tuple of int
        Rows of each continuous piece of trajectory; their sum is n_frames.
    path : pathlib.Path
        The .npy file. A temporary one is removed with this object.
    selection : str or None
        The selection that the atoms were taken by.
    featurizer : dict
        The featurizer, its reference included; empty for a user's own .npy.
    fingerprint : dict
        What identifies the atoms; empty for a user's own .npy.

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
        return len(self.values)

    def __repr__(self) -> str:
        n_frames, n_features = self.values.shape
        return (
            f"FeatureSet({n_frames:,} frames x {n_features:,} features in {len(self.lengths)} "
            f"continuous piece(s), {self.path})"
        )

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Open x.npy, with what x.json says about it if that exists.

        Parameters
        ----------
        path : path-like
            Any .npy of real numbers with two dimensions, (n_frames, n_features). Without a
            .json the columns are called "x0", "x1", ..., the frames are numbered from 0 in one
            continuous piece, and times are NaN.

        Returns
        -------
        FeatureSet

        Raises
        ------
        InputError
            When the file is not such an array, is cut, or the .json does not fit it.
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
            "lengths": [n_frames],
            "selection": None,
            "featurizer": {},
            "fingerprint": {},
        }
        sidecar = path.with_suffix(".json")
        if sidecar.is_file():
            described = read_description(sidecar, path)
            known.update({key: described[key] for key in known if key in described})
        try:
            features = cls(
                values=values,
                names=tuple(map(str, known["names"])),
                units=tuple(map(str, known["units"])),
                frames=np.array(known["frames"], dtype=np.int64),
                times=np.array(known["times"], dtype=np.float64),
                trajectory_index=np.array(known["trajectory_index"], dtype=np.int64),
                lengths=tuple(map(int, known["lengths"])),
                path=path,
                selection=known["selection"],
                featurizer=dict(known["featurizer"]),
                fingerprint=dict(known["fingerprint"]),
            )
        except (TypeError, ValueError) as error:
            raise InputError(unfit(sidecar, path, str(error))) from error
        features._check(sidecar)
        return features

    def _check(self, sidecar: Path) -> None:
        """Refuse a description that belongs to another array."""
        n_frames, n_features = self.values.shape
        for name, found, wanted in (
            ("names", len(self.names), n_features),
            ("units", len(self.units), n_features),
            ("frames", self.frames.shape, (n_frames,)),
            ("times", self.times.shape, (n_frames,)),
            ("trajectory_index", self.trajectory_index.shape, (n_frames,)),
            ("rows in lengths", sum(self.lengths), n_frames),
        ):
            if found != wanted:
                raise InputError(
                    unfit(sidecar, self.path, f"{name}: {found} where {wanted} are needed")
                )
        if min(self.lengths) < 1:
            raise InputError(unfit(sidecar, self.path, "a length is not positive"))

    def save(self, path: str | os.PathLike) -> "FeatureSet":
        """Copy to `path` (.npy) and the .json beside it, each replaced whole.

        Parameters
        ----------
        path : path-like
            Must end in .npy.

        Returns
        -------
        FeatureSet
            The copy, opened.

        Raises
        ------
        InputError
            When the file cannot be written.
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
        """Gather what is kept beside the values (all but them), for `write_description`."""
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

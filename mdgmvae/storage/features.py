"""Feature sets: an .npy file of numbers and a .json file that describes them."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..checks import as_path
from ..errors import InputError
from ..json_files import (
    Kind,
    Unfit,
    anything,
    listed,
    mapping,
    numbers,
    optional,
    read_json,
    record,
    text,
    whole,
    whole_numbers,
)
from ..segments import continuous_lengths
from ..tables import Table, counted
from .atomic import atomic_pair, partner_of
from .npy import (
    check_npy_name,
    digest_of,
    open_npy,
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
    #: Size of the file and time of its last change, by which readers notice another one.
    stamp: tuple[int, int] | None = field(init=False, repr=False)
    _is_temporary: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        """Remember which file it is."""
        object.__setattr__(self, "stamp", stamp_of(self.path))

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
        path = as_path(path)
        values = open_npy(path)
        n_frames, n_features = values.shape
        known: dict[str, Any] = {
            "names": [f"x{column}" for column in range(n_features)],
            "units": ["1"] * n_features,
            "frames": np.arange(n_frames, dtype=np.int64),
            "times": np.full(n_frames, np.nan),
            "trajectory_index": np.zeros(n_frames, np.int64),
            "lengths": None,
            "selection": None,
            "featurizer": {},
            "fingerprint": {},
        }
        sidecar = partner_of(path, path.with_suffix(".json"))
        if sidecar.exists():
            advice = f"it does not describe {path.name}; remove or rename it, or write both again"
            known |= read_json(sidecar, _description(n_frames, n_features), advice)
            digest = known.pop("digest", None)
            if digest is not None and digest != digest_of(path):
                raise InputError(
                    f"{sidecar}: the values in {path.name} have changed since it was written; "
                    f"{advice}"
                )
        if known["lengths"] is None:
            known["lengths"] = continuous_lengths(
                known["frames"], known["trajectory_index"], known["times"]
            )
        for name in ("names", "units", "lengths"):
            known[name] = tuple(known[name])
        return cls(values=values, path=path, **known)

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
        with atomic_pair(path, path.with_suffix(".json")) as (copy, description):
            write_header(copy, len(self), self.n_features)
            for start in range(0, len(self), rows):
                write_rows(copy, start, self.values[start : start + rows])
            write_description(description, {**self.describe(), "digest": digest_of(copy)})
        return FeatureSet.load(path)

    def remove_with_me(self, folder: Path) -> None:
        """Remove the temporary folder of the file when this object is no longer used.

        Parameters
        ----------
        folder : pathlib.Path
            The folder, which holds nothing else.
        """
        object.__setattr__(self, "_is_temporary", True)
        weakref.finalize(self, remove_folder, folder, os.getpid())

    def __copy__(self) -> Self:
        """Return the object itself, because it does not change and owns its temporary file."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the object itself."""
        return self

    def __reduce__(self) -> tuple[Callable[..., "FeatureSet"], tuple[Any, ...]]:
        """Pickle the path of the file, or the values if the file is temporary."""
        if self._is_temporary:
            return _stored_again, (np.asarray(self.values), self.describe())
        return FeatureSet.load, (self.path.absolute(),)

    def describe(self) -> dict[str, Any]:
        """Return everything except the values and the path, for `write_description`.

        With it belongs the "digest" of the .npy file, from `digest_of`.
        """
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


def stamp_of(path: str | os.PathLike[str] | int) -> tuple[int, int] | None:
    """Return the size of a file and the time of its last change in ns, or None without a file.

    Parameters
    ----------
    path : path-like, or number of an open file

    Returns
    -------
    tuple of int or None
    """
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _description(n_frames: int, n_features: int) -> Kind:
    """Return the kind of the JSON object that describes an array of this shape."""
    contains = record(
        {},
        optional={
            "names": listed(text, n_features),
            "units": listed(text, n_features),
            "frames": whole_numbers(n_frames, 0),
            "times": numbers(n_frames),
            "trajectory_index": whole_numbers(n_frames, 0),
            "lengths": listed(whole(1, n_frames)),
            "selection": optional(text),
            "featurizer": _free_object,
            "fingerprint": _free_object,
            "digest": text,
        },
    )

    def check(value: Any) -> dict[str, Any]:
        described: dict[str, Any] = contains(value)
        if sum(described.get("lengths", [n_frames])) != n_frames:
            found = sum(described["lengths"])
            raise Unfit(f"lengths: found {found:,} frames, expected {n_frames:,}")
        return described

    return check


def _free_object(value: Any) -> dict[str, Any]:
    """Return an object with any content."""
    found: dict[str, Any] = mapping(lambda inner: inner)(anything(value))
    return found


def remove_folder(folder: Path, process: int) -> None:
    """Remove a temporary folder.

    Parameters
    ----------
    folder : pathlib.Path
    process : int
        The process that made the folder. Forked workers, which inherit the objects of this
        process, do not remove it.
    """
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def _stored_again(values: np.ndarray, described: dict[str, Any]) -> FeatureSet:
    """Store unpickled features in a temporary file."""
    folder = Path(tempfile.mkdtemp(prefix="mdgmvae-"))
    path = folder / "features.npy"
    try:
        np.save(path, values)
        write_description(path.with_suffix(".json"), {**described, "digest": digest_of(path)})
        features = FeatureSet.load(path)
    except BaseException:
        remove_folder(folder, os.getpid())
        raise
    features.remove_with_me(folder)
    return features

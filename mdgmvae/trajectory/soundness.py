"""Check a trajectory without computing features: the report of ``mdgmvae check``."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..featurizers.base import BoundFeaturizer, Featurizer
from ..featurizers.registry import by_name
from ..storage.features import FeatureSet
from ..tables import counted
from .collector import FeatureCollector
from .input_files import is_file
from .lag_time import Spans, different_steps


@dataclass(frozen=True)
class Soundness:
    """What a check has found.

    Attributes
    ----------
    n_atoms : int
        Number of atoms of the trajectory.
    files : tuple of (str, int)
        Name of each trajectory file and the number of its frames that were read.
    times : numpy.ndarray
        Time of each frame in ps, (n_frames,).
    lengths : tuple of int
        Number of frames in each segment.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, XTC
    >>> found = check_frames(mda.Universe(GRO, XTC))
    >>> found.n_frames, found.lengths
    (10, (10,))
    """

    n_atoms: int
    files: tuple[tuple[str, int], ...]
    times: np.ndarray
    lengths: tuple[int, ...]

    @property
    def n_frames(self) -> int:
        """Number of frames that were read."""
        return len(self.times)

    def __str__(self) -> str:
        """Describe files, frames, times and segments in a few lines."""
        width = max(len(name) for name, _ in self.files)
        lines = [f"{name:{width}}  {n:>9,} frame{'' if n == 1 else 's'}" for name, n in self.files]
        lines.append(
            f"{counted(self.n_frames, 'frame')} of {counted(self.n_atoms, 'atom')}; "
            f"{self._time_text()}"
        )
        if len(self.lengths) > 1:
            shortest, longest = min(self.lengths), max(self.lengths)
            size = counted(longest, "frame")
            size = f"{size} each" if shortest == longest else f"{shortest:,} to {size}"
            lines.append(
                f"{len(self.lengths):,} segments of {size}; pairs of frames never cross a "
                "segment border"
            )
        return "\n".join(lines)

    def _time_text(self) -> str:
        known = self.times[np.isfinite(self.times)]
        if len(known) < len(self.times):
            return "times unknown"
        text = f"{known[0]:g} to {known[-1]:g} ps"
        # Times restart between segments.
        spans = Spans.of(self.times, self.lengths)
        if spans is None:
            return text
        if spans.differ:
            return f"{text}, one every {spans.steps.min():g} to {spans.steps.max():g} ps"
        return f"{text}, one every {spans.step:g} ps"


def check_frames(
    universe: Any,
    start: int | None = None,
    stop: int | None = None,
    step: int | None = None,
    frames: Iterable[Any] | None = None,
    *,
    on_bad_frames: str = "error",
    verbose: bool | None = None,
) -> Soundness:
    """Read frames and check them as every analysis does.

    Parameters
    ----------
    universe : MDAnalysis.Universe or MDAnalysis.AtomGroup
        All its atoms are checked, and the dihedrals of its protein if it has any.
    start, stop, step : int, optional
        The frames, as in a slice.
    frames : iterable of int or bool, optional
        Frame numbers or a mask, instead of a slice.
    on_bad_frames : {'error', 'skip'}
        Raise an error at a frame that cannot be used, or go on with a warning.
    verbose : bool, optional
        Show a progress bar. By default, only on a terminal or in a notebook.

    Returns
    -------
    Soundness

    Warns
    -----
    UserWarning
        About everything that makes results less certain, but not wrong.

    Raises
    ------
    InputError
        If a file is damaged, or a frame cannot be used.
    """
    atoms = universe.atoms
    collector = _Check(atoms, _Coordinates(), verbose=verbose)
    collector.run(start, stop, step, frames, on_bad_frames=on_bad_frames)
    features = collector.features
    # Within a file, the reader of the frames has warned already.
    if (different := different_steps(features)) and len(np.unique(features.trajectory_index)) > 1:
        warnings.warn(
            f"{different}, so a lag in frames is a different lag time in them; analyse files with "
            "the same time step together",
            stacklevel=2,
        )
    return Soundness(len(atoms), _files(atoms.universe, features), features.times, features.lengths)


class _Check(FeatureCollector):
    """Takes the time to check what other analyses leave to decoders."""

    _thorough = True


@dataclass(frozen=True)
class _Coordinates(Featurizer):
    """Reads the coordinates of all atoms, and computes dihedrals where there are any."""

    def _bind(self, atoms: Any) -> BoundFeaturizer:
        everything = np.arange(len(atoms), dtype=np.int64)
        try:
            with warnings.catch_warnings():
                # They are about the choice of features.
                warnings.simplefilter("ignore")
                inner = by_name("dihedrals").bind(atoms)
        except InputError:
            return BoundFeaturizer(self, everything, ("checked",), ("1",), _Nothing())
        return BoundFeaturizer(self, everything, inner.names, inner.units, _Within(inner))


# A kind within the class would make this a featurizer that users can choose.
_Coordinates.kind = "coordinates"


@dataclass(frozen=True)
class _Nothing:
    """A kernel without features."""

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        return np.zeros((len(positions), 1), np.float32)


@dataclass(frozen=True)
class _Within:
    """The kernel of a featurizer that needs only some of the atoms."""

    inner: BoundFeaturizer

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        return self.inner(positions[:, self.inner.indices], box)


def _files(universe: Any, features: FeatureSet) -> tuple[tuple[str, int], ...]:
    reader = universe.trajectory
    parts = getattr(reader, "readers", [reader])
    counts = np.bincount(features.trajectory_index, minlength=len(parts))
    names = [str(part.filename) if is_file(part) else "in memory" for part in parts]
    return tuple(zip(names, counts.tolist(), strict=True))

"""Frames that mdtraj reads or holds, in chunks and in our units.

Files are numbered through as one trajectory and never whole in memory.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .integrity import check_trajectory

_CHUNK_BYTES = 16 * 2**20
_MAX_CHUNK = 1000
# The formats in which mdtraj.iterload skips frames without reading them; it ignores `skip` in
# some of the others.
_SEEKABLE = {".xtc", ".trr", ".dcd", ".nc", ".netcdf", ".h5"}


@dataclass(frozen=True)
class Chunk:
    """Frames read together from one mdtraj file: numbers, times (ps), positions and boxes."""

    frames: np.ndarray
    times: np.ndarray
    positions: np.ndarray
    box: np.ndarray | None


@dataclass(frozen=True)
class MDTrajFiles:
    """Trajectory files that mdtraj reads in chunks, numbered through as one trajectory.

    Attributes
    ----------
    topology : mdtraj.Topology
    files : tuple of pathlib.Path
    starts : numpy.ndarray
        Number of the first frame of each file, and after them the total.
    """

    topology: Any
    files: tuple[Path, ...]
    starts: np.ndarray

    @classmethod
    def open(
        cls, topology: Any, files: str | os.PathLike | Sequence[Any], needed: int | None = None
    ) -> "MDTrajFiles":
        """Read the topology, check the files and count their frames.

        Parameters
        ----------
        topology : path-like, mdtraj.Topology or mdtraj.Trajectory
            The atoms.
        files : path-like or sequence of them
            One or more trajectory files.
        needed : int, optional
            Frames from this number on are not needed.

        Raises
        ------
        InputError
            When a file cannot be read, or has other atoms than the topology.
        """
        topology = _load_topology(topology)
        paths = [files] if isinstance(files, str | os.PathLike) else list(files)
        if not paths:
            raise InputError("no trajectory files were given; give (topology, [files])")
        starts = [0]
        for path in map(Path, paths):
            rest = None if needed is None else max(0, needed - starts[-1])
            check_trajectory(path, n_atoms=topology.n_atoms, stop=rest)
            starts.append(starts[-1] + _count(path, topology, rest))
        return cls(topology, tuple(map(Path, paths)), np.array(starts, dtype=np.int64))

    @property
    def n_frames(self) -> int:
        """Number of frames in all files."""
        return int(self.starts[-1])

    def index_of(self, frames: np.ndarray) -> np.ndarray:
        """Tell which file each frame is in, int64."""
        return np.searchsorted(self.starts[1:], frames, side="right").astype(np.int64)

    def chunks(self, wanted: np.ndarray, atoms: np.ndarray) -> Iterator[Chunk]:
        """Read all chunks in which some of the frames `wanted` may be.

        Parameters
        ----------
        wanted : numpy.ndarray
            Frame numbers, in any order.
        atoms : numpy.ndarray
            Sorted indices of the atoms to read.

        Yields
        ------
        Chunk
            Also with frames that are not wanted.
        """
        length = chunk_length(self.topology.n_atoms)
        for path, first, end in zip(self.files, self.starts[:-1], self.starts[1:], strict=True):
            inside = wanted[(wanted >= first) & (wanted < end)]
            if len(inside):
                begin, last = int(inside.min() - first), int(inside.max() - first)
                for local, part in _read(path, self.topology, length, begin, last, atoms):
                    yield _chunk(
                        first + local + np.arange(len(part)),
                        part.time,
                        part.xyz,
                        part.unitcell_lengths,
                        part.unitcell_angles,
                    )


@dataclass(frozen=True)
class MDTrajMemory:
    """An mdtraj.Trajectory, which is in memory, given out in chunks.

    Attributes
    ----------
    trajectory : mdtraj.Trajectory
    """

    trajectory: Any

    @property
    def topology(self) -> Any:
        """The mdtraj.Topology."""
        return self.trajectory.topology

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.trajectory)

    def index_of(self, frames: np.ndarray) -> np.ndarray:
        """All frames are in one piece, number 0."""
        return np.zeros(len(frames), dtype=np.int64)

    def chunks(self, wanted: np.ndarray, atoms: np.ndarray) -> Iterator[Chunk]:
        """As `MDTrajFiles.chunks`."""
        length = chunk_length(len(atoms))
        for begin in range(int(wanted.min()), int(wanted.max()) + 1, length):
            rows = slice(begin, min(begin + length, self.n_frames))
            # Arrays are cut, not the trajectory: slicing that copies every atom.
            yield _chunk(
                np.arange(rows.start, rows.stop),
                self.trajectory.time[rows],
                self.trajectory.xyz[rows][:, atoms],
                _rows(self.trajectory.unitcell_lengths, rows),
                _rows(self.trajectory.unitcell_angles, rows),
            )


def chunk_length(n_atoms: int) -> int:
    """Choose how many frames of `n_atoms` atoms are read at once."""
    return max(1, min(_MAX_CHUNK, _CHUNK_BYTES // (12 * n_atoms)))


def _rows(values: np.ndarray | None, rows: slice) -> np.ndarray | None:
    return None if values is None else values[rows]


def _chunk(
    frames: np.ndarray,
    times: np.ndarray,
    xyz: np.ndarray,
    lengths: np.ndarray | None,
    angles: np.ndarray | None,
) -> Chunk:
    """Convert nanometres to angstrom, and the box to the form that MDAnalysis has."""
    box = None
    if lengths is not None and angles is not None:
        box = np.hstack([lengths * 10.0, angles]).astype(np.float32)
        # Zeros in a file say that there is no box.
        real: np.ndarray = np.isfinite(box).all(axis=1) & (box[:, :3].min(axis=1) > 0.0)
        box = np.where(real[:, None], box, np.float32(0)) if real.any() else None
    positions = np.asarray(xyz, dtype=np.float32) * np.float32(10.0)
    return Chunk(frames, np.asarray(times, dtype=np.float64), positions, box)


def _read(
    path: Path, topology: Any, length: int, begin: int, last: int, atoms: np.ndarray
) -> Iterator[tuple[int, Any]]:
    """Give chunks of one file from local frame `begin` to `last`, and where each begins."""
    position = begin
    try:
        if path.suffix.lower() in _SEEKABLE:
            # The rest is a chunk of its own size, so that nothing beyond `last` is touched: that
            # is where the file may be cut.
            whole, rest = divmod(last + 1 - begin, length)
            for size, count in ((length, whole), (rest, 1 if rest else 0)):
                for chunk in islice(_iterload(path, topology, atoms, size, position), count):
                    yield position, chunk
                    position += len(chunk)
            return
        position = 0
        for chunk in _iterload(path, topology, atoms, length, 0):
            if position + len(chunk) > begin:
                yield position, chunk
            position += len(chunk)
            if position > last:
                return
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        raise InputError(
            f"{path}: cannot be read from frame {position:,} on ({_line(error)}); copy it again, "
            "or stop before that frame"
        ) from error


def _iterload(path: Path, topology: Any, atoms: np.ndarray, size: int, skip: int) -> Iterator[Any]:
    import mdtraj

    # These formats bring their own topology.
    options = {} if path.suffix.lower() in (".h5", ".pdb") else {"top": topology}
    return mdtraj.iterload(str(path), chunk=size, skip=skip, atom_indices=atoms, **options)


def _load_topology(topology: Any) -> Any:
    import mdtraj

    if not isinstance(topology, str | os.PathLike):
        return getattr(topology, "topology", topology)
    if not Path(topology).is_file():
        raise InputError(f"{topology}: no such file; check the name and the folder")
    try:
        return mdtraj.load_topology(str(topology))
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        raise InputError(
            f"{topology}: mdtraj reads no topology from it ({_line(error)})"
        ) from error


def _count(path: Path, topology: Any, needed: int | None) -> int:
    """Count the frames of one file; up to `needed`, where counting means reading."""
    import mdtraj

    try:
        with mdtraj.open(str(path)) as stream:
            return len(stream)
    except (TypeError, NotImplementedError, AttributeError):
        # Formats without an index, or whose reader wants the number of atoms: read it through.
        last = np.iinfo(np.int64).max if needed is None else needed - 1
        first_atom = np.array([0])
        return sum(len(chunk) for _, chunk in _read(path, topology, 1000, 0, last, first_atom))
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise InputError(f"{path}: mdtraj cannot read it ({_line(error)})") from error


def _line(error: Exception) -> str:
    """What an error says, as one line."""
    return " ".join(str(error).split())

"""Read frames with mdtraj in chunks, and convert lengths to angstrom.

Several files form one trajectory, which is never completely in memory.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import as_path
from ..errors import InputError
from ..featurizers.geometry.boxes import boxes_or_none
from .input_files import InputFiles, check_regular
from .integrity import check_trajectory
from .own_topology import check_named_atoms

_CHUNK_BYTES = 16 * 2**20
_MAX_CHUNK = 1000
# Formats in which mdtraj.iterload skips frames without reading them. It ignores `skip` in some
# of the others.
_SEEKABLE = {".xtc", ".trr", ".dcd", ".nc", ".netcdf", ".ncdf", ".h5"}
# Files of these formats contain their topology. mdtraj ignores another one.
_OWN_TOPOLOGY = {
    *(".pdb", ".h5", ".hdf5", ".lh5", ".gro", ".arc", ".gsd", ".mol2", ".hoomdxml"),
    *(".pdbx", ".cif", ".mmcif"),
}
# mdtraj.load reads these formats, but mdtraj.iterload does not.
_LOADED_WHOLE = {
    *(".rst7", ".restrt", ".inpcrd", ".ncrst", ".pdbx", ".cif", ".mmcif", ".mol2", ".hoomdxml"),
}


@dataclass(frozen=True)
class Chunk:
    """A chunk of frames.

    Attributes
    ----------
    frames : numpy.ndarray
        Frame numbers, (n,) int64.
    times : numpy.ndarray
        Times in ps, (n,) float64.
    has_times : bool
        False if `times` are frame numbers, because mdtraj found no times.
    positions : numpy.ndarray
        Coordinates in angstrom, (n, n_atoms, 3) float32.
    box : numpy.ndarray or None
        Lengths in angstrom and angles in degrees, (n, 6) float32. None if no frame has a box.
    """

    frames: np.ndarray
    times: np.ndarray
    has_times: bool
    positions: np.ndarray
    box: np.ndarray | None


@dataclass(frozen=True)
class MDTrajFiles:
    """Trajectory files that mdtraj reads in chunks as one trajectory.

    Attributes
    ----------
    topology : mdtraj.Topology
        The topology.
    files : tuple of pathlib.Path
        The trajectory files.
    starts : numpy.ndarray
        Number of the first frame of each file, and the total number of frames, int64.
    inputs : InputFiles
        What is remembered of the files.
    """

    topology: Any
    files: tuple[Path, ...]
    starts: np.ndarray
    inputs: InputFiles

    @classmethod
    def open(
        cls, topology: Any, files: str | os.PathLike[str] | Sequence[Any], needed: int | None = None
    ) -> "MDTrajFiles":
        """Read the topology, check the files and count their frames.

        Parameters
        ----------
        topology : path-like, mdtraj.Topology or mdtraj.Trajectory
            The topology.
        files : path-like or sequence of path-like
            One or more trajectory files.
        needed : int, optional
            Frames from this number on are not needed.

        Returns
        -------
        MDTrajFiles
            The files.

        Raises
        ------
        InputError
            If a file cannot be read, its number of atoms differs from that of the topology, or it
            names its atoms in another order.
        """
        given, topology = topology, _load_topology(topology)
        paths = [
            as_path(path) for path in ([files] if isinstance(files, str | os.PathLike) else files)
        ]
        if not paths:
            raise InputError("no trajectory files were given; pass (topology, [files])")
        inputs = InputFiles.of(paths)
        inputs.warn_of_duplicates()
        starts = [0]
        for path in paths:
            rest = None if needed is None else max(0, needed - starts[-1])
            frames = check_trajectory(path, n_atoms=topology.n_atoms, stop=rest)
            if _suffix(path) in _OWN_TOPOLOGY and str(path) != str(given):
                _check_own_topology(path, topology)
            n_frames = _count_frames(path, topology, rest)
            frames.check_count(n_frames)
            starts.append(starts[-1] + n_frames)
        return cls(topology, tuple(paths), np.array(starts, dtype=np.int64), inputs)

    @property
    def n_frames(self) -> int:
        """Number of frames in all files."""
        return int(self.starts[-1])

    @property
    def names(self) -> list[str]:
        """Names of the files."""
        return [str(path) for path in self.files]

    def check_unchanged(self) -> None:
        """Raise an error if a file has changed since it was opened."""
        self.inputs.check()

    def index_of(self, frames: np.ndarray) -> np.ndarray:
        """Return the index of the file that contains each frame, int64."""
        return np.searchsorted(self.starts[1:], frames, side="right").astype(np.int64)

    def name_of(self, frame: int) -> str:
        """Return the name of the file that contains a frame."""
        return str(self.files[self.index_of(np.array([frame]))[0]])

    def chunks(self, wanted: np.ndarray, atoms: np.ndarray) -> Iterator[Chunk]:
        """Read the chunks that contain the given frames.

        Parameters
        ----------
        wanted : numpy.ndarray
            Frame numbers in any order.
        atoms : numpy.ndarray
            Sorted indices of the atoms to read.

        Yields
        ------
        Chunk
            A chunk of frames. It may also contain frames that are not wanted.
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
    """An mdtraj.Trajectory in memory, which is read in chunks.

    Attributes
    ----------
    trajectory : mdtraj.Trajectory
        The trajectory.
    """

    trajectory: Any

    @property
    def topology(self) -> Any:
        """Topology of the trajectory."""
        return self.trajectory.topology

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.trajectory)

    @property
    def names(self) -> list[str]:
        """Name of the trajectory in messages."""
        return ["mdtraj.Trajectory"]

    def check_unchanged(self) -> None:
        """Do nothing: an array in memory has no file."""

    def index_of(self, frames: np.ndarray) -> np.ndarray:
        """Return 0 for each frame: the trajectory counts as one file."""
        return np.zeros(len(frames), dtype=np.int64)

    def name_of(self, frame: int) -> str:
        """Return "", because frames in memory have no file."""
        return ""

    def chunks(self, wanted: np.ndarray, atoms: np.ndarray) -> Iterator[Chunk]:
        """Yield the chunks that contain the given frames. See `MDTrajFiles.chunks`."""
        length = chunk_length(len(atoms))
        for begin in range(int(wanted.min()), int(wanted.max()) + 1, length):
            rows = slice(begin, min(begin + length, self.n_frames))
            # Slice the arrays, because slicing the trajectory would copy all atoms.
            yield _chunk(
                np.arange(rows.start, rows.stop),
                self.trajectory.time[rows],
                self.trajectory.xyz[rows][:, atoms],
                _slice_rows(self.trajectory.unitcell_lengths, rows),
                _slice_rows(self.trajectory.unitcell_angles, rows),
            )


def chunk_length(n_atoms: int) -> int:
    """Choose the number of frames in a chunk of `n_atoms` atoms."""
    return max(1, min(_MAX_CHUNK, _CHUNK_BYTES // (12 * n_atoms)))


def _slice_rows(values: np.ndarray | None, rows: slice) -> np.ndarray | None:
    """Return rows of an array, or None if there is no array."""
    return None if values is None else values[rows]


def _chunk(
    frames: np.ndarray,
    times: np.ndarray,
    xyz: np.ndarray,
    lengths: np.ndarray | None,
    angles: np.ndarray | None,
) -> Chunk:
    """Convert frames to angstrom, and boxes to the format of MDAnalysis."""
    box = None
    if lengths is not None and angles is not None:
        box = boxes_or_none(lengths * 10.0, angles)
    positions = np.asarray(xyz, dtype=np.float32) * np.float32(10.0)
    # mdtraj numbers the frames of files without times. Times from a file are never integers.
    has_times = np.asarray(times).dtype.kind == "f"
    return Chunk(frames, np.asarray(times, dtype=np.float64), has_times, positions, box)


def _read(
    path: Path, topology: Any, length: int, begin: int, last: int, atoms: np.ndarray
) -> Iterator[tuple[int, Any]]:
    """Yield chunks of one file from frame `begin` to `last`, each with its first frame number."""
    position = begin
    try:
        if _suffix(path) in _SEEKABLE:
            # The last chunk ends at `last`. Nothing after it is read, because the file may be
            # truncated there.
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
    except MemoryError:
        raise
    except Exception as error:
        # The readers of mdtraj raise errors of any type if a file is damaged.
        raise InputError(
            f"{path}: cannot be read from frame {position:,} on ({_one_line(error)}); copy it "
            "again, or stop before that frame"
        ) from error


def _iterload(path: Path, topology: Any, atoms: np.ndarray, size: int, skip: int) -> Iterator[Any]:
    """Read one file in chunks of `size` frames from frame `skip` on."""
    import mdtraj

    options = {} if _suffix(path) in _OWN_TOPOLOGY else {"top": topology}
    if _suffix(path) in _LOADED_WHOLE:
        whole = mdtraj.load(str(path), atom_indices=atoms, **options)
        return (whole[begin : begin + size] for begin in range(0, len(whole), size))
    return iter(mdtraj.iterload(str(path), chunk=size, skip=skip, atom_indices=atoms, **options))


def _suffix(path: Path) -> str:
    """Return the suffix that gives the format, without that of a compressed file."""
    return (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()


def _check_own_topology(path: Path, topology: Any) -> None:
    """Raise an error if a file has other atoms than the topology, or in another order."""
    own = _load_topology(path)
    check_named_atoms(
        path,
        [atom.name for atom in own.atoms],
        [atom.name for atom in topology.atoms],
        [atom.residue.index for atom in topology.atoms],
    )


def _load_topology(topology: Any) -> Any:
    """Return an mdtraj.Topology from a file, a topology or a trajectory."""
    import mdtraj

    if not isinstance(topology, str | os.PathLike):
        return getattr(topology, "topology", topology)
    topology = as_path(topology)
    check_regular(topology)
    try:
        return mdtraj.load_topology(str(topology))
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        raise InputError(
            f"{topology}: mdtraj cannot read a topology from it ({_one_line(error)}); use a "
            "topology file such as .pdb or .gro"
        ) from error


def _count_frames(path: Path, topology: Any, needed: int | None) -> int:
    """Count the frames of one file, but only up to `needed` if frames have to be read."""
    import mdtraj

    try:
        with mdtraj.open(str(path)) as stream:
            return len(stream)
    except (TypeError, NotImplementedError, AttributeError, ValueError):
        # The format has no index, or its reader needs the number of atoms: read the frames.
        last = np.iinfo(np.int64).max if needed is None else needed - 1
        first_atom = np.array([0])
        return sum(len(chunk) for _, chunk in _read(path, topology, 1000, 0, last, first_atom))
    except (OSError, RuntimeError, ImportError) as error:
        raise InputError(
            f"{path}: mdtraj cannot read it ({_one_line(error)}); check its format, or copy it "
            "again"
        ) from error


def _one_line(error: Exception) -> str:
    """Return the message of an error in a single line."""
    return " ".join(str(error).split())

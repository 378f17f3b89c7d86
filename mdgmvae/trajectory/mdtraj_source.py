"""Read frames with mdtraj in chunks, and convert lengths to angstrom.

Several files form one trajectory, which is never completely in memory.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import as_path
from ..errors import InputError
from ..featurizers.topology.atoms import is_mdtraj
from .frame_reader import reason_of
from .frames import Place
from .input_files import InputFiles, check_regular
from .integrity import check_trajectory
from .mdtraj_chunks import (
    NETCDF,
    OWN_TOPOLOGY,
    Chunk,
    MDTrajFile,
    chunk_length,
    format_of,
    suffix_of,
)
from .own_topology import check_named_atoms
from .walks.netcdf import check_units


@dataclass(frozen=True)
class MDTrajFiles:
    """Trajectory files that mdtraj reads in chunks as one trajectory.

    Attributes
    ----------
    topology : mdtraj.Topology
        The topology.
    files : tuple of MDTrajFile
        The trajectory files.
    starts : numpy.ndarray
        Number of the first frame of each file, and the total number of frames, int64.
    inputs : InputFiles
        What is remembered of the files.
    topology_file : object
        The file of the topology, if it is one.
    """

    topology: Any
    files: tuple[MDTrajFile, ...]
    starts: np.ndarray
    inputs: InputFiles
    topology_file: Any

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
        opened, starts = [], [0]
        for path in paths:
            rest = None if needed is None else max(0, needed - starts[-1])
            named = suffix_of(path) in OWN_TOPOLOGY
            # A file may list alternative locations, which are not among the atoms of mdtraj.
            n_atoms = None if named else topology.n_atoms
            found = check_trajectory(path, n_atoms=n_atoms, stop=rest, file_format=format_of(path))
            if suffix_of(path) in NETCDF:
                check_units(path)
            if named and str(path) != str(given):
                _check_own_topology(path, topology)
            opened.append(MDTrajFile(path, topology, found))
            n_frames = opened[-1].count()
            if n_frames == 0 and rest != 0:
                raise InputError(f"{path}: there are no frames; check its format, or copy it again")
            starts.append(starts[-1] + n_frames)
        return cls(topology, tuple(opened), np.array(starts, dtype=np.int64), inputs, given)

    @property
    def n_frames(self) -> int:
        """Number of frames in all files."""
        return int(self.starts[-1])

    @property
    def names(self) -> list[str]:
        """Names of the files."""
        return [str(file.path) for file in self.files]

    @property
    def firsts(self) -> list[int]:
        """Number of the first frame of each file."""
        firsts: list[int] = self.starts[:-1].tolist()
        return firsts

    @property
    def has_duplicates(self) -> bool:
        """Whether two files have the same contents."""
        return self.inputs.has_duplicates

    def check_unchanged(self) -> None:
        """Raise an error if a file has changed since it was opened."""
        self.inputs.check()

    def index_of(self, frames: np.ndarray) -> np.ndarray:
        """Return the index of the file that contains each frame, int64."""
        return np.searchsorted(self.starts[1:], frames, side="right").astype(np.int64)

    def place_of(self, frame: int) -> Place:
        """Return the file that contains a frame, and its number in there."""
        index = int(self.index_of(np.array([frame]))[0])
        return Place(str(self.files[index].path), frame - int(self.starts[index]))

    def chunks(
        self, wanted: np.ndarray, atoms: np.ndarray, *, skip: bool = False
    ) -> Iterator[Chunk]:
        """Read the chunks that contain the given frames.

        Parameters
        ----------
        wanted : numpy.ndarray
            Frame numbers in any order.
        atoms : numpy.ndarray
            Sorted indices of the atoms to read.
        skip : bool
            Whether frames that cannot be read get coordinates of NaN, in place of an error.

        Yields
        ------
        Chunk
            A chunk of frames. It may also contain frames that are not wanted.
        """
        for file, first, end in zip(self.files, self.starts[:-1], self.starts[1:], strict=True):
            inside = wanted[(wanted >= first) & (wanted < end)]
            if len(inside):
                begin, last = int(inside.min() - first), int(inside.max() - first)
                yield from file.read(int(first), begin, last, atoms, skip)


@dataclass(frozen=True)
class MDTrajMemory:
    """An mdtraj.Trajectory in memory, which is read in chunks.

    Attributes
    ----------
    trajectory : mdtraj.Trajectory
        The trajectory.
    """

    trajectory: Any
    topology_file: None = None

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

    @property
    def firsts(self) -> list[int]:
        """Number of the first frame."""
        return [0]

    @property
    def has_duplicates(self) -> bool:
        """False: there are no files."""
        return False

    def check_unchanged(self) -> None:
        """Do nothing: an array in memory has no file."""

    def index_of(self, frames: np.ndarray) -> np.ndarray:
        """Return 0 for each frame: the trajectory counts as one file."""
        return np.zeros(len(frames), dtype=np.int64)

    def place_of(self, frame: int) -> Place:
        """Return a place without a file, because frames in memory have none."""
        return Place("", frame)

    def chunks(
        self, wanted: np.ndarray, atoms: np.ndarray, *, skip: bool = False
    ) -> Iterator[Chunk]:
        """Yield the chunks that contain the given frames. See `MDTrajFiles.chunks`."""
        length = chunk_length(len(atoms))
        end = int(wanted.max()) + 1
        for begin in range(int(wanted.min()), end, length):
            rows = slice(begin, min(begin + length, end))
            # Slice the arrays, because slicing the trajectory would copy all atoms.
            yield Chunk.of(
                np.arange(rows.start, rows.stop),
                self.trajectory.time[rows],
                self.trajectory.xyz[rows][:, atoms],
                _slice_rows(self.trajectory.unitcell_lengths, rows),
                _slice_rows(self.trajectory.unitcell_angles, rows),
            )


def _slice_rows(values: np.ndarray | None, rows: slice) -> np.ndarray | None:
    """Return rows of an array, or None if there is no array."""
    return None if values is None else values[rows]


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

    if is_mdtraj(topology):
        return getattr(topology, "topology", topology)
    topology = as_path(topology)
    check_regular(topology)
    try:
        return mdtraj.load_topology(str(topology))
    except MemoryError:
        raise
    except Exception as error:  # the readers of mdtraj raise errors of any type
        raise InputError(
            f"{topology}: mdtraj cannot read a topology from it ({reason_of(error)}); use a "
            "topology file such as .pdb or .gro"
        ) from error

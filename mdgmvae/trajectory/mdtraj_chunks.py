"""Read the frames of one file with mdtraj, and name the frame that cannot be read."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from ..errors import InputError
from ..featurizers.geometry.boxes import boxes_or_none
from .ascii_names import ascii_name
from .found_frames import Frames
from .frame_reader import reason_of, unreadable_frame
from .frames import Place
from .walks.text import lammps_steps
from .walks.trr import have_coordinates
from .xtc_frames import XTCDecoder

_CHUNK_BYTES = 16 * 2**20
_MAX_CHUNK = 1000
#: Files of these formats contain their topology. mdtraj ignores another one.
OWN_TOPOLOGY = {
    *(".pdb", ".h5", ".hdf5", ".lh5", ".gro", ".arc", ".gsd", ".mol2", ".hoomdxml"),
    *(".pdbx", ".cif", ".mmcif"),
}
# mdtraj reads these formats only completely.
_READ_WHOLE = {
    *(".rst7", ".restrt", ".inpcrd", ".ncrst", ".pdb", ".pdbx", ".cif", ".mmcif", ".mol2"),
    *(".hoomdxml", ".gsd", ".arc"),
}
#: Suffixes of NetCDF files.
NETCDF = {".nc", ".netcdf", ".ncdf"}
# Formats in which any frame is found without reading those before it.
_SEEKABLE = {".xtc", ".trr", ".dcd", *NETCDF, ".h5", ".hdf5", ".lh5"}
_NEED_NUMBER_OF_ATOMS = {".mdcrd", ".crd"}


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

    @classmethod
    def of(
        cls,
        frames: np.ndarray,
        times: np.ndarray,
        xyz: np.ndarray,
        lengths: np.ndarray | None,
        angles: np.ndarray | None,
    ) -> Self:
        """Convert frames of mdtraj to angstrom, and boxes to the format of MDAnalysis."""
        box = None
        if lengths is not None and angles is not None:
            box = boxes_or_none(lengths * 10.0, angles)
        positions = np.asarray(xyz, dtype=np.float32) * np.float32(10.0)
        # mdtraj numbers the frames of files without times. Times from a file are never integers.
        has_times = np.asarray(times).dtype.kind == "f"
        return cls(frames, np.asarray(times, dtype=np.float64), has_times, positions, box)


def chunk_length(n_atoms: int) -> int:
    """Choose the number of frames in a chunk of `n_atoms` atoms."""
    return max(1, min(_MAX_CHUNK, _CHUNK_BYTES // (12 * n_atoms)))


def suffix_of(path: Path) -> str:
    """Return the suffix that gives the format, without that of a compressed file."""
    return (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()


def format_of(path: Path) -> str | None:
    """Return MDAnalysis' name of a format that the libraries call differently, or None."""
    return "MDCRD" if suffix_of(path) == ".crd" else None


@dataclass(frozen=True)
class MDTrajFile:
    """A trajectory file and what is known of it.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    topology : mdtraj.Topology
        The topology.
    found : Frames
        The frames that were found in it.
    """

    path: Path
    topology: Any
    found: Frames

    def count(self) -> int:
        """Count the frames.

        Formats without an index are counted only as far as they were looked at.

        Raises
        ------
        InputError
            If mdtraj cannot open the file, or finds other frames than are in it.
        """
        import mdtraj

        try:
            with ascii_name(self.path) as name, mdtraj.open(name) as stream:
                n_frames = len(stream)
        except (TypeError, NotImplementedError, AttributeError, ValueError):
            # The format has no index, or its reader needs the number of atoms.
            if self.found.n_atoms is not None:
                return len(self.found.begins)
            with _Stream(self, np.array([0])) as stream:
                return stream.count()
        except MemoryError:
            raise
        except Exception as error:  # the readers of mdtraj raise errors of any type
            raise InputError(
                f"{self.path}: mdtraj cannot read it ({reason_of(error)}); check its format, or "
                "copy it again"
            ) from error
        self.found.check_count(n_frames)
        return n_frames

    def read(
        self, first: int, begin: int, last: int, atoms: np.ndarray, skip: bool = False
    ) -> Iterator[Chunk]:
        """Read frames in chunks.

        Parameters
        ----------
        first : int
            What to add to the numbers of the frames.
        begin, last : int
            Numbers of the first and the last frame in this file.
        atoms : numpy.ndarray
            Sorted indices of the atoms to read.
        skip : bool
            Whether to go on after a frame that cannot be read, if the format allows that. Its
            coordinates are NaN.

        Yields
        ------
        Chunk
            Every frame from `begin` to `last` is in one of them.

        Raises
        ------
        FrameError
            If a frame cannot be read. The error names the file.
        """
        length = chunk_length(self.topology.n_atoms)
        with _Stream(self, atoms) as stream:
            for number in range(begin, last + 1, length):
                size = min(length, last + 1 - number)
                try:
                    chunk = stream.read(first, number, size)
                except MemoryError:
                    raise
                except Exception:  # the readers of mdtraj raise errors of any type
                    yield from self._single(stream, first, range(number, number + size), skip)
                else:
                    yield chunk

    def _single(self, stream: "_Stream", first: int, numbers: range, skip: bool) -> Iterator[Chunk]:
        """Read frames one by one, because one of them cannot be read."""
        for number in numbers:
            try:
                chunk = stream.read(first, number, 1)
            except Exception as error:
                if not skip or not stream.seekable:
                    place = Place(str(self.path), number)
                    raise unreadable_frame(first + number, error, place) from error
                chunk = stream.nothing(first + number)
            yield chunk


class _Stream:
    """Context manager for an open file. Frames are read as chunks of an exact number."""

    def __init__(self, file: MDTrajFile, atoms: np.ndarray) -> None:
        self._file, self._atoms = file, atoms
        self._suffix = suffix_of(file.path)
        self.seekable = self._suffix in _SEEKABLE
        self._stack = ExitStack()
        self._opened: Any = None
        # Number of the frame that comes next, if it is known.
        self._next = -1

    def __enter__(self) -> Self:
        self._name = self._stack.enter_context(ascii_name(self._file.path))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()
        self._stack.close()

    def read(self, first: int, number: int, n_frames: int) -> Chunk:
        """Read consecutive frames. Fewer than `n_frames` are an error."""
        frames = first + np.arange(number, number + n_frames)
        if self._suffix == ".xtc":
            return self._read_xtc(frames, number, n_frames)
        begins = self._file.found.begins[number:][:n_frames]
        part = self._read_any(number, n_frames)
        if len(part) < n_frames:
            raise EOFError("the file ends there")
        if self._suffix == ".trr":  # mdtraj makes up coordinates
            part.xyz[~have_coordinates(self._file.path, begins)] = np.nan
        times = part.time
        if self._suffix == ".lammpstrj":  # mdtraj numbers the frames
            times = lammps_steps(self._file.path, begins)
        return Chunk.of(frames, times, part.xyz, part.unitcell_lengths, part.unitcell_angles)

    def nothing(self, number: int) -> Chunk:
        """Return a frame without coordinates, in place of one that cannot be read."""
        xyz = np.full((1, len(self._atoms), 3), np.nan, np.float32)
        return Chunk.of(np.array([number]), np.array([np.nan]), xyz, None, None)

    def count(self) -> int:
        """Count the frames by reading them."""
        n_frames, found = 0, _MAX_CHUNK
        while found == _MAX_CHUNK:
            try:
                found = len(self._read_any(n_frames, _MAX_CHUNK))
            except MemoryError:
                raise
            except Exception as error:
                place = Place(str(self._file.path), n_frames)
                raise unreadable_frame(n_frames, error, place) from error
            n_frames += found
        return n_frames

    def _read_xtc(self, frames: np.ndarray, number: int, n_frames: int) -> Chunk:
        """Read with checks of the compressed coordinates, of which mdtraj has none."""
        from mdtraj.utils.unitcell import box_vectors_to_lengths_and_angles

        if self._opened is None:
            self._opened = XTCDecoder(self._file.path, self._file.found.begins)
        xyz, times, _, boxes = self._opened.read(number, n_frames)
        if len(xyz) < n_frames:
            raise EOFError("the file ends there")
        with np.errstate(invalid="ignore", divide="ignore"):  # frames without a box
            cell = box_vectors_to_lengths_and_angles(*(boxes[:, axis] for axis in range(3)))
        lengths, angles = np.stack(cell[:3], axis=1), np.stack(cell[3:], axis=1)
        return Chunk.of(frames, times, xyz[:, self._atoms], lengths, angles)

    def _read_any(self, number: int, n_frames: int) -> Any:
        import mdtraj

        topology = self._file.topology
        own = self._suffix in OWN_TOPOLOGY
        if self._suffix in _READ_WHOLE:
            if self._opened is None and self._suffix == ".arc":
                # Its reader fails if it is asked for some of the atoms.
                self._opened = mdtraj.load(self._name).atom_slice(self._atoms)
            elif self._opened is None:
                options = {} if own else {"top": topology}
                self._opened = mdtraj.load(self._name, atom_indices=self._atoms, **options)
            return self._opened[number : number + n_frames]
        if number != self._next:
            self._open_at(number)
        self._next = -1
        options = {} if own else {"topology": topology}
        part = self._opened.read_as_traj(n_frames=n_frames, atom_indices=self._atoms, **options)
        if len(part) == n_frames:
            self._next = number + n_frames  # after an error the position is unknown
        return part

    def _open_at(self, number: int) -> None:
        """Open the file, and go to a frame."""
        import mdtraj

        self._close()
        options = {}
        if self._suffix in _NEED_NUMBER_OF_ATOMS:
            options["n_atoms"] = self._file.topology.n_atoms
        self._opened = mdtraj.open(self._name, **options)
        if self.seekable:
            self._opened.seek(number)
            return
        # Some of the other formats cannot go to a frame, so those before it are read.
        before = 0
        while before < number:
            n_frames = min(_MAX_CHUNK, number - before)
            self._opened.read(n_frames=n_frames, atom_indices=self._atoms[:1])
            before += n_frames

    def _close(self) -> None:
        if hasattr(self._opened, "close"):
            self._opened.close()
        self._opened = None

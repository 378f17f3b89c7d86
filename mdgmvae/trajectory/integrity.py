"""Check that trajectory files are complete, and that readers count the same frames.

Readers silently stop early at a truncated file, believe an outdated index of frames, and overrun
memory if the number of atoms grows within an XTC file. Here the frames of a file are found anew,
without decoding coordinates: 100,000 frames of an XTC file take about a second.
"""

import bz2
import gzip
import logging
import os
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import InputError
from ..tables import counted
from .found_frames import Frames
from .input_files import InputFiles, check_regular, is_file, unreadable
from .walks.dcd import dcd_frames
from .walks.frame import Damaged, Frame, Truncated
from .walks.netcdf import netcdf_frames
from .walks.pdb import pdb_frames
from .walks.text import (
    gro_frames,
    lammps_frames,
    mdcrd_frames,
    tinker_frames,
    xyz_frames,
)
from .walks.trr import trr_frames
from .walks.xtc import xtc_frames

logger = logging.getLogger(__name__)

#: The walk through the frames of each format, by MDAnalysis' name of the format.
_WALKS: dict[str, Callable[..., Iterator[Any]]] = {
    "XTC": xtc_frames,
    "TRR": trr_frames,
    "DCD": dcd_frames,
    "LAMMPS": dcd_frames,
    "NCDF": netcdf_frames,
    "NC": netcdf_frames,
    "PDB": pdb_frames,
    "ENT": pdb_frames,
    "XYZ": xyz_frames,
    "TXYZ": tinker_frames,
    "ARC": tinker_frames,
    "GRO": gro_frames,
    "LAMMPSDUMP": lammps_frames,
    "MDCRD": mdcrd_frames,
    "TRJ": mdcrd_frames,
    "CRDBOX": mdcrd_frames,
}
#: Formats whose frames can only be found with the number of atoms.
_NEED_NUMBER_OF_ATOMS = {"MDCRD", "TRJ", "CRDBOX"}
#: Formats of suffixes that MDAnalysis does not know.
_OTHER_SUFFIXES = {".LAMMPSTRJ": "LAMMPSDUMP", ".RST7": "INPCRD"}
#: Formats whose files are large and have frames that can be found without reading them.
_SEEKABLE = {"XTC", "TRR", "DCD", "LAMMPS", "NCDF", "NC"}
#: Formats whose readers refuse a file that is cut, even if they need only its first frames.
_WHOLE = {"NCDF", "NC"}
_FOLDER_FORMATS = {"DTR", "STK", "ZARR", "ZARRTRAJ"}
#: Suffixes of compressed files that readers of text unpack, and their first bytes.
_COMPRESSED = {".GZ", ".BZ2"}
_UNPACK: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open}
#: First bytes of compressed files that no reader unpacks: zip, xz and zstd.
_ARCHIVES = (b"PK\x03\x04", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


def check_trajectory(
    path: str | os.PathLike[str],
    *,
    n_atoms: int | None = None,
    stop: int | None = None,
    before: int | None = 0,
    file_format: str | None = None,
) -> Frames:
    """Raise an error unless a trajectory file can be read to its end, or up to `stop`.

    The frames of XTC, TRR, DCD, NetCDF, PDB, XYZ, GRO, TINKER, LAMMPS and Amber's text files are
    found. A file of another format only has to exist and must not be empty; everything else is
    left to its reader.

    Parameters
    ----------
    path : path-like
        The trajectory file.
    n_atoms : int, optional
        Number of atoms of the topology, which the file must match.
    stop : int, optional
        Frames from this number on are not needed, and may be damaged or missing (but NetCDF files
        must be complete).
    before : int or None
        Number of frames in the files before this one. It is added to the value of --stop that
        the error message recommends. With None, the message recommends none.
    file_format : str, optional
        MDAnalysis' name of the format. By default, the suffix of the file.

    Returns
    -------
    Frames
        The frames that were found, up to `stop`.

    Raises
    ------
    InputError
        If the file is missing, empty, a folder or a pipe, if its format does not match its
        suffix, if it is truncated within a frame or contains other data between frames, or if
        its number of atoms is not `n_atoms` or changes within the file.

    Examples
    --------
    >>> from MDAnalysisTests.datafiles import XTC
    >>> len(check_trajectory(XTC, n_atoms=47681).begins)
    10
    """
    path = Path(path)
    file_format = (file_format or other_format(path) or _suffix(path)[1:]).upper()
    status = check_regular(path, folders=file_format in _FOLDER_FORMATS)
    if file_format not in _WALKS or (n_atoms is None and file_format in _NEED_NUMBER_OF_ATOMS):
        return Frames(path, file_format, np.empty(0, np.int64), None, complete=False)
    if file_format in _WHOLE:
        stop = before = None
    return _find(path, file_format, status.st_size, status.st_mtime_ns, n_atoms, stop, before)


def check_universe(universe: Any, stop: int | None = None) -> InputFiles:
    """Apply `check_trajectory` to all trajectory files of a universe.

    The readers must have found the same frames.

    Parameters
    ----------
    universe : MDAnalysis.Universe
        The universe. Frames in memory or in a stream are not checked.
    stop : int, optional
        Frames from this number on, counted over all files, are not needed, and may be damaged
        or missing.

    Returns
    -------
    InputFiles
        What is remembered of the files, to check in the end that they have not changed.

    Warns
    -----
    UserWarning
        If two files have the same contents.

    Raises
    ------
    InputError
        If a file fails the check, or files are given as a list within a list.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from MDAnalysisTests.datafiles import GRO, XTC
    >>> check_universe(mda.Universe(GRO, XTC)).check()
    """
    reader = universe.trajectory
    readers = getattr(reader, "readers", [reader])
    if any(hasattr(part, "readers") for part in readers):
        raise InputError(
            "the universe was made from a list within a list of files, so its frames have no "
            "single file; pass one list: MDAnalysis.Universe(topology, [file, file])"
        )
    files = InputFiles.of_universe(universe)
    starts = getattr(reader, "_start_frames", [0])
    # The last start may be the total number of frames, for which there is no reader.
    for part, first in zip(readers, map(int, starts), strict=False):
        if stop is not None and first >= stop:
            break
        if not is_file(part):
            continue
        frames = check_trajectory(
            part.filename,
            n_atoms=len(universe.atoms),
            stop=None if stop is None else stop - first,
            before=first,
            file_format=str(part.format),
        )
        frames.check_reader(part)
    files.warn_of_duplicates()
    return files


def other_format(path: Path) -> str | None:
    """Return MDAnalysis' name of the format of a suffix that it does not know, or None."""
    return _OTHER_SUFFIXES.get(_suffix(path))


def _suffix(path: Path) -> str:
    """Return the suffix that gives the format, without that of a compressed file."""
    suffix = path.suffix.upper()
    return path.with_suffix("").suffix.upper() if suffix in _COMPRESSED else suffix


def _open(path: Path, file_format: str) -> IO[bytes]:
    # A buffer would read far more than the headers of frames.
    stream = path.open("rb", buffering=0 if file_format in _SEEKABLE else 2**16)
    # The suffix can be wrong, and readers look at the data, too.
    head = stream.read(8)
    stream.seek(0)
    unpack = next((unpack for magic, unpack in _UNPACK.items() if head.startswith(magic)), None)
    if unpack is None and not head.startswith(_ARCHIVES):
        return stream
    stream.close()
    if unpack is None or file_format in _SEEKABLE:
        raise InputError(f"{path}: is compressed; unpack it first (gunzip, bunzip2, unzip, unxz)")
    unpacked: IO[bytes] = unpack(path, "rb")
    return unpacked


# A command looks at its files before it opens them, and again when it reads them.
@lru_cache(maxsize=16)
def _find(
    path: Path,
    file_format: str,
    size: int,
    modified: int,
    n_atoms: int | None,
    stop: int | None,
    before: int | None,
) -> Frames:
    """Find the frames of a file up to `stop` or its end. It was `modified` then, in ns."""
    begins: list[int] = []
    try:
        with _open(path, file_format) as stream:
            options = {"n_atoms": n_atoms} if file_format in _NEED_NUMBER_OF_ATOMS else {}
            frames = _WALKS[file_format](stream, size, **options)
            found = _walk(path, frames, begins, size, n_atoms, stop, before)
    except (EOFError, zlib.error) as error:
        what = f"cannot be unpacked ({error})"
        raise InputError(_damage_message(path, len(begins), what, None, before)) from error
    except OSError as error:
        raise unreadable(path, error) from error
    return Frames(path, file_format, np.array(begins, np.int64), *found)


def _walk(
    path: Path,
    frames: Iterator[Frame | int],
    begins: list[int],
    size: int,
    n_atoms: int | None,
    stop: int | None,
    before: int | None,
) -> tuple[int | None, bool]:
    """Append the first byte of each frame, and return the number of atoms and whether it is all."""
    expected: int | None = None
    found = n_atoms
    try:
        for frame in frames:
            if isinstance(frame, int):  # the number of frames in the header of the file
                expected = frame
                continue
            if stop is not None and len(begins) >= stop:
                return found, False
            begin, end, found = frame
            if n_atoms is not None and found != n_atoms:
                raise InputError(_atom_count_message(path, len(begins), found, n_atoms))
            n_atoms = found
            if end > size:
                raise Truncated(size)
            begins.append(begin)
    except Damaged as damage:
        count = len(begins) if damage.frame is None else damage.frame
        if stop is not None and count >= stop:
            return found, False
        if count == 0 and not isinstance(damage, Truncated):
            raise InputError(
                f"{path}: {damage}; give the file the suffix of its format, or copy it again"
            ) from damage
        raise InputError(_damage_message(path, count, str(damage), expected, before)) from damage
    if not begins and expected is None:
        return None, False  # A format that only its reader knows, such as NetCDF 4.
    if expected is not None and expected > len(begins):
        # Not a warning: many programs write the planned number of frames and never correct it.
        logger.info(
            "%s: the header specifies %d frames, the file has %d", path, expected, len(begins)
        )
    return found, True


def _atom_count_message(path: Path, frame: int, found: int, wanted: int) -> str:
    if frame == 0:
        return (
            f"{path}: has {counted(found, 'atom')}, but the topology has {wanted:,}; use the "
            "topology that belongs to this trajectory"
        )
    return (
        f"{path}: frame {frame:,} has {counted(found, 'atom')}, but the frames before it have "
        f"{wanted:,}; write the trajectory again with one selection of atoms"
    )


def _damage_message(
    path: Path, count: int, what: str, expected: int | None, before: int | None
) -> str:
    """Return the error message for a file that is damaged after `count` frames."""
    total = f" of about {expected:,}" if expected is not None and expected > count else ""
    plural = "" if count == 1 and not total else "s"
    advice = "copy the file again"
    if before is not None and before + count:
        stop = before + count
        advice += f", or use the frames before the damage: --stop {stop} (stop={stop})"
    return f"{path}: frame {count:,} {what}; {count:,}{total} frame{plural} can be read; {advice}"

"""Write PDB files with the state in the B column."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import MDAnalysis as mda
import numpy as np
from MDAnalysis.coordinates.PDB import MultiPDBWriter

from ..errors import InputError
from ..storage.atomic import atomic_file
from .labelled import LabelledFrames
from .written import named_in_errors

# Defaults for attributes that a topology may lack. Without them, MDAnalysis would warn.
_DEFAULTS: dict[str, Any] = {
    "names": "X",
    "resnames": "UNK",
    "resids": 1,
    "segids": "SYSTEM",
    "altLocs": "",
    "icodes": "",
    "chainIDs": "X",
    "occupancies": 1.0,
    "elements": "",
    "record_types": "ATOM",
    "formalcharges": 0,
    "tempfactors": 0.0,
}
#: The unit cell that the PDB format prescribes for a structure without one.
_NO_CELL = (1.0, 1.0, 1.0, 90.0, 90.0, 90.0)
#: Largest state that fits into the six characters of the B column, and what is written instead of
#: a larger one.
LARGEST_STATE, _NO_STATE = 999, -1
_LIMITS = MultiPDBWriter.pdb_coor_limits


def write_pdb(source: Any, labels: Any, path: str | os.PathLike[str], frames: Any = None) -> None:
    """Write the labelled frames as a multi-model PDB file with the state in the B column.

    The format allows only one unit cell per file. That of the first frame is written.

    Parameters
    ----------
    source : Universe, AtomGroup or mdtraj.Trajectory
        The atoms to write.
    labels : (n,) array-like of int
        States or components. Frames with the label -1 are left out.
    path : path-like
        The file, which is replaced atomically.
    frames : (n,) array-like of int, optional
        Frame numbers of the labels. Models are written in this order. Default: all frames.

    Raises
    ------
    InputError
        If labels and trajectory do not match, a coordinate or a state is too large for a PDB
        file, or the disk is full.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import MDAnalysis as mda
    >>> from mdgmvae.annotation import write_pdb
    >>> from mdgmvae.data import alanine_dipeptide
    >>> u = mda.Universe(alanine_dipeptide().topology, alanine_dipeptide().trajectories)
    >>> path = str(pathlib.Path(tempfile.mkdtemp()) / "states.pdb")
    >>> write_pdb(u, [1, 2], path, frames=[0, 6400])
    >>> [float(ts.data["tempfactor"][0]) for ts in mda.Universe(path).trajectory]
    [1.0, 2.0]
    """
    labelled = LabelledFrames.of(source, labels, frames)
    labelled.check_output(path)
    atoms, largest = labelled.atoms, int(labelled.labels.max())
    if largest > LARGEST_STATE:
        raise InputError(
            f"{path}: the B column of a PDB file holds states up to {LARGEST_STATE}, but there is "
            f"a state {largest:,}; write H5MD instead"
        )
    name = Path(path).name
    with (
        atomic_file(path) as temporary,
        PDBFrames(atoms, temporary, shown=name) as pdb,
        labelled.moving.at(labelled.frames) as moving,
    ):
        for state, ts in zip(labelled.labels.tolist(), moving, strict=True):
            pdb.write(atoms.positions, ts, state)


class PDBFrames:
    """Context manager that writes a PDB file frame by frame.

    A Universe has one B column for all frames, and it belongs to the user. The states are
    therefore written from a copy of the topology.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms of each frame.
    path : path-like
        The file, which is overwritten.
    title : str, optional
        TITLE record of the file.
    remarks : sequence of str
        Lines that become REMARK records.
    shown : str, optional
        Name of the file in errors, if `path` is temporary.
    bonds : bool
        Write the bonds, which takes seconds for a protein.
    """

    def __init__(
        self,
        atoms: Any,
        path: str | os.PathLike[str],
        title: str | None = None,
        remarks: Sequence[str] = (),
        shown: str | None = None,
        *,
        bonds: bool = True,
    ) -> None:
        self._path = Path(path)
        self._shown = Path(shown or self._path.name)
        self._title = {} if title is None else {"remarks": title}
        self._bonds = "conect" if bonds else None
        with warnings.catch_warnings():
            # Atoms without names have no types, which a PDB file does not hold anyway.
            warnings.filterwarnings("ignore", message="there is no reference attributes")
            self._copy = mda.Merge(atoms)
        # The writer copies the remarks of the trajectory into the file.
        self._copy.trajectory.remarks = list(remarks)
        for name, default in _DEFAULTS.items():
            if not hasattr(self._copy.atoms, name):
                self._copy.add_TopologyAttr(name, self._values(name, default))
        # The PDB format has a single character for the chain.
        self._copy.atoms.chainIDs = [
            chain if len(chain) == 1 and chain.isalnum() else _DEFAULTS["chainIDs"]
            for chain in self._copy.atoms.chainIDs
        ]

    def __enter__(self) -> Self:
        """Open the file."""
        self._writer = MultiPDBWriter(str(self._path), bonds=self._bonds, **self._title)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        with named_in_errors(self._shown):
            self._writer.close()

    def write(self, positions: np.ndarray, ts: Any, state: int) -> None:
        """Write one frame with `state` in the B column.

        Parameters
        ----------
        positions : ndarray of shape (n_atoms, 3)
            Positions in angstrom.
        ts : Timestep
            Source of the unit cell and the frame number.
        state : int
            Value of the B column for all atoms; a state that is too large for it is -1.

        Raises
        ------
        InputError
            If a coordinate is too large for the PDB format.
        """
        copy = self._copy.trajectory.ts
        copy.positions = positions
        copy.dimensions = _NO_CELL if ts.dimensions is None else ts.dimensions
        self._copy.atoms.tempfactors = state if state <= LARGEST_STATE else _NO_STATE
        if not _can_hold(positions):
            raise InputError(
                f"{self._shown}: frame {ts.frame} has coordinates beyond {_LIMITS['min']} to "
                f"{_LIMITS['max']} angstrom, which a PDB file cannot hold; write H5MD "
                "(--format h5md), or the files of states (--format states), whose structures are "
                "moved, or wrap the atoms into the box"
            )
        with named_in_errors(self._shown):
            self._writer.write(self._copy.atoms)

    def _values(self, name: str, default: Any) -> np.ndarray:
        level = {"resnames": "residues", "resids": "residues", "icodes": "residues"}
        if name == "segids":
            return np.full(self._copy.segments.n_segments, default, dtype=object)
        n_values = len(getattr(self._copy, level.get(name, "atoms")))
        return np.full(n_values, default, dtype=object if isinstance(default, str) else None)


def within_limits(positions: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Move a frame to the origin if a PDB file cannot hold its coordinates.

    Parameters
    ----------
    positions : ndarray of shape (n_atoms, 3)
        Positions in angstrom.
    fitted : ndarray of bool of shape (n_atoms,)
        The atoms whose centre becomes the origin.

    Returns
    -------
    ndarray of float32 of shape (n_atoms, 3)
        The positions themselves if they fit.
    """
    if _can_hold(positions):
        return positions
    moved: np.ndarray = positions - positions[fitted].mean(axis=0, dtype=np.float64)
    return moved.astype(np.float32)


def _can_hold(positions: np.ndarray) -> bool:
    """Return whether all coordinates fit into the columns of a PDB file."""
    inside = (positions > _LIMITS["min"]) & (positions < _LIMITS["max"])
    return bool(inside.all())

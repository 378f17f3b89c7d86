"""PDB files with a state in the B column, written frame by frame."""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import MDAnalysis as mda
import numpy as np
from MDAnalysis.coordinates.PDB import MultiPDBWriter

from ..errors import InputError

# What a PDB file says of atoms that the source does not: given here, MDAnalysis need not warn.
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
_NO_CELL = (1.0, 1.0, 1.0, 90.0, 90.0, 90.0)
"""The PDB format's cell of a structure that has none."""


class PDBFrames:
    """A PDB file of many models, open for writing; a context manager.

    The B column of a Universe belongs to all its frames and to the user, so states are written
    from a copy of the topology.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms that each frame will have.
    path : path-like
        The file, which is overwritten.
    title : str, optional
        What the file says of itself in its TITLE.
    remarks : sequence of str
        Further lines, each a REMARK.
    """

    def __init__(
        self,
        atoms: Any,
        path: str | os.PathLike,
        title: str | None = None,
        remarks: Sequence[str] = (),
    ) -> None:
        self._path = Path(path)
        self._title = {} if title is None else {"remarks": title}
        self._copy = mda.Merge(atoms)
        # The writer takes the remarks of a file from the trajectory that it writes.
        self._copy.trajectory.remarks = list(remarks)
        for name, default in _DEFAULTS.items():
            if not hasattr(self._copy.atoms, name):
                self._copy.add_TopologyAttr(name, self._values(name, default))
        # The column has room for one character.
        self._copy.atoms.chainIDs = [
            chain if len(chain) == 1 and chain.isalnum() else _DEFAULTS["chainIDs"]
            for chain in self._copy.atoms.chainIDs
        ]

    def __enter__(self) -> Self:
        self._writer = MultiPDBWriter(str(self._path), **self._title)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.close()

    def write(self, atoms: Any, ts: Any, state: int) -> None:
        """Write the present positions of `atoms` (angstrom) with `state` in the B column.

        Raises
        ------
        InputError
            When a coordinate has more digits than a PDB file takes.
        """
        copy = self._copy.trajectory.ts
        copy.positions = atoms.positions
        copy.dimensions = _NO_CELL if ts.dimensions is None else ts.dimensions
        self._copy.atoms.tempfactors = state
        limits = self._writer.pdb_coor_limits
        if not self._writer.has_valid_coordinates(limits, copy.positions):
            raise InputError(
                f"{self._path.name}: frame {ts.frame} has coordinates beyond {limits['min']} to "
                f"{limits['max']} angstrom, which a PDB file cannot hold; write H5MD instead, "
                "or wrap the atoms into the box"
            )
        self._writer.write(self._copy.atoms)

    def _values(self, name: str, default: Any) -> np.ndarray:
        level = {"resnames": "residues", "resids": "residues", "icodes": "residues"}
        if name == "segids":
            return np.full(self._copy.segments.n_segments, default, dtype=object)
        n_values = len(getattr(self._copy, level.get(name, "atoms")))
        return np.full(n_values, default, dtype=object if isinstance(default, str) else None)

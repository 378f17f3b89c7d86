"""Compare the atoms that a trajectory file names itself with those of the topology.

Files such as PDB, GRO and mdtraj's HDF5 name their atoms, but readers ignore these names if
another topology is given. Atoms in another order would then get each other's coordinates.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..tables import counted

#: Formats of MDAnalysis' readers whose files name their atoms.
_NAMED = {"PDB", "XPDB", "GRO", "XYZ", "MOL2", "PQR", "PDBQT", "TXYZ", "CRD", "MMCIF", "MMTF"}
#: Elements that naming conventions never exchange for each other.
_ELEMENTS = "HCNO"


def check_named_atoms(
    path: str | os.PathLike[str],
    own: Sequence[str] | np.ndarray,
    given: Sequence[str] | np.ndarray,
    residues: Sequence[int] | np.ndarray,
) -> None:
    """Raise an error if a file names its atoms in another order than the topology.

    Names may follow different conventions, such as HN and H, if the elements agree.

    Parameters
    ----------
    path : path-like
        The trajectory file.
    own, given : sequence of str
        Names of the atoms in this file and in the topology.
    residues : sequence of int
        Index of the residue of each atom in the topology.

    Raises
    ------
    InputError
        If the number of atoms differs, an element differs, or a residue has the same names in
        another order. The message names the first such atom.

    Examples
    --------
    >>> check_named_atoms("run.pdb", ["N", "H1", "CA"], ["N", "H", "CA"], [0, 0, 0])
    """
    own, given, residues = np.asarray(own, str), np.asarray(given, str), np.asarray(residues)
    if len(own) != len(given):
        raise InputError(
            f"{path}: has {counted(len(own), 'atom')}, but the topology has {len(given):,}; use "
            "the topology that belongs to this trajectory"
        )
    differ = np.flatnonzero(own != given)
    # Some XYZ files have the same placeholder for every atom.
    if not len(differ) or (own == own[0]).all():
        return
    elements = _element(own[differ]), _element(given[differ])
    known = np.isin(elements, list(_ELEMENTS)).all(axis=0)
    other_order = _same_names(own, given, residues)[residues[differ]]
    wrong = differ[(known & (elements[0] != elements[1])) | other_order]
    if len(wrong):
        atom = wrong[0]
        raise InputError(
            f"{path}: atom {atom:,} is {own[atom]} in this file, but {given[atom]} in the "
            "topology, so their atoms are in different orders; use this file, or the topology "
            "that it was written with, as the topology"
        )


def _same_names(own: np.ndarray, given: np.ndarray, residues: np.ndarray) -> np.ndarray:
    """Return for each residue whether its atoms have the same names, in any order."""
    orders = np.lexsort((own, residues)), np.lexsort((given, residues))
    different = own[orders[0]] != given[orders[1]]
    return np.asarray(np.bincount(residues[orders[0]], weights=different) == 0)


def _element(names: np.ndarray) -> np.ndarray:
    """Return the first letter of each name."""
    letters = np.char.upper(np.char.lstrip(names, "0123456789'\"* "))
    return letters.astype("U1")


def check_universe_names(universe: Any) -> None:
    """Apply `check_named_atoms` to the trajectory files of a universe that name their atoms.

    Parameters
    ----------
    universe : MDAnalysis.Universe
        The universe. The file of its topology is not compared with itself.

    Raises
    ------
    InputError
        If a file fails the check.
    """
    from MDAnalysis.core._get_readers import get_parser_for

    if not hasattr(universe.atoms, "names"):
        return
    reader = universe.trajectory
    for part in getattr(reader, "readers", [reader]):
        path = part.filename
        formats = [part.format] if isinstance(part.format, str) else part.format
        named_by = sorted(_NAMED.intersection(formats))
        if not named_by or not isinstance(path, str | Path) or str(path) == str(universe.filename):
            continue
        with warnings.catch_warnings():
            # Only the names are used, and nothing is guessed from them.
            warnings.simplefilter("ignore")
            try:
                with get_parser_for(path, format=named_by[0])(path) as parser:
                    named = parser.parse()
            except (OSError, ValueError, IndexError, KeyError) as error:
                raise InputError(
                    f"{path}: the names of its atoms cannot be read "
                    f"({' '.join(str(error).split())}); copy the file again"
                ) from error
        if hasattr(named, "names"):
            check_named_atoms(
                path, named.names.values, universe.atoms.names, universe.atoms.resindices
            )

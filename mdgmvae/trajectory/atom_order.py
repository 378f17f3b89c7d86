"""Check bond lengths, to detect a topology whose atom order differs from the trajectory."""

import os
import warnings
from typing import Any

import numpy as np

from ..checks import as_path
from ..errors import TopologyWarning
from ..featurizers.geometry.boxes import is_box
from ..featurizers.topology.bonds import bonds_within
from .blocks import within_reach

#: Bonds within an amino acid, all between 1.2 and 1.6 angstrom long.
_BONDS = (("N", "CA"), ("CA", "C"), ("C", "O"), ("CA", "CB"))
#: Upper limit of the length of these bonds in angstrom. It allows for high temperatures and
#: poorly minimised structures.
_MAX_BOND_LENGTH = 2.2
#: Atoms that are so close in the topology file, in angstrom, are bonded, but not at one point.
_CLOSEST, _CLOSE = 0.5, 1.65
#: Share of the atoms with such a neighbour in molecules. It is smaller in gases, whose atoms move
#: apart, and in coarse-grained models.
_MIN_BONDED = 0.9
#: Share of the pairs that can be far apart in the trajectory for reasons other than the order.
_MAX_SHARE = 0.05
#: Bonds are not longer than the distances of nearest atoms by more than this factor.
_MAX_RATIO = 2.5
#: Formats of topologies with coordinates, and the largest file that is read a second time.
_WITH_COORDINATES = {".pdb", ".ent", ".gro", ".crd", ".pqr", ".mol2"}
_MOST_BYTES = 10 * 2**20


def warn_of_atom_order(
    atoms: Any, positions: np.ndarray, box: np.ndarray | None, topology: Any = None
) -> None:
    """Warn if atoms that are bonded in the topology are far apart in the trajectory.

    A topology that lists the atoms in another order than the trajectory has the right number of
    atoms. It is therefore read without an error, but all features are wrong. Bonds are known by
    the names of atoms in amino acids, from the topology, or by the coordinates in its file.

    Parameters
    ----------
    atoms : MDAnalysis.AtomGroup
        The atoms.
    positions : numpy.ndarray
        Their coordinates in the first frame in angstrom, (n_atoms, 3).
    box : numpy.ndarray or None
        Box of this frame, (6,): lengths in angstrom and angles in degrees.
    topology : object
        The file of the topology, if it is one.

    Warns
    -----
    TopologyWarning
        If bonds are too long. The warning names them and their length.
    """
    from MDAnalysis.lib.distances import calc_bonds

    if box is not None and not is_box(np.asarray(box, np.float64)[None], 2 * _MAX_BOND_LENGTH)[0]:
        box = None

    def lengths(pairs: np.ndarray) -> np.ndarray:
        found: np.ndarray = calc_bonds(positions[pairs[:, 0]], positions[pairs[:, 1]], box=box)
        return found

    for first, second in _BONDS:
        pairs = _pairs(atoms, first, second)
        if len(pairs) and np.median(lengths(pairs)) > _MAX_BOND_LENGTH:
            _warn(f"{first}-{second} bonds are", lengths(pairs))
            return
    if not within_reach(positions):
        return
    pairs = _close_in(topology, atoms)
    if len(pairs) and (found := lengths(pairs) > _MAX_BOND_LENGTH).mean() > _MAX_SHARE:
        _warn(f"distances of neighbours in {topology} are", lengths(pairs)[found])
        return
    pairs = bonds_within(atoms, guessed=False)
    # Bonds of a coarse-grained model are as long as the distances of its nearest beads.
    if len(pairs) and np.median(lengths(pairs)) > _MAX_RATIO * _usual_distance(positions):
        _warn("bonds of the topology are", lengths(pairs))


def _warn(what: str, lengths: np.ndarray) -> None:
    warnings.warn(
        f"{what} {np.median(lengths):.1f} angstrom long in the first frame (median of "
        f"{len(lengths)}): the topology seems to list the atoms in another order than the "
        "trajectory, which makes every feature wrong; use the topology that belongs to the "
        "trajectory",
        TopologyWarning,
        stacklevel=3,
    )


def _close_in(topology: Any, atoms: Any) -> np.ndarray:
    """Return pairs of atoms that are bonded by the coordinates in a topology file, (n, 2)."""
    from MDAnalysis.coordinates.core import get_reader_for
    from scipy.spatial import cKDTree

    nothing = np.empty((0, 2), np.int64)
    if not isinstance(topology, str | os.PathLike):
        return nothing
    path = as_path(topology)
    if path.suffix.lower() not in _WITH_COORDINATES or not path.is_file():
        return nothing
    if path.stat().st_size > _MOST_BYTES:
        return nothing
    with warnings.catch_warnings():
        # They have been given when the topology was opened.
        warnings.simplefilter("ignore")
        try:
            with get_reader_for(str(path))(str(path)) as reader:
                every = reader.ts.positions.copy()
        except Exception:  # Another reader than that of the suffix has read the topology.
            return nothing
    if len(every) != atoms.universe.atoms.n_atoms or atoms.n_atoms < 2:
        return nothing
    positions = every[atoms.ix]
    if not within_reach(positions):
        return nothing
    distances, nearest = cKDTree(positions).query(positions, k=2)
    bonded = (distances[:, 1] > _CLOSEST) & (distances[:, 1] < _CLOSE)
    if bonded.mean() < _MIN_BONDED:
        return nothing
    pairs = np.stack([np.arange(atoms.n_atoms), nearest[:, 1]], axis=1)[bonded]
    found: np.ndarray = np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)
    return found


def _usual_distance(positions: np.ndarray) -> float:
    """Return the median distance of an atom from its nearest one, in angstrom."""
    from scipy.spatial import cKDTree

    return float(np.median(cKDTree(positions).query(positions, k=2)[0][:, 1]))


def _pairs(atoms: Any, first: str, second: str) -> np.ndarray:
    """Return the indices of two named atoms in each residue that has both, (n, 2) int64."""
    if not hasattr(atoms, "names"):
        return np.empty((0, 2), np.int64)
    names, residues = atoms.names, atoms.resindices
    found = [
        {residues[row]: row for row in np.flatnonzero(names == name)} for name in (first, second)
    ]
    common = sorted(found[0].keys() & found[1].keys())
    return np.array([[found[0][r], found[1][r]] for r in common], np.int64).reshape(-1, 2)

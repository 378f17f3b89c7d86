"""Check bond lengths, to detect a topology whose atom order differs from the trajectory."""

import warnings
from typing import Any

import numpy as np

from ..errors import TopologyWarning
from ..featurizers.geometry.boxes import is_box

#: Bonds within an amino acid, all between 1.2 and 1.6 angstrom long.
_BONDS = (("N", "CA"), ("CA", "C"), ("C", "O"), ("CA", "CB"))
#: Upper limit of the length of these bonds in angstrom. It allows for high temperatures and
#: poorly minimised structures.
_MAX_BOND_LENGTH = 2.2


def warn_of_atom_order(atoms: Any, positions: np.ndarray, box: np.ndarray | None) -> None:
    """Warn if atoms that are bonded in the topology are far apart in the trajectory.

    A topology that lists the atoms in another order than the trajectory has the right number of
    atoms. It is therefore read without an error, but all features are wrong.

    Parameters
    ----------
    atoms : MDAnalysis.AtomGroup
        The atoms.
    positions : numpy.ndarray
        Their coordinates in the first frame in angstrom, (n_atoms, 3).
    box : numpy.ndarray or None
        Box of this frame, (6,): lengths in angstrom and angles in degrees.

    Warns
    -----
    TopologyWarning
        If the median length of a kind of bond is too large. The warning names the bond and its
        length.
    """
    from MDAnalysis.lib.distances import calc_bonds

    if box is not None and not is_box(np.asarray(box, np.float64)[None], 2 * _MAX_BOND_LENGTH)[0]:
        box = None
    for first, second in _BONDS:
        pairs = _pairs(atoms, first, second)
        if not len(pairs):
            continue
        lengths = calc_bonds(positions[pairs[:, 0]], positions[pairs[:, 1]], box=box)
        median = float(np.median(lengths))
        if median > _MAX_BOND_LENGTH:
            warnings.warn(
                f"{first}-{second} bonds are {median:.1f} angstrom long in the first frame (median "
                f"of {len(pairs)}): the topology seems to list the atoms in another order than "
                "the trajectory, which makes every feature wrong; use the topology that belongs "
                "to the trajectory",
                TopologyWarning,
                stacklevel=2,
            )
            return


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

"""A look at bond lengths: atoms in another order than the topology's are seen by no reader."""

import warnings
from typing import Any

import numpy as np

from ..errors import TopologyWarning

#: Bonds within an amino acid; all are between 1.2 and 1.6 angstrom.
_BONDS = (("N", "CA"), ("CA", "C"), ("C", "O"), ("CA", "CB"))
#: In angstrom. No covalent bond of these atoms is longer, hot or badly minimised.
_LONGEST = 2.2


def warn_of_atom_order(atoms: Any, positions: np.ndarray, box: np.ndarray | None) -> None:
    """Warn when atoms that the topology bonds are far apart in the trajectory.

    A topology whose atoms are in another order than the trajectory's has the right number of
    atoms, so it is read without complaint, and every feature is wrong.

    Parameters
    ----------
    atoms : MDAnalysis.AtomGroup
    positions : numpy.ndarray
        (n_atoms, 3), angstrom, of one frame.
    box : numpy.ndarray or None
        (6,) of that frame.

    Warns
    -----
    TopologyWarning
        Naming the bond and its median length.
    """
    from MDAnalysis.lib.distances import calc_bonds

    for first, second in _BONDS:
        pairs = _pairs(atoms, first, second)
        if not len(pairs):
            continue
        lengths = calc_bonds(positions[pairs[:, 0]], positions[pairs[:, 1]], box=box)
        median = float(np.median(lengths))
        if median > _LONGEST:
            warnings.warn(
                f"{first}-{second} bonds are {median:.1f} angstrom long in the first frame (median "
                f"of {len(pairs)}): the atoms of the topology seem to be in another order than "
                "those of the trajectory, which makes every feature wrong; give the topology that "
                "belongs to the trajectory",
                TopologyWarning,
                stacklevel=2,
            )
            return


def _pairs(atoms: Any, first: str, second: str) -> np.ndarray:
    """Rows of the two atoms of each residue that has both, once: shape (n, 2)."""
    if not hasattr(atoms, "names"):
        return np.empty((0, 2), np.int64)
    names, residues = atoms.names, atoms.resindices
    found = [
        {residues[row]: row for row in np.flatnonzero(names == name)} for name in (first, second)
    ]
    common = sorted(found[0].keys() & found[1].keys())
    return np.array([[found[0][r], found[1][r]] for r in common], np.int64).reshape(-1, 2)

"""Alternative locations of atoms, of which one is used."""

from typing import Any

import numpy as np


def first_locations(atoms: Any) -> np.ndarray:
    """Return a mask without the alternative locations of atoms that already have one.

    A PDB or mmCIF file may list an atom several times, once for each place where it was seen. Of
    the atoms given, the first location is used, as mdtraj does. If a site has two kinds of
    residue, the first one is used.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms.

    Returns
    -------
    numpy.ndarray
        False for further locations, (n_atoms,) bool.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.featurizers.topology.alternatives import first_locations
    >>> u = mda.Universe.empty(4, atom_resindex=[0] * 4)
    >>> u.add_TopologyAttr("names", ["N", "CA", "CA", "C"])
    >>> u.add_TopologyAttr("altLocs", ["", "A", "B", ""])
    >>> first_locations(u.atoms).tolist()
    [True, True, False, True]
    """
    kept = np.ones(atoms.n_atoms, dtype=bool)
    locations = getattr(atoms, "altLocs", None)
    if locations is None or not hasattr(atoms, "names"):
        return kept
    several = np.array([bool(str(location).strip()) for location in locations])
    if not several.any():
        return kept
    resindices, names = atoms.resindices, atoms.names
    residue_at: dict[tuple[Any, ...], int] = {}
    seen: set[tuple[int, str]] = set()
    rows = np.flatnonzero(np.isin(resindices, np.unique(resindices[several])))
    for row, site in zip(rows.tolist(), _sites(atoms[rows]), strict=True):
        first = residue_at.setdefault(site, int(resindices[row]))
        atom = (int(resindices[row]), str(names[row]))
        kept[row] = first == resindices[row] and atom not in seen
        seen.add(atom)
    return kept


def _sites(atoms: Any) -> list[tuple[Any, ...]]:
    """Return the chain, number and insertion code of each atom."""
    unknown = [""] * atoms.n_atoms
    columns = (
        atoms.segindices.tolist(),
        getattr(atoms, "chainIDs", unknown),
        getattr(atoms, "resids", unknown),
        getattr(atoms, "icodes", unknown),
    )
    return list(zip(*columns, strict=True))

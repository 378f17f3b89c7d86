"""Recognise heavy atoms and C-alpha atoms by the attributes that a topology has."""

from typing import Any

import numpy as np

from .synonyms import canonical_name

#: Names of calcium ions.
CALCIUM_IONS = frozenset({"CA", "Ca", "CA2", "CAL", "CA2+", "Ca2+", "CA+2", "Ca+2"})


def attribute_or(atoms: Any, name: str, default: Any) -> Any:
    """Return an attribute of all atoms, or the default for each if the topology lacks it."""
    values = getattr(atoms, name, None)
    return [default] * atoms.n_atoms if values is None else values


def heavy_atoms(atoms: Any) -> np.ndarray:
    """Return a mask of the atoms that are not hydrogens.

    Hydrogens are recognised by element if the topology has elements, otherwise by mass and name.
    Hydrogens with a repartitioned (larger) mass are recognised too.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms.

    Returns
    -------
    numpy.ndarray
        True for heavy atoms, (n_atoms,) bool.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.featurizers.topology.atom_kinds import heavy_atoms
    >>> u = mda.Universe.empty(3)
    >>> u.add_TopologyAttr("names", ["CA", "1HA", "HG"])
    >>> u.add_TopologyAttr("masses", [12.011, 3.024, 200.59])
    >>> heavy_atoms(u.atoms).tolist()
    [True, False, True]
    """
    n_atoms = atoms.n_atoms
    elements = np.char.upper(np.asarray(attribute_or(atoms, "elements", ""), dtype=str))
    masses = np.asarray(attribute_or(atoms, "masses", 0.0), dtype=np.float64)
    names = np.char.lstrip(np.asarray(attribute_or(atoms, "names", ""), dtype=str), "0123456789")
    by_element = np.isin(elements, ("H", "D", "T"))
    named = np.char.startswith(names, "H") & ~(masses >= 5.0)
    light = (masses > 0.0) & (masses < 2.5)
    # If nothing is heavier, masses are in other units.
    light &= bool((masses >= 2.5).any())
    hydrogen = np.where(elements != "", by_element, named | light)
    return ~hydrogen.reshape(n_atoms)


def alpha_carbons(atoms: Any) -> np.ndarray:
    """Return a mask of the C-alpha atoms.

    Calcium ions and methyl groups of caps, which may have the same name, are left out.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms.

    Returns
    -------
    numpy.ndarray
        True for C-alpha atoms, (n_atoms,) bool.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.featurizers.topology.atom_kinds import alpha_carbons
    >>> u = mda.Universe.empty(2, 2, atom_resindex=[0, 1])
    >>> u.add_TopologyAttr("names", ["CA", "CA"])
    >>> u.add_TopologyAttr("resnames", ["ALA", "CA"])
    >>> alpha_carbons(u.atoms).tolist()
    [True, False]
    """
    named: np.ndarray = np.asarray(attribute_or(atoms, "names", "")) == "CA"
    elements = np.char.upper(np.asarray(attribute_or(atoms, "elements", ""), dtype=str))
    resnames = np.asarray(attribute_or(atoms, "resnames", ""))
    # In some caps, CA is the carbon of a methyl group.
    others = [r for r in set(resnames[named]) if canonical_name(str(r), "CA") != "CA"]
    return named & np.isin(elements, ("", "C")) & ~np.isin(resnames, [*CALCIUM_IONS, *others])

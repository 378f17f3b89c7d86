"""Convert the atoms of any source to an MDAnalysis AtomGroup, and select atoms.

The rest of the package uses only MDAnalysis' AtomGroup and selection language.
"""

from typing import Any

import numpy as np

from ...errors import InputError
from .alternatives import first_locations

ANGSTROM_PER_NM = 10.0


def as_atoms(source: Any) -> Any:
    """Return the atoms of `source` as an MDAnalysis AtomGroup.

    Parameters
    ----------
    source : Universe, AtomGroup, mdtraj.Trajectory or mdtraj.Topology
        The source of the atoms. An AtomGroup is returned as it is.

    Returns
    -------
    MDAnalysis.core.groups.AtomGroup
        The atoms. For an mdtraj source, they belong to a Universe with the names, residues,
        chains, elements, masses and bonds of its topology. A Trajectory gives it the coordinates
        of the first frame, a Topology none.

    Raises
    ------
    InputError
        If `source` is of another type, is empty, contains an atom twice, or is an updating
        AtomGroup.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.featurizers.topology import as_atoms
    >>> u = mda.Universe.empty(3, trajectory=True)
    >>> as_atoms(u).n_atoms
    3
    """
    if is_mdtraj(source):
        from .mdtraj_atoms import mdtraj_atoms

        frames = getattr(source, "xyz", None)
        if frames is None or not len(frames):
            return mdtraj_atoms(getattr(source, "topology", source))
        lengths, angles = source.unitcell_lengths, source.unitcell_angles
        box = None if lengths is None else np.hstack([lengths[0] * ANGSTROM_PER_NM, angles[0]])
        return mdtraj_atoms(source.topology, frames[0] * ANGSTROM_PER_NM, box)
    atoms = getattr(source, "atoms", None)
    if atoms is None or not hasattr(atoms, "select_atoms"):
        raise InputError(
            f"cannot take atoms from this {type(source).__name__}: pass an MDAnalysis Universe or "
            "AtomGroup, or an mdtraj Trajectory or Topology"
        )
    if atoms.n_atoms == 0:
        raise InputError("no atoms were given: the AtomGroup is empty; check its selection")
    if hasattr(source, "is_uptodate"):
        raise InputError(
            "an updating AtomGroup can change from frame to frame, but features need fixed atoms: "
            "pass group.universe.atoms[group.ix] instead"
        )
    if len(np.unique(atoms.ix)) != atoms.n_atoms:
        raise InputError("the AtomGroup contains an atom more than once: pass its .unique instead")
    return atoms


def is_mdtraj(source: Any) -> bool:
    """Return whether the class of an object is defined by mdtraj, without importing mdtraj."""
    return type(source).__module__.partition(".")[0] == "mdtraj"


def selected_atoms(source: Any, select: str | None) -> Any:
    """Return the atoms of `source` that a selection finds.

    Parameters
    ----------
    source : Universe, AtomGroup, mdtraj.Trajectory or mdtraj.Topology
        The source of the atoms.
    select : str or None
        A selection in MDAnalysis' language. None selects all atoms.

    Returns
    -------
    MDAnalysis.core.groups.AtomGroup
        The selected atoms.

    Raises
    ------
    InputError
        If the selection is invalid or finds no atoms.

    Examples
    --------
    >>> import mdtraj
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers.topology import selected_atoms
    >>> topology = mdtraj.load_topology(alanine_dipeptide().topology)
    >>> selected_atoms(topology, "backbone").n_atoms
    8
    """
    atoms = as_atoms(source)
    indices = select_indices(atoms, select)
    return atoms if len(indices) == atoms.n_atoms else atoms[indices]


def select_indices(atoms: Any, select: str | None, what: str = "select") -> np.ndarray:
    """Return the indices of the atoms that a selection finds.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms to search.
    select : str or None
        A selection in MDAnalysis' language. None selects all atoms.
    what : str
        Name of the option in error messages.

    Returns
    -------
    numpy.ndarray
        Sorted indices into `atoms`, int64. If an atom has alternative locations, only the first
        of those selected is included.

    Raises
    ------
    InputError
        If the selection is invalid or finds no atoms.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.featurizers.topology import select_indices
    >>> u = mda.Universe.empty(3)
    >>> u.add_TopologyAttr("names", ["C", "H", "C"])
    >>> select_indices(u.atoms, "name C").tolist()
    [0, 2]
    """
    if select is None:
        return np.flatnonzero(first_locations(atoms))
    from MDAnalysis.exceptions import NoDataError, SelectionError

    if not isinstance(select, str):
        raise InputError(
            f"{what}={select!r}: pass a selection in MDAnalysis' language, as one text; an "
            "AtomGroup takes the place of the Universe"
        )
    if not select.strip():
        raise InputError(f"{what}='{select}' is empty: pass a selection, or None for all atoms")
    try:
        selected = atoms.select_atoms(select)
    except (SelectionError, NoDataError, AttributeError, ValueError, ImportError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{what}='{select}' is not a valid selection for these atoms: {reason}"
        ) from error
    if selected.n_atoms == 0:
        raise InputError(
            f"{what}='{select}' finds none of the {atoms.n_atoms} atoms: check the selection "
            "against the names in the topology"
        )
    selected = selected[first_locations(selected)]
    order = np.argsort(atoms.ix)
    return np.sort(order[np.searchsorted(atoms.ix[order], selected.ix)]).astype(np.int64)

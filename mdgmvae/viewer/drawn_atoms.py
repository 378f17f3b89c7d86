"""Choose what of a system is drawn: ribbons of polymers, and sticks of small molecules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..featurizers.topology.atom_kinds import alpha_carbons, attribute_or, heavy_atoms
from ..featurizers.topology.bonds import bonds_of
from ..featurizers.topology.synonyms import canonical_resname

#: A protein with fewer C-alpha atoms, or nucleic acid with fewer phosphates, is drawn as sticks.
_SMALLEST_RIBBON = {"protein": 10, "nucleic": 4}
#: A chain of fewer residues beside others is drawn as sticks.
_SHORTEST_CHAIN = 3
#: Longest distance in angstrom between neighbours along a ribbon.
_REACH = {"protein": 5.0, "nucleic": 9.0}
#: Beside a polymer, a kind of residue that occurs more often is a lipid or solvent, not a ligand.
_MOST_COPIES = 10
#: Most atoms that are drawn as sticks.
_MOST_STICKS = 5000
#: A bond that becomes longer than its length in the reference by this factor crosses the box.
_STRETCH = 1.5
_SOLVENT_IONS = frozenset(
    [
        *("NA", "NA+", "SOD", "CL", "CL-", "CLA", "K", "K+", "POT", "LI", "LIT", "CS", "CES"),
        *("RB", "RUB", "BR", "IOD", "ION"),
    ]
)


@dataclass(frozen=True)
class Ribbon:
    """A chain of residues that is drawn as a ribbon.

    Parameters
    ----------
    atoms : ndarray of int64
        One atom of each residue, by its place in the AtomGroup.
    kind : {"protein", "nucleic"}
    """

    atoms: np.ndarray
    kind: str

    @property
    def reach(self) -> float:
        """Longest distance in angstrom between neighbours."""
        return _REACH[self.kind]


def ribbons_of(atoms: Any) -> list[Ribbon]:
    """Find the chains that are drawn as ribbons.

    Parameters
    ----------
    atoms : AtomGroup

    Returns
    -------
    list of Ribbon
    """
    found = []
    phosphates = np.zeros(atoms.n_atoms, dtype=bool)
    if hasattr(atoms, "resnames") and hasattr(atoms, "names"):
        phosphates = np.isin(atoms.ix, atoms.select_atoms("nucleic and name P").ix)
    for kind, mask in (("protein", alpha_carbons(atoms)), ("nucleic", phosphates)):
        places = np.flatnonzero(mask)
        if len(places) < _SMALLEST_RIBBON[kind]:
            continue
        starts = np.flatnonzero(np.diff(_chain_of(atoms)[places])) + 1
        parts = np.split(places, starts)
        found += [Ribbon(part, kind) for part in parts if len(part) >= _SHORTEST_CHAIN]
    return found


def sticks_of(atoms: Any, ribbons: list[Ribbon]) -> np.ndarray:
    """Find the atoms that are drawn as sticks: ligands, or all but solvent without a polymer.

    Parameters
    ----------
    atoms : AtomGroup
    ribbons : list of Ribbon
        What is drawn as ribbons.

    Returns
    -------
    ndarray of int64
        Places in the AtomGroup.

    Raises
    ------
    InputError
        If too many atoms would have to be drawn.
    """
    if not hasattr(atoms, "resnames"):
        return _few_enough(atoms, np.arange(atoms.n_atoms))
    resnames = np.asarray(atoms.resnames, dtype=str)
    solvent = [name for name in np.unique(resnames) if _is_solvent(name)]
    drawn = ~np.isin(resnames, solvent)
    if not drawn.any():
        return _few_enough(atoms, np.arange(atoms.n_atoms))
    if not ribbons:
        if np.count_nonzero(drawn) > _MOST_STICKS and (rare := _rare(atoms, drawn)).any():
            drawn = rare
        return _few_enough(atoms, np.flatnonzero(drawn))
    polymer = polymer_of(atoms, ribbons)
    return _few_enough(atoms, np.flatnonzero(_rare(atoms, drawn & ~polymer)))


def polymer_of(atoms: Any, ribbons: list[Ribbon]) -> np.ndarray:
    """Find all atoms of the chains that are drawn as ribbons.

    Parameters
    ----------
    atoms : AtomGroup
    ribbons : list of Ribbon

    Returns
    -------
    ndarray of bool of shape (n_atoms,)
    """
    if not ribbons:
        return np.zeros(atoms.n_atoms, dtype=bool)
    of_ribbons = np.concatenate([ribbon.atoms for ribbon in ribbons])
    # Caps and residues with an incomplete backbone belong to the chain, too.
    chains = _chain_of(atoms)
    polymer: np.ndarray = np.isin(atoms.ix, atoms.select_atoms("protein or nucleic").ix)
    polymer &= np.isin(chains, chains[of_ribbons])
    polymer |= np.isin(atoms.resindices, atoms.resindices[of_ribbons])
    return polymer


def bonds_between(atoms: Any, sticks: np.ndarray) -> tuple[np.ndarray, float]:
    """Find the bonds of atoms in the current frame, and the length of no bond.

    Parameters
    ----------
    atoms : AtomGroup
    sticks : ndarray of int64
        Places in the AtomGroup.

    Returns
    -------
    pairs : ndarray of int64 of shape (n_bonds, 2)
        Places in `sticks`.
    longest : float
        No bond becomes longer, in angstrom.
    """
    place = np.full(atoms.universe.atoms.n_atoms, -1, dtype=np.int64)
    place[atoms.ix[sticks]] = np.arange(len(sticks))
    if len(sticks) < 2:
        return np.empty((0, 2), np.int64), 0.0
    bonds = bonds_of(atoms, sticks)
    pairs = place[bonds.pairs]
    inside = (pairs >= 0).all(axis=1)
    lengths = bonds.lengths[inside]
    return pairs[inside], _STRETCH * float(lengths.max(initial=0.0))


def elements_of(atoms: Any) -> list[str]:
    """Return the element of each atom in capitals, guessed from names if necessary.

    Parameters
    ----------
    atoms : AtomGroup

    Returns
    -------
    list of str
    """
    from MDAnalysis.guesser.default_guesser import DefaultGuesser

    known = [str(e).upper() for e in attribute_or(atoms, "elements", "")]
    names = [str(name) for name in attribute_or(atoms, "names", "")]
    guesser, heavy = DefaultGuesser(None), heavy_atoms(atoms)
    return [
        element or ("H" if not is_heavy else str(guesser.guess_atom_element(name)).upper())
        for element, name, is_heavy in zip(known, names, heavy, strict=True)
    ]


def _is_solvent(resname: str) -> bool:
    return canonical_resname(resname) == "HOH" or resname.upper() in _SOLVENT_IONS


def _chain_of(atoms: Any) -> np.ndarray:
    """Return a number for each atom, the same for the same segment and chain identifier."""
    chains = np.asarray(attribute_or(atoms, "chainIDs", ""), dtype=str)
    _, number = np.unique(chains, return_inverse=True)
    numbers: np.ndarray = number * (atoms.segindices.max() + 1) + atoms.segindices
    return numbers


def _rare(atoms: Any, mask: np.ndarray) -> np.ndarray:
    """Return the part of a mask whose residues are of kinds with only a few residues."""
    residues = atoms[mask].residues
    _, kind, counts = np.unique(
        np.asarray(residues.resnames, dtype=str), return_inverse=True, return_counts=True
    )
    rare: np.ndarray = residues.resindices[counts[kind] <= _MOST_COPIES]
    return mask & np.isin(atoms.resindices, rare)


def _few_enough(atoms: Any, places: np.ndarray) -> np.ndarray:
    if len(places) > _MOST_STICKS:
        places = places[heavy_atoms(atoms)[places]]
    if len(places) > _MOST_STICKS:
        raise InputError(
            f"there are {len(places):,} atoms to draw as sticks, and at most {_MOST_STICKS:,} can "
            "be; pass fewer atoms, such as universe.select_atoms('resname LIG')"
        )
    return places

"""Convert an mdtraj topology to the atoms of an MDAnalysis Universe."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ...errors import InputError
from .atom_kinds import CALCIUM_IONS

# Elements that mdtraj finds in the names of hydrogens if a file has no elements.
_HYDROGENS = frozenset({"HE", "HF", "HG", "HO", "HS"})


def mdtraj_atoms(
    topology: Any,
    positions: np.ndarray | None = None,
    box: np.ndarray | None = None,
    icodes: Sequence[str] | None = None,
) -> Any:
    """Convert an mdtraj topology to an AtomGroup on which selections work.

    Residue numbers, elements and bonds that mdtraj makes up are corrected, so that the atoms are
    the same as those that MDAnalysis reads from the same file.

    Parameters
    ----------
    topology : mdtraj.Topology
        The topology.
    positions : numpy.ndarray, optional
        Coordinates in the first frame of the trajectory in angstrom, (n_atoms, 3).
    box : numpy.ndarray, optional
        Box of this frame, (6,): lengths in angstrom and angles in degrees.
    icodes : sequence of str, optional
        Insertion code of each residue, which mdtraj does not know.

    Returns
    -------
    MDAnalysis.core.groups.AtomGroup
        Atoms of a Universe with names, types, elements, masses, residues, chains, segments and
        bonds. Its only frame has the given coordinates. Without them it has no trajectory.

    Raises
    ------
    InputError
        If the topology is empty.

    Examples
    --------
    >>> import mdtraj
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers.topology.mdtraj_atoms import mdtraj_atoms
    >>> atoms = mdtraj_atoms(mdtraj.load_topology(alanine_dipeptide().topology))
    >>> atoms.select_atoms("protein and name CA").resnames.tolist()
    ['ALA']
    """
    import MDAnalysis as mda
    from MDAnalysis.core.topologyattrs import Bonds

    residues = list(topology.residues)
    chains = list(topology.chains)
    atoms = list(topology.atoms)
    if not atoms:
        raise InputError("no atoms were given: the mdtraj topology is empty; check its file")
    universe = mda.Universe.empty(
        len(atoms),
        n_residues=len(residues),
        n_segments=len(chains),
        atom_resindex=[atom.residue.index for atom in atoms],
        residue_segindex=[residue.chain.index for residue in residues],
        trajectory=False,
    )
    elements = [_element(atom) for atom in atoms]
    chain_ids = [(getattr(chain, "chain_id", None) or "").strip() for chain in chains]
    segids = [
        next((r.segment_id for r in chain.residues if r.segment_id), chain_id) or "SYSTEM"
        for chain, chain_id in zip(chains, chain_ids, strict=True)
    ]
    attributes: dict[str, Sequence[Any]] = {
        "names": [atom.name for atom in atoms],
        "types": [element or atom.name for element, atom in zip(elements, atoms, strict=True)],
        "elements": elements,
        "masses": [_mass(atom, element) for atom, element in zip(atoms, elements, strict=True)],
        "chainIDs": [chain_ids[atom.residue.chain.index] for atom in atoms],
        "resnames": [residue.name for residue in residues],
        "resids": residue_numbers(topology),
        "segids": segids,
    }
    if icodes is not None:
        attributes["icodes"] = icodes
    for name, values in attributes.items():
        universe.add_TopologyAttr(name, values)
    # mdtraj bonds all residues of a chain if the file has no bonds.
    universe.add_TopologyAttr(Bonds(_trusted_bonds(topology), guessed=True))
    if positions is not None:
        universe.load_new(np.asarray(positions)[None], order="fac", dimensions=box)
    return universe.atoms


def _element(atom: Any) -> str:
    """Return the element of an mdtraj atom, unless mdtraj has misread its name."""
    symbol = str(atom.element.symbol) if atom.element is not None else ""
    # mdtraj uses the symbol VS for particles without an element (virtual sites, beads).
    if symbol == "VS":
        return ""
    name = atom.name.lstrip("0123456789").upper()
    if len(symbol) < 2 or not name.startswith(symbol.upper()):
        return symbol
    if name == "CA":
        return symbol if atom.residue.name in CALCIUM_IONS else "C"
    if atom.residue.n_atoms == 1:
        return symbol
    if atom.residue.name in _polymer_names() or (symbol.upper() in _HYDROGENS and len(name) > 2):
        return symbol if symbol == "Se" else symbol[0]
    return symbol


@cache
def _polymer_names() -> frozenset[str]:
    """Return the names of the residues that MDAnalysis counts as protein or nucleic acid."""
    from MDAnalysis.core.selection import NucleicSelection, ProteinSelection

    return frozenset(ProteinSelection.prot_res) | frozenset(NucleicSelection.nucl_res)


def _mass(atom: Any, symbol: str) -> float:
    """Return the mass of an mdtraj atom, whose element may have been corrected."""
    if not symbol:
        return 0.0
    return float(type(atom.element).getBySymbol(symbol).mass)


def residue_numbers(topology: Any) -> list[int]:
    """Return the residue numbers that MDAnalysis reads from the same file.

    Parameters
    ----------
    topology : mdtraj.Topology
        The topology.

    Returns
    -------
    list of int
        The number of each residue.
    """
    residues = list(topology.residues)
    numbers = [residue.resSeq for residue in residues]
    # Without numbers in the file (Amber), mdtraj counts from 0, and Amber and MDAnalysis from 1.
    # Such files have no chains, segments or serial numbers either.
    counted = numbers[0] == 0 and all(step > 0 for step in np.diff(numbers))
    if counted and not any(
        residue.segment_id
        or getattr(residue.chain, "chain_id", None)
        or residue.atom(0).serial is not None
        for residue in residues
        if residue.n_atoms
    ):
        return [number + 1 for number in numbers]
    # Columns of a file are too narrow for large numbers, which then start again.
    in_pdb = any(getattr(chain, "chain_id", None) is not None for chain in topology.chains)
    return _unwrapped(numbers, in_pdb)


def _unwrapped(numbers: list[int], in_pdb: bool) -> list[int]:
    """Continue residue numbers where a file starts again, with the rules of MDAnalysis."""
    result: list[int] = []
    before, turns = 0, 0
    for number in numbers:
        if in_pdb:
            while number + turns * 10_000 - (result[-1] if result else 0) < -5_000:
                turns += 1
            result.append(number + turns * 10_000)
        else:
            turns += bool(result) and number == 0 and before != 0
            result.append(number + turns * 100_000)
        before = number
    return result


def _trusted_bonds(topology: Any) -> list[tuple[int, int]]:
    """Return the bonds of an mdtraj topology, without peptide bonds that cannot exist.

    If a file has no bonds, mdtraj bonds every residue of a chain to the next one, even across
    gaps in the numbering and after carboxylates. MDAnalysis does not.
    """
    ended = {atom.residue.index for atom in topology.atoms if atom.name == "OXT"}
    bonds = []
    for pair in topology.bonds:
        first, second = sorted(pair, key=lambda atom: atom.index)
        before, after = first.residue, second.residue
        if (
            after.index == before.index + 1
            and (first.name, second.name) == ("C", "N")
            and (after.resSeq - before.resSeq not in (0, 1) or before.index in ended)
        ):
            continue
        bonds.append((first.index, second.index))
    return bonds

"""Convert an mdtraj topology to the atoms of an MDAnalysis Universe."""

from collections.abc import Sequence
from typing import Any

from ...errors import InputError


def mdtraj_atoms(topology: Any) -> Any:
    """Convert an mdtraj topology to an AtomGroup on which every selection by topology works.

    Parameters
    ----------
    topology : mdtraj.Topology
        The topology.

    Returns
    -------
    MDAnalysis.core.groups.AtomGroup
        Atoms of a Universe without coordinates, with names, types, elements, masses, residues,
        chains, segments and bonds.

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
    symbols = [atom.element.symbol if atom.element is not None else "" for atom in atoms]
    # mdtraj uses the symbol VS for particles without an element (virtual sites, beads).
    symbols = ["" if symbol == "VS" else symbol for symbol in symbols]
    chain_ids = [(getattr(chain, "chain_id", None) or "").strip() for chain in chains]
    segids = [
        next((r.segment_id for r in chain.residues if r.segment_id), chain_id) or "SYSTEM"
        for chain, chain_id in zip(chains, chain_ids, strict=True)
    ]
    attributes: dict[str, Sequence[Any]] = {
        "names": [atom.name for atom in atoms],
        "types": [symbol or atom.name for symbol, atom in zip(symbols, atoms, strict=True)],
        "elements": symbols,
        "masses": [atom.element.mass if atom.element is not None else 0.0 for atom in atoms],
        "chainIDs": [chain_ids[atom.residue.chain.index] for atom in atoms],
        "resnames": [residue.name for residue in residues],
        "resids": [residue.resSeq for residue in residues],
        "segids": segids,
    }
    for name, values in attributes.items():
        universe.add_TopologyAttr(name, values)
    universe.add_TopologyAttr("bonds", _trusted_bonds(topology))
    return universe.atoms


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

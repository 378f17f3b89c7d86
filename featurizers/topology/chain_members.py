"""Residues that belong to a protein, although MDAnalysis does not know their names."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from .alternatives import first_locations
from .bonds import bonds_within
from .first_frame import FirstFrame
from .links import bonded_links, has_residue_names
from .synonyms import canonical_resname


def protein_selection(atoms: Any) -> str:
    """Return a selection of the protein, with all residues that are bonded into its chains.

    MDAnalysis' "protein" is a list of names. Modified residues such as NLE, SEP or AIB and D-amino
    acids are not in it. They belong to the protein if they are bonded to other residues through
    the backbone, by the bonds of the topology or by distance in the first frame. Ligands, ions,
    glycans and other residues that are bonded to side chains do not belong to it.

    Parameters
    ----------
    atoms : AtomGroup
        All atoms of a universe.

    Returns
    -------
    str
        "protein", followed by the names of such residues if there are any.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers.topology.chain_members import protein_selection
    >>> u = mda.Universe(alanine_dipeptide().topology)
    >>> protein_selection(u.atoms)
    'protein'
    >>> u.residues[1].resname = "DAL"
    >>> protein_selection(u.atoms)
    'protein or resname DAL'
    """
    known = "protein"
    if not has_residue_names(atoms):
        return known
    protein = set(atoms.select_atoms(known).resindices.tolist())
    candidates = _candidates(atoms, protein)
    group = atoms.universe.residues[sorted(candidates)].atoms
    amino_acids = _amino_acids(group)
    if not candidates or not (protein or amino_acids):
        return known
    group = atoms.universe.residues[sorted(protein | candidates)].atoms
    members = _linked_members(group, protein | amino_acids, candidates)
    members |= _bonded_to_backbone(group, protein | members, candidates - members)
    return " or ".join([known, *_selections(atoms.universe.residues, members, candidates)])


def _candidates(atoms: Any, protein: set[int]) -> set[int]:
    """Return the residues with an atom that could be bonded to a backbone."""
    resnames = atoms.resnames
    solvent = [name for name in np.unique(resnames) if canonical_resname(str(name)) == "HOH"]
    rows = np.flatnonzero(~np.isin(resnames, solvent))
    rows = rows[~np.isin(atoms.resindices[rows], sorted(protein))]
    names, resindices = atoms.names[rows], atoms.resindices[rows]
    # Other residues of a single atom are ions, such as NA and CL.
    large = np.isin(resindices, _polyatomic(resindices)) | (names == "N")
    columns = zip(names[large], resindices[large].tolist(), strict=True)
    return {residue for name, residue in columns if name[:1] in ("N", "C")}


def _amino_acids(group: Any) -> set[int]:
    """Return the residues with the backbone of an amino acid."""
    names: dict[int, set[str]] = {}
    for residue, name in zip(group.resindices.tolist(), group.names, strict=True):
        names.setdefault(residue, set()).add(str(name))
    return {residue for residue, found in names.items() if {"N", "CA", "C"} <= found}


def _linked_members(group: Any, seeds: set[int], candidates: set[int]) -> set[int]:
    """Return the candidates in the chains of the seeds: protein and other amino acids.

    An amino acid that is linked to nothing is a ligand.
    """
    after = bonded_links(group)
    before = {follower: residue for residue, follower in after.items()}
    members: set[int] = set()
    reached = [residue for residue in seeds if residue in after or residue in before]
    while reached:
        residue = reached.pop()
        for other in (residue, after.get(residue, -1), before.get(residue, -1)):
            if other in candidates and other not in members:
                members.add(other)
                reached.append(other)
    return members


def _bonded_to_backbone(group: Any, protein: set[int], candidates: set[int]) -> set[int]:
    """Return the candidates that are bonded to a backbone by atoms with other names.

    An example is the chromophore of fluorescent proteins, whose nitrogens are N1, N2 and N3.
    """
    group = group[first_locations(group)]
    names, resindices = group.names.astype(str), group.resindices
    inside, outside = (np.isin(resindices, sorted(some)) for some in (protein, candidates))
    outside &= np.isin(resindices, _polyatomic(resindices))
    frame = FirstFrame.of(group)
    bonds = bonds_within(group, guessed=frame is None)
    bonds = np.concatenate([bonds, bonds[:, ::-1]])
    members: set[int] = set()
    for backbone, partner in (("C", "N"), ("N", "C")):
        ends = np.flatnonzero(inside & (names == backbone))
        starts = np.flatnonzero(outside & np.char.startswith(names, partner))
        rows = bonds[np.isin(bonds[:, 0], ends) & np.isin(bonds[:, 1], starts), 1]
        members.update(resindices[rows].tolist())
        if frame is not None:
            pairs = frame.bonded_pairs(ends.tolist(), starts.tolist())
            members.update(resindices[starts[pairs[:, 1]]].tolist())
    return members


def _polyatomic(resindices: np.ndarray) -> np.ndarray:
    """Return the residues with more than one atom. Others are ions, such as NA and CL."""
    residues, counts = np.unique(resindices, return_counts=True)
    chosen: np.ndarray = residues[counts > 1]
    return chosen


def _selections(residues: Any, members: set[int], candidates: set[int]) -> Iterable[str]:
    """Return selections of the members, which leave out other residues of the same name."""
    unwritable = sorted(r for r in members if not _is_word(str(residues[r].resname)))
    if unwritable:
        yield "resindex " + " ".join(map(str, unwritable))
    members = members.difference(unwritable)
    free = {str(residues[r].resname) for r in candidates - members}
    names = {str(residues[r].resname) for r in members}
    if names - free:
        yield "resname " + " ".join(sorted(names - free))
    for name in sorted(names & free):
        numbers = sorted({int(residues[r].resid) for r in members if residues[r].resname == name})
        yield f"(resname {name} and resid {' '.join(map(str, numbers))})"


def _is_word(name: str) -> bool:
    """Return whether a name can stand in a selection, which blanks and "and" cannot."""
    from MDAnalysis.core.selection import is_keyword

    return re.fullmatch(r"[\w+'-]+", name) is not None and not is_keyword(name)

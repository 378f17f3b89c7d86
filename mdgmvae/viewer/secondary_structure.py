"""The secondary structure of proteins by DSSP, for ribbons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..featurizers.topology.synonyms import canonical_name, canonical_resname
from .drawn_atoms import Ribbon

_BACKBONE = ("N", "CA", "C", "O")
_COIL = ord("C")
_ANGSTROM_PER_NM = 10.0


@dataclass(frozen=True)
class SecondaryStructure:
    """Helices and strands of the residues of some ribbons.

    Parameters
    ----------
    backbone : ndarray of int64 of shape (n_complete, 4)
        Places of N, CA, C and O in the AtomGroup, of the residues that have them all.
    residues : ndarray of int64 of shape (n_complete,)
        Their places among the residues of all ribbons.
    n_residues : int
        Number of residues of all ribbons.
    topology : mdtraj.Topology
        Of the backbone.
    """

    backbone: np.ndarray
    residues: np.ndarray
    n_residues: int
    topology: Any

    @classmethod
    def of(cls, atoms: Any, ribbons: list[Ribbon]) -> Self | None:
        """Find the backbone of ribbons, or None if it is not there, as in coarse-grained models.

        Parameters
        ----------
        atoms : AtomGroup
        ribbons : list of Ribbon

        Returns
        -------
        SecondaryStructure or None
        """
        import mdtraj

        topology, backbone, residues, n_residues = mdtraj.Topology(), [], [], 0
        for ribbon in ribbons:
            chain = topology.add_chain()
            found = _backbones(atoms, ribbon) if ribbon.kind == "protein" else {}
            for residue, places in found.items():
                backbone.append(places)
                residues.append(n_residues + residue)
                name = canonical_resname(str(atoms[places[0]].resname))
                added = topology.add_residue(name, chain)
                for atom in _BACKBONE:
                    topology.add_atom(atom, mdtraj.element.get_by_symbol(atom[0]), added)
            n_residues += len(ribbon.atoms)
        if not backbone:
            return None
        return cls(np.array(backbone), np.array(residues), n_residues, topology)

    def at(self, backbone: np.ndarray) -> np.ndarray:
        """Assign the residues of frames.

        Parameters
        ----------
        backbone : ndarray of shape (n_frames, n_complete * 4, 3)
            Positions in angstrom of the atoms of `backbone`, residue after residue.

        Returns
        -------
        ndarray of uint8 of shape (n_frames, n_residues)
            The letters H, E and C. Residues with an incomplete backbone are C.
        """
        import mdtraj

        frames = mdtraj.Trajectory(backbone / _ANGSTROM_PER_NM, self.topology)
        letters = np.full((len(backbone), self.n_residues), _COIL, np.uint8)
        assigned = mdtraj.compute_dssp(frames, simplified=True).astype("S1").view(np.uint8)
        assigned = assigned.reshape(len(backbone), -1)
        letters[:, self.residues] = np.where(np.isin(assigned, [*b"HE"]), assigned, _COIL)
        return letters


def _backbones(atoms: Any, ribbon: Ribbon) -> dict[int, list[int]]:
    """Return the places of N, CA, C and O of the residues of a ribbon that have them all."""
    number = {int(r): i for i, r in enumerate(atoms.resindices[ribbon.atoms])}
    named: list[dict[str, int]] = [{} for _ in number]
    members = np.flatnonzero(np.isin(atoms.resindices, list(number)))
    columns = (atoms.resindices, atoms.resnames, atoms.names)
    for place, residue, resname, name in zip(members, *(c[members] for c in columns), strict=True):
        # The first of alternative locations is taken.
        named[number[int(residue)]].setdefault(canonical_name(str(resname), str(name)), int(place))
    return {
        residue: [places[name] for name in _BACKBONE]
        for residue, places in enumerate(named)
        if all(name in places for name in _BACKBONE)
    }

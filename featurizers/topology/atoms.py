"""Atoms from any source as an MDAnalysis AtomGroup, and what identifies them.

Everything behind this file knows MDAnalysis' AtomGroup and its selection language only.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import AtomMismatchError, InputError
from .atom_kinds import attribute_or
from .synonyms import canonical_name, canonical_resname


def as_atoms(source: Any) -> Any:
    """Return the atoms of `source` as an MDAnalysis AtomGroup.

    Parameters
    ----------
    source : Universe, AtomGroup, mdtraj.Trajectory or mdtraj.Topology
        Where the atoms are. An AtomGroup is returned as it is.

    Returns
    -------
    MDAnalysis.core.groups.AtomGroup
        For mdtraj: of a Universe without coordinates, with names, residues, chains, elements,
        masses and bonds, so that every selection by topology works.

    Raises
    ------
    InputError
        When `source` is something else, is empty, repeats an atom or is an updating group.

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

        return mdtraj_atoms(getattr(source, "topology", source))
    atoms = getattr(source, "atoms", None)
    if atoms is None or not hasattr(atoms, "select_atoms"):
        raise InputError(
            f"cannot take atoms from a {type(source).__name__}: give an MDAnalysis Universe or "
            "AtomGroup, or an mdtraj Trajectory or Topology"
        )
    if atoms.n_atoms == 0:
        raise InputError("no atoms were given: the AtomGroup is empty; check its selection")
    if hasattr(source, "is_uptodate"):
        raise InputError(
            "an updating AtomGroup can change from frame to frame, features need fixed atoms: "
            "give group.universe.atoms[group.ix] instead"
        )
    if len(np.unique(atoms.ix)) != atoms.n_atoms:
        raise InputError("the AtomGroup holds an atom more than once: give its .unique instead")
    return atoms


def is_mdtraj(source: Any) -> bool:
    """Whether something comes from mdtraj, which is not imported to find out."""
    return type(source).__module__.partition(".")[0] == "mdtraj"


def selected_atoms(source: Any, select: str | None) -> Any:
    """The AtomGroup of anything that `as_atoms` understands, or what a selection finds in it.

    Raises
    ------
    InputError
        When the selection cannot be understood or finds nothing.
    """
    atoms = as_atoms(source)
    return atoms if select is None else atoms[select_indices(atoms, select)]


def select_indices(atoms: Any, select: str | None, what: str = "select") -> np.ndarray:
    """Indices into `atoms` of what a selection finds there.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms to search.
    select : str or None
        A selection in MDAnalysis' language; None is every atom.
    what : str
        The name of the option, for the error.

    Returns
    -------
    numpy.ndarray
        Sorted, int64.

    Raises
    ------
    InputError
        When the selection cannot be understood or finds nothing.

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
        return np.arange(atoms.n_atoms, dtype=np.int64)
    from MDAnalysis.exceptions import NoDataError, SelectionError

    if not select.strip():
        raise InputError(f"{what}='{select}' is empty: give a selection, or None for all atoms")
    try:
        selected = atoms.select_atoms(select)
    except (SelectionError, NoDataError, AttributeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{what}='{select}' is not a selection for these atoms: {reason}"
        ) from error
    if selected.n_atoms == 0:
        raise InputError(
            f"{what}='{select}' finds none of the {atoms.n_atoms} atoms: check the selection "
            "against the names in the topology"
        )
    order = np.argsort(atoms.ix)
    return np.sort(order[np.searchsorted(atoms.ix[order], selected.ix)]).astype(np.int64)


@dataclass(frozen=True)
class AtomRecord:
    """What identifies one atom: the residue's name and number, and the atom's name.

    Examples
    --------
    >>> from mdgmvae.featurizers.topology.atoms import AtomRecord
    >>> str(AtomRecord("ALA", 2, "CA"))
    'CA of ALA 2'
    """

    resname: str
    resid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} of {self.resname} {self.resid}"

    @property
    def key(self) -> tuple[str, int, str]:
        """What is compared: names that programs write differently are made one."""
        # Hydrogens are numbered differently everywhere, and no feature depends on which is which.
        hydrogen = self.name.lstrip("0123456789").startswith("H")
        name = "H" if hydrogen else canonical_name(self.resname, self.name)
        return canonical_resname(self.resname), self.resid, name


@dataclass(frozen=True)
class Fingerprint:
    """The identity of a set of atoms, in order; small enough to be saved with every model.

    Residue and atom names that programs spell differently (HSD and HIS, CD and CD1 of ILE, the
    numbers of hydrogens) compare equal, so that a model made through MDAnalysis accepts the
    same system read through mdtraj.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.featurizers.topology import Fingerprint
    >>> u = mda.Universe.empty(2, atom_resindex=[0, 0], n_residues=1)
    >>> for name, values in {"names": ["N", "CA"], "resnames": ["ALA"], "resids": [2]}.items():
    ...     u.add_TopologyAttr(name, values)
    >>> fingerprint = Fingerprint.of(u.atoms)
    >>> Fingerprint.from_dict(fingerprint.to_dict()) == fingerprint
    True
    >>> fingerprint.check(u.atoms, "this universe")
    """

    records: tuple[AtomRecord, ...]

    @classmethod
    def of(cls, atoms: Any) -> "Fingerprint":
        """Take the fingerprint of anything that `as_atoms` understands."""
        atoms = as_atoms(atoms)
        names = attribute_or(atoms, "names", "")
        resnames = attribute_or(atoms, "resnames", "")
        resids = attribute_or(atoms, "resids", 0)
        return cls(
            tuple(
                AtomRecord(str(resname), int(resid), str(name))
                for resname, resid, name in zip(resnames, resids, names, strict=True)
            )
        )

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of what is compared."""
        keys = [record.key for record in self.records]
        return hashlib.sha256(json.dumps(keys).encode()).hexdigest()

    def check(self, atoms: Any, what: str) -> None:
        """Refuse atoms that differ from these.

        Parameters
        ----------
        atoms : Universe, AtomGroup, mdtraj.Trajectory or mdtraj.Topology
            The atoms to compare.
        what : str
            What they are, for the error ("this universe", a file's name).

        Raises
        ------
        AtomMismatchError
            Naming the counts, or the first atom that differs.
        """
        other = Fingerprint.of(atoms)
        advice = "give the same atoms (selection, order) that the model was made from"
        for index, (mine, its) in enumerate(zip(self.records, other.records, strict=False)):
            if mine.key != its.key:
                raise AtomMismatchError(
                    f"{what}: atom {index} is {its}, the model has {mine}; {advice}"
                )
        if len(self.records) != len(other.records):
            raise AtomMismatchError(
                f"{what}: {len(other.records)} atoms, the model has {len(self.records)}; {advice}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Make a JSON-able dictionary; residues of the same atoms share one list of names."""
        patterns: dict[tuple[str, ...], int] = {}
        residues: list[list[Any]] = []
        start = 0
        for stop in range(1, len(self.records) + 1):
            first = self.records[start]
            if stop < len(self.records):
                last = self.records[stop]
                if (last.resname, last.resid) == (first.resname, first.resid):
                    continue
            pattern = tuple(record.name for record in self.records[start:stop])
            number = patterns.setdefault(pattern, len(patterns))
            residues.append([first.resname, first.resid, number])
            start = stop
        return {
            "n_atoms": len(self.records),
            "digest": self.digest,
            "names": [list(pattern) for pattern in patterns],
            "residues": residues,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Fingerprint":
        """Rebuild from what `to_dict` made."""
        return cls(
            tuple(
                AtomRecord(resname, resid, name)
                for resname, resid, number in values["residues"]
                for name in values["names"][number]
            )
        )

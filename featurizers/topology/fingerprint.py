"""Identity of the atoms that a model or a feature file was made from."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ...errors import AtomMismatchError, InputError
from ...json_files import Unfit, check_kind, listed, record, text, whole
from ...tables import counted
from .alternatives import first_locations
from .atom_kinds import attribute_or
from .atoms import as_atoms
from .synonyms import canonical_name, canonical_resname


@dataclass(frozen=True)
class AtomRecord:
    """Name of an atom, and name and number of its residue.

    Examples
    --------
    >>> from mdgmvae.featurizers.topology.fingerprint import AtomRecord
    >>> str(AtomRecord("ALA", 2, "CA"))
    'CA of ALA 2'
    """

    resname: str
    resid: int
    name: str

    def __str__(self) -> str:
        """Return the name of the atom for error messages."""
        return f"{self.name} of {self.resname} {self.resid}"

    @property
    def key(self) -> tuple[str, int, str]:
        """Canonical names and residue number, by which atoms are compared."""
        # Programs number hydrogens differently, and no feature depends on their numbers.
        hydrogen = self.name.lstrip("0123456789").startswith("H")
        name = "H" if hydrogen else canonical_name(self.resname, self.name)
        return canonical_resname(self.resname), self.resid, name


@dataclass(frozen=True)
class Fingerprint:
    """Identity of a sequence of atoms, small enough to be saved with every model.

    Names that programs spell differently are equal, such as HSD and HIS, or CD and CD1 of ILE.
    Numbers of hydrogens are ignored, and of an atom with alternative locations only the first
    one counts. A model that was made with MDAnalysis therefore accepts the
    same system read by mdtraj.

    Attributes
    ----------
    records : tuple of AtomRecord
        The atoms in order.

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
        """Return the fingerprint of atoms.

        Parameters
        ----------
        atoms : Universe, AtomGroup, mdtraj.Trajectory or mdtraj.Topology
            The atoms.

        Returns
        -------
        Fingerprint

        Raises
        ------
        InputError
            If `atoms` is of another type.
        """
        atoms = as_atoms(atoms)
        atoms = atoms[first_locations(atoms)]
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
        """SHA-256 digest of the names and numbers that are compared, in hexadecimal."""
        keys = [record.key for record in self.records]
        return hashlib.sha256(json.dumps(keys).encode()).hexdigest()

    def check(self, atoms: Any, what: str) -> None:
        """Raise an error if other atoms differ from these.

        Parameters
        ----------
        atoms : Universe, AtomGroup, mdtraj.Trajectory or mdtraj.Topology
            The atoms to compare.
        what : str
            Name of the source of the atoms in the error message, such as a file name.

        Raises
        ------
        AtomMismatchError
            If the atoms differ. The message names the first atom that differs, or both numbers
            of atoms.
        """
        other = Fingerprint.of(atoms)
        advice = "use the atoms (selection, order) that the model was made from"
        for index, (mine, its) in enumerate(zip(self.records, other.records, strict=False)):
            if mine.key != its.key:
                raise AtomMismatchError(
                    f"{what}: atom {index} is {its}, but the model has {mine}; {advice}"
                )
        if len(self.records) != len(other.records):
            raise AtomMismatchError(
                f"{what}: has {counted(len(other.records), 'atom')}, but the model has "
                f"{len(self.records)}; {advice}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return a dictionary that JSON can hold.

        Residues with the same atoms share one list of names.
        """
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
        """Make a fingerprint from what `to_dict` returned.

        Raises
        ------
        InputError
            If it is something else, or has changed since.
        """
        advice = "use the file as it was written, or write it again"
        plain = check_kind(values, _PLAIN, "fingerprint of the atoms", advice)
        patterns, records = plain["names"], []
        n_atoms = 0
        for resname, resid, pattern in plain["residues"]:
            names = patterns[pattern] if pattern < len(patterns) else []
            n_atoms += len(names)
            if not names or n_atoms > plain["n_atoms"]:
                break
            records += [AtomRecord(resname, resid, name) for name in names]
        found = cls(tuple(records))
        if len(records) != plain["n_atoms"] or found.digest != plain["digest"]:
            raise InputError(f"fingerprint of the atoms: has changed since it was made; {advice}")
        return found


def _residue(value: Any) -> tuple[str, int, int]:
    """Return name, number, and number of the list of names of a residue."""
    if not isinstance(value, list) or len(value) != 3:
        raise Unfit("must be a name and two numbers")
    return text(value[0]), whole()(value[1]), whole(0)(value[2])


_PLAIN = record(
    {
        "n_atoms": whole(0),
        "digest": text,
        "names": listed(listed(text)),
        "residues": listed(_residue),
    }
)

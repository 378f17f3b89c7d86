"""Readable and unique names of the residues and atoms of a featurizer."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from .synonyms import canonical_name, canonical_resname

# An insertion code after the number of a residue, and the number that makes a name unique.
_CODE = re.compile(r"(?<=\d)[A-Za-z]?(#\d+)?(?=[:\- ]|$)")


def residue_labels(atoms: Any, used: np.ndarray) -> dict[int, str]:
    """Return the names of the residues of the given atoms, such as "ALA2".

    Names start with the chain ("A:ALA2") if residues of several chains would otherwise have the
    same name.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms given.
    used : numpy.ndarray
        Indices into `atoms` of the atoms whose residues are named.

    Returns
    -------
    dict of int to str
        Unique name of each residue, by its index in the universe.

    Examples
    --------
    >>> import MDAnalysis as mda, numpy as np
    >>> from mdgmvae.featurizers.topology.names import residue_labels
    >>> u = mda.Universe.empty(2, 2, 2, atom_resindex=[0, 1], residue_segindex=[0, 1])
    >>> for name, values in {"resnames": ["ALA"] * 2, "resids": [2, 2], "segids": "AB"}.items():
    ...     u.add_TopologyAttr(name, list(values))
    >>> residue_labels(u.atoms, np.array([0, 1]))
    {0: 'A:ALA2', 1: 'B:ALA2'}
    """
    resindices = atoms.resindices[used]
    _, first = np.unique(resindices, return_index=True)
    some = atoms[used[first]]
    resnames = getattr(some, "resnames", ["UNK"] * len(some))
    resids = getattr(some, "resids", some.resindices + 1)
    icodes = getattr(some, "icodes", [""] * len(some))
    plain = {
        int(index): f"{canonical_resname(str(resname))}{resid}{str(icode).strip()}"
        for index, resname, resid, icode in zip(
            some.resindices, resnames, resids, icodes, strict=True
        )
    }
    if len(set(plain.values())) == len(plain):
        return plain
    chains = dict(zip(plain, chain_names(some), strict=True))
    if len(set(chains.values())) > 1:
        plain = {index: f"{chains[index]}:{label}" for index, label in plain.items()}
    ordinal = {int(index): i for i, index in enumerate(dict.fromkeys(atoms.resindices.tolist()))}
    return _unique(plain, ordinal)


def atom_labels(atoms: Any, used: np.ndarray) -> dict[int, str]:
    """Return the names of atoms, such as "ALA2:CA".

    Parameters
    ----------
    atoms : AtomGroup
        The atoms given.
    used : numpy.ndarray
        Indices into `atoms` of the atoms to name.

    Returns
    -------
    dict of int to str
        Unique name of each atom, by its index into `atoms`.
    """
    used = np.unique(used)
    of_residue = residue_labels(atoms, used)
    some = atoms[used]
    resnames = getattr(some, "resnames", ["UNK"] * len(some))
    names = getattr(some, "names", [str(index) for index in used])
    plain = {
        int(index): f"{of_residue[int(resindex)]}:{canonical_name(str(resname), str(name))}"
        for index, resindex, resname, name in zip(
            used, some.resindices, resnames, names, strict=True
        )
    }
    return _unique(plain, {index: index for index in plain})


def chain_names(atoms: Any) -> list[str]:
    """Return the chain of each atom, or its segment if the topology has no chains."""
    segids = [str(segid) for segid in getattr(atoms, "segids", [""] * len(atoms))]
    chain_ids = [str(chain).strip() for chain in getattr(atoms, "chainIDs", segids)]
    return [chain or segid for chain, segid in zip(chain_ids, segids, strict=True)]


def comparable_name(name: str) -> str:
    """Return the name of a column without insertion codes, which mdtraj does not read.

    Examples
    --------
    >>> from mdgmvae.featurizers.topology.names import comparable_name
    >>> comparable_name("phi VAL163A cos"), comparable_name("phi VAL163#170 cos")
    ('phi VAL163 cos', 'phi VAL163 cos')
    """
    return _CODE.sub("", name)


def duplicates(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


def _unique(labels: Mapping[int, str], numbers: Mapping[int, Hashable]) -> dict[int, str]:
    """Append a number to the labels that occur more than once."""
    twice = set(duplicates(labels.values()))
    return {
        index: f"{label}#{numbers[index]}" if label in twice else label
        for index, label in labels.items()
    }

"""Pairs of atoms or residues, for distances and contacts."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..errors import InputError
from ..tables import counted
from .base import Featurizer, Kernel
from .geometry.kernels import all_distances, pair_distances, residue_distances
from .topology.atom_kinds import alpha_carbons, heavy_atoms
from .topology.atoms import select_indices
from .topology.indices import check_switch, checked_indices, checked_tuples
from .topology.links import sequence_distances
from .topology.names import atom_labels, residue_labels

SCHEMES = ("heavy", "all", "ca", "residue-min")
MAX_COLUMNS = 5_000_000
# From this number of pairs on, MDAnalysis' function is faster, although it is called per frame.
_MANY_PAIRS = 4_000


@dataclass(frozen=True)
class PairFeaturizer(Featurizer):
    """Base class of featurizers that compute distances of pairs.

    Parameters
    ----------
    select, pairs, scheme, exclude_neighbours, periodic
        See `Distances`.

    Raises
    ------
    InputError
        If an option is invalid.
    """

    select: str | None = None
    pairs: tuple[tuple[int, int], ...] | None = None
    scheme: str = "heavy"
    exclude_neighbours: int = 0
    periodic: bool = False

    def __post_init__(self) -> None:
        """Check the options."""
        if self.scheme not in SCHEMES:
            raise InputError(
                f"scheme='{self.scheme}' is unknown; choose one of {', '.join(SCHEMES)}"
            )
        check_switch(self.periodic, "periodic")
        number = self.exclude_neighbours
        if isinstance(number, bool) or not hasattr(number, "__index__") or number < 0:
            raise InputError(
                f"exclude_neighbours={self.exclude_neighbours}: pass a number of residues, or 0 "
                "to keep all pairs"
            )
        if self.pairs is None:
            return
        if self.select is not None or self.scheme not in ("heavy", "all"):
            raise InputError("pass pairs=, or select= and scheme=, not both")
        if self.exclude_neighbours:
            raise InputError("pass pairs= or exclude_neighbours=, not both")
        object.__setattr__(self, "pairs", checked_tuples(self.pairs, 2, "pairs"))

    def _takes_whole_molecules(self) -> bool:
        """Return True unless nearest images are used."""
        return not self.periodic


@dataclass(frozen=True, eq=False)
class PairPlan:
    """The pairs of a featurizer in an AtomGroup.

    Attributes
    ----------
    indices : numpy.ndarray
        Sorted indices of the atoms of the pairs, int64.
    names : tuple of str
        Name of each pair.
    distances : callable
        Function of positions and boxes that returns distances in angstrom, (n_frames, n_pairs).
    """

    indices: np.ndarray
    names: tuple[str, ...]
    distances: Kernel


def plan_pairs(options: PairFeaturizer, atoms: Any) -> PairPlan:
    """Find the pairs of a featurizer in an AtomGroup.

    Parameters
    ----------
    options : PairFeaturizer
        The featurizer.
    atoms : AtomGroup
        The atoms given.

    Returns
    -------
    PairPlan

    Raises
    ------
    InputError
        If there are no pairs, or too many to store.
    """
    if options.pairs is not None:
        return _atom_pairs(atoms, checked_indices(options.pairs, atoms.n_atoms, "pairs"))
    chosen = select_indices(atoms, options.select)
    if options.scheme == "residue-min":
        return _residue_pairs(options, atoms, chosen)
    searched = len(chosen)
    if options.scheme == "heavy":
        chosen = chosen[heavy_atoms(atoms[chosen])]
    elif options.scheme == "ca":
        chosen = chosen[alpha_carbons(atoms[chosen])]
    if len(chosen) < 2:
        raise _no_pairs_error(options, _too_few(len(chosen), searched, options.scheme))
    _check_n_columns(options, len(chosen))
    first, second = np.triu_indices(len(chosen), k=1)
    pairs = np.stack([chosen[first], chosen[second]], axis=1)
    if options.exclude_neighbours:
        pairs = pairs[sequence_distances(atoms, pairs) >= options.exclude_neighbours]
        if not len(pairs):
            raise _no_pairs_error(options, "all pairs are neighbours in sequence")
    return _atom_pairs(atoms, pairs)


def _atom_pairs(atoms: Any, pairs: np.ndarray) -> PairPlan:
    """Plan the distances of pairs of atoms, (n_pairs, 2) indices."""
    indices, local = np.unique(pairs, return_inverse=True)
    local = local.reshape(pairs.shape)
    every = np.stack(np.triu_indices(len(indices), k=1), axis=1)
    whole = len(pairs) >= _MANY_PAIRS and np.array_equal(local, every)
    labels = atom_labels(atoms, indices)
    return PairPlan(
        indices=indices,
        names=tuple(f"{labels[i]}-{labels[j]}" for i, j in pairs.tolist()),
        distances=partial(all_distances if whole else pair_distances, pairs=local),
    )


def _residue_pairs(options: PairFeaturizer, atoms: Any, chosen: np.ndarray) -> PairPlan:
    """Plan the smallest distances between the residues of the chosen atoms."""
    heavy = chosen[heavy_atoms(atoms[chosen])]
    order = np.argsort(atoms.resindices[heavy], kind="stable")
    resindices = atoms.resindices[heavy][order]
    firsts = np.flatnonzero(np.diff(resindices, prepend=-1))
    if len(firsts) < 2:
        raise _no_pairs_error(
            options, f"{('no residue', 'only one residue')[len(firsts)]} has heavy atoms"
        )
    _check_n_columns(options, len(firsts))
    first, second = np.triu_indices(len(firsts), k=1)
    kept = np.triu(np.ones((len(firsts), len(firsts)), dtype=bool), k=1)
    if options.exclude_neighbours:
        members = heavy[order][firsts]
        pairs = np.stack([members[first], members[second]], axis=1)
        kept[first, second] = sequence_distances(atoms, pairs) >= options.exclude_neighbours
        if not kept.any():
            raise _no_pairs_error(options, "all pairs are neighbours in sequence")
    of_residue = residue_labels(atoms, heavy)
    labels = [of_residue[int(resindex)] for resindex in resindices[firsts]]
    return PairPlan(
        indices=heavy,
        names=tuple(f"{labels[i]}-{labels[j]}" for i, j in np.argwhere(kept).tolist()),
        distances=partial(
            residue_distances, order=order, starts=np.append(firsts, len(order)), kept=kept
        ),
    )


def _check_n_columns(options: PairFeaturizer, members: int) -> None:
    columns = members * (members - 1) // 2
    if columns > MAX_COLUMNS:
        raise InputError(
            f"{options.kind}: {columns:,} columns ({_options_text(options)}) are too many, the "
            f"limit is {MAX_COLUMNS:,}: use scheme='ca' or 'residue-min', or select fewer atoms"
        )


def _no_pairs_error(options: PairFeaturizer, reason: str) -> InputError:
    return InputError(
        f"{options.kind}: {reason}, so there are no pairs; select more atoms, or choose another "
        f"scheme ({_options_text(options)})"
    )


def _too_few(found: int, searched: int, scheme: str) -> str:
    """Say that no atom of a scheme, or only one, was found."""
    what = {"heavy": "a heavy atom", "ca": "a C-alpha atom"}.get(scheme, "left")
    return f"{'only 1' if found else 'none'} of {counted(searched, 'atom')} is {what}"


def _options_text(options: PairFeaturizer) -> str:
    what = f"scheme='{options.scheme}', exclude_neighbours={options.exclude_neighbours}"
    return f"select='{options.select}', {what}" if options.select else f"all atoms given, {what}"

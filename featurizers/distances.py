"""Distances between atoms or residues."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .atom_pairs import PairFeaturizer, plan_pairs
from .base import BoundFeaturizer, Kernel
from .geometry.boxes import checked_box


@dataclass(frozen=True)
class Distances(PairFeaturizer):
    """Distances between pairs of atoms, or smallest distances between residues, in angstrom.

    Without arguments: all pairs of heavy atoms.

    Parameters
    ----------
    select : str, optional
        Selection in MDAnalysis' language, within the atoms given. None is all of them.
    pairs : array_like of int, optional
        Explicit pairs, (n_pairs, 2), 0-based indices into the atoms given. Excludes the other
        choices.
    scheme : {'heavy', 'all', 'ca', 'residue-min'}
        Pairs of the selection's heavy atoms, of all its atoms, of its C-alpha atoms; or, for
        each pair of its residues, the smallest distance between their heavy atoms.
    exclude_neighbours : int
        Leave out pairs whose residues are nearer than this in sequence (difference of residue
        numbers, within a chain). 0 keeps all, 1 drops pairs within a residue.
    periodic : bool
        Take the nearest periodic image, in boxes of any shape.

    Raises
    ------
    InputError
        When an option makes no sense; on binding, when no pair is found or too many are.

    Notes
    -----
    Columns are called "d ALA2:CA-GLY5:CA", or "d ALA2-GLY5" between residues. A chain's name
    stands in front where residues of several chains would have the same name.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers import Distances
    >>> u = mda.Universe(alanine_dipeptide().topology)
    >>> bound = Distances().bind(u)
    >>> bound.n_features, bound.names[0], bound.units[0]
    (45, 'd ACE1:CH3-ACE1:C', 'angstrom')
    >>> bound(u.atoms.positions[None, bound.indices]).shape
    (1, 45)
    """

    kind: ClassVar[str] = "distances"

    def _bind(self, atoms: Any) -> BoundFeaturizer:
        plan = plan_pairs(self, atoms)
        return BoundFeaturizer(
            featurizer=self,
            indices=plan.indices,
            names=tuple(f"d {name}" for name in plan.names),
            units=("angstrom",) * len(plan.names),
            kernel=_DistanceKernel(plan.distances, self.periodic),
        )


@dataclass(frozen=True, eq=False)
class _DistanceKernel:
    distances: Kernel
    periodic: bool

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        boxes = checked_box(box, len(positions)) if self.periodic else None
        return self.distances(positions, boxes)

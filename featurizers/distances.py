"""Distances between atoms or residues."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .atom_pairs import PairFeaturizer, plan_pairs
from .base import BoundFeaturizer, Featurizer, Kernel
from .geometry.boxes import checked_box


@dataclass(frozen=True)
class Distances(PairFeaturizer):
    """Distances between atoms, or minimum distances between residues, in angstrom.

    Without arguments, the features are the distances of all pairs of heavy atoms.

    Parameters
    ----------
    select : str, optional
        Selection in MDAnalysis' language, applied within the atoms given. None selects all of
        them.
    pairs : array_like of int, optional
        The pairs, (n_pairs, 2), as 0-based indices into the atoms given. Use it instead of
        `select`, `scheme` and `exclude_neighbours`.
    scheme : {'heavy', 'all', 'ca', 'residue-min'}
        Atoms of the selection that form pairs: its heavy atoms, all atoms, or the C-alpha atoms.
        "residue-min" computes the minimum distance between the heavy atoms of each pair of
        residues.
    exclude_neighbours : int
        Leave out pairs of residues that are fewer links than this apart along the chain. 0 keeps
        all pairs, 1 leaves out pairs within a residue, 2 those of bonded neighbours, too. See
        `Dihedrals` for what links residues. Their numbers and chain names do not matter.
    periodic : bool
        Use the nearest periodic image, in boxes of any shape. If False, molecules that are broken
        across the boundary of the box are made whole, and separate molecules stay where they are.

    Raises
    ------
    InputError
        If an option is invalid. `bind` raises it if there are no pairs, or too many.

    Notes
    -----
    Columns are called "d ALA2:CA-GLY5:CA", or "d ALA2-GLY5" between residues. Names start with
    the chain if residues of several chains would otherwise have the same name.

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

    @classmethod
    def named(cls) -> dict[str, Featurizer]:
        """Return the short names "distances" and "ca_distances" and their featurizers."""
        return {"distances": cls(), "ca_distances": cls(scheme="ca")}

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
    """Distances of pairs, with nearest periodic images if wanted."""

    distances: Kernel
    periodic: bool

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        boxes = checked_box(box, len(positions)) if self.periodic else None
        return self.distances(positions, boxes)

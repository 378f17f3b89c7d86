"""Contacts between atoms or residues."""

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from .atom_pairs import PairFeaturizer, plan_pairs
from .base import BoundFeaturizer, Featurizer, Kernel
from .geometry.boxes import checked_box
from .topology.indices import check_switch


@dataclass(frozen=True)
class Contacts(PairFeaturizer):
    """Contacts between atoms or residues, from 0 (apart) to 1 (in contact).

    Parameters
    ----------
    select, pairs, scheme, exclude_neighbours, periodic
        See `Distances`.
    cutoff : float
        Distance in angstrom at which a contact ends, or at which it is 0.5 if `smooth` is True.
    smooth : bool
        If True, a contact is the rational switching function 1 / (1 + (d / cutoff)^6), which is
        0.5 at the cutoff. If False, it is 1 where d <= cutoff and 0 elsewhere.

    Raises
    ------
    InputError
        If an option is invalid. `bind` raises it if there are no pairs, or too many.

    Notes
    -----
    With r = d / cutoff, 1 / (1 + r^6) equals (1 - r^6) / (1 - r^12), the switching function with
    exponents 6 and 12 that is common for coordination numbers.

    Examples
    --------
    >>> import MDAnalysis as mda, numpy as np
    >>> from mdgmvae.featurizers import Contacts
    >>> bound = Contacts(pairs=[(0, 1)], cutoff=5.0).bind(mda.Universe.empty(2))
    >>> bound(np.array([[[0, 0, 0], [3, 4, 0]], [[0, 0, 0], [6, 8, 0]]], np.float32)).round(3)
    array([[0.5  ],
           [0.015]], dtype=float32)
    """

    cutoff: float = 4.5
    smooth: bool = True

    kind: ClassVar[str] = "contacts"

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        check_switch(self.smooth, "smooth")
        is_number = isinstance(self.cutoff, Real) and not isinstance(self.cutoff, bool)
        if not (is_number and np.isfinite(self.cutoff) and self.cutoff > 0):
            raise InputError(f"cutoff={self.cutoff}: must be a distance in angstrom, above 0")

    @classmethod
    def named(cls) -> dict[str, Featurizer]:
        """Return the short name "contacts" and its featurizer, contacts between residues."""
        return {"contacts": cls(scheme="residue-min")}

    def _bind(self, atoms: Any) -> BoundFeaturizer:
        plan = plan_pairs(self, atoms)
        return BoundFeaturizer(
            featurizer=self,
            indices=plan.indices,
            names=tuple(f"contact {name}" for name in plan.names),
            units=("1",) * len(plan.names),
            kernel=_ContactKernel(plan.distances, self.periodic, self.cutoff, self.smooth),
        )


@dataclass(frozen=True, eq=False)
class _ContactKernel:
    """Switching function of distances."""

    distances: Kernel
    periodic: bool
    cutoff: float
    smooth: bool

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        boxes = checked_box(box, len(positions)) if self.periodic else None
        ratio = self.distances(positions, boxes) / np.float32(self.cutoff)
        if self.smooth:
            return np.float32(1.0) / (np.float32(1.0) + ratio**6)
        return (ratio <= 1.0).astype(np.float32)

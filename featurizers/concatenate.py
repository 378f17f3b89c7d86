"""Several featurizers side by side."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..errors import FrameError, InputError
from .base import BoundFeaturizer, Featurizer, Kernel
from .topology.names import duplicates


@dataclass(frozen=True)
class Concatenate(Featurizer):
    """Columns of several featurizers, in the given order.

    Parameters
    ----------
    parts : sequence of Featurizer
        One or more featurizers.

    Raises
    ------
    InputError
        If a part is not a featurizer. `bind` raises it if two parts give the same column.

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers import Concatenate, Dihedrals, Distances
    >>> both = Concatenate((Dihedrals(form="radians"), Distances(pairs=[(4, 16)])))
    >>> both.bind(mda.Universe(alanine_dipeptide().topology)).units
    ('radian', 'radian', 'angstrom')
    """

    parts: tuple[Featurizer, ...] = ()

    kind: ClassVar[str] = "concatenate"

    def __post_init__(self) -> None:
        """Check the parts."""
        parts = self.parts if isinstance(self.parts, (tuple, list)) else (self.parts,)
        wrong = [part for part in parts if not isinstance(part, Featurizer)]
        if wrong or not parts:
            given = f"got {wrong[0]!r}" if wrong else "got none"
            raise InputError(f"Concatenate needs featurizers, as in Concatenate((a, b)); {given}")
        object.__setattr__(self, "parts", tuple(parts))

    @classmethod
    def named(cls) -> dict[str, Featurizer]:
        """Return no short names, because users pass a list of names instead."""
        return {}

    def with_reference(
        self, atoms: Any, positions: np.ndarray, box: np.ndarray | None = None
    ) -> "Concatenate":
        """Return the parts with their references. See `Featurizer.with_reference`."""
        parts = tuple(part.with_reference(atoms, positions, box) for part in self.parts)
        return replace(self, parts=parts)

    def _takes_whole_molecules(self) -> bool:
        """Return False, because each part receives what it needs."""
        return False

    def _bind(self, atoms: Any) -> BoundFeaturizer:
        bound = [part.bind(atoms) for part in self.parts]
        names = tuple(name for part in bound for name in part.names)
        twice = duplicates(names)
        if twice:
            raise InputError(
                f"Concatenate: {len(twice)} columns come from more than one part, such as "
                f"'{twice[0]}'; leave one of the parts out"
            )
        indices = np.unique(np.concatenate([part.indices for part in bound]))
        return BoundFeaturizer(
            featurizer=self,
            indices=indices,
            names=names,
            units=tuple(unit for part in bound for unit in part.units),
            kernel=_ConcatenateKernel(
                tuple((np.searchsorted(indices, p.indices), p.n_features, p.kernel) for p in bound)
            ),
        )


@dataclass(frozen=True, eq=False)
class _ConcatenateKernel:
    """Kernels of the parts, each with its atoms and number of columns."""

    parts: tuple[tuple[np.ndarray, int, Kernel], ...]

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        n_features = sum(width for _, width, _ in self.parts)
        features = np.empty((len(positions), n_features), dtype=np.float32)
        column = 0
        for atoms, width, kernel in self.parts:
            try:
                features[:, column : column + width] = kernel(positions[:, atoms], box)
            except FrameError as error:
                raise error.moved(atoms=atoms.tolist()) from error.__cause__
            column += width
        return features

"""Cartesian coordinates after superposition on a reference."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from ..errors import FrameError, InputError
from ..tables import counted
from .base import BoundFeaturizer, Featurizer
from .geometry.kernels import superposed
from .geometry.whole import make_whole
from .topology.atom_kinds import heavy_atoms
from .topology.atoms import as_atoms, select_indices
from .topology.molecules import linked_atoms
from .topology.names import atom_labels


@dataclass(frozen=True)
class Positions(Featurizer):
    """Coordinates after least-squares superposition on a reference, in angstrom.

    Parameters
    ----------
    select : str, optional
        Atoms whose coordinates are the features: a selection in MDAnalysis' language, applied
        within the atoms given. None selects the heavy atoms among them (all of them if fewer than
        three are heavy), because fast hydrogens hide slow motion.
    reference : array_like, optional
        Coordinates in angstrom of the atoms that `align` selects, (n_aligned, 3). They are
        stored as float32. None takes the first analysed frame (see `with_reference`).
    align : str, optional
        Selection of the atoms to superpose, with equal weights. By default, `select`.

    Raises
    ------
    InputError
        If the reference does not match the atoms, or fewer than three atoms are superposed.

    Notes
    -----
    The origin of the features is the centre of the reference, so they do not depend on the
    position of the reference. Molecules that are broken across the boundary of the box are made
    whole, as for `Distances`. Columns are called "x ALA2:CA", "y ALA2:CA", "z ALA2:CA".

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.featurizers import Positions
    >>> u = mda.Universe(alanine_dipeptide().topology)
    >>> positions = Positions("name CA C N").with_reference(u, u.atoms.positions)
    >>> bound = positions.bind(u)
    >>> bound.names[:3]
    ('x ACE1:C', 'y ACE1:C', 'z ACE1:C')
    >>> bound(u.atoms.positions[None, bound.indices]).shape
    (1, 18)
    """

    select: str | None = None
    reference: tuple[tuple[float, ...], ...] | None = field(default=None, repr=False)
    align: str | None = None

    kind: ClassVar[str] = "positions"

    def __post_init__(self) -> None:
        """Check the reference."""
        if self.reference is None:
            return
        try:
            reference = np.asarray(self.reference, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise InputError(
                "reference: pass (n_aligned, 3) coordinates in angstrom, or None for the first "
                "analysed frame"
            ) from error
        if reference.ndim != 2 or reference.shape[1] != 3 or not np.isfinite(reference).all():
            raise InputError(
                f"reference of shape {reference.shape}: pass (n_aligned, 3) finite coordinates in "
                "angstrom"
            )
        # The shortest decimal numbers that are converted back to the same float32 values.
        rows = tuple(tuple(float(str(value)) for value in row) for row in reference)
        object.__setattr__(self, "reference", rows)

    def with_reference(
        self, atoms: Any, positions: np.ndarray, box: np.ndarray | None = None
    ) -> "Positions":
        """Return a featurizer with a reference, which is taken from a frame if it has none.

        See `Featurizer.with_reference`.

        Raises
        ------
        InputError
            If `positions` does not have the shape (n_atoms, 3).
        """
        if self.reference is not None:
            return self
        atoms = as_atoms(atoms)
        positions = np.asarray(positions)
        if positions.shape != (atoms.n_atoms, 3):
            raise InputError(
                f"positions of shape {positions.shape} were given for {atoms.n_atoms} atoms; pass "
                "an array of shape (n_atoms, 3)"
            )
        fitted = self._aligned(atoms)
        linked = linked_atoms(atoms, fitted)
        if linked is None:
            return replace(self, reference=positions[fitted])
        indices, links = linked
        boxes = None if box is None else np.asarray(box)[None]
        # If the frame cannot be used, the error is raised when it is featurized.
        with suppress(FrameError):
            positions = positions.copy()
            positions[indices] = make_whole(positions[None, indices], boxes, links)[0]
        return replace(self, reference=positions[fitted])

    def _aligned(self, atoms: Any) -> np.ndarray:
        """Return the indices of the atoms to superpose."""
        if self.align is None:
            return self._moved(atoms)
        return select_indices(atoms, self.align, "align")

    def _moved(self, atoms: Any) -> np.ndarray:
        """Return the indices of the atoms whose coordinates are the features."""
        chosen = select_indices(atoms, self.select)
        if self.select is not None:
            return chosen
        heavy = chosen[heavy_atoms(atoms[chosen])]
        return heavy if len(heavy) >= 3 else chosen

    def _bind(self, atoms: Any) -> BoundFeaturizer:
        moved, fitted = self._moved(atoms), self._aligned(atoms)
        option, value = ("select", self.select) if self.align is None else ("align", self.align)
        chosen = "the selection" if value is None else f"{option}='{value}'"
        if len(fitted) < 3:
            raise InputError(
                f"positions: {chosen} finds {counted(len(fitted), 'atom')}, but a superposition "
                "needs 3 or more"
            )
        if self.reference is not None and len(self.reference) != len(fitted):
            raise InputError(
                f"the reference has {len(self.reference)} atoms, but {chosen} finds "
                f"{len(fitted)}: pass the coordinates of these atoms"
            )
        indices = np.union1d(moved, fitted)
        labels = atom_labels(atoms, moved)
        return BoundFeaturizer(
            featurizer=self,
            indices=indices,
            names=tuple(f"{axis} {labels[index]}" for index in moved.tolist() for axis in "xyz"),
            units=("angstrom",) * (3 * len(moved)),
            kernel=_PositionKernel(
                moved=np.searchsorted(indices, moved),
                fitted=np.searchsorted(indices, fitted),
                reference=None if self.reference is None else np.array(self.reference, np.float32),
            ),
        )


@dataclass(frozen=True, eq=False)
class _PositionKernel:
    """Superpose frames on the reference."""

    moved: np.ndarray
    fitted: np.ndarray
    reference: np.ndarray | None

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        if self.reference is None:
            raise InputError(
                "Positions has no reference yet; use with_reference(atoms, positions), or pass "
                "reference="
            )
        moved = superposed(positions, self.moved, self.fitted, self.reference)
        return moved.reshape(len(positions), 3 * len(self.moved))

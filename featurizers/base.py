"""What every featurizer is: a frozen, JSON-able description that binds to atoms.

A `Featurizer` says what to compute, in options that can be printed, compared and saved. Bound
to atoms it becomes a `BoundFeaturizer`: indices, names, units and a pure kernel on blocks of
frames.
"""

import abc
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np

from ..errors import InputError
from .topology.atoms import as_atoms

Kernel = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


class Featurizer(abc.ABC):
    """Base class of the featurizers: frozen dataclasses whose fields are their options.

    Examples
    --------
    >>> from mdgmvae.featurizers import Distances, from_dict
    >>> Distances(select="name CA").to_dict()["select"]
    'name CA'
    >>> from_dict(Distances(select="name CA").to_dict()) == Distances(select="name CA")
    True
    """

    kind: ClassVar[str]

    def bind(self, atoms: Any) -> "BoundFeaturizer":
        """Find the atoms that the features need.

        Parameters
        ----------
        atoms : Universe, AtomGroup, mdtraj.Trajectory or mdtraj.Topology
            The atoms given; the featurizer's own selection is applied within them.

        Returns
        -------
        BoundFeaturizer

        Raises
        ------
        InputError
            When there is nothing to compute on these atoms.
        """
        return self._bind(as_atoms(atoms))

    @abc.abstractmethod
    def _bind(self, atoms: Any) -> "BoundFeaturizer":
        """Bind to an AtomGroup."""

    def with_reference(self, atoms: Any, positions: np.ndarray) -> "Featurizer":
        """Return the featurizer with what it takes from the first analysed frame.

        Parameters
        ----------
        atoms : Universe, AtomGroup, mdtraj.Trajectory or mdtraj.Topology
            The atoms given.
        positions : numpy.ndarray
            Their coordinates, (n_atoms, 3), in angstrom.

        Returns
        -------
        Featurizer
            Itself where no reference is needed or it has one.
        """
        return self

    def to_dict(self) -> dict[str, Any]:
        """Make a JSON-able dictionary of the kind and every option."""
        options = {item.name: _plain(getattr(self, item.name)) for item in fields(self)}  # type: ignore[arg-type]
        return {"kind": self.kind, **options}

    @classmethod
    def _from_options(cls, options: dict[str, Any], custom: dict[str, Callable] | None) -> Self:
        """Rebuild from the options in a dictionary; `custom` is for `Custom` alone."""
        known = {item.name for item in fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(options) - known)
        if unknown:
            raise InputError(
                f"the featurizer '{cls.kind}' has no option '{unknown[0]}'; "
                f"it has {', '.join(sorted(known))}"
            )
        return cls(**options)


@dataclass(frozen=True, eq=False)
class BoundFeaturizer:
    """A featurizer on particular atoms: call it with a block of frames.

    Attributes
    ----------
    featurizer : Featurizer
        The description that was bound.
    indices : numpy.ndarray
        Sorted, unique indices (int64) into the atoms given; the kernel wants these atoms only.
    names, units : tuple of str
        One a column. Units are "angstrom", "radian" or "1".

    Examples
    --------
    >>> import MDAnalysis as mda, numpy as np
    >>> from mdgmvae.featurizers import Distances
    >>> u = mda.Universe.empty(2)
    >>> bound = Distances(pairs=[(0, 1)]).bind(u)
    >>> bound(np.array([[[0.0, 0, 0], [3, 4, 0]]], np.float32))
    array([[5.]], dtype=float32)
    """

    featurizer: Featurizer
    indices: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...]
    kernel: Kernel = field(repr=False)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.names)

    def __call__(self, positions: np.ndarray, box: np.ndarray | None = None) -> np.ndarray:
        """Compute the features of a block of frames.

        Parameters
        ----------
        positions : numpy.ndarray
            (n_frames, len(indices), 3), float32, in angstrom.
        box : numpy.ndarray, optional
            (n_frames, 6): lengths in angstrom and angles in degrees, as MDAnalysis gives them.

        Returns
        -------
        numpy.ndarray
            (n_frames, n_features), float32.

        Raises
        ------
        InputError
            When the block has another shape, or a box is needed and missing.
        """
        positions = np.asarray(positions, dtype=np.float32)
        expected = (len(self.indices), 3)
        if positions.ndim != 3 or positions.shape[1:] != expected:
            raise InputError(
                f"positions of shape {positions.shape} were given where "
                f"(n_frames, {expected[0]}, 3) are needed: take the atoms of `indices`"
            )
        return self.kernel(positions, box)


def _plain(value: Any) -> Any:
    """Tuples as lists, as JSON gives them back."""
    if isinstance(value, Featurizer):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value

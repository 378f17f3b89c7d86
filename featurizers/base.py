"""Base class of featurizers, and featurizers that are bound to atoms.

A `Featurizer` describes what to compute. Its options can be printed, compared and saved.
Binding it to atoms gives a `BoundFeaturizer` with atom indices, the names and units of the
features, and a pure function (the kernel) that computes them for blocks of frames.
"""

import abc
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np

from ..errors import FrameError, InputError
from .geometry.whole import WholeKernel
from .topology.atoms import as_atoms
from .topology.molecules import linked_atoms

#: A function of the positions and boxes of a block of frames that returns its features.
Kernel = Callable[[np.ndarray, np.ndarray | None], np.ndarray]

_CLASSES: dict[str, type["Featurizer"]] = {}


class Featurizer(abc.ABC):
    """Base class of all featurizers.

    A subclass is a frozen dataclass whose fields are its options. If it defines `kind`, it is
    registered under this name; `by_name`, `from_dict`, the command line and saved models use it.
    Classes without `kind` are base classes of others.

    Attributes
    ----------
    kind : str
        The name under which the featurizer is saved.

    Raises
    ------
    TypeError
        If another class already uses the `kind` of a new subclass.

    Examples
    --------
    >>> from mdgmvae.featurizers import Distances, from_dict
    >>> Distances(select="name CA").to_dict()["select"]
    'name CA'
    >>> from_dict(Distances(select="name CA").to_dict()) == Distances(select="name CA")
    True
    """

    kind: ClassVar[str]

    def __init_subclass__(cls, **options: Any) -> None:
        """Register a subclass that defines `kind`."""
        super().__init_subclass__(**options)
        kind = cls.__dict__.get("kind")
        if kind is None:
            return
        other = _CLASSES.get(kind)
        # A class may be defined again, for example if a notebook cell is run twice.
        if other is not None and _full_name(other) != _full_name(cls):
            raise TypeError(
                f"{_full_name(cls)}: kind='{kind}' is already the kind of {_full_name(other)}; "
                "choose another name"
            )
        _CLASSES[kind] = cls

    @classmethod
    def named(cls) -> dict[str, "Featurizer"]:
        """Return the short names of this class and the featurizers they stand for.

        Returns
        -------
        dict
            Featurizers by name. By default, `kind` is the name of the featurizer with default
            options. A class with a required option has no short name.
        """
        return {} if required_options(cls) else {cls.kind: cls()}

    def bind(self, atoms: Any) -> "BoundFeaturizer":
        """Find the atoms that the features need.

        Parameters
        ----------
        atoms : Universe, AtomGroup, mdtraj.Trajectory or mdtraj.Topology
            The atoms to work on. The selection of the featurizer is applied within them.

        Returns
        -------
        BoundFeaturizer
            The featurizer on these atoms.

        Raises
        ------
        InputError
            If there are no such features for these atoms.
        """
        atoms = as_atoms(atoms)
        bound = self._bind(atoms)
        linked = linked_atoms(atoms, bound.indices) if self._takes_whole_molecules() else None
        if linked is None:
            return bound
        indices, links = linked
        kernel = WholeKernel(links, np.searchsorted(indices, bound.indices), bound.kernel)
        return replace(bound, indices=indices, kernel=kernel)

    def _takes_whole_molecules(self) -> bool:
        """Return whether molecules are made whole before the kernel receives them."""
        return True

    @abc.abstractmethod
    def _bind(self, atoms: Any) -> "BoundFeaturizer":
        """Bind to an AtomGroup."""

    def with_reference(
        self, atoms: Any, positions: np.ndarray, box: np.ndarray | None = None
    ) -> "Featurizer":
        """Return a featurizer with a reference, which is taken from a frame if it has none.

        Parameters
        ----------
        atoms : Universe, AtomGroup, mdtraj.Trajectory or mdtraj.Topology
            The atoms to work on.
        positions : numpy.ndarray
            Their coordinates in the first analysed frame in angstrom, (n_atoms, 3).
        box : numpy.ndarray, optional
            Box of this frame, (6,): lengths in angstrom and angles in degrees.

        Returns
        -------
        Featurizer
            The featurizer itself if it needs no reference or already has one.
        """
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the kind and all options as a dictionary that JSON can hold."""
        options = {item.name: _to_json(getattr(self, item.name)) for item in fields(self)}  # type: ignore[arg-type]
        return {"kind": self.kind, **options}

    @classmethod
    def _from_options(cls, options: dict[str, Any], functions: Mapping[str, Any]) -> Self:
        """Make a featurizer from its saved options.

        Parameters
        ----------
        options : dict
            What `to_dict` returned, without the kind. Options that are featurizers have already
            been converted back.
        functions : mapping of str to callable
            Functions by name, which the user has to pass again. Only classes that call a user's
            function need them.
        """
        known = {item.name for item in fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(options) - known)
        if unknown:
            raise InputError(
                f"the featurizer '{cls.kind}' has no option '{unknown[0]}'; "
                f"it has {', '.join(sorted(known))}"
            )
        return cls(**options)


def defined_classes() -> Mapping[str, type[Featurizer]]:
    """Return the featurizer classes that have been defined so far, by kind.

    Classes in modules that have not been imported are missing. `registry.kinds` imports them.
    """
    return MappingProxyType(_CLASSES)


@dataclass(frozen=True, eq=False)
class BoundFeaturizer:
    """A featurizer that is bound to atoms. Call it with a block of frames.

    Attributes
    ----------
    featurizer : Featurizer
        The featurizer that was bound.
    indices : numpy.ndarray
        Sorted, unique indices of the atoms that the kernel needs, int64. They refer to the atoms
        that were passed to `bind`.
    names, units : tuple of str
        Name and unit of each column. Units are "angstrom", "radian" or "1".
    kernel : callable
        A pure function of the positions and boxes of a block. It can be pickled.

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
            Coordinates in angstrom, (n_frames, len(indices), 3) float32.
        box : numpy.ndarray, optional
            (n_frames, 6): lengths in angstrom and angles in degrees, as in MDAnalysis.

        Returns
        -------
        numpy.ndarray
            Features, (n_frames, n_features) float32.

        Raises
        ------
        InputError
            If `positions` has the wrong shape, or a box is needed and missing.
        FrameError
            If a frame cannot be used. Its atoms are indices into the atoms given to `bind`.
        """
        positions = np.asarray(positions, dtype=np.float32)
        expected = (len(self.indices), 3)
        if positions.ndim != 3 or positions.shape[1:] != expected:
            raise InputError(
                f"positions of shape {positions.shape} were given, but the shape must be "
                f"(n_frames, {expected[0]}, 3): pass the atoms of `indices`"
            )
        try:
            return self.kernel(positions, box)
        except FrameError as error:
            raise error.moved(atoms=self.indices.tolist()) from error.__cause__


def required_options(cls: type) -> tuple[str, ...]:
    """Return the names of the options of a featurizer that have no default."""
    options: tuple[Field[Any], ...] = fields(cls) if is_dataclass(cls) else ()
    return tuple(o.name for o in options if o.default is o.default_factory is MISSING)


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _to_json(value: Any) -> Any:
    """Convert featurizers to dictionaries, and tuples to the lists that JSON would return."""
    if isinstance(value, Featurizer):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return value

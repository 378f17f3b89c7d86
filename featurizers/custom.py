"""A function of the user's as a featurizer."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from .base import BoundFeaturizer, Featurizer
from .topology.atoms import select_indices
from .topology.names import repeated


@dataclass(frozen=True)
class Custom(Featurizer):
    """Features by a function of positions.

    A saved model keeps the function's name and the number of its features, never its code: it
    is given again on loading.

    Parameters
    ----------
    function : callable
        Takes the positions of a block, (n_frames, n_atoms, 3) float32, in angstrom, and returns
        (n_frames, n_features) numbers. It has to be importable (no lambda) for parallel
        backends.
    n_features : int
        Columns that it returns.
    name : str, optional
        Under which name it is saved; the function's own when None.
    select : str, optional
        Atoms that it gets, in their order: a selection in MDAnalysis' language, within the
        atoms given. None is all of them.
    names : sequence of str, optional
        One a column; "name 0", "name 1", ... when None (for a single column the name alone).
    units : str or sequence of str
        Of all columns, or one a column.

    Raises
    ------
    InputError
        When an option makes no sense; when called, when the function returns something else.

    Examples
    --------
    >>> import MDAnalysis as mda, numpy as np
    >>> from mdgmvae.featurizers import Custom
    >>> def radius_of_gyration(positions):
    ...     centred = positions - positions.mean(axis=1, keepdims=True)
    ...     return np.sqrt((centred**2).sum(axis=2).mean(axis=1))[:, None]
    >>> custom = Custom(radius_of_gyration, 1, units="angstrom")
    >>> bound = custom.bind(mda.Universe.empty(2))
    >>> bound.names, bound(np.array([[[0, 0, 0], [3, 4, 0]]], np.float32)).tolist()
    (('radius_of_gyration',), [[2.5]])
    >>> sorted(custom.to_dict())
    ['kind', 'n_features', 'name', 'names', 'select', 'units']
    """

    function: Callable[[np.ndarray], np.ndarray]
    n_features: int
    name: str | None = None
    select: str | None = None
    names: tuple[str, ...] | None = None
    units: str | tuple[str, ...] = "1"

    kind: ClassVar[str] = "custom"

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise InputError(f"Custom: function is {self.function!r}, which cannot be called")
        if isinstance(self.n_features, bool) or not isinstance(self.n_features, Integral):
            raise InputError(f"Custom: n_features={self.n_features!r}: give a whole number")
        if self.n_features < 1:
            raise InputError(f"Custom: n_features={self.n_features}: give 1 or more")
        object.__setattr__(self, "n_features", int(self.n_features))
        name = self.name or getattr(self.function, "__name__", None)
        if name is None:
            raise InputError(f"Custom: {self.function!r} has no name: give name=")
        object.__setattr__(self, "name", name)
        if self.names is not None:
            object.__setattr__(self, "names", self._one_a_column(self.names, "names"))
            if repeated(self.names):
                raise InputError(f"Custom: names repeats '{repeated(self.names)[0]}'")
        if not isinstance(self.units, str):
            object.__setattr__(self, "units", self._one_a_column(self.units, "units"))

    def _one_a_column(self, values: Any, option: str) -> tuple[str, ...]:
        values = tuple(values)
        if len(values) != self.n_features:
            raise InputError(
                f"Custom: {len(values)} {option} for {self.n_features} features: give one each"
            )
        return values

    def to_dict(self) -> dict[str, Any]:
        """Make a JSON-able dictionary of everything but the function."""
        return {key: value for key, value in super().to_dict().items() if key != "function"}

    def _bind(self, atoms: Any) -> BoundFeaturizer:
        names = self.names
        if names is None:
            several = (f"{self.name} {column}" for column in range(self.n_features))
            names = (str(self.name),) if self.n_features == 1 else tuple(several)
        units = (self.units,) * self.n_features if isinstance(self.units, str) else self.units
        kernel = _CustomKernel(self.function, self.n_features, str(self.name))
        return BoundFeaturizer(self, select_indices(atoms, self.select), names, units, kernel)

    @classmethod
    def _from_options(cls, options: dict[str, Any], custom: dict[str, Callable] | None) -> "Custom":
        name = options.get("name")
        function = (custom or {}).get(str(name))
        if function is None:
            raise InputError(
                f"the features come from your function '{name}', whose code is not saved: pass "
                f'load(..., custom={{"{name}": function}})'
            )
        return super()._from_options({**options, "function": function}, None)


@dataclass(frozen=True, eq=False)
class _CustomKernel:
    function: Callable[[np.ndarray], np.ndarray]
    n_features: int
    name: str

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        returned = self.function(positions)
        expected = (len(positions), self.n_features)
        if not isinstance(returned, np.ndarray) or returned.shape != expected:
            shape = getattr(returned, "shape", None)
            got = type(returned).__name__ if shape is None else f"an array of shape {shape}"
            raise InputError(
                f"the function '{self.name}' returned {got} where an array of shape {expected}, "
                "(n_frames, n_features), is expected"
            )
        if returned.dtype.kind not in "fiub":
            raise InputError(
                f"the function '{self.name}' returned {returned.dtype}, where numbers are expected"
            )
        return returned.astype(np.float32)

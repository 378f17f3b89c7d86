"""A featurizer that calls a function of the user."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from .base import BoundFeaturizer, Featurizer
from .topology.atoms import select_indices
from .topology.names import duplicates


@dataclass(frozen=True)
class Custom(Featurizer):
    """Features that your own function computes from positions.

    A saved model contains the name of the function and its number of features, but not its code.
    Pass the function again when you load the model.

    Parameters
    ----------
    function : callable
        Function of the positions of a block of frames in angstrom, (n_frames, n_atoms, 3)
        float32, with molecules made whole as for `Distances`. It returns an array of numbers,
        (n_frames, n_features). For parallel backends, define it in a module that can be imported;
        a lambda does not work.
    n_features : int
        Number of columns that the function returns.
    name : str, optional
        Name under which the function is saved. By default, the name of the function.
    select : str, optional
        Atoms whose positions are passed to the function: a selection in MDAnalysis' language,
        applied within the atoms given. Their order is kept. None selects all of them.
    names : sequence of str, optional
        Name of each column. By default "name 0", "name 1", ..., or "name" for a single column.
    units : str or sequence of str
        Unit of all columns, or one unit for each column.

    Raises
    ------
    InputError
        If an option is invalid. Computing features raises it if the function returns another
        shape or type.

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
        """Check the options."""
        if not callable(self.function):
            raise InputError(
                f"Custom: function={self.function!r} cannot be called; pass a function of positions"
            )
        if isinstance(self.n_features, bool) or not isinstance(self.n_features, Integral):
            raise InputError(f"Custom: n_features={self.n_features!r}: must be a whole number")
        if self.n_features < 1:
            raise InputError(f"Custom: n_features={self.n_features}: must be at least 1")
        object.__setattr__(self, "n_features", int(self.n_features))
        name = self.name or getattr(self.function, "__name__", None)
        if name is None:
            raise InputError(f"Custom: {self.function!r} has no name; pass name=")
        object.__setattr__(self, "name", name)
        if self.names is not None:
            object.__setattr__(self, "names", self._one_per_column(self.names, "names"))
            if duplicates(self.names):
                raise InputError(
                    f"Custom: names repeats '{duplicates(self.names)[0]}'; give each column its "
                    "own name"
                )
        if not isinstance(self.units, str):
            object.__setattr__(self, "units", self._one_per_column(self.units, "units"))

    def _one_per_column(self, values: Any, option: str) -> tuple[str, ...]:
        """Return one value for each column, or raise an error."""
        if not hasattr(values, "__iter__"):
            raise InputError(f"Custom: {option}={values!r}: pass a list, with one for each column")
        given: tuple[str, ...] = tuple(values)
        if len(given) != self.n_features:
            raise InputError(
                f"Custom: {len(given)} {option} for {self.n_features} features: pass one for each"
            )
        return given

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the function as a dictionary that JSON can hold."""
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
    def _from_options(cls, options: dict[str, Any], functions: Mapping[str, Any]) -> "Custom":
        name = options.get("name")
        function = functions.get(str(name))
        if function is None:
            raise InputError(
                f"the features come from your function '{name}', whose code is not saved; pass "
                f'load(..., custom={{"{name}": function}})'
            )
        return super()._from_options({**options, "function": function}, functions)


@dataclass(frozen=True, eq=False)
class _CustomKernel:
    """Call the function, and check what it returns."""

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
                f"the function '{self.name}' returned {got}, but an array of shape {expected}, "
                "(n_frames, n_features), is expected"
            )
        if returned.dtype.kind not in "fiub":
            raise InputError(
                f"the function '{self.name}' returned {returned.dtype}, but numbers are expected"
            )
        return returned.astype(np.float32)

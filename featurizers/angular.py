"""Options, columns and kernel shared by angles and dihedrals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .geometry.boxes import SMALLEST_BOX, checked_box, optional_box
from .topology.indices import checked_tuples

FORMS = ("cossin", "radians")


def check_form(form: str) -> None:
    """Raise an error if `form` is unknown.

    Raises
    ------
    InputError
        If `form` is unknown. The message lists the known forms.
    """
    if form not in FORMS:
        raise InputError(f"form='{form}' is unknown; choose one of {', '.join(FORMS)}")


def checked_angles(angles: str | Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Check the names of angles, and return them as a tuple.

    Parameters
    ----------
    angles : str or iterable of str
        One or more names.
    known : iterable of str
        Allowed names.

    Returns
    -------
    tuple of str

    Raises
    ------
    InputError
        If there are no names, or a name is unknown or given twice.
    """
    names = (angles,) if isinstance(angles, str) or not isinstance(angles, Iterable) else (*angles,)
    if not names or len(set(names)) < len(names) or not set(names) <= set(known):
        raise InputError(f"angles={names}: choose from {', '.join(known)}, each once")
    return names


def checked_atoms(
    rows: Iterable[Iterable[int]], n_atoms: int, option: str, select: str | None
) -> tuple[tuple[int, ...], ...]:
    """Check the explicit atoms of each angle, and return them as tuples.

    Parameters
    ----------
    rows : iterable of iterable of int
        0-based indices of the atoms of each angle.
    n_atoms : int
        Number of atoms in an angle.
    option : str
        Name of the option in error messages.
    select : str or None
        The selection, which cannot be combined with explicit atoms.

    Returns
    -------
    tuple of tuple of int

    Raises
    ------
    InputError
        If a selection is given too, or the indices are invalid.
    """
    if select is not None:
        raise InputError(f"pass select or {option}, not both")
    return checked_tuples(rows, n_atoms, option)


def columns(names: Iterable[str], form: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and units of the columns of angles.

    Parameters
    ----------
    names : iterable of str
        Name of each angle.
    form : {'cossin', 'radians'}

    Returns
    -------
    names, units : tuple of str

    Examples
    --------
    >>> from mdgmvae.featurizers.angular import columns
    >>> columns(["phi ALA2"], "cossin")
    (('phi ALA2 cos', 'phi ALA2 sin'), ('1', '1'))
    """
    if form == "radians":
        labels = tuple(names)
        return labels, ("radian",) * len(labels)
    labels = tuple(f"{name} {part}" for name in names for part in ("cos", "sin"))
    return labels, ("1",) * len(labels)


@dataclass(frozen=True, eq=False)
class AngularKernel:
    """Kernel that computes angles or dihedrals.

    Attributes
    ----------
    angles : callable
        `kernels.bond_angles` or `kernels.dihedral_angles`.
    atoms : numpy.ndarray
        Indices into the atoms of a block, (n_angles, 3 or 4).
    form : {'cossin', 'radians'}
        Return the cosine and sine of each angle side by side, or the angles.
    periodic : bool or None
        Use the nearest periodic images of the arms, the vectors between neighbouring atoms. None
        does so in frames with a box if the arms are bonds, and does not otherwise.
    longest : numpy.ndarray or None
        If the arms are bonds, their largest lengths in angstrom. See `check_arms`.
    """

    angles: Callable[..., np.ndarray]
    atoms: np.ndarray
    form: str
    periodic: bool | None
    longest: np.ndarray | None = None

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        """Compute the features of a block of frames. See `BoundFeaturizer`."""
        boxes = None
        # The nearest image of an arm is the right one if the box is twice as large.
        smallest = SMALLEST_BOX if self.longest is None else 2 * float(self.longest.max())
        if self.periodic:
            boxes = checked_box(box, len(positions), smallest)
        elif self.periodic is None and self.longest is not None:
            boxes = optional_box(box, len(positions), smallest)
        return self.angles(positions, boxes, self.atoms, self.form, self.longest)

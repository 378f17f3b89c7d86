"""Options, columns and kernel that angles and dihedrals share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .geometry.boxes import box_where_there, checked_box
from .topology.indices import checked_tuples

FORMS = ("cossin", "radians")


def check_form(form: str) -> None:
    """Raise an error unless `form` is known.

    Raises
    ------
    InputError
        If it is not; the message lists the known forms.
    """
    if form not in FORMS:
        raise InputError(f"form='{form}' is unknown; choose one of {', '.join(FORMS)}")


def checked_angles(angles: str | Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return the names of angles as a tuple.

    Raises
    ------
    InputError
        If there is none, one is unknown, or one is given twice.
    """
    names = (angles,) if isinstance(angles, str) else tuple(angles)
    if not names or len(set(names)) < len(names) or not set(names) <= set(known):
        raise InputError(f"angles={names}: choose from {', '.join(known)}, each once")
    return names


def checked_atoms(
    rows: Iterable[Iterable[int]], n_atoms: int, option: str, select: str | None
) -> tuple[tuple[int, ...], ...]:
    """Return the explicit atoms of each angle as tuples.

    Raises
    ------
    InputError
        If a selection is given as well, or an angle has another number of atoms.
    """
    if select is not None:
        raise InputError(f"pass select or {option}, not both")
    return checked_tuples(rows, n_atoms, option)


def columns(names: Iterable[str], form: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and units of the columns of some angles.

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
    """Kernel that computes the angles of some atoms.

    Attributes
    ----------
    angles : callable
        `kernels.bond_angles` or `kernels.dihedral_angles`.
    atoms : numpy.ndarray
        Indices into the atoms of a block, (n_angles, 3 or 4).
    form : {'cossin', 'radians'}
        Give the cosine and sine of each angle side by side, or the angles.
    periodic : bool or None
        Use the nearest images of bond vectors. None does so in frames that have a box.
    """

    angles: Callable[[np.ndarray, np.ndarray | None, np.ndarray, str], np.ndarray]
    atoms: np.ndarray
    form: str
    periodic: bool | None

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        """Compute a block of frames. See `BoundFeaturizer`."""
        boxes = None
        if self.periodic is None:
            boxes = box_where_there(box, len(positions))
        elif self.periodic:
            boxes = checked_box(box, len(positions))
        return self.angles(positions, boxes, self.atoms, self.form)

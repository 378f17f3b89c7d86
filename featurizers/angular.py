"""What angles and dihedrals share: radians or cosine and sine, and their columns."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .geometry.boxes import box_where_there, checked_box
from .topology.indices import checked_tuples

FORMS = ("cossin", "radians")


def check_form(form: str) -> None:
    """Refuse an unknown form of angle.

    Raises
    ------
    InputError
        Naming the known ones.
    """
    if form not in FORMS:
        raise InputError(f"form='{form}' is unknown: give one of {', '.join(FORMS)}")


def checked_angles(angles: str | Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Names of angles as a tuple.

    Raises
    ------
    InputError
        When there is none, one is unknown, or one comes twice.
    """
    names = (angles,) if isinstance(angles, str) else tuple(angles)
    if not names or len(set(names)) < len(names) or not set(names) <= set(known):
        raise InputError(f"angles={names}: give each of {', '.join(known)} once at most")
    return names


def checked_atoms(
    rows: Iterable[Iterable[int]], n_atoms: int, option: str, select: str | None
) -> tuple[tuple[int, ...], ...]:
    """Explicit atoms of each angle as tuples.

    Raises
    ------
    InputError
        When a selection is given as well, or a row has another number of atoms.
    """
    if select is not None:
        raise InputError(f"give select or {option}, not both")
    return checked_tuples(rows, n_atoms, option)


def columns(names: Iterable[str], form: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units of the columns of some angles.

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
    """Angles of some atoms in the form wanted.

    Attributes
    ----------
    angles : callable
        `kernels.bond_angles` or `kernels.dihedral_angles`.
    atoms : numpy.ndarray
        (n_angles, 3 or 4), indices into the atoms of a block.
    form : {'cossin', 'radians'}
        Cosine and sine of each angle side by side, or the angles.
    periodic : bool, optional
    """

    angles: Callable[[np.ndarray, np.ndarray | None, np.ndarray, str], np.ndarray]
    atoms: np.ndarray
    form: str
    periodic: bool | None

    def __call__(self, positions: np.ndarray, box: np.ndarray | None) -> np.ndarray:
        """Compute a block: see `BoundFeaturizer`."""
        boxes = None
        if self.periodic is None:
            boxes = box_where_there(box, len(positions))
        elif self.periodic:
            boxes = checked_box(box, len(positions))
        return self.angles(positions, boxes, self.atoms, self.form)

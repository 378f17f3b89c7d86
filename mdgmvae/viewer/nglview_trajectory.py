"""The frames that a widget of nglview shows, as nglview reads them."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import nglview
import numpy as np

from ..errors import InputError
from .shown_atoms import ShownAtoms


class ShownTrajectory(nglview.Trajectory, nglview.Structure):
    """The frames of a trajectory from its first one to `last`, superposed.

    Parameters
    ----------
    shown : ShownAtoms
        The atoms.
    first, last : int
        Numbers of the frames that are shown first and last.

    Attributes
    ----------
    problem : str
        Why the frame that was read last cannot be shown; "" if it can.
    """

    ext: ClassVar[str] = "pdb"

    def __init__(self, shown: ShownAtoms, first: int, last: int) -> None:
        self._shown, self._first, self._last = shown, first, last
        self.problem = ""
        self.params: dict[str, Any] = {}
        self.id = str(uuid.uuid4())

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return self._last + 1

    def get_coordinates(self, index: int) -> np.ndarray:
        """Return the superposed positions of a frame in angstrom, (n_atoms, 3) float32.

        nglview shows no atoms if this raises a ValueError, as `InputError` is.
        """
        self.problem = ""
        try:
            positions: np.ndarray = self._shown.frames.read([index])[0]
        except InputError as error:
            self.problem = str(error)
            raise
        return positions

    def get_structure_string(self) -> str:
        """Return the frame that is shown first as the text of a PDB file."""
        (text,) = self._shown.pdbs([self._first])
        return text

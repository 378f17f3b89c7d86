"""A trajectory for nglview whose frames are superposed."""

from __future__ import annotations

import uuid
from typing import Any

import nglview
import numpy as np

from ..annotation.superposition import superposed


class SuperposedTrajectory(nglview.Trajectory, nglview.Structure):
    """The frames of another trajectory, superposed on its first one.

    Parameters
    ----------
    trajectory : nglview.Trajectory
        The other trajectory.
    fitted : ndarray of bool of shape (n_atoms,)
        The atoms that are superposed.
    """

    def __init__(self, trajectory: Any, fitted: np.ndarray) -> None:
        self._trajectory, self._fitted = trajectory, fitted
        self._reference = np.array(trajectory.get_coordinates(0))
        self.ext, self.params = trajectory.ext, trajectory.params
        self.id = str(uuid.uuid4())

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return int(self._trajectory.n_frames)

    def get_coordinates(self, index: int) -> np.ndarray:
        """Return the superposed positions of a frame in angstrom, (n_atoms, 3) float32."""
        positions = self._trajectory.get_coordinates(index)
        return superposed(positions, self._reference, self._fitted)

    def get_structure_string(self) -> str:
        """Return the first frame as the text of a PDB file."""
        text: str = self._trajectory.get_structure_string()
        return text

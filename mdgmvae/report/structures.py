"""Representative structures of the states, as the page draws them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..viewer.molecule import Molecule, Snapshots

#: What `write_states` says of each model of a PDB file.
_FRAME_OF_MODEL = re.compile(r"MODEL \d+ IS FRAME (\d+)")


@dataclass(frozen=True, eq=False)
class Structures:
    """Superposed structures of the states.

    Parameters
    ----------
    molecule : Molecule
        What is drawn of the atoms.
    snapshots : Snapshots
        The structures of all states, one state after the other.
    frames : dict of int to ndarray of shape (n,), int64
        For each state that has structures, in increasing order, their frame numbers.
    """

    molecule: Molecule
    snapshots: Snapshots
    frames: dict[int, np.ndarray]

    @classmethod
    def of_frames(cls, atoms: Any, frames: Mapping[int, np.ndarray]) -> Structures | None:
        """Read frames of a trajectory, and superpose all on the first one.

        Parameters
        ----------
        atoms : AtomGroup
        frames : mapping of int to ndarray of int64
            Frame numbers of each state.

        Returns
        -------
        Structures or None
            None without frames.
        """
        kept = {state: numbers for state, numbers in sorted(frames.items()) if len(numbers)}
        if not kept:
            return None
        numbers = np.concatenate(list(kept.values()))
        molecule = Molecule.of(atoms, int(numbers[0]))
        return cls(molecule, molecule.snapshots(numbers), kept)

    @classmethod
    def of_folder(cls, folder: Path) -> Structures | None:
        """Read the models in the files ``state_0.pdb``, ... of a folder.

        Parameters
        ----------
        folder : pathlib.Path

        Returns
        -------
        Structures or None
            None if there are no such files.
        """
        import MDAnalysis as mda

        found = {
            int(number): path
            for path in folder.glob("state_*.pdb")
            if (number := path.stem.removeprefix("state_")).isdecimal()
        }
        if not found:
            return None
        paths = [str(path) for _, path in sorted(found.items())]
        universes = [mda.Universe(path) for path in paths]
        universe = mda.Universe(paths[0], paths)
        molecule = Molecule.of(universe)
        frames = dict(zip(sorted(found), map(_frames_of, universes), strict=True))
        return cls(molecule, molecule.snapshots(range(molecule.n_frames)), frames)

    def to_json(self) -> dict[str, Any]:
        """Return what ``structures.js`` draws."""
        return {"topology": self.molecule.topology(), **self.snapshots.to_json()}


def _frames_of(universe: Any) -> np.ndarray:
    """Return the frame number of each model of a file; counted from 0 if it does not say."""
    remarks = "\n".join(getattr(universe.trajectory, "remarks", []))
    numbers = [int(number) for number in _FRAME_OF_MODEL.findall(remarks)]
    n_models = universe.trajectory.n_frames
    return np.array(numbers if len(numbers) == n_models else range(n_models), np.int64)

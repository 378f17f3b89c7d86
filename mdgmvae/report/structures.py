"""Representative structures of the states, as the page draws them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..viewer.molecule import Molecule

#: What `write_states` says of each model of a PDB file.
_FRAME_OF_MODEL = re.compile(r"MODEL \d+ IS FRAME (\d+)")


@dataclass(frozen=True, eq=False)
class Structures:
    """Superposed structures of the states.

    Parameters
    ----------
    content : dict
        What ``viewer/browser/cards.js`` draws: the topology, and the structures of all states,
        one state after the other.
    frames : dict of int to ndarray of shape (n,), int64
        For each state that has structures, in increasing order, their frame numbers.
    """

    content: dict[str, Any]
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

        Raises
        ------
        InputError
            If a frame cannot be read, or the molecule is too large to draw.
        """
        kept = {state: numbers for state, numbers in sorted(frames.items()) if len(numbers)}
        if not kept:
            return None
        numbers = np.concatenate(list(kept.values()))
        molecule = Molecule.of(atoms, int(numbers[0]))
        return cls(_content(molecule, numbers), kept)

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

        Raises
        ------
        InputError
            If the molecule is too large to draw.
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
        universe = mda.Universe(paths[0], paths)
        # The reader of several files has one for each.
        trajectory = universe.trajectory
        readers = getattr(trajectory, "readers", [trajectory])
        frames = dict(zip(sorted(found), map(_frames_of, readers), strict=True))
        molecule = Molecule.of(universe)
        return cls(_content(molecule, range(molecule.n_frames)), frames)


def _content(molecule: Molecule, frames: Iterable[int]) -> dict[str, Any]:
    return {"topology": molecule.topology(), **molecule.snapshots(frames).to_json()}


def _frames_of(reader: Any) -> np.ndarray:
    """Return the frame number of each model of a file; counted from 0 if it does not say."""
    remarks = "\n".join(getattr(reader, "remarks", []))
    numbers = [int(number) for number in _FRAME_OF_MODEL.findall(remarks)]
    n_models = reader.n_frames
    return np.array(numbers if len(numbers) == n_models else range(n_models), np.int64)

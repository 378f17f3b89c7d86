"""The embedded example: a short simulation of alanine dipeptide."""

from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).resolve().parent


class Example(NamedTuple):
    """Files of an example.

    Parameters
    ----------
    topology : str
        Absolute path.
    trajectories : list of str
        Absolute paths.
    """

    topology: str
    trajectories: list[str]


def alanine_dipeptide() -> Example:
    """Return the paths of the embedded simulation of alanine dipeptide (ACE-ALA-NME).

    40 ns in implicit solvent at 300 K: 20,000 frames of 22 atoms, one every 2 ps, times
    from 0 ps, no box. The only visit to phi > 0 (1.3 ns) is in frames 6395 to 7051. README.md
    beside the files describes how they were made.

    Returns
    -------
    Example
        Named tuple ``(topology, trajectories)``: a PDB file, and a list of one XTC file.

    Examples
    --------
    >>> from mdgmvae.data import alanine_dipeptide
    >>> topology, trajectories = alanine_dipeptide()
    >>> [path.rsplit(".")[-1] for path in (topology, *trajectories)]
    ['pdb', 'xtc']
    """
    return Example(
        topology=str(_HERE / "alanine_dipeptide.pdb"),
        trajectories=[str(_HERE / "alanine_dipeptide.xtc")],
    )

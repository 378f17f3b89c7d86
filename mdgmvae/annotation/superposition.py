"""Superpose frames on a reference frame of the same atoms."""

from __future__ import annotations

from typing import Any

import numpy as np
from MDAnalysis.analysis import align

from ..featurizers.topology.atom_kinds import alpha_carbons, heavy_atoms

#: Smallest number of points that defines a rotation.
_MIN_ATOMS = 3
#: With fewer C-alpha atoms, all heavy atoms of the protein are superposed.
_MIN_ALPHA_CARBONS = 4


def fitted_atoms(atoms: Any) -> np.ndarray:
    """Choose the atoms on which frames are superposed.

    These are the C-alpha atoms if there are at least four, otherwise the heavy atoms of the
    protein or nucleic acid, otherwise all heavy atoms, otherwise all atoms. Solvent is left out
    where possible, because it moves independently of the molecule.

    Parameters
    ----------
    atoms : AtomGroup
        The atoms of each frame.

    Returns
    -------
    ndarray of bool of shape (n_atoms,)

    Examples
    --------
    >>> import MDAnalysis as mda
    >>> from mdgmvae.data import alanine_dipeptide
    >>> from mdgmvae.annotation.superposition import fitted_atoms
    >>> int(fitted_atoms(mda.Universe(alanine_dipeptide().topology).atoms).sum())
    10
    """
    alpha = alpha_carbons(atoms)
    if np.count_nonzero(alpha) >= _MIN_ALPHA_CARBONS:
        return alpha
    heavy = heavy_atoms(atoms)
    polymer = np.zeros(atoms.n_atoms, dtype=bool)
    if hasattr(atoms, "resnames"):
        polymer = np.isin(atoms.ix, atoms.select_atoms("protein or nucleic").ix)
    for chosen in (heavy & polymer, heavy):
        if np.count_nonzero(chosen) >= _MIN_ATOMS:
            return chosen
    return np.ones(atoms.n_atoms, dtype=bool)


def superposed(positions: np.ndarray, reference: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Rotate and translate a frame so that the fitted atoms superpose on a reference.

    The rotation minimises the root-mean-square deviation (MDAnalysis.analysis.align).

    Parameters
    ----------
    positions, reference : ndarray of shape (n_atoms, 3)
        Positions in angstrom of the frame and of the reference.
    fitted : ndarray of bool of shape (n_atoms,)
        The atoms to superpose. With fewer than 3, the frame is only translated.

    Returns
    -------
    ndarray of float32 of shape (n_atoms, 3)
    """
    mobile, target = positions[fitted].astype(float), reference[fitted].astype(float)
    centre, onto = mobile.mean(axis=0), target.mean(axis=0)
    moved = positions - centre
    if len(mobile) >= _MIN_ATOMS:
        rotation, _ = align.rotation_matrix(mobile - centre, target - onto)
        moved = moved @ rotation.T
    result: np.ndarray = (moved + onto).astype(np.float32)
    return result

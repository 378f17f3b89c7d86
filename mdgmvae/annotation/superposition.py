"""Superpose frames on a reference frame of the same atoms."""

from __future__ import annotations

from typing import Any

import numpy as np

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
    """Rotate and translate frames so that the fitted atoms superpose on a reference.

    The rotation minimises the root-mean-square deviation (Kabsch 1976, Acta Cryst. A 32, 922).

    Parameters
    ----------
    positions : ndarray of shape (..., n_atoms, 3)
        Positions of one frame or of several in angstrom.
    reference : ndarray of shape (n_atoms, 3)
        Positions of the reference in angstrom.
    fitted : ndarray of bool of shape (n_atoms,)
        The atoms to superpose. With fewer than 3, frames are only translated.

    Returns
    -------
    ndarray of float32 of shape (..., n_atoms, 3)

    Examples
    --------
    >>> import numpy as np
    >>> from mdgmvae.annotation.superposition import superposed
    >>> reference = np.array([[0.0, 0, 0], [1, 0, 0], [1, 2, 0]])
    >>> turned = np.array([[5.0, 5, 5], [5, 6, 5], [3, 6, 5]])
    >>> np.allclose(superposed(turned, reference, np.ones(3, bool)), reference, atol=1e-6)
    True
    """
    mobile, target = positions[..., fitted, :].astype(float), reference[fitted].astype(float)
    centre, onto = mobile.mean(axis=-2, keepdims=True), target.mean(axis=0)
    moved = positions - centre
    if len(target) >= _MIN_ATOMS:
        left, _, right = np.linalg.svd((mobile - centre).swapaxes(-1, -2) @ (target - onto))
        # A mirror image would be another molecule.
        left[..., 2] *= np.sign(np.linalg.det(left @ right))[..., np.newaxis]
        moved = moved @ (left @ right)
    result: np.ndarray = (moved + onto).astype(np.float32)
    return result

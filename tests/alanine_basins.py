"""The basins of the embedded alanine dipeptide, by its dihedrals, and simulated Markov chains."""

from functools import cache

import MDAnalysis as mda
import numpy as np
from MDAnalysis.analysis.dihedrals import Dihedral

from mdgmvae.data import alanine_dipeptide


@cache
def dihedrals():
    """phi and psi in degrees, (20000, 2); 2 ps per row."""
    example = alanine_dipeptide()
    u = mda.Universe(example.topology, *example.trajectories)
    atoms = [u.atoms[[4, 6, 8, 14]], u.atoms[[6, 8, 14, 16]]]
    return Dihedral(atoms).run().results.angles


def conventional():
    """C5, PII, alphaR, phi > 0: the first two mix within 2-3 ps, the last was entered once."""
    phi, psi = dihedrals().T
    extended = np.where((phi >= -110) & (phi < 0), 1, 0)
    left = np.where((psi >= -130) & (psi < 80), 2, extended)
    return np.where((phi >= 0) & (phi < 135), 3, left)


def metastable():
    """beta/PII, alphaR, phi > 0."""
    return np.array([0, 0, 1, 2])[conventional()]


def markov_chain(matrix, n_rows, seed=0):
    """States of a chain with this transition matrix."""
    rng = np.random.default_rng(seed)
    steps = np.cumsum(matrix, axis=1)
    draws = rng.random(n_rows)
    states = np.zeros(n_rows, np.int64)
    for t in range(1, n_rows):
        states[t] = np.searchsorted(steps[states[t - 1]], draws[t])
    return states

"""Basins of the embedded alanine dipeptide, from its dihedrals, and simulated Markov chains."""

from functools import cache

import MDAnalysis as mda
import numpy as np
from MDAnalysis.analysis.dihedrals import Dihedral
from sklearn.metrics import adjusted_rand_score

from mdgmvae.data import alanine_dipeptide
from mdgmvae.kinetics import vamp2


@cache
def dihedrals():
    """Return phi and psi in degrees, (20000, 2); frames are 2 ps apart."""
    example = alanine_dipeptide()
    u = mda.Universe(example.topology, *example.trajectories)
    atoms = [u.atoms[[4, 6, 8, 14]], u.atoms[[6, 8, 14, 16]]]
    return Dihedral(atoms).run().results.angles


def conventional():
    """Return the basin of each frame: C5, PII, alphaR or phi > 0.

    The first two exchange within 2-3 ps, and the last was entered once.
    """
    phi, psi = dihedrals().T
    extended = np.where((phi >= -110) & (phi < 0), 1, 0)
    left = np.where((psi >= -130) & (psi < 80), 2, extended)
    return np.where((phi >= 0) & (phi < 135), 3, left)


def metastable():
    """Return the metastable state of each frame: beta/PII, alphaR or phi > 0."""
    return np.array([0, 0, 1, 2])[conventional()]


def check_states(states, components):
    """Check states and components of all frames, with the slowest state: one visit, 3 %."""
    assert states.max() == 2
    assert adjusted_rand_score(metastable(), states) > 0.97
    left = metastable() == 2
    assert np.mean(left == (states == 2)) > 0.9999
    assert vamp2(components, lag=5) > 2.37


def markov_chain(matrix, n_frames, seed=0):
    """Return the states of a simulated chain with this transition matrix."""
    rng = np.random.default_rng(seed)
    steps = np.cumsum(matrix, axis=1)
    draws = rng.random(n_frames)
    states = np.zeros(n_frames, np.int64)
    for t in range(1, n_frames):
        states[t] = np.searchsorted(steps[states[t - 1]], draws[t])
    return states

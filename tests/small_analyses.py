"""A small analysis of the embedded alanine dipeptide, which trains in a second."""

import MDAnalysis as mda

from mdgmvae.data import alanine_dipeptide

#: Few epochs of three components. Two of them are one state, so states are not components.
FAST = {"k": 3, "n_macrostates": 2, "n_epochs": 2, "n_init": 1, "seed": 0, "verbose": False}


def alanine():
    """A universe of its own for a test that changes it."""
    return mda.Universe(*alanine_dipeptide())

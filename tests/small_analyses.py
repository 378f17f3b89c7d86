"""Settings for small analyses of the embedded alanine dipeptide, which train in a second."""

import MDAnalysis as mda

from mdgmvae.data import alanine_dipeptide

#: Few epochs. Three components form two states, so that states differ from components.
FAST = {"k": 3, "n_macrostates": 2, "n_epochs": 2, "n_init": 1, "seed": 0, "verbose": False}


def alanine():
    """Return a new Universe, which a test may change."""
    return mda.Universe(*alanine_dipeptide())

"""Topologies whose atoms are in another order than the trajectory's."""

import warnings

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysisTests import datafiles

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import FrameError, TopologyWarning
from mdgmvae.featurizers import featurize

TOPOLOGY, (TRAJECTORY,) = alanine_dipeptide()


def test_another_order_of_the_atoms_is_noticed():
    u = mda.Universe(TOPOLOGY, TRAJECTORY)
    names = u.atoms.names
    swapped = names.copy()
    ca, hydrogen = np.flatnonzero(names == "CA")[0], np.flatnonzero(names == "H")[0]
    swapped[[ca, hydrogen]] = names[[hydrogen, ca]]
    u.atoms.names = swapped
    message = r"CA-C bonds are \d\.\d angstrom.*another order"
    with pytest.warns(TopologyWarning, match=message), pytest.raises(FrameError):
        featurize(u, "dihedrals", stop=10)
    trajectory = mdtraj.load(TRAJECTORY, top=TOPOLOGY)[:5]
    shuffled = trajectory.atom_slice(np.arange(22))
    shuffled.xyz = trajectory.xyz[:, ::-1]
    with pytest.warns(TopologyWarning), pytest.raises(FrameError, match="in another order"):
        featurize(shuffled, "dihedrals")


@pytest.mark.parametrize(
    "files",
    [
        (TOPOLOGY, TRAJECTORY),
        (datafiles.PSF, datafiles.DCD),
        # Broken across the boundary of a triclinic box.
        (datafiles.GRO, datafiles.XTC),
        (datafiles.TPR, datafiles.TRR),
    ],
    ids=["alanine", "PSF", "GRO", "TPR"],
)
def test_right_topologies_are_left_in_peace(files):
    u = mda.Universe(*files)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TopologyWarning)
        featurize(u, "dihedrals", stop=1)

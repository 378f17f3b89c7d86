"""Topologies whose atoms are in another order than the trajectory's."""

import warnings

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysisTests import datafiles
from trajectories import universe

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import FrameError, TopologyWarning
from mdgmvae.featurizers import Distances, featurize

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
        pytest.param((datafiles.TPR, datafiles.TRR), marks=pytest.mark.slow),
    ],
    ids=["alanine", "PSF", "GRO", "TPR"],
)
def test_right_topologies_are_left_in_peace(files):
    u = mda.Universe(*files)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TopologyWarning)
        featurize(u, "dihedrals", stop=1)


def reordered(path, order):
    """Write the atoms of the topology in another order, with the coordinates of each."""
    with open(TOPOLOGY) as stream:
        lines = [line for line in stream if line.startswith(("ATOM", "HETATM"))]
    path.write_text("".join(lines[i] for i in order) + "END\n")
    return str(path)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("library", ["MDAnalysis", "mdtraj"])
def test_coordinates_of_the_topology_tell_the_order_of_any_molecule(tmp_path, seed, library):
    order = np.random.default_rng(seed).permutation(22)
    top = reordered(tmp_path / "top.pdb", order)
    source = mda.Universe(top, TRAJECTORY) if library == "MDAnalysis" else (top, [TRAJECTORY])
    with pytest.warns(TopologyWarning, match="another order"):
        featurize(source, Distances(pairs=[(0, 1)], periodic=False), stop=2)


def test_bonds_of_the_topology_tell_the_order():
    u = mda.Universe(datafiles.PSF, datafiles.DCD)
    frames = u.trajectory.timeseries(stop=2, order="fac")[
        :, np.random.default_rng(0).permutation(len(u.atoms))
    ]
    u.load_new(frames, order="fac")
    u.atoms.names = ["X"] * len(u.atoms)
    with pytest.warns(TopologyWarning, match=r"bonds of the topology are \d\d\.\d angstrom"):
        featurize(u, Distances(pairs=[(0, 1)], periodic=False))


def test_an_exchange_that_changes_nothing_is_left_in_peace(tmp_path):
    top = reordered(tmp_path / "top.pdb", [0, 1, 3, 2, *range(4, 22)])
    with warnings.catch_warnings():
        warnings.simplefilter("error", TopologyWarning)
        featurize(mda.Universe(top, TRAJECTORY), "dihedrals", stop=2)


def test_a_part_in_another_order_is_told_and_a_gas_is_left_in_peace(tmp_path):
    top = reordered(tmp_path / "top.pdb", [*range(14), 17, 18, 15, 16, 14, *range(19, 22)])
    with pytest.warns(TopologyWarning, match=r"neighbours in .*top\.pdb are \d\.\d angstrom"):
        featurize(mda.Universe(top, TRAJECTORY), Distances(pairs=[(0, 1)], periodic=False), stop=2)
    gas = universe(datafiles.RANDOM_WALK_TOPO, datafiles.RANDOM_WALK)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TopologyWarning)
        featurize(gas, Distances(pairs=[(0, 1)], periodic=False), stop=2)

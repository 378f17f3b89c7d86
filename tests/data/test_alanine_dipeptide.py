"""The embedded example is what its README says."""

from pathlib import Path

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysis.lib.distances import calc_dihedrals

from mdgmvae.data import alanine_dipeptide

PHI, PSI = [4, 6, 8, 14], [6, 8, 14, 16]


@pytest.fixture(scope="module")
def angles() -> np.ndarray:
    universe = mda.Universe(alanine_dipeptide().topology, alanine_dipeptide().trajectories)
    quadruples = np.array([ts.positions[[*PHI, *PSI]] for ts in universe.trajectory])
    blocks = [np.ascontiguousarray(quadruples[:, i]) for i in range(8)]
    return np.degrees(np.stack([calc_dihedrals(*blocks[:4]), calc_dihedrals(*blocks[4:])], axis=1))


def test_paths_are_absolute_strings_and_small_enough_to_ship():
    topology, trajectories = alanine_dipeptide()
    paths = [topology, *trajectories]
    assert len(trajectories) == 1
    assert all(isinstance(path, str) and Path(path).is_absolute() for path in paths)
    assert sum(Path(path).stat().st_size for path in paths) < 4_000_000


def test_mdanalysis_and_mdtraj_read_the_same_frames():
    topology, trajectories = alanine_dipeptide()
    universe = mda.Universe(topology, trajectories)
    assert len(universe.trajectory) == 20_000
    last = universe.trajectory[-1]
    assert last.time == pytest.approx(39_998.0)
    read = mdtraj.load_frame(trajectories[0], 19_999, top=topology)
    np.testing.assert_allclose(read.xyz[0] * 10, last.positions, atol=1e-4)
    assert [residue.name for residue in read.topology.residues] == ["ACE", "ALA", "NME"]


@pytest.mark.slow
def test_the_rare_visit_to_positive_phi_is_whole(angles):
    phi = angles[:, 0]
    visit = np.flatnonzero((phi >= 0) & (phi < 135))
    np.testing.assert_array_equal(visit, np.arange(6395, 7052))


def test_beta_and_alpha_r_hold_nearly_all_other_frames(angles):
    phi, psi = angles.T
    left = ~((phi >= 0) & (phi < 135))
    upper = (psi >= 80) | (psi < -130)
    assert np.mean(left & upper) == pytest.approx(0.549, abs=0.002)
    assert np.mean(left & ~upper) == pytest.approx(0.418, abs=0.002)
    assert np.count_nonzero(np.diff(upper.astype(int))) > 500

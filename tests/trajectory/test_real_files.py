"""The files of MDAnalysis' tests: features against plain numpy, and against mdtraj.

Each pair of topology and trajectory must give the right numbers through both libraries. These are
files of many programs: CHARMM, NAMD, Amber, Gromacs, LAMMPS, HOLE, Tinker and others.
"""

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysis.lib.distances import minimize_vectors
from MDAnalysisTests import datafiles

from mdgmvae.featurizers import Angles, Dihedrals, Distances, featurize

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

#: Names in MDAnalysisTests.datafiles: a topology, and a trajectory if it is another file.
FILES = [
    *("PSF DCD", "PSF DCD2", "CRD DCD", "PDB_small DCD", "DMS DCD", "PSF_NAMD_GBIS DCD_NAMD_GBIS"),
    *("PSF_TRICLINIC DCD_TRICLINIC", "PSF_NAMD_TRICLINIC DCD_NAMD_TRICLINIC"),
    *("GRO XTC", "GRO TRR", "PDB XTC", "TPR XTC", "TPR_xvf TRR_xvf", "TPR_xvf H5MD_xvf"),
    *("PDB_xvf TRR_xvf", "TPR_xvf_2024_4 TRR_xvf", "PDB_sub_sol XTC_sub_sol"),
    *("AUX_EDR_TPR AUX_EDR_XTC", "COORDINATES_GRO COORDINATES_XTC"),
    *("COORDINATES_GRO COORDINATES_TRR", "SURFACE_PDB SURFACE_TRR"),
    *("RANDOM_WALK_TOPO RANDOM_WALK", "XYZ_psf XYZ", "XYZ_psf XYZ_bz2", "COORDINATES_XYZ"),
    *("PRM TRJ", "PRM TRJ_bz2", "PRMpbc TRJpbc_bz2", "PRM12 TRJ12_bz2", "PRMncdf TRJncdf"),
    *("PRM7 NCDFtruncoct", "PRMncdf NCDF", "PFncdf_Top PFncdf_Trj", "PRM_NCBOX TRJ_NCBOX"),
    *(
        "CPPTRAJ_TRAJ_TOP CPPTRAJ_TRAJ",
        "TRZ_psf TRZ",
        "waterPSF waterDCD",
        "LAMMPSdata2 LAMMPSdcd2",
    ),
    *("PDB_multiframe", "MULTIPDB_HOLE", "PDB_HOLE", "ARC", "mol2_molecules", "RNA_PSF RNA_PDB"),
    *("CONECT", "PDB_icodes", "PDB_janin", "ALIGN_BOUND"),
    *("contacts_villin_folded", "Martini_membrane_gro", "GRO_residwrap", "capping_output"),
    *("two_water_gro_multiframe", "Make_Whole", "FHIAIMS", "MMTF", "PQR", "PDBQT_input", "INPCRD"),
    *("XPDB_small", "TPR2024_4"),
]
#: Of them, those that mdtraj reads, too.
MDTRAJ_FILES = [
    *("PSF DCD", "PDB_small DCD", "PSF_TRICLINIC DCD_TRICLINIC", "GRO XTC", "PDB XTC", "GRO TRR"),
    *("PDB_xvf TRR_xvf", "PRM TRJ", "PRMncdf NCDF", "XYZ_psf XYZ"),
    *("RANDOM_WALK_TOPO RANDOM_WALK", "PDB_multiframe"),
]
PROTEINS = [
    *("PSF DCD", "PDB_small DCD", "PSF_NAMD_GBIS DCD_NAMD_GBIS", "GRO XTC", "TPR XTC"),
    *("TPR_xvf TRR_xvf", "PRM TRJ", "PRM7 NCDFtruncoct", "PRMncdf NCDF", "XYZ_psf XYZ"),
    *("PDB_multiframe", "PDB_janin", "capping_output"),
    *("contacts_villin_folded", "CONECT"),
]
#: Their molecules are broken across the box in these files, and are made whole.
BROKEN = {"GRO XTC", "GRO TRR", "PDB XTC", "TPR XTC"}
N_FRAMES = 4


def opened(files):
    """Return a universe, the paths of its files, and the numbers of a few frames."""
    paths = [getattr(datafiles, name) for name in files.split()]
    universe = mda.Universe(*paths)
    last = universe.trajectory.n_frames - 1
    return universe, paths, np.unique(np.linspace(0, last, N_FRAMES).astype(int))


def some_atoms(n_atoms, size, n=12):
    """Return distinct atoms, `size` in each of `n` groups."""
    rng = np.random.default_rng(0)
    chosen = [np.sort(rng.choice(n_atoms, size, replace=False)) for _ in range(n)]
    return np.unique(chosen, axis=0)


def features_of(source, featurizer, frames):
    return featurize(source, featurizer, frames=frames, verbose=False)


def coordinates(universe, frames):
    """Return positions and boxes; the boxes are None unless every frame has one."""
    positions, boxes = [], []
    for timestep in universe.trajectory[frames]:
        positions.append(timestep.positions.astype(float))
        box = timestep.dimensions
        boxes.append(None if box is None or box[:3].min() == 0 else box.copy())
    return np.array(positions), None if any(box is None for box in boxes) else boxes


def angles(a, b, c):
    one, other = a - b, c - b
    cosine = (one * other).sum(-1) / np.linalg.norm(one, axis=-1) / np.linalg.norm(other, axis=-1)
    return np.arccos(np.clip(cosine, -1, 1))


def torsions(a, b, c, d):
    first, axis, last = b - a, c - b, d - c
    axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
    first -= (first * axis).sum(-1, keepdims=True) * axis
    last -= (last * axis).sum(-1, keepdims=True) * axis
    sine = (np.cross(axis, -first) * last).sum(-1)
    return np.arctan2(sine, (-first * last).sum(-1))


@pytest.mark.parametrize("files", FILES)
def test_features_are_those_of_numpy(files):
    universe, paths, frames = opened(files)
    if universe.atoms.n_atoms < 4:
        pytest.skip("too few atoms")
    positions, boxes = coordinates(universe, frames)
    check_distances(universe, frames, positions, boxes)
    if files not in BROKEN:
        check_angles(universe, frames, positions)
    if files in PROTEINS:
        check_backbone(universe, frames, positions, boxes)
    if files in MDTRAJ_FILES:
        check_against_mdtraj(universe, paths, frames)


def check_distances(universe, frames, positions, boxes):
    pairs = some_atoms(universe.atoms.n_atoms, 2)
    vectors = positions[:, pairs[:, 1]] - positions[:, pairs[:, 0]]
    found = features_of(universe, Distances(pairs=pairs), frames)
    np.testing.assert_allclose(found.values, np.linalg.norm(vectors, axis=-1), rtol=1e-5, atol=1e-4)
    assert found.frames.tolist() == frames.tolist()
    if boxes is not None:
        nearest = [minimize_vectors(v, box) for v, box in zip(vectors, boxes, strict=True)]
        found = features_of(universe, Distances(pairs=pairs, periodic=True), frames)
        expected = np.linalg.norm(nearest, axis=-1)
        np.testing.assert_allclose(found.values, expected, rtol=1e-5, atol=1e-4)


def check_angles(universe, frames, positions):
    triples = some_atoms(universe.atoms.n_atoms, 3)
    quadruples = some_atoms(universe.atoms.n_atoms, 4)
    found = features_of(universe, Angles(triples=triples, periodic=False), frames).values
    expected = angles(*np.moveaxis(positions[:, triples], 2, 0))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    found = features_of(universe, Dihedrals(quadruples=quadruples, periodic=False), frames).values
    expected = torsions(*np.moveaxis(positions[:, quadruples], 2, 0))
    np.testing.assert_allclose(found[:, ::2], np.cos(expected), atol=1e-3)
    np.testing.assert_allclose(found[:, 1::2], np.sin(expected), atol=1e-3)


def check_backbone(universe, frames, positions, boxes):
    """Each phi that MDAnalysis finds is among ours, with nearest images if there is a box."""
    found = features_of(universe, Dihedrals(angles=("phi",)), frames).values
    residues = universe.select_atoms("protein").residues
    chosen = [group for group in residues.phi_selections() if group is not None]
    quadruples = np.array([group.ix for group in chosen if group.n_atoms == 4])
    corners = positions[:, quadruples]
    if boxes is not None:
        bonds = np.diff(corners, axis=2)
        nearest = [
            minimize_vectors(v.reshape(-1, 3), box) for v, box in zip(bonds, boxes, strict=True)
        ]
        bonds = np.array(nearest).reshape(bonds.shape)
        corners = np.cumsum(np.concatenate([corners[:, :, :1], bonds], axis=2), axis=2)
    expected = torsions(*np.moveaxis(corners, 2, 0))
    far = np.abs(np.exp(1j * expected)[:, :, None] - (found[:, ::2] + 1j * found[:, 1::2])[:, None])
    assert far.max(axis=0).min(axis=1).max() < 1e-3


def check_against_mdtraj(universe, paths, frames):
    topology, *trajectories = paths
    featurizer = Distances(pairs=some_atoms(universe.atoms.n_atoms, 2))
    ours = features_of(universe, featurizer, frames).values
    theirs = features_of((topology, trajectories or [topology]), featurizer, frames).values
    # mdtraj's nanometres lose a digit of files in text.
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-3)

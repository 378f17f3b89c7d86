"""Molecules that are broken over the boundary of the box: made whole, or refused."""

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysis.lib.distances import calc_angles, calc_dihedrals, self_distance_array
from MDAnalysis.lib.mdamath import triclinic_vectors
from MDAnalysisTests.datafiles import DCD, GRO, PSF, XTC
from trajectories import angle_difference, features, universe

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import FrameError, TrajectoryWarning
from mdgmvae.featurizers import (
    Angles,
    Contacts,
    Custom,
    Dihedrals,
    Distances,
    Positions,
    featurize,
)

BOXES = {
    "orthogonal": (26, 40, 32, 90, 90, 90),
    "triclinic": (40, 40, 40, 60, 60, 90),
    "skewed": (36, 45, 32, 75, 110, 65),
}
N_FRAMES, N_RESIDUES = 4, 50


def wrapped(positions, box):
    """Move every atom into the box by itself, which breaks molecules."""
    cell = triclinic_vectors(np.array(box, np.float32)).astype(float)
    return (positions - np.floor(positions @ np.linalg.inv(cell)) @ cell).astype(np.float32)


def in_memory(atoms, positions, box):
    """Return a copy of the atoms with other frames."""
    copy = mda.Merge(atoms)
    boxes = None if box is None else np.tile(np.float32(box), (len(positions), 1))
    return copy.load_new(positions, order="fac", dimensions=boxes)


@pytest.fixture(scope="module")
def adk():
    """Return a part of adenylate kinase, whole, and positions that cross boundaries of boxes."""
    source = universe(PSF, DCD)
    atoms = source.select_atoms(f"resid 1:{N_RESIDUES}")
    positions = np.array([atoms.positions for _ in source.trajectory[:N_FRAMES]])
    # The centre of the molecule is near a corner of the box.
    shifts = np.random.default_rng(0).uniform(-3, 3, (N_FRAMES, 1, 3))
    shifts -= positions.mean(axis=1, keepdims=True)
    return mda.Merge(atoms).atoms, positions + shifts.astype(np.float32)


def radii(positions):
    """Return the distance of each atom from the first one: a function for `Custom`."""
    return np.linalg.norm(positions - positions[:, :1], axis=2)[:, 1:]


FEATURIZERS = [
    Distances(scheme="ca"),
    Distances("resid 20:40", scheme="residue-min"),
    Distances(pairs=[(0, 700), (350, 10), (7, 8)]),
    Contacts("name CB", cutoff=8.0),
    Positions("name CA"),
    Positions("resid 1:20", align="name CA"),
    Custom(radii, N_RESIDUES - 1, select="name CA"),
    Angles(triples=[(10, 350, 700)], form="cossin"),
    Dihedrals(quadruples=[(10, 300, 500, 700), (4, 5, 6, 24)]),
]


@pytest.mark.parametrize("bonds", [True, False], ids=["bonds", "guessed"])
@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_features_of_broken_molecules_are_those_of_whole_ones(adk, box, bonds):
    atoms, positions = adk
    whole = in_memory(atoms, positions, box)
    broken = in_memory(atoms, wrapped(positions, box), box)
    if not bonds:
        broken.del_TopologyAttr("bonds")
    for featurizer in FEATURIZERS:
        expected = featurize(whole, featurizer).values
        np.testing.assert_allclose(featurize(broken, featurizer).values, expected, atol=2e-3)


def test_distances_of_whole_molecules_are_those_of_mdanalysis(adk):
    """Arms and distances longer than half a box are taken as they are."""
    atoms, positions = adk
    u = in_memory(atoms, wrapped(positions, BOXES["triclinic"]), BOXES["triclinic"])
    alphas = atoms.select_atoms("name CA").ix
    expected = [self_distance_array(frame[alphas]) for frame in positions]
    assert np.max(expected) > 40 / 2
    np.testing.assert_allclose(featurize(u, Distances(scheme="ca")).values, expected, atol=1e-3)
    triple, quadruple = (10, 350, 700), (10, 300, 500, 700)
    angles = featurize(u, Angles(triples=[triple])).values
    np.testing.assert_allclose(
        angles[:, 0], [calc_angles(*frame[list(triple)]) for frame in positions], atol=1e-4
    )
    dihedrals = featurize(u, Dihedrals(quadruples=[quadruple], form="radians")).values
    expected = np.array([calc_dihedrals(*frame[list(quadruple)]) for frame in positions])
    assert angle_difference(dihedrals[:, 0], expected) < 1e-4
    # Nearest images of such arms are something else.
    images = featurize(u, Angles(triples=[triple], periodic=True)).values
    assert np.abs(images - angles).max() > 0.1


def test_whole_molecules_are_left_as_they_are_to_the_last_bit(adk):
    atoms, positions = adk
    box = np.tile([500, 500, 500, 90, 90, 90], (N_FRAMES, 1))
    for featurizer in FEATURIZERS:
        featurizer = featurizer.with_reference(atoms, positions[0])
        bound, plain = featurizer.bind(atoms), featurizer._bind(atoms)
        np.testing.assert_array_equal(
            bound(positions[:, bound.indices], box), plain(positions[:, plain.indices], box)
        )


@pytest.mark.parametrize("select", ["name CA", "name N CA C", "not name H*"])
def test_a_group_of_some_atoms_suffices(adk, select):
    """The atoms between are not among those given, or not in the files at all."""
    atoms, positions = adk
    broken = in_memory(atoms, wrapped(positions, BOXES["skewed"]), BOXES["skewed"])
    group = broken.select_atoms(select)
    alone = in_memory(
        group, broken.trajectory.timeseries(order="fac")[:, group.ix], BOXES["skewed"]
    )
    alone.del_TopologyAttr("bonds")
    expected = [
        self_distance_array(frame) for frame in positions[:, atoms.select_atoms("name CA").ix]
    ]
    for source in (group, alone):
        values = featurize(source, Distances(scheme="ca")).values
        np.testing.assert_allclose(values, expected, atol=1e-3)


@pytest.mark.parametrize("featurizer", ["dihedrals", "ca_distances", "positions", "contacts"])
def test_a_broken_frame_without_a_box_is_named(adk, featurizer):
    """From frame 3 on, molecules are broken; they were whole in the first frame."""
    atoms, positions = adk
    box = BOXES["orthogonal"]
    positions = np.concatenate([positions[:3], wrapped(positions[3:], box)])
    message = r"^frame 3: \w{3}\d+:\w+ and \w{3}\d+:\w+ are \d+.* angstrom apart.*make it whole"
    with pytest.raises(FrameError, match=message):
        featurize(in_memory(atoms, positions, None), featurizer)
    assert len(featurize(in_memory(atoms, positions, None), featurizer, stop=3)) == 3


@pytest.mark.parametrize("featurizer", ["dihedrals", "ca_distances", "positions"])
def test_a_box_that_was_not_turned_with_the_molecule_is_noticed(adk, featurizer):
    """Broken, then superposed: from frame 2 on the box does not fit the coordinates."""
    atoms, positions = adk
    box = BOXES["orthogonal"]
    turn = np.linalg.qr(np.array([[1.0, 2, 3], [0, 1, 4], [5, 6, 0]]))[0]
    broken = wrapped(positions, box)
    broken[2:] = broken[2:] @ turn.astype(np.float32)
    u = in_memory(atoms, broken, box)
    with pytest.raises(FrameError, match=r"^frame 2: .* angstrom apart.*before frames are super"):
        featurize(u, featurizer)
    assert len(featurize(u, featurizer, stop=2)) == 2


def test_separate_molecules_are_not_moved(adk):
    atoms, positions = adk
    both = mda.Merge(atoms, atoms)
    two = np.concatenate([positions, positions + np.float32([0, 0, 35])], axis=1)
    u = in_memory(both.atoms, two, BOXES["triclinic"])
    far = featurize(u, Distances(pairs=[(0, len(atoms))]))
    np.testing.assert_allclose(far.values, 35, atol=1e-4)


@pytest.mark.parametrize("box", [(30, 34, 40, 90, 90, 90), BOXES["triclinic"]])
def test_molecules_that_are_wrapped_one_by_one_are_told(adk, box):
    """Two molecules at a boundary: the second one changes sides in frame 2."""
    group = adk[0].select_atoms("resid 1:3")
    both = mda.Merge(group, group)
    positions = np.tile(group.positions - group.positions.mean(axis=0), (4, 2, 1))
    positions[:, len(group) :] += [0, 0, 10]
    together = in_memory(both.atoms, positions, box)
    expected = featurize(together, "ca_distances").values
    positions[2:, len(group) :] -= triclinic_vectors(np.float32(box))[2]
    apart = in_memory(both.atoms, positions, box)
    with pytest.warns(
        TrajectoryWarning, match="^frame 2: a molecule jumps by a box length against another one"
    ):
        values = featurize(apart, "ca_distances").values
    assert np.abs(values[2:] - expected[2:]).max() > 10
    nearest = featurize(apart, Distances(scheme="ca", periodic=True)).values
    np.testing.assert_allclose(nearest, expected, atol=1e-4)
    assert np.isfinite(featurize(apart, "dihedrals").values).all()


def test_restraints_between_molecules_are_no_bonds(adk):
    group = adk[0].select_atoms("resid 1:3")
    both = mda.Merge(group, group)
    both.add_bonds([(5, len(group) + 5)])
    positions = np.tile(group.positions, (2, 2, 1))
    positions[:, len(group) :] += np.float32([[[0, 0, 12]], [[0, 0, 17]]])
    u = in_memory(both.atoms, positions, None)
    pair = (5, len(group) + 5)
    np.testing.assert_allclose(featurize(u, Distances(pairs=[pair])).values, [[12], [17]])


def test_beads_of_a_coarse_model_have_longer_bonds():
    chain = mda.Universe.empty(6, trajectory=True)
    chain.add_TopologyAttr("bonds", [(i, i + 1) for i in range(5)])
    line = np.zeros((2, 6, 3), np.float32)
    line[..., 0] = 4.7 * np.arange(6)
    line[1, 3:, 0] -= 30
    boxes = np.tile(np.float32([30, 30, 30, 90, 90, 90]), (2, 1))
    chain.load_new(line, order="fac", dimensions=boxes)
    values = featurize(chain, Distances(pairs=[(0, 5)])).values
    np.testing.assert_allclose(values, 5 * 4.7, atol=1e-4)


def test_the_real_broken_protein_is_made_whole():
    """adk_oplsaa has no bonds, a triclinic box, and is broken in most frames."""
    u = universe(GRO, XTC)
    values = features(Distances("protein", scheme="ca"), u.atoms, stop=2)[1]
    carbons = u.select_atoms("protein and name CA")
    for row, timestep in zip(values, u.trajectory[:2], strict=True):
        cell = triclinic_vectors(timestep.dimensions).astype(float)
        chain = carbons.positions.astype(float)
        for i in range(1, len(chain)):  # along the chain, by hand
            images = chain[i] + np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), -1).reshape(-1, 3) @ cell
            chain[i] = images[np.linalg.norm(images - chain[i - 1], axis=1).argmin()]
        np.testing.assert_allclose(row, self_distance_array(chain), atol=1e-3)
        assert np.abs(row - self_distance_array(carbons.positions)).max() > 50


def test_ions_and_clashes_are_no_bonds():
    """A magnesium ion and two chains in contact in the first frame drift apart later."""
    u = mda.Universe.empty(5, 3, atom_resindex=[0, 0, 1, 2, 2], trajectory=True)
    u.add_TopologyAttr("names", ["C1", "O1", "MG", "C1", "O1"])
    positions = np.zeros((2, 5, 3), np.float32)
    positions[..., 0], positions[..., 1] = [0, 1.3, 3.3, 1.3, 1.3], [0, 0, 0, 3.3, 2.0]
    positions[1, 2:, 1] += [20, 40, 40]
    u.load_new(positions, order="fac")
    values = featurize(u, Distances(pairs=[(1, 2), (1, 4), (3, 4)])).values
    np.testing.assert_allclose(values, [[2.0, 2.0, 1.3], [404**0.5, 42.0, 1.3]], atol=1e-5)


def test_a_bond_that_a_reaction_breaks_is_followed():
    u = mda.Universe.empty(3, trajectory=True)
    positions = np.zeros((3, 3, 3), np.float32)
    positions[:, 1, 0], positions[:, 2, 0] = 1.4, [3.2, 4.4, 6.4]
    u.load_new(positions, order="fac", dimensions=np.tile([30, 30, 30, 90, 90, 90], (3, 1)))
    values = featurize(u, Distances(pairs=[(1, 2), (0, 1)])).values
    np.testing.assert_allclose(values[:, 0], [1.8, 3.0, 5.0], atol=1e-5)


@pytest.mark.parametrize("angles", [(90, 90, 90), (60, 60, 90)], ids=["cube", "dodecahedron"])
def test_a_box_hardly_larger_than_the_molecule(angles):
    """As in ab initio simulations: a box length is hardly more than a link may be long."""
    topology, (trajectory,) = alanine_dipeptide()
    source = universe(topology, trajectory)
    atoms = source.atoms
    whole = np.array([atoms.positions for _ in source.trajectory[:4]])
    box = (9, 9, 9, *angles)
    whole += np.float32([23, 21, 25]) - whole.mean(axis=1, keepdims=True)
    broken = in_memory(atoms, wrapped(whole, box), box)
    pairs = np.array([(0, 21), (1, 18), (4, 20)])
    expected = np.linalg.norm(whole[:, pairs[:, 0]] - whole[:, pairs[:, 1]], axis=2)
    values = featurize(broken, Distances(pairs=pairs)).values
    np.testing.assert_allclose(values, expected, atol=1e-4)

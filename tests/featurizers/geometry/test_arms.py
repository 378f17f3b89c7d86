"""Bonds of named angles that cannot be right, placeholder boxes, and atoms that coincide."""

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysis.lib.distances import calc_angles, calc_dihedrals

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import FrameError, TrajectoryWarning
from mdgmvae.featurizers import Angles, Concatenate, Dihedrals, Distances, featurize

PHI, N_FRAMES = (4, 6, 8, 14), 12
PLACEHOLDER = [1, 1, 1, 90, 90, 90]


@pytest.fixture(scope="module")
def alanine():
    """Return alanine dipeptide, and its first frames."""
    u = mda.Universe(*alanine_dipeptide())
    return u, np.array([u.atoms.positions for _ in u.trajectory[:N_FRAMES]])


def in_memory(alanine, positions, boxes=None):
    copy = mda.Merge(alanine[0].atoms)
    return copy.load_new(positions, order="fac", dimensions=boxes)


def dihedral(positions):
    return np.array([calc_dihedrals(*frame[list(PHI)]) for frame in positions])


def test_a_placeholder_is_no_box_in_the_frames_that_have_it(alanine):
    boxes = np.tile(np.float32([30, 30, 30, 90, 90, 90]), (N_FRAMES, 1))
    boxes[5:] = PLACEHOLDER
    u = in_memory(alanine, alanine[1], boxes)
    with pytest.warns(TrajectoryWarning, match="^frame 5: the box 1 x 1 x 1 angstrom is smaller"):
        phi = featurize(u, Dihedrals(angles="phi", form="radians")).values[:, 0]
    np.testing.assert_allclose(np.cos(phi), np.cos(dihedral(alanine[1])), atol=1e-4)
    with pytest.raises(FrameError, match=r"^frame 5: the box 1 x 1 x 1 angstrom is too small"):
        featurize(u, Dihedrals(periodic=True))
    with pytest.raises(FrameError, match=r"^frame 5: the box .* use periodic=False"):
        featurize(u, Distances(pairs=[(0, 20)], periodic=True))


def test_a_box_has_to_be_twice_as_large_as_the_longest_arm(alanine):
    """The bonds fit into a box of 4.5 angstrom, but not into one of 2.5."""
    for length, warns in ((4.5, False), (2.5, True)):
        boxes = np.tile(np.float32([length] * 3 + [90] * 3), (N_FRAMES, 1))
        u = in_memory(alanine, alanine[1], boxes)
        if warns:
            with pytest.warns(TrajectoryWarning):
                phi = featurize(u, Dihedrals(angles="phi", form="radians")).values[:, 0]
        else:
            phi = featurize(u, Dihedrals(angles="phi", form="radians")).values[:, 0]
        np.testing.assert_allclose(np.cos(phi), np.cos(dihedral(alanine[1])), atol=1e-4)


def test_boxes_in_some_frames_only(alanine):
    """Frames with a box are broken, the others are whole."""
    box = np.float32([14, 15, 16, 90, 90, 90])
    positions = alanine[1] - alanine[1].mean(axis=1, keepdims=True)
    boxes = np.zeros((N_FRAMES, 6), np.float32)
    boxes[::3] = box
    broken = positions.copy()
    broken[::3] = positions[::3] - np.floor(positions[::3] / box[:3]) * box[:3]
    u = in_memory(alanine, broken, boxes)
    both = Concatenate((Dihedrals(angles="phi", form="radians"), Distances(pairs=[(1, 18)])))
    values = featurize(u, both).values
    np.testing.assert_allclose(np.cos(values[:, 0]), np.cos(dihedral(positions)), atol=1e-4)
    ends = np.linalg.norm(positions[:, 1] - positions[:, 18], axis=1)
    np.testing.assert_allclose(values[:, 1], ends, atol=1e-4)
    with pytest.raises(FrameError, match="frame 1: there is no box"):
        featurize(u, Dihedrals(periodic=True))


@pytest.mark.parametrize("backend", ["serial", "multiprocessing"])
def test_a_bond_that_is_too_long_is_named_with_its_file(alanine, backend, tmp_path):
    positions = alanine[1].copy()
    positions[7, 14:] += [0, 0, 25]
    path = tmp_path / "broken.xtc"
    u = in_memory(alanine, positions)
    u.atoms.write(path, frames="all")
    read = mda.Universe(alanine_dipeptide().topology, path)
    for featurizer in (Dihedrals(), Angles(), Concatenate((Distances(pairs=[(0, 4)]), Angles()))):
        with pytest.raises(FrameError, match=r"broken\.xtc: frame 7: ALA2:CA and ALA2:C are 2"):
            featurize(
                read, featurizer, backend=backend, n_workers=2 if backend != "serial" else None
            )
        assert len(featurize(read, featurizer, stop=7)) == 7


def test_the_same_is_said_through_mdtraj(alanine, tmp_path):
    positions = alanine[1].copy()
    positions[7, 14:] += [0, 0, 25]
    path = tmp_path / "broken.xtc"
    in_memory(alanine, positions).atoms.write(path, frames="all")
    source = (alanine_dipeptide().topology, [path])
    for featurizer in ("dihedrals", "distances", "positions"):
        with pytest.raises(FrameError, match=r"broken\.xtc: frame 7: ALA2:CA and ALA2:C are 2"):
            featurize(source, featurizer)


@pytest.mark.parametrize(
    "featurizer", ["dihedrals", "angles", "distances", "contacts", "positions", "ca"]
)
def test_frames_of_zeros_are_refused(alanine, featurizer):
    positions = alanine[1].copy()
    positions[3] = 0
    chosen = Dihedrals(quadruples=[PHI]) if featurizer == "ca" else featurizer
    with pytest.raises(FrameError, match=r"frame 3: all atoms of the features lie at one point"):
        featurize(in_memory(alanine, positions), chosen)


@pytest.mark.parametrize(
    "featurizer",
    [Dihedrals(), Dihedrals(quadruples=[PHI]), Angles(triples=[PHI[:3]]), Distances(), Angles()],
)
def test_atoms_that_coincide_are_named(alanine, featurizer):
    positions = alanine[1].copy()
    positions[3, 8] = positions[3, 6]
    with pytest.raises(FrameError, match=r"^frame 3: .*ALA2:N and ALA2:CA.*"):
        featurize(in_memory(alanine, positions), featurizer)


@pytest.mark.parametrize("value", [np.nan, np.inf, 2.1e7])
def test_an_analysed_atom_outside_the_features_is_checked(alanine, value):
    positions = alanine[1].copy()
    positions[4, 20, 2] = value
    u = in_memory(alanine, positions)
    with pytest.raises(
        FrameError, match=r"^frame 4: (z of NME3:\w+ is |NME3:\w+ lies at z = .*, beyond)"
    ):
        featurize(u, "dihedrals")
    # An atom that is not analysed may be anywhere.
    assert len(featurize(u.select_atoms("resid 1:2 or name N"), "dihedrals")) == N_FRAMES


def test_arms_of_explicit_atoms_may_have_any_length(alanine):
    """In a box, they are no nearest images unless these are asked for."""
    far = mda.Universe.empty(4, trajectory=True)
    boxes = np.tile(np.float32([20, 20, 20, 90, 90, 90]), (2, 1))
    arms = np.random.default_rng(1).uniform(0, 60, (2, 4, 3)).astype(np.float32)
    far.load_new(arms, order="fac", dimensions=boxes)
    angle, turn = Angles(triples=[(0, 1, 2)]), Dihedrals(quadruples=[(0, 1, 2, 3)], form="radians")
    expected = [calc_angles(*frame[:3]) for frame in arms]
    np.testing.assert_allclose(featurize(far, angle).values[:, 0], expected, atol=1e-5)
    expected = [calc_dihedrals(*frame) for frame in arms]
    np.testing.assert_allclose(featurize(far, turn).values[:, 0], expected, atol=1e-5)
    nearest = Angles(triples=[(0, 1, 2)], periodic=True)
    expected = [calc_angles(*frame[:3], box=boxes[0]) for frame in arms]
    np.testing.assert_allclose(featurize(far, nearest).values[:, 0], expected, atol=1e-5)

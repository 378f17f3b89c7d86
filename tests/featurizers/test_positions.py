"""Positions: against the superpositions of MDAnalysis and mdtraj."""

import json

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysis.analysis import align
from MDAnalysis.analysis.rms import rmsd
from MDAnalysisTests.datafiles import DCD, PSF
from trajectories import features, universe

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Positions, from_dict


@pytest.fixture
def adk():
    return universe(PSF, DCD).atoms


def centred(positions):
    return positions - positions.mean(axis=-2, keepdims=True)


def test_superposition_agrees_with_mdanalysis(adk):
    carbons = adk.select_atoms("name CA")
    start = adk.positions
    featurizer = Positions("name CA").with_reference(adk, start)
    bound, values = features(featurizer, adk, stop=8)
    target = centred(start[carbons.ix].astype(float))
    for row, _ in zip(values, adk.universe.trajectory[:8], strict=True):
        mobile = centred(carbons.positions.astype(float))
        rotation, expected = align.rotation_matrix(mobile, target)
        np.testing.assert_allclose(row.reshape(-1, 3), mobile @ rotation.T, atol=1e-4)
        assert rmsd(row.reshape(-1, 3), target) == pytest.approx(expected, abs=1e-4)
    assert bound.names[:4] == ("x MET1:CA", "y MET1:CA", "z MET1:CA", "x ARG2:CA")
    assert values.dtype == np.float32
    assert set(bound.units) == {"angstrom"}


def test_superposition_agrees_with_mdtraj(adk):
    trajectory = mdtraj.load(DCD, top=PSF)[:6]
    fitted, shown = adk.select_atoms("name CA").ix, adk.select_atoms("resid 5:9").ix
    featurizer = Positions("resid 5:9", align="name CA").with_reference(
        trajectory, trajectory.xyz[0] * 10
    )
    bound, values = features(featurizer, trajectory)
    _, same = features(featurizer, adk, stop=6)
    np.testing.assert_allclose(values, same, atol=1e-4)
    trajectory.superpose(trajectory, frame=0, atom_indices=fitted)
    centre = trajectory.xyz[0, fitted].mean(axis=0)
    expected = (trajectory.xyz[:, shown] - centre) * 10
    np.testing.assert_allclose(values.reshape(expected.shape), expected, atol=2e-3)
    assert bound.n_features == 3 * len(shown)


def test_turning_and_moving_a_frame_changes_nothing(adk):
    bound = Positions("name CA").with_reference(adk, adk.positions).bind(adk)
    frame = adk.positions[bound.indices]
    turn = np.linalg.qr(np.array([[1.0, 2, 3], [0, 1, 4], [5, 6, 0]]))[0]
    turn *= np.sign(np.linalg.det(turn))
    turned = (frame @ turn + [5, -3, 8]).astype(np.float32)
    values = bound(np.stack([frame, turned]))
    np.testing.assert_allclose(values[0], values[1], atol=1e-4)


def test_a_mirror_image_is_not_taken_for_the_frame(adk):
    bound = Positions("name CA").with_reference(adk, adk.positions).bind(adk)
    frame = adk.positions[bound.indices]
    values = bound((frame * [-1, 1, 1])[None])
    assert rmsd(values.reshape(-1, 3), centred(frame)) > 5


def test_the_reference_survives_json_exactly(adk):
    featurizer = Positions("name CA").with_reference(adk, adk.positions)
    rebuilt = from_dict(json.loads(json.dumps(featurizer.to_dict())))
    assert rebuilt == featurizer
    carbons = adk.select_atoms("name CA").positions
    np.testing.assert_array_equal(np.array(rebuilt.reference, np.float32), carbons)
    assert len(repr(featurizer)) < 200


def test_a_reference_given_stays(adk):
    reference = adk.select_atoms("name CA").positions + 1
    featurizer = Positions("name CA", reference=reference)
    assert featurizer.with_reference(adk, adk.positions) is featurizer


def test_bad_references_and_selections_are_refused(adk):
    with pytest.raises(InputError, match="no reference yet"):
        features(Positions("name CA"), adk, stop=1)
    with pytest.raises(InputError, match=r"reference has 3 atoms.*finds 214"):
        Positions("name CA", reference=np.zeros((3, 3))).bind(adk)
    with pytest.raises(InputError, match=r"shape \(3, 2\)"):
        Positions(reference=np.zeros((3, 2)))
    with pytest.raises(InputError, match="finite"):
        Positions(reference=np.full((3, 3), np.nan))
    with pytest.raises(InputError, match="coordinates"):
        Positions(reference="first")
    with pytest.raises(InputError, match="needs 3 or more"):
        Positions("name CA", align="bynum 1:2").bind(adk)
    with pytest.raises(InputError, match="align='name XX' finds none"):
        Positions("name CA", align="name XX").bind(adk)
    with pytest.raises(InputError, match="for 3341 atoms"):
        Positions("name CA").with_reference(adk, np.zeros((5, 3)))


def test_hydrogens_are_left_out_unless_they_are_selected():
    u = mda.Universe(alanine_dipeptide().topology)
    heavy = Positions().with_reference(u, u.atoms.positions).bind(u)
    assert len(heavy.names) == 3 * 10 and not any(":H" in name for name in heavy.names)
    every = Positions("all").with_reference(u, u.atoms.positions).bind(u)
    assert len(every.names) == 3 * 22

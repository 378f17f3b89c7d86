"""A trained model as a value: labels of features and of trajectories, saved and loaded."""

import dataclasses

import numpy as np
import pytest
from small_analyses import alanine

from mdgmvae import GMVAE, FeatureSet
from mdgmvae.assignment import TrajectoryModel
from mdgmvae.errors import AtomMismatchError, InputError, TopologyWarning
from mdgmvae.featurizers import Custom, Dihedrals, featurize


@pytest.fixture(scope="module")
def features():
    return featurize(alanine(), "dihedrals", step=40)


@pytest.fixture(scope="module")
def model(features):
    return TrajectoryModel.of(GMVAE(k=3, n_epochs=2, seed=0).fit(features.path), features)


def test_it_labels_features_and_trajectories_alike(model, features):
    labelled = model.label(features)
    assigned = model.assign(alanine(), step=40)
    assert set(labelled) == set(assigned)
    for name in labelled:
        np.testing.assert_array_equal(labelled[name], assigned[name])
    np.testing.assert_array_equal(labelled.components, model.gmvae.predict(features.values))
    assert repr(model) == "<TrajectoryModel: 3 components, 4 features (dihedrals)>"


def test_frames_unlike_those_of_the_training_are_marked_and_warned_of(model, features, tmp_path):
    x = np.array(features.values)
    x[100:250] += 5.0  # cosines and sines of 4 to 6
    np.save(tmp_path / "x.npy", x)
    said = r"30.0 % of the frames \(150 of 500, the first is frame 100\) are unlike all frames of"
    with pytest.warns(UserWarning, match=said):
        found = model.label(FeatureSet.load(tmp_path / "x.npy"))
    assert np.flatnonzero(found.unlike_training).tolist() == list(range(100, 250))
    assert (found.scores[100:250] < model.gmvae.score_threshold_).all()
    # Its own frames: any warning would be an error here.
    assert not model.label(features).unlike_training.any()


def test_it_cannot_be_changed(model):
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.gmvae = None


def test_it_is_saved_and_loaded(model, features, tmp_path):
    model.save(tmp_path / "model")
    loaded = TrajectoryModel.load(tmp_path / "model")
    assert loaded.origin == model.origin
    assert loaded.require_featurizer() == Dihedrals()
    np.testing.assert_array_equal(loaded.label(features).scores, model.label(features).scores)
    assert loaded.gmvae.score_threshold_ == model.gmvae.score_threshold_


def test_features_with_other_names_or_options_are_refused(model, features, tmp_path):
    with pytest.raises(InputError, match=r"column 0 is phi ALA2 \(radian\), but .* phi ALA2 cos"):
        model.label(featurize(alanine(), Dihedrals(form="radians"), step=4000))
    other = dataclasses.replace(features, featurizer={**features.featurizer, "angles": ["psi"]})
    with pytest.raises(InputError, match="computed with other options"):
        model.label(other)
    # A plain array has no information about its columns.
    np.save(tmp_path / "x.npy", features.values)
    plain = model.label(FeatureSet.load(tmp_path / "x.npy"))
    np.testing.assert_array_equal(plain.labels, model.label(features).labels)


def test_trajectories_of_other_atoms_are_refused(model):
    with pytest.raises(AtomMismatchError):
        model.assign(alanine().atoms[:-1])


def test_trajectories_with_other_columns_are_refused(model):
    """The atoms are the same, but those of one residue are not bonded to the others."""
    u = alanine()
    u.del_TopologyAttr("bonds")
    u.transfer_to_memory(stop=5)
    u.trajectory.get_array()[:, u.select_atoms("resname NME").ix] += 9.0
    with (
        pytest.warns(TopologyWarning, match="ALA2 and NME3 have consecutive numbers"),
        pytest.raises(InputError, match=r"has 2 features, but .* on 4; .* column 2, psi ALA2"),
    ):
        model.assign(u)


@pytest.mark.slow
def test_a_model_of_an_array_labels_features_only(features, tmp_path):
    GMVAE(k=2, n_epochs=1, seed=0).fit(features.values).save(tmp_path / "model")
    model = TrajectoryModel.load(tmp_path / "model")
    assert model.origin.names == ("x0", "x1", "x2", "x3")
    assert len(model.label(features).labels) == len(features)
    with pytest.raises(InputError, match="trained on an array of features"):
        model.assign(alanine())


@pytest.mark.slow
def test_features_of_a_custom_function_are_labelled_without_it(tmp_path):
    features = featurize(alanine(), Custom(first_two, 2), step=100)
    gmvae = GMVAE(k=2, n_epochs=1, seed=0).fit(features.path)
    TrajectoryModel.of(gmvae, features).save(tmp_path / "model")
    loaded = TrajectoryModel.load(tmp_path / "model")
    assert len(loaded.label(features).labels) == 200
    with pytest.raises(InputError, match=r"custom="):
        loaded.assign(alanine(), stop=10)
    loaded = TrajectoryModel.load(tmp_path / "model", custom={"first_two": first_two})
    np.testing.assert_array_equal(
        loaded.assign(alanine(), step=100).labels, loaded.label(features).labels
    )


def first_two(positions):
    return positions[:, 0, :2]

"""Features that were computed before the analysis."""

import json

import numpy as np
import pytest
from small_analyses import FAST

from mdgmvae import FeatureSet, GMVAEAnalysis
from mdgmvae.errors import InputError
from mdgmvae.featurizers import featurize


def test_an_array_is_analysed_like_features_that_are_computed(u, analysed):
    array = np.array(analysed.features.values)
    gm = GMVAEAnalysis(u, features=array, **FAST).run(step=20)
    np.testing.assert_array_equal(gm.results.labels, analysed.results.labels)
    np.testing.assert_allclose(gm.results.times, analysed.results.times)
    assert u.trajectory[20].aux.gmvae_state == gm.results.labels[1]
    assert "(1000, 4) array" in repr(gm)
    with pytest.raises(InputError, match=r"features of 1,000 frames were given, but 20,000 frames"):
        gm.run()
    with pytest.raises(InputError, match="trained on an array"):
        gm.assign(u)
    with pytest.raises(InputError, match="on_bad_frames='skip': features that were computed"):
        gm.run(step=20, on_bad_frames="skip")


def test_columns_of_an_array_have_the_names_that_were_given(u, analysed, tmp_path):
    names = ["phi cos", "phi sin", "psi cos", "psi sin"]
    array = np.array(analysed.features.values)
    gm = GMVAEAnalysis(u, features=array, feature_names=names, **FAST).run(step=20)
    assert gm.features.names == tuple(names)
    assert gm.describe().names == ("phi", "psi")
    assert "phi" in gm._repr_html_()
    assert gm.free_energy("phi").names == ("phi",)
    gm.save_model(tmp_path / "model")
    content = json.loads((tmp_path / "model/model.json").read_text())
    assert content["trajectory"]["names"] == names
    np.testing.assert_array_equal(gm.results.labels, analysed.results.labels)


@pytest.mark.slow
def test_a_feature_set_keeps_its_names_and_its_frames(u, analysed):
    features = featurize(u, "dihedrals", step=20)
    gm = GMVAEAnalysis(u, features=features, **FAST).run(step=20)
    assert gm.features.names == features.names
    assert gm.features.units == features.units
    np.testing.assert_array_equal(gm.results.labels, analysed.results.labels)
    with pytest.raises(InputError, match=r"computed for frame 20, but frame 10 is to be"):
        gm.run(stop=10_000, step=10)


@pytest.mark.slow
def test_a_plain_feature_file_may_be_of_any_frames(u, tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(500, 2)).astype("f4"))
    gm = GMVAEAnalysis(u, features=FeatureSet.load(tmp_path / "x.npy"), **FAST).run(step=40)
    np.testing.assert_array_equal(gm.results.frames, np.arange(0, 20_000, 40))


@pytest.mark.parametrize(
    ("features", "names", "message"),
    [
        (np.zeros(10), None, r"an array of shape \(10,\) .*; pass numbers of shape"),
        (np.zeros((10, 0)), None, "pass numbers of shape"),
        (np.full((10, 2), "a"), None, "pass numbers of shape"),
        (np.zeros((10, 2)), ["a"], "pass 2 names, one for each column of the features, not 1"),
        (np.zeros((10, 2)), ["a", "a"], "'a' is given twice"),
        (np.zeros((10, 2)), "ab", "pass a list of names"),
    ],
)
def test_arrays_and_names_that_do_not_fit_are_refused(u, features, names, message):
    with pytest.raises(InputError, match=message):
        GMVAEAnalysis(u, features=features, feature_names=names, **FAST)

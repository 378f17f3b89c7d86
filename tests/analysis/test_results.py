"""Results of an analysis: arrays, annotation of the trajectory, what is shown."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from small_analyses import FAST

from mdgmvae import GMVAE, GMVAEAnalysis
from mdgmvae.errors import InputError, TrainingError
from mdgmvae.featurizers import featurize

N = 1000


def test_results_are_what_the_contract_says(analysed):
    r = analysed.results
    assert (r.labels.shape, r.labels.dtype) == ((N,), np.int64)
    assert (r.components.shape, r.components.dtype) == ((N,), np.int64)
    assert (r.probabilities.shape, r.probabilities.dtype) == ((N, 2), np.float32)
    assert (r.component_probabilities.shape, r.component_probabilities.dtype) == (
        (N, 3),
        np.float32,
    )
    assert (r.latent.shape, r.latent.dtype) == ((N, 2), np.float32)
    assert (r.scores.shape, r.scores.dtype) == ((N,), np.float32)
    np.testing.assert_array_equal(r.frames, np.arange(0, 20_000, 20))
    np.testing.assert_allclose(r.times, 2.0 * r.frames)
    np.testing.assert_array_equal(r.trajectory_index, 0)
    assert r.lengths == (N,)
    np.testing.assert_allclose(r.populations, np.bincount(r.labels, minlength=2) / N)
    assert len(r.history["loss"]) == 2
    assert analysed.features.names[:2] == ("phi ALA2 cos", "phi ALA2 sin")


def test_states_are_lumped_from_components(analysed):
    r, of_component = analysed.results, analysed.model.state_of_component_
    assert sorted(set(of_component.tolist())) == [0, 1]
    np.testing.assert_array_equal(r.labels, of_component[r.components])
    np.testing.assert_array_equal(r.components, r.component_probabilities.argmax(axis=1))
    for state in (0, 1):
        summed = r.component_probabilities[:, of_component == state].sum(axis=1)
        np.testing.assert_allclose(r.probabilities[:, state], summed, atol=1e-6)
    assert r.populations[0] >= r.populations[1]


@pytest.mark.slow
def test_components_are_states_without_a_lag(u):
    options = {**FAST, "n_macrostates": None}
    r = GMVAEAnalysis(u, preset="paper", **options).run(step=40).results
    np.testing.assert_array_equal(r.labels, r.components)
    np.testing.assert_array_equal(r.probabilities, r.component_probabilities)
    assert r.populations.shape == (3,)


def test_it_is_the_estimator_on_the_features(analysed, u):
    features = featurize(u, "dihedrals", step=20)
    model = GMVAE.from_preset("robust", **FAST).fit(features.path)
    values, results = features.values, analysed.results
    np.testing.assert_array_equal(model.predict_proba(values), results.component_probabilities)
    np.testing.assert_array_equal(model.predict_states(values), results.labels)
    np.testing.assert_array_equal(model.score_samples(values), results.scores)


@pytest.mark.slow
def test_labels_travel_with_the_trajectory(u):
    gm = GMVAEAnalysis(u, **FAST).run(start=100, stop=4100, step=4)
    r = gm.results
    at = u.trajectory[104].aux
    assert at.gmvae_state == r.labels[1]
    assert at.gmvae_component == r.components[1]
    assert at.gmvae_probability == r.probabilities[1, r.labels[1]]
    assert isinstance(at.gmvae_state, int)
    assert isinstance(at.gmvae_component, int)
    assert isinstance(at.gmvae_probability, float)
    at = u.trajectory[105].aux
    assert (at.gmvae_state, at.gmvae_component, at.gmvae_probability) == (-1, -1, -1.0)
    # A second run replaces the labels of the first.
    gm.run(start=0, stop=1000)
    assert u.trajectory[105].aux.gmvae_state == gm.results.labels[105]
    assert u.trajectory[4096].aux.gmvae_state == -1
    assert u.trajectory[4096].aux.gmvae_probability == -1.0
    assert len(gm.results.labels) == 1000


def test_annotate_false_leaves_the_trajectory_alone(u):
    GMVAEAnalysis(u, annotate=False, **FAST).run(stop=600)
    assert not hasattr(u.trajectory[0].aux, "gmvae_state")


def test_results_become_a_data_frame(analysed):
    r, table = analysed.results, analysed.results.to_dataframe()
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == [
        *("frame", "time", "trajectory", "state", "component", "probability", "z1", "z2", "score"),
        "unlike_training",
    ]
    np.testing.assert_array_equal(table["frame"], r.frames)
    np.testing.assert_array_equal(table["state"], r.labels)
    np.testing.assert_array_equal(table["probability"], r.probabilities[np.arange(N), r.labels])
    np.testing.assert_array_equal(table["z2"], r.latent[:, 1])
    shares = table["state"].value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(shares, r.populations)


def test_it_shows_itself(analysed, u):
    assert "22 atoms" in repr(analysed)
    assert "1,000 frames in states" in repr(analysed)
    assert analysed._repr_html_().count("<tr>") == 3
    assert "phi ALA2" in analysed._repr_html_()
    fresh = GMVAEAnalysis(u, **FAST)
    assert "not run yet" in repr(fresh)
    assert fresh._repr_html_().startswith("<code>&lt;GMVAEAnalysis")


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(copy.copy, marks=pytest.mark.slow),
        pytest.param(copy.deepcopy, marks=pytest.mark.slow),
        lambda item: pickle.loads(pickle.dumps(item)),
    ],
)
def test_copies_keep_everything(analysed, u, again):
    """A copy once had neither model nor atoms nor features."""
    copied = again(analysed)
    assert type(copied.results) is type(analysed.results)
    assert repr(copied) == repr(analysed) and "<table>" in copied._repr_html_()
    assert copied.atomgroup.n_atoms == 22
    np.testing.assert_array_equal(copied.results.labels, analysed.results.labels)
    np.testing.assert_array_equal(copied.features.values, analysed.features.values)
    x = analysed.features.values[:50]
    np.testing.assert_array_equal(copied.model.predict(x), analysed.model.predict(x))
    np.testing.assert_array_equal(copied.assign(u, stop=9).frames, np.arange(9))
    assert copied.describe().names == analysed.describe().names
    ts = copied.atomgroup.universe.trajectory[40]
    assert ts.aux.gmvae_state == analysed.results.labels[2]


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(copy.copy, marks=pytest.mark.slow),
        pytest.param(copy.deepcopy, marks=pytest.mark.slow),
        lambda item: pickle.loads(pickle.dumps(item)),
    ],
)
def test_a_copy_of_an_analysis_that_was_not_run_can_be_run(saved, u, analysed, again):
    fresh = again(GMVAEAnalysis(u, **FAST))
    assert "not run yet" in repr(fresh)
    with pytest.raises(InputError, match="there are no results yet"):
        fresh.judge()
    np.testing.assert_array_equal(fresh.run(step=20).results.labels, analysed.results.labels)
    loaded = again(GMVAEAnalysis.load(saved, universe=u))
    assert "trained" in repr(loaded)
    np.testing.assert_array_equal(loaded.run(step=20).results.labels, analysed.results.labels)
    alone = again(GMVAEAnalysis.load(saved))
    np.testing.assert_array_equal(alone.assign(u, step=20).labels, analysed.results.labels)
    of_array = again(GMVAEAnalysis(u, features=np.ones((10_000, 2)), **FAST))
    assert "(10000, 2) array" in repr(of_array)


def test_progress_bars_say_what_they_are(u, capsys):
    GMVAEAnalysis(u, **FAST | {"verbose": True}).run(stop=600)
    shown = capsys.readouterr()
    assert "reading frames" in shown.err
    assert "training" in shown.err
    assert shown.out == ""
    GMVAEAnalysis(u, **FAST | {"verbose": None}).run(stop=600)
    assert capsys.readouterr().err == ""


def test_a_loss_that_is_not_finite_keeps_the_last_weights(u):
    gm = GMVAEAnalysis(u, **FAST, lr=1e30)
    with pytest.raises(TrainingError, match=r"lower lr"):
        gm.run(stop=600)
    assert np.isfinite(gm.model.transform(gm.features.values)).all()
    assert "trained" in repr(gm)
    with pytest.raises(InputError, match="there are no results yet"):
        gm.judge()


def test_assign_leaves_out_frames_that_cannot_be_used(u, analysed):
    coordinates = u.trajectory.timeseries(stop=9, order="fac")
    coordinates[[2, 6]] = np.nan
    other = u.copy().load_new(coordinates, order="fac")
    with pytest.raises(InputError, match="frame 2: "):
        analysed.assign(other)
    with pytest.warns(UserWarning, match="frame 2: .*; it is the first of 2 of 9 frames"):
        found = analysed.assign(other, on_bad_frames="skip")
    kept = [0, 1, 3, 4, 5, 7, 8]
    np.testing.assert_array_equal(found.frames, kept)
    np.testing.assert_array_equal(found.labels, analysed.assign(u, stop=9).labels[kept])

"""The analysis through its public face, on real trajectories."""

import pickle
import subprocess
import sys
import textwrap

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysisTests import datafiles

from mdgmvae import GMVAE, GMVAEAnalysis
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import AtomMismatchError, InputError, TrainingError
from mdgmvae.featurizers import (
    Custom,
    Dihedrals,
    Distances,
    Positions,
    featurize,
)

FAST = {"k": 3, "n_epochs": 3, "n_init": 1, "seed": 0, "verbose": False}


@pytest.fixture
def u():
    return mda.Universe(*alanine_dipeptide())


@pytest.fixture(scope="module")
def analysed():
    """One analysis that the tests below only read."""
    universe = mda.Universe(*alanine_dipeptide())
    return GMVAEAnalysis(universe, **FAST).run(step=10)


def span(point):
    """Distance between the outermost atoms, for the Custom featurizer."""
    return np.linalg.norm(point[:, 0] - point[:, -1], axis=-1)[:, np.newaxis]


def test_results_are_what_the_contract_says(analysed):
    r = analysed.results
    n = 2000
    assert (r.labels.shape, r.labels.dtype) == ((n,), np.int64)
    assert (r.probabilities.shape, r.probabilities.dtype) == ((n, 3), np.float32)
    assert (r.latent.shape, r.latent.dtype) == ((n, 2), np.float32)
    np.testing.assert_array_equal(r.frames, np.arange(0, 20_000, 10))
    np.testing.assert_allclose(r.times, 2.0 * r.frames)
    np.testing.assert_array_equal(r.trajectory_index, 0)
    np.testing.assert_allclose(r.populations, np.bincount(r.labels, minlength=3) / n)
    assert len(r.history["loss"]) == 3
    assert analysed.features.names[:2] == ("phi ALA2 cos", "phi ALA2 sin")


def test_it_is_the_estimator_on_the_features(analysed):
    features = featurize(mda.Universe(*alanine_dipeptide()), "dihedrals", step=10)
    model = GMVAE.from_preset("robust", **FAST).fit(features.path)
    np.testing.assert_array_equal(
        model.predict_proba(features.values), analysed.results.probabilities
    )


def test_labels_travel_with_the_trajectory(u):
    gm = GMVAEAnalysis(u, **FAST).run(start=100, stop=4100, step=4)
    assert u.trajectory[104].aux.gmvae_state == gm.results.labels[1]
    assert u.trajectory[105].aux.gmvae_state == -1
    np.testing.assert_array_equal(
        u.trajectory[108].aux.gmvae_probability, gm.results.probabilities[2]
    )
    assert np.isnan(u.trajectory[0].aux.gmvae_probability).all()
    # A second run replaces what the first wrote.
    gm.run(start=0, stop=1000)
    assert u.trajectory[105].aux.gmvae_state == gm.results.labels[105]
    assert u.trajectory[4096].aux.gmvae_state == -1
    assert len(gm.results.labels) == 1000


def test_annotate_false_leaves_the_trajectory_alone(u):
    GMVAEAnalysis(u, annotate=False, **FAST).run(stop=600)
    assert not hasattr(u.trajectory[0].aux, "gmvae_state")


@pytest.mark.parametrize("backend", ["multiprocessing", "dask"])
def test_backends_give_identical_results(u, backend):
    serial = GMVAEAnalysis(u, **FAST).run(stop=2000, step=2)
    parallel = GMVAEAnalysis(mda.Universe(*alanine_dipeptide()), **FAST)
    parallel.run(stop=2000, step=2, backend=backend, n_workers=2)
    np.testing.assert_array_equal(serial.features.values, parallel.features.values)
    for name in ("labels", "probabilities", "latent", "frames", "times"):
        np.testing.assert_array_equal(serial.results[name], parallel.results[name])
    again = parallel.run(stop=2000, step=2, backend=backend, n_workers=2)
    np.testing.assert_array_equal(serial.results.labels, again.results.labels)


def test_frames_keep_their_order(u, analysed):
    frames = [int(f) for f in np.random.default_rng(0).permutation(analysed.results.frames)]
    with pytest.raises(InputError, match=r"frames in the order of time, or leave kinetics out"):
        GMVAEAnalysis(u, **FAST).run(frames=frames)
    gm = GMVAEAnalysis(u, **FAST, vamp_weight=0, scale="standard", lag=None).run(frames=frames)
    np.testing.assert_array_equal(gm.results.frames, frames)
    np.testing.assert_allclose(
        gm.features.values, analysed.features.values[np.array(frames) // 10], atol=1e-6
    )
    position = frames.index(70)
    assert u.trajectory[70].aux.gmvae_state == gm.results.labels[position]


def test_two_files_are_one_trajectory(tmp_path):
    topology, (path,) = alanine_dipeptide()
    u = mda.Universe(topology, path)
    for name, part in (("a.xtc", slice(0, 700)), ("b.xtc", slice(700, 1500))):
        u.atoms.write(str(tmp_path / name), frames=u.trajectory[part])
    chained = mda.Universe(topology, [str(tmp_path / "a.xtc"), str(tmp_path / "b.xtc")])
    gm = GMVAEAnalysis(chained, **FAST).run()
    np.testing.assert_array_equal(gm.results.frames, np.arange(1500))
    np.testing.assert_array_equal(gm.results.trajectory_index, np.repeat([0, 1], [700, 800]))
    assert gm.features.lengths == (700, 800)
    whole = GMVAEAnalysis(u, **FAST).run(stop=1500)
    np.testing.assert_allclose(gm.features.values, whole.features.values, atol=1e-3)
    assert chained.trajectory[900].aux.gmvae_state == gm.results.labels[900]


def test_atom_groups_and_trajectories_in_memory(u):
    whole = GMVAEAnalysis(u, features=Distances(), **FAST).run(stop=1000)
    u.transfer_to_memory(stop=1000)
    group = GMVAEAnalysis(u.select_atoms("protein"), features="distances", **FAST).run()
    assert group.features.selection is None
    np.testing.assert_allclose(group.features.values, whole.features.values, atol=1e-4)
    assert u.trajectory[999].aux.gmvae_state == group.results.labels[999]


@pytest.mark.parametrize(
    ("files", "features"),
    [
        ((datafiles.PSF, datafiles.DCD), "dihedrals"),
        ((datafiles.GRO, datafiles.XTC), Distances(scheme="ca", select="resid 1:20")),
        ((datafiles.PSF, datafiles.DCD), ["dihedrals", Positions(select="name CA")]),
    ],
)
def test_other_peoples_files(files, features):
    gm = GMVAEAnalysis(mda.Universe(*files), features=features, **FAST | {"k": 2}).run()
    assert len(gm.results.labels) == gm.features.values.shape[0]
    assert np.isfinite(gm.results.latent).all()


def test_an_array_that_was_computed_before(u, analysed):
    array = np.array(analysed.features.values)
    gm = GMVAEAnalysis(u, features=array, **FAST).run(step=10)
    np.testing.assert_array_equal(gm.results.labels, analysed.results.labels)
    np.testing.assert_allclose(gm.results.times, analysed.results.times)
    assert u.trajectory[10].aux.gmvae_state == gm.results.labels[1]
    with pytest.raises(InputError, match=r"2,000 rows, but 20,000 frames"):
        gm.run()
    with pytest.raises(InputError, match="trained on an array"):
        gm.assign(u)


def test_assign_labels_another_universe(analysed, u):
    found = analysed.assign(u, start=5000, stop=5200)
    np.testing.assert_array_equal(found.frames, np.arange(5000, 5200))
    np.testing.assert_array_equal(found.labels[::10], analysed.results.labels[500:520])
    np.testing.assert_array_equal(found.latent[::10], analysed.results.latent[500:520])
    topology, (path,) = alanine_dipeptide()
    frames = mdtraj.load_xtc(path, top=topology, frame=5000)
    assert analysed.assign(frames).labels[0] == found.labels[0]


def test_assign_refuses_other_atoms(analysed, u):
    with pytest.raises(AtomMismatchError, match=r"21 atoms, the model has 22|atom \d+ is"):
        analysed.assign(u.atoms[:-1])
    u.atoms[8].residue.resname = "GLY"
    with pytest.raises(AtomMismatchError, match=r"atom 6 is N of GLY 2, the model has N of ALA 2"):
        analysed.assign(u)


def test_model_is_saved_with_its_featurizer(analysed, tmp_path):
    analysed.save_model(tmp_path / "model")
    script = """
        import sys, MDAnalysis as mda, numpy as np
        from mdgmvae import GMVAEAnalysis
        from mdgmvae.data import alanine_dipeptide
        gm = GMVAEAnalysis.load("model")
        np.save("labels.npy", gm.assign(mda.Universe(*alanine_dipeptide()), step=10).labels)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    np.testing.assert_array_equal(np.load(tmp_path / "labels.npy"), analysed.results.labels)


def test_a_loaded_model_without_universe_says_what_run_needs(analysed, tmp_path, u):
    analysed.save_model(tmp_path / "model")
    loaded = GMVAEAnalysis.load(tmp_path / "model")
    with pytest.raises(InputError, match="loaded without one"):
        loaded.run()
    rerun = GMVAEAnalysis.load(tmp_path / "model", universe=u).run(step=10)
    np.testing.assert_array_equal(rerun.results.labels, analysed.results.labels)
    with pytest.raises(AtomMismatchError):
        GMVAEAnalysis.load(tmp_path / "model", universe=u.select_atoms("name C*"))


def test_positions_keep_their_reference(u, tmp_path):
    gm = GMVAEAnalysis(u, features="positions", **FAST).run(start=50, stop=800)
    gm.save_model(tmp_path / "model")
    # Another first frame: the reference is the model's, not that of the frames assigned.
    found = GMVAEAnalysis.load(tmp_path / "model").assign(u, start=400, stop=500)
    np.testing.assert_allclose(found.latent, gm.results.latent[350:450], atol=1e-4)


def test_a_model_of_an_atom_group_is_loaded_for_the_same_atoms(u, tmp_path):
    group = u.select_atoms("not name H*")
    gm = GMVAEAnalysis(group, **FAST).run(stop=600)
    gm.save_model(tmp_path / "model")
    loaded = GMVAEAnalysis.load(tmp_path / "model", universe=group)
    assert loaded.select is None
    assert loaded.atomgroup.n_atoms == 10
    with pytest.raises(AtomMismatchError):
        GMVAEAnalysis.load(tmp_path / "model", universe=u)


def test_a_second_run_is_like_a_first_one(u):
    again = GMVAEAnalysis(u, features="positions", **FAST).run(stop=600).run(start=100, stop=700)
    fresh = GMVAEAnalysis(u, features="positions", **FAST).run(start=100, stop=700)
    np.testing.assert_array_equal(again.results.latent, fresh.results.latent)


def test_custom_featurizer_is_asked_for_on_load(u, tmp_path):
    features = Custom(span, 1, select="not name H*")
    gm = GMVAEAnalysis(u, features=[features, "dihedrals"], **FAST).run(stop=600)
    gm.save_model(tmp_path / "model")
    with pytest.raises(InputError, match=r"custom=.*span"):
        GMVAEAnalysis.load(tmp_path / "model")
    loaded = GMVAEAnalysis.load(tmp_path / "model", custom={"span": span})
    np.testing.assert_array_equal(loaded.assign(u, stop=600).labels, gm.results.labels)


def test_a_model_trained_on_arrays_does_not_read_trajectories(tmp_path):
    x = np.random.default_rng(0).normal(size=(100, 2))
    GMVAE(k=2, n_epochs=1, seed=0).fit(x).save(tmp_path / "model")
    with pytest.raises(InputError, match=r"assign MODEL FEATURES.npy, or GMVAE.load"):
        GMVAEAnalysis.load(tmp_path / "model")


def test_it_shows_itself(analysed, u):
    assert "22 atoms" in repr(analysed)
    assert "2,000 frames in states" in repr(analysed)
    assert analysed._repr_html_().count("<tr>") == 4
    assert "phi ALA2" in analysed._repr_html_()
    fresh = GMVAEAnalysis(u, **FAST)
    assert "not run yet" in repr(fresh)
    assert fresh._repr_html_().startswith("<code>&lt;GMVAEAnalysis")


def test_progress_bars_say_what_they_are(u, capsys):
    GMVAEAnalysis(u, **FAST | {"verbose": True}).run(stop=600)
    shown = capsys.readouterr()
    assert "reading frames" in shown.err
    assert "training" in shown.err
    assert shown.out == ""
    GMVAEAnalysis(u, **FAST | {"verbose": None}).run(stop=600)
    assert capsys.readouterr().err == ""


def test_it_can_be_pickled_before_and_after(analysed):
    again = pickle.loads(pickle.dumps(analysed))
    np.testing.assert_array_equal(again.results.labels, analysed.results.labels)


def test_loss_that_is_not_finite_is_told(u):
    gm = GMVAEAnalysis(u, **FAST, lr=1e30)
    with pytest.raises(TrainingError, match=r"lower lr"):
        gm.run(stop=600)
    assert np.isfinite(gm.model.transform(gm.features.values)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"select": "resname XYZ"}, "resname XYZ"),
        ({"select": "name ("}, "name ("),
        ({"select": "name H*"}, "select='name H*': no phi or psi"),
        ({"features": "torsions"}, "torsions"),
        ({"features": []}, "features|featurizer"),
        ({"features": Dihedrals(angles=("chi5",))}, "chi5"),
        ({"preset": "best"}, "preset='best': choose one of paper, robust"),
        ({"n_epoch": 3}, "n_epoch: no such hyperparameter; did you mean n_epochs?"),
        ({"k": "many"}, "k='many'"),
        ({"lag_time": -10.0}, "lag_time=-10.0: must be a time in ps"),
        ({"lag_time": 10.0, "lag": 5}, "one is in rows, the other in ps"),
    ],
)
def test_what_cannot_be_used_is_told_at_once(u, arguments, message):
    with pytest.raises(InputError) as caught:
        GMVAEAnalysis(u, **arguments)
    assert any(part in str(caught.value) for part in message.split("|"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"frames": [0, 99_999]}, "99,999|99999"),
        ({"start": 30_000}, "30,000|30000|no frame"),
        ({"n_parts": 2}, "n_parts"),
        ({"backend": "cluster"}, "cluster"),
        ({"stop": 2}, "k=3: more components than frames"),
    ],
)
def test_frames_that_are_not_there_are_told(u, arguments, message):
    with pytest.raises(InputError) as caught:
        GMVAEAnalysis(u, **FAST).run(**arguments)
    assert any(part in str(caught.value) for part in message.split("|"))

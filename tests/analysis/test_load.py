"""Models that are saved, loaded and used on other trajectories."""

import os
import subprocess
import sys
import textwrap

import mdtraj
import numpy as np
import pytest
from small_analyses import FAST, alanine

from mdgmvae import GMVAE, GMVAEAnalysis
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import AtomMismatchError, InputError
from mdgmvae.featurizers import Custom


def span(point):
    """Return the distance between the first and last atom, for the Custom featurizer."""
    return np.linalg.norm(point[:, 0] - point[:, -1], axis=-1)[:, np.newaxis]


def test_a_loaded_analysis_labels_with_the_saved_model(analysed, saved, u, monkeypatch):
    """An earlier version trained another model, whose labels agreed in only 0.9 % of the frames."""
    monkeypatch.setattr(GMVAE, "fit", None)
    gm = GMVAEAnalysis.load(saved, universe=u).run(start=5000, stop=9000, step=4)
    seen = analysed.results
    assert set(gm.results) == set(seen)
    same = np.isin(gm.results.frames, seen.frames)
    assert same.sum() == 200
    chosen = slice(250, 450)
    for name in ("labels", "components", "frames", "times"):
        np.testing.assert_array_equal(gm.results[name][same], seen[name][chosen])
    for name in ("probabilities", "component_probabilities", "latent", "scores"):
        np.testing.assert_allclose(gm.results[name][same], seen[name][chosen], rtol=1e-4, atol=1e-4)
    assert gm.results.history == seen.history
    np.testing.assert_allclose(gm.results.populations, np.bincount(gm.results.labels) / 1000)


def test_a_loaded_analysis_annotates_and_gives_evidence(analysed, saved, u):
    gm = GMVAEAnalysis.load(saved, universe=u)
    assert "22 atoms" in repr(gm) and "trained" in repr(gm)
    with pytest.raises(InputError, match=r"no results yet; call run\(\)"):
        gm.judge()
    gm.run(step=20)
    assert u.trajectory[40].aux.gmvae_state == analysed.results.labels[2]
    assert gm.judge(n_samples=5).lag == 5
    assert gm.describe(of="components").names == ("phi ALA2", "psi ALA2")
    assert GMVAEAnalysis.load(saved, universe=alanine(), annotate=False).annotate is False


def test_a_loaded_model_without_a_universe_assigns(analysed, saved, u):
    loaded = GMVAEAnalysis.load(saved)
    assert "no universe" in repr(loaded)
    with pytest.raises(InputError, match="loaded without a universe"):
        loaded.run()
    np.testing.assert_array_equal(loaded.assign(u, step=20).labels, analysed.results.labels)
    assert loaded.model.lag == 5


def test_a_universe_of_other_atoms_is_refused_at_once(saved, u):
    with pytest.raises(AtomMismatchError):
        GMVAEAnalysis.load(saved, universe=u.select_atoms("name C*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"device": "cuda"}, "device='cuda': choose auto, cpu, gpu"),
        ({"annotate": "no"}, "annotate='no': must be True or False"),
        ({"verbose": "no"}, "verbose='no': must be True or False"),
        ({"custom": span}, "custom: pass the functions by name"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_at_once(saved, arguments, message):
    with pytest.raises(InputError, match=message):
        GMVAEAnalysis.load(saved, **arguments)


@pytest.mark.slow
def test_a_model_is_loaded_in_another_process(analysed, saved, tmp_path):
    script = f"""
        import MDAnalysis as mda, numpy as np
        from mdgmvae import GMVAEAnalysis
        from mdgmvae.data import alanine_dipeptide
        gm = GMVAEAnalysis.load({str(saved)!r})
        np.save("labels.npy", gm.assign(mda.Universe(*alanine_dipeptide()), step=20).labels)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    # Without a level of the user's, TensorFlow's notes would be red lines in a notebook.
    plain = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=plain)
    assert (done.returncode, done.stderr) == (0, "")
    np.testing.assert_array_equal(np.load(tmp_path / "labels.npy"), analysed.results.labels)


def test_assign_labels_another_universe(analysed, u):
    found = analysed.assign(u, 5000, 5200)
    np.testing.assert_array_equal(found.frames, np.arange(5000, 5200))
    np.testing.assert_array_equal(found.labels[::20], analysed.results.labels[250:260])
    np.testing.assert_array_equal(found.latent[::20], analysed.results.latent[250:260])
    assert set(found) == set(analysed.results) - {"history"}
    assert not hasattr(u.trajectory[5000].aux, "gmvae_state")
    topology, (path,) = alanine_dipeptide()
    frames = mdtraj.load_xtc(path, top=topology, frame=5000)
    assert analysed.assign(frames).labels[0] == found.labels[0]


def test_assign_keeps_the_order_of_frames_and_writes_features(analysed, u, tmp_path):
    found = analysed.assign(u, frames=[60, 20, 40], out=tmp_path / "x.npy")
    np.testing.assert_array_equal(found.frames, [60, 20, 40])
    np.testing.assert_array_equal(found.labels, analysed.results.labels[[3, 1, 2]])
    assert np.load(tmp_path / "x.npy").shape == (3, 4)


def test_assign_refuses_other_atoms(analysed, u):
    with pytest.raises(AtomMismatchError, match=r"21 atoms, but the model has 22|atom \d+ is"):
        analysed.assign(u.atoms[:-1])
    u.atoms[8].residue.resname = "GLY"
    with pytest.raises(
        AtomMismatchError, match=r"atom 6 is N of GLY 2, but the model has N of ALA 2"
    ):
        analysed.assign(u)


def test_nothing_can_be_assigned_or_saved_before_run(u, tmp_path):
    gm = GMVAEAnalysis(u, **FAST)
    for use in (lambda: gm.assign(u), lambda: gm.save_model(tmp_path / "model")):
        with pytest.raises(InputError, match=r"no trained model: call run\(\) first"):
            use()
    assert not hasattr(gm, "model")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* frames are few for:UserWarning")
def test_positions_keep_their_reference(u, tmp_path):
    gm = GMVAEAnalysis(u, features="positions", **FAST).run(start=50, stop=800)
    gm.save_model(tmp_path / "model")
    # The first frame differs, but the reference structure is that of the model.
    found = GMVAEAnalysis.load(tmp_path / "model").assign(u, start=400, stop=500)
    np.testing.assert_allclose(found.latent, gm.results.latent[350:450], atol=1e-4)
    rerun = GMVAEAnalysis.load(tmp_path / "model", u).run(start=400, stop=500)
    np.testing.assert_array_equal(rerun.results.latent, found.latent)


@pytest.mark.slow
def test_a_model_of_an_atom_group_is_loaded_for_the_same_atoms(u, tmp_path):
    group = u.select_atoms("not name H*")
    gm = GMVAEAnalysis(group, **FAST).run(stop=600)
    gm.save_model(tmp_path / "model")
    loaded = GMVAEAnalysis.load(tmp_path / "model", universe=group)
    assert loaded.select is None
    assert loaded.atomgroup.n_atoms == 10
    with pytest.raises(AtomMismatchError):
        GMVAEAnalysis.load(tmp_path / "model", universe=u)


def test_a_custom_featurizer_is_asked_for_on_load(u, tmp_path):
    features = Custom(span, 1, select="not name H*")
    gm = GMVAEAnalysis(u, features=[features, "dihedrals"], **FAST).run(stop=600)
    gm.save_model(tmp_path / "model")
    with pytest.raises(InputError, match=r"model: .*custom=.*span"):
        GMVAEAnalysis.load(tmp_path / "model")
    loaded = GMVAEAnalysis.load(tmp_path / "model", custom={"span": span})
    np.testing.assert_array_equal(loaded.assign(u, stop=600).labels, gm.results.labels)


def test_a_model_trained_on_arrays_does_not_read_trajectories(tmp_path):
    x = np.random.default_rng(0).normal(size=(100, 2))
    GMVAE(k=2, n_epochs=1, seed=0).fit(x).save(tmp_path / "model")
    with pytest.raises(InputError, match=r"model: .*array .*GMVAE.predict, or .*assign MODEL"):
        GMVAEAnalysis.load(tmp_path / "model")

"""Saved models: plain files, the same labels in another process, damage is reported."""

import json

import numpy as np
import pytest
from forked import run_script

from mdgmvae import GMVAE
from mdgmvae.errors import InputError
from mdgmvae.model.saved_model import SavedModel, TrajectoryPart


@pytest.fixture
def saved(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    return tmp_path / "model"


def test_nothing_is_pickled(saved, fitted):
    assert sorted(path.name for path in saved.iterdir()) == ["model.json", "weights.npz"]
    content = json.loads((saved / "model.json").read_text())
    assert content["params"]["k"] == 4
    assert content["fitted"]["seed"] == 3
    assert {"mdgmvae", "tensorflow", "numpy", "python"} <= set(content["versions"])
    assert content["architecture"]["order"] == list(fitted.architecture_.order)
    with np.load(saved / "weights.npz", allow_pickle=False) as file:
        assert all(file[name].dtype == np.float32 for name in file.files)


def test_labels_are_identical_in_another_process(saved, fitted, five_wells, tmp_path):
    np.save(tmp_path / "x.npy", five_wells[0][:5000])
    script = """
        import numpy as np
        from mdgmvae import GMVAE
        m = GMVAE.load("model")
        a = m.assign("x.npy")
        np.savez("out.npz", components=a.components, latent=a.latent,
                 component_probabilities=a.component_probabilities,
                 states=m.predict_states("x.npy"), score=m.score_samples("x.npy"))
    """
    run_script(script, tmp_path)
    expected = fitted.assign(five_wells[0][:5000])
    with np.load(tmp_path / "out.npz") as found:
        for name in ("components", "component_probabilities", "latent"):
            np.testing.assert_array_equal(found[name], getattr(expected, name))
        np.testing.assert_array_equal(found["states"], expected.components)  # no lag
        np.testing.assert_array_equal(found["score"], fitted.score_samples(five_wells[0][:5000]))


def test_fitted_values_survive(saved, fitted):
    loaded = GMVAE.load(saved)
    assert loaded.history_ == fitted.history_
    np.testing.assert_array_equal(loaded.populations_, fitted.populations_)
    np.testing.assert_array_equal(loaded.state_of_component_, fitted.state_of_component_)
    assert loaded.seed_ == 3
    assert loaded.n_epochs_ == 4
    machine = {"device": "auto", "verbose": None, "checkpoint": None}
    assert loaded.get_params() == fitted.get_params() | machine


def test_the_description_of_the_trajectory_survives(fitted, tmp_path):
    part = TrajectoryPart(
        featurizer={"kind": "positions"},
        selection="protein",
        fingerprint={"n_atoms": 3},
        names=("x", "y", "z"),
        units=("angstrom",) * 3,
        preset="robust",
    )
    fitted.to_saved_model(part).save(tmp_path / "model")
    assert SavedModel.load(tmp_path / "model").trajectory == part
    fitted.save(tmp_path / "model")
    assert SavedModel.load(tmp_path / "model").trajectory is None


def test_a_model_is_replaced_and_anything_else_is_not(saved, fitted, tmp_path):
    fitted.save(saved)
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter1.tex").write_text("precious")
    with pytest.raises(InputError, match=r"thesis.*not empty"):
        fitted.save(other)
    assert [path.name for path in other.iterdir()] == ["chapter1.tex"]
    with pytest.raises(InputError, match="is a file"):
        fitted.save(other / "chapter1.tex")


def edit(saved, **changes):
    content = json.loads((saved / "model.json").read_text())
    content.update(changes)
    (saved / "model.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda m: (m / "model.json").unlink(), "contains no model"),
        (lambda m: (m / "model.json").write_text("{"), "cannot be read as JSON"),
        (lambda m: (m / "model.json").write_text("[]"), "not a model of mdgmvae"),
        (lambda m: edit(m, format="keras"), "not a model of mdgmvae"),
        (lambda m: edit(m, format_version=99), "format 99"),
        (lambda m: edit(m, format_version=1), "format 1, but mdgmvae"),
        (lambda m: edit(m, architecture={"k": 3}), "damaged"),
        (lambda m: edit(m, fitted={}), "damaged"),
        (lambda m: edit(m, params={"k": 3, "colour": "red"}), "unknown parameters colour"),
        (lambda m: edit(m, trajectory={"names": []}), "damaged"),
        (lambda m: (m / "weights.npz").unlink(), "weights.npz: cannot be read"),
        (lambda m: (m / "weights.npz").write_bytes(b"PK"), "weights.npz: cannot be read"),
        (
            lambda m: np.savez(m / "weights.npz", a=np.array([{}], object)),
            "weights.npz: cannot be read",
        ),
        (
            lambda m: np.savez(
                m / "weights.npz", **{"scaling/mean": np.zeros(3), "scaling/scale": np.ones(3)}
            ),
            "does not belong",
        ),
    ],
)
def test_damage_is_reported(saved, damage, message):
    damage(saved)
    with pytest.raises(InputError, match=message):
        GMVAE.load(saved)


def test_weights_of_another_model_are_refused(saved, tmp_path):
    other = GMVAE.load(saved).set_params(seed=4)
    other.fit(np.random.default_rng(0).normal(size=(600, 3))).save(tmp_path / "other")
    (tmp_path / "other" / "weights.npz").replace(saved / "weights.npz")
    with pytest.raises(InputError, match=r"does not belong to model.json"):
        GMVAE.load(saved)


def test_the_description_is_strict_json(reference_model, tmp_path):
    def refuse(constant):
        raise AssertionError(constant)

    reference_model.save(tmp_path / "model")
    json.loads((tmp_path / "model" / "model.json").read_text(), parse_constant=refuse)


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(InputError, match="nothing-here: does not exist"):
        GMVAE.load(tmp_path / "nothing-here")

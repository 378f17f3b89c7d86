"""Saved models: plain files, the same labels in another process, damage is reported."""

import copy
import hashlib
import json
import os

import numpy as np
import pytest
from forked import run_script

from mdgmvae import GMVAE
from mdgmvae.errors import InputError
from mdgmvae.featurizers.topology.fingerprint import AtomRecord, Fingerprint
from mdgmvae.json_files import seal
from mdgmvae.model.saved_model import SavedModel, TrajectoryPart

FINGERPRINT = Fingerprint((AtomRecord("ALA", 1, "CA"),))
TRAJECTORY = TrajectoryPart(
    {"kind": "positions"}, "all", FINGERPRINT.to_dict(), ("x", "y", "z"), ("1",) * 3, "paper"
).to_dict()


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
        numbers = {name: file[name].dtype for name in file.files}
    assert numbers.pop("scaling/products") == np.int64
    assert set(numbers.values()) == {np.dtype(np.float32)}


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
        fingerprint=FINGERPRINT.to_dict(),
        names=("x", "y", "z"),
        units=("angstrom",) * 3,
        preset="robust",
    )
    fitted.to_saved_model(part).save(tmp_path / "model")
    assert SavedModel.load(tmp_path / "model").trajectory == part
    fitted.save(tmp_path / "model", overwrite=True)
    assert SavedModel.load(tmp_path / "model").trajectory is None


def test_a_model_is_replaced_only_on_request(saved, fitted, tmp_path):
    """It was replaced without a word, where `mdgmvae run` asks for --overwrite."""
    before = (saved / "model.json").read_bytes()
    (saved / "notes.txt").write_text("precious")
    with pytest.raises(InputError, match=r"not empty; choose another, or .*overwrite=True"):
        fitted.save(saved)
    with pytest.raises(InputError, match="overwrite='no': must be True or False"):
        fitted.save(saved, overwrite="no")
    assert (saved / "model.json").read_bytes() == before
    changed = copy.copy(fitted).set_params(n_init=fitted.n_init + 1)
    changed.save(saved, overwrite=True)
    assert GMVAE.load(saved).n_init == fitted.n_init + 1
    assert (saved / "notes.txt").read_text() == "precious"


def test_a_folder_of_other_files_is_no_place_for_a_model(fitted, tmp_path):
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter1.tex").write_text("precious")
    with pytest.raises(InputError, match=r"thesis.*not empty"):
        fitted.save(other)
    assert [path.name for path in other.iterdir()] == ["chapter1.tex"]
    with pytest.raises(InputError, match="is a file"):
        fitted.save(other / "chapter1.tex")


def as_pipe(path):
    """Put a pipe in the place of a file; opening it would wait for ever."""
    path.unlink()
    os.mkfifo(path)


def edit(saved, *path, **changes):
    """Change an object in model.json, whose checksum then fits again."""
    content = json.loads((saved / "model.json").read_text())
    content.pop("checksum")
    inner = content
    for name in path:
        inner = inner[name]
    inner.update(changes)
    (saved / "model.json").write_text(json.dumps(content))
    seal(saved / "model.json")


def rewrite(saved, **changes):
    """Change arrays of weights.npz, whose digest in model.json then fits again."""
    with np.load(saved / "weights.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(saved / "weights.npz", **{n: a for n, a in arrays.items() if a is not None})
    digest = hashlib.sha256((saved / "weights.npz").read_bytes()).hexdigest()
    edit(saved, sha256={"weights.npz": digest})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda m: (m / "model.json").unlink(), "contains no model"),
        (lambda m: (m.rename(m.parent / "kept"), m.touch()), "is a file; pass a folder"),
        (lambda m: as_pipe(m / "weights.npz"), "is not a file"),
        (lambda m: (m / "model.json").write_text("{"), "is not JSON"),
        (lambda m: (m / "model.json").write_text("[]"), "not a model of mdgmvae"),
        (lambda m: (m / "model.json").write_text("[" * 100_000), "nested too deep"),
        (lambda m: edit(m, format="keras"), "not a model of mdgmvae"),
        (lambda m: edit(m, format_version=99), "format 99"),
        (lambda m: edit(m, format_version=1), "format 1, but mdgmvae"),
        (lambda m: edit(m, architecture={"k": 3}), "architecture: has no n_x"),
        (lambda m: edit(m, fitted={}), "fitted: has no seed"),
        (lambda m: edit(m, params={"k": 3, "colour": "red"}), "unknown parameters colour"),
        (lambda m: edit(m, "params", k="3"), "params: k='3': must be a whole number"),
        (lambda m: edit(m, "params", seed=-1), "params: must be a whole number"),
        (lambda m: edit(m, "architecture", k=2**40), "architecture: k: must be a whole number"),
        (lambda m: edit(m, "architecture", order=[0, 1, 2, 2]), "each component once"),
        (lambda m: edit(m, "architecture", n_x=10**15), "qy/0/weights has shape"),
        (lambda m: edit(m, "fitted", state_of_component=[0, 1]), "there must be 4 components"),
        (lambda m: edit(m, "fitted", feature_names_in=["a"]), "does not fit model.json"),
        (lambda m: edit(m, "fitted", history={"loss": [None]}), "must be a finite number"),
        (lambda m: edit(m, trajectory={"names": []}), "trajectory: has no featurizer"),
        (lambda m: edit(m, trajectory=TRAJECTORY | {"names": ["x"]}), "does not fit model.json"),
        (
            lambda m: edit(m, trajectory=TRAJECTORY | {"fingerprint": {"n_atoms": 1}}),
            "fingerprint of the atoms: has no digest",
        ),
        (
            lambda m: edit(
                m,
                trajectory=TRAJECTORY | {"fingerprint": FINGERPRINT.to_dict() | {"names": [["O"]]}},
            ),
            "fingerprint of the atoms: has changed",
        ),
        (lambda m: rewrite(m, **{"qy/0/biases": np.full(16, np.nan, np.float32)}), "not finite"),
        (lambda m: rewrite(m, **{"qy/0/biases": np.zeros(16)}), "type float64 instead"),
        (lambda m: rewrite(m, **{"qy/0/biases": np.zeros(15, np.float32)}), "has shape"),
        (lambda m: rewrite(m, **{"scaling/scale": np.zeros(3, np.float32)}), "does not fit"),
        (lambda m: rewrite(m, **{"scaling/mean": None}), "missing: scaling/mean"),
        (lambda m: rewrite(m, other=np.zeros(3)), "'other' is not an array"),
        (lambda m: (m / "weights.npz").unlink(), "weights.npz: cannot be read"),
        (lambda m: (m / "weights.npz").write_bytes(b"PK"), "does not belong to model.json"),
        (
            lambda m: rewrite(m, **{"qy/0/biases": np.array([{}], object)}),
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


def flip(path, bit):
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def test_any_flipped_bit_is_noticed(saved, fitted):
    """A sample; benchmarks/reliability/fuzz.py flips every bit."""
    SavedModel.load(saved)
    for name in ("model.json", "weights.npz"):
        whole = (saved / name).read_bytes()
        for bit in range(3, 8 * len(whole), 8 * len(whole) // 120):
            flip(saved / name, bit)
            with pytest.raises(InputError) as caught:
                SavedModel.load(saved)
            assert "\n" not in str(caught.value)
            (saved / name).write_bytes(whole)
    SavedModel.load(saved)


@pytest.mark.slow
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

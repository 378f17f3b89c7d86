"""Parity with the paper's own TensorFlow 1 code."""

import shutil

import numpy as np
import pytest
from conftest import DATA

from mdgmvae import GMVAE
from mdgmvae.errors import InputError
from mdgmvae.model.tf1 import rename


@pytest.mark.slow
def test_assignment_and_moments_agree(reference_model, reference):
    x = reference["x"]
    np.testing.assert_allclose(reference_model.predict_proba(x), reference["qy"], atol=1e-5)
    inference = reference_model.model_.inference
    for found, name in (
        (inference.encode(x)[0], "zm"),
        (inference.encode(x)[1], "zv"),
        (inference.prior()[0], "prior_mean"),
        (inference.prior()[1], "prior_var"),
        (inference.decode(reference["z"])[0], "xm"),
        (inference.decode(reference["z"])[1], "xv"),
    ):
        np.testing.assert_allclose(found, reference[name], atol=1e-5, err_msg=name)
    np.testing.assert_allclose(reference_model.decode(reference["z"]), reference["xm"], atol=1e-5)


def test_mean_loss_over_noise_agrees(reference_model, reference):
    error = np.sqrt((reference["loss_sem"] ** 2).sum()) / len(reference["x"])
    assert reference_model.r_nent == 0.05
    expected = -reference["loss_mean"].mean(dtype=np.float64)
    assert reference_model.score(reference["x"]) == pytest.approx(expected, abs=4 * error)
    # Of 500 comparisons, frame by frame, a few lie beyond 3 standard errors by chance.
    frames = -reference_model.score_samples(reference["x"])
    beyond = np.abs(frames - reference["loss_mean"]) / reference["loss_sem"]
    assert np.median(beyond) < 1.0
    assert (beyond > 3).mean() < 0.03


def test_sizes_and_order_are_those_of_the_checkpoint(reference_model, reference):
    a = reference_model.architecture_
    assert (a.k, a.n_x, a.n_z) == (5, 2, 1)
    assert (a.qy_dims, a.qz_dims, a.pz_dims, a.px_dims) == ((32,), (16,), (16,), (128,))
    assert a.relu_logits
    assert a.component_order == (0, 1, 2, 3, 4)
    np.testing.assert_array_equal(
        reference_model.predict(reference["x"]), reference["qy"].argmax(axis=1)
    )


def test_folder_prefix_and_index_file_are_the_same_model(reference):
    folder = DATA / "tf1_checkpoint"
    for prefix in (folder, folder / "model.ckpt-20.index", str(folder / "model.ckpt-20")):
        model = GMVAE.from_tf1_checkpoint(prefix)
        np.testing.assert_allclose(model.predict_proba(reference["x"]), reference["qy"], atol=1e-5)


def test_deeper_networks_of_any_size_are_read():
    rng = np.random.default_rng(0)

    def layers(network, n_in, hidden, heads):
        found = {}
        for i, width in enumerate(hidden):
            found[f"{network}/layer{i + 1}/weights"] = rng.normal(size=(n_in, width))
            found[f"{network}/layer{i + 1}/biases"] = rng.normal(size=width)
            n_in = width
        for name, width in heads.items():
            found[f"{network}/{name}/weights"] = rng.normal(size=(n_in, width))
            found[f"{network}/{name}/biases"] = rng.normal(size=width)
        return found

    k, n_x, n_z = 3, 7, 2
    tensors = {
        **layers("qy", n_x, (5, 4, 6), {"logit": k}),
        **layers("qz", n_x + k, (8, 3), {"zm": n_z, "zv": n_z}),
        **layers("pz", k, (4, 9), {"zm": n_z, "zv": n_z}),
        **layers("px", n_z, (5, 6), {"xm": n_x, "xv": n_x}),
        "qz/layer0/weights": rng.normal(size=(k, k)),
        "qz/layer0/biases": rng.normal(size=k),
    }
    architecture, weights = rename(tensors, "made up")
    assert (architecture.k, architecture.n_x, architecture.n_z) == (3, 7, 2)
    assert architecture.qy_dims == (5, 4, 6)
    assert (architecture.qz_dims, architecture.pz_dims) == ((8, 3), (4, 9))
    assert {name: array.shape for name, array in weights.items()} == architecture.shapes


def test_a_model_of_the_paper_is_saved_and_loaded(reference_model, reference, tmp_path):
    reference_model.save(tmp_path / "model")
    loaded = GMVAE.load(tmp_path / "model")
    np.testing.assert_array_equal(
        loaded.predict_proba(reference["x"]), reference_model.predict_proba(reference["x"])
    )
    assert np.isnan(loaded.populations_).all()
    np.testing.assert_array_equal(loaded.state_of_component_, range(5))


def test_anything_but_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such checkpoint"):
        GMVAE.from_tf1_checkpoint(tmp_path / "model.ckpt-3")
    with pytest.raises(InputError, match="no checkpoint in this folder"):
        GMVAE.from_tf1_checkpoint(tmp_path)
    (tmp_path / "model.ckpt-3.index").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="cannot be read as a TensorFlow checkpoint"):
        GMVAE.from_tf1_checkpoint(tmp_path / "model.ckpt-3")
    with pytest.raises(InputError, match="no variable qy/layer1/weights"):
        rename({"dense/kernel": np.zeros((2, 2))}, "other.ckpt")
    folder = tmp_path / "cut"
    shutil.copytree(DATA / "tf1_checkpoint", folder)
    data = next(folder.glob("*.data-*"))
    data.write_bytes(data.read_bytes()[:500])
    with pytest.raises(InputError, match="cannot be read as a TensorFlow checkpoint"):
        GMVAE.from_tf1_checkpoint(folder / "model.ckpt-20")


def test_the_latest_checkpoint_is_looked_for_in_its_folder_only(tmp_path, reference_model):
    folder = tmp_path / "moved"
    shutil.copytree(DATA / "tf1_checkpoint", folder)
    for path in ("model.ckpt-20", "/data/elsewhere/model.ckpt-20", "../other/model.ckpt-20"):
        (folder / "checkpoint").write_text(f'model_checkpoint_path: "{path}"\n')
        found = GMVAE.from_tf1_checkpoint(folder, seed=0)
        np.testing.assert_array_equal(
            found.weights_["qy/0/weights"], reference_model.weights_["qy/0/weights"]
        )


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\xff\xfe\x00",
        b"model_checkpoint_path: 5",
        b'model_checkpoint_path: ".."',
        b'model_checkpoint_path: "missing"',
        b'model_checkpoint_path: "a',
    ],
)
def test_a_damaged_note_of_the_latest_checkpoint_is_told(tmp_path, note):
    (tmp_path / "checkpoint").write_bytes(note)
    with pytest.raises(InputError, match=r"names no checkpoint|cannot be read|no such checkpoint"):
        GMVAE.from_tf1_checkpoint(tmp_path)

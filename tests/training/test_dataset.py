"""Frames on disk and in memory give the same values, completely and in bounded chunks."""

import os

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE, FeatureSet
from mdgmvae.errors import InputError
from mdgmvae.training.dataset import Dataset


@pytest.fixture
def path(five_wells, tmp_path):
    np.save(tmp_path / "x.npy", five_wells[0])
    return tmp_path / "x.npy"


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
@pytest.mark.parametrize("order", ["C", "F"])
def test_files_are_read_as_they_are(tmp_path, dtype, order):
    values = np.asarray(np.arange(600).reshape(200, 3), dtype, order=order)
    np.save(tmp_path / "x.npy", values)
    dataset = Dataset(tmp_path / "x.npy")
    np.testing.assert_array_equal(dataset.read(17, 93), values[17:93])
    np.testing.assert_array_equal(np.concatenate(list(dataset.chunks(64))), values)
    scattered = np.array([199, 0, 17, 17])
    np.testing.assert_array_equal(dataset.take(scattered), values[scattered])
    assert dataset.read(0, 3).dtype == np.float32


@pytest.mark.parametrize("max_memory", [10**9, 5 * 2**19])
@pytest.mark.parametrize("batch_size", [7, 517, 19_999, 50_000])
def test_each_frame_comes_once_and_batches_are_whole(path, five_wells, max_memory, batch_size):
    # The first column is the frame number, which identifies the frames.
    numbered = np.column_stack([np.arange(20_000), five_wells[0]]).astype(np.float32)
    np.save(path, np.repeat(numbered, 8, axis=1))
    dataset = Dataset(path, max_memory)
    assert dataset.on_disk == (max_memory < 10**8)
    keep = np.arange(20_000) % 5 != 0
    shuffled = list(dataset.shuffled(np.random.default_rng(0), batch_size, keep))
    blocks = [block for _, (block,) in shuffled]
    order = np.concatenate([block[:, 0] for block in blocks]).astype(int)
    np.testing.assert_array_equal(np.sort(order), np.flatnonzero(keep))
    np.testing.assert_array_equal(np.concatenate([numbers for numbers, _ in shuffled]), order)
    assert all(len(block) % batch_size == 0 for block in blocks[:-1])
    other = np.concatenate([n for n, _ in dataset.shuffled(np.random.default_rng(1), 517, keep)])
    assert not np.array_equal(order, other)
    # Well mixed: the mean frame number of each fifth is near the middle.
    fifths = np.array_split(order, 5)
    assert all(abs(part.mean() - 10_000) < 4_000 for part in fifths)


@pytest.mark.slow
def test_model_of_a_file_larger_than_memory_finds_the_same_states(
    tmp_path, five_wells, monkeypatch
):
    monkeypatch.setattr("mdgmvae.checks.MIN_MEMORY", 1)
    path = tmp_path / "x.npy"
    np.save(path, five_wells[0][:8000])
    memory = path.stat().st_size // 4
    settings = {"k": 3, "n_epochs": 4, "lr": 4e-3, "seed": 0, "batch_size": 100}
    settings |= {"scale": "standard"}
    whole = GMVAE.from_preset("robust", **settings).fit(path)
    streamed = GMVAE.from_preset("robust", **settings, max_memory=memory).fit(path)
    name = "px/mean/weights"
    assert not np.array_equal(streamed.weights_[name], whole.weights_[name])
    assert adjusted_rand_score(streamed.predict(path), whole.predict(path)) > 0.95
    assert streamed.score(path) > whole.score(path) - 0.3


@pytest.mark.slow
def test_labels_of_a_file_larger_than_memory_are_those_of_one_in_memory(tmp_path, five_wells):
    path = tmp_path / "x.npy"
    np.save(path, np.tile(five_wells[0], (1, 60)))
    model = GMVAE(k=3, n_epochs=2, seed=0, scale="standard").fit(
        five_wells[0][:2000].repeat(60, axis=1)
    )
    in_memory = model.assign(np.load(path))
    model.set_params(max_memory="3.6 MB")
    on_disk = model.assign(path)
    for name in ("components", "component_probabilities", "latent"):
        np.testing.assert_array_equal(getattr(on_disk, name), getattr(in_memory, name))


@pytest.mark.parametrize(
    "value", ["many", "-3 MB", "5 XB", "1000", 0, True, 2.5j, "", "9" * 400, "1e999"]
)
def test_memory_that_makes_no_sense(value, five_wells):
    with pytest.raises(InputError, match="max_memory="):
        GMVAE(n_epochs=1, seed=0, max_memory=value).fit(five_wells[0][:100])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("what", ["removed", "cut", "replaced"])
def test_a_file_that_changes_while_it_is_read_is_told(tmp_path, what, order):
    """The thread that reads ahead raises the error. A memory map would end the process."""
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((90_000, 8), np.float32, order=order))
    dataset = Dataset(path, 2**20)
    blocks = dataset.shuffled(np.random.default_rng(0), 100)
    next(blocks)
    if what == "removed":
        path.unlink()
    elif what == "cut":
        os.truncate(path, 100_000)
    else:
        np.save(tmp_path / "other.npy", np.ones((90_000, 8), np.float32, order=order))
        os.replace(tmp_path / "other.npy", path)
    message = {
        "removed": "can no longer be read",
        "cut": "has become shorter",
        "replaced": "has changed since it was opened",
    }[what]
    with pytest.raises(InputError, match=rf"x\.npy: {message}"):
        list(blocks)


def test_a_model_of_one_file_does_not_label_another(tmp_path, five_wells):
    path = tmp_path / "x.npy"
    np.save(path, five_wells[0][:100])
    features = FeatureSet.load(path)
    np.save(path, five_wells[0][100:200])
    with pytest.raises(InputError, match=r"x\.npy: has changed since it was opened"):
        Dataset(features)


def test_memory_that_is_too_little_for_a_lag_is_told(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((90_000, 8), np.float32))
    shuffled = Dataset(path, 2**20).shuffled(np.random.default_rng(0), 100, lags=(0, 5000))
    with pytest.raises(InputError, match=r"pairs of frames 5,000 apart; allow at least 7 MiB"):
        next(shuffled)
    enough = Dataset(path, 7 * 2**20)
    assert enough.fits_in_memory(8) and list(enough.shuffled(np.random.default_rng(0), 100))


def test_bad_values_are_found_in_later_chunks(tmp_path):
    values = np.zeros((900_000, 2), np.float32)
    values[777_777, 1] = np.inf
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(InputError, match=r"frame 777777, column 1 is inf"):
        Dataset(tmp_path / "x.npy").check_finite()

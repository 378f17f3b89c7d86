"""labels.npz restores what was written, and errors name an invalid file."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from MDAnalysis.analysis.results import Results

from mdgmvae.annotation import read_labels, write_labels
from mdgmvae.errors import InputError

RNG = np.random.default_rng(0)


def results(n: int = 5) -> Results:
    return Results(
        frames=np.arange(n) * 3,
        times=np.arange(n) * 2.0,
        trajectory_index=np.zeros(n, dtype=int),
        labels=np.arange(n) % 2,
        components=np.arange(n) % 3,
        probabilities=RNG.dirichlet([1, 1], size=n).astype(np.float32),
        component_probabilities=RNG.dirichlet([1, 1, 1], size=n).astype(np.float32),
        latent=RNG.normal(size=(n, 1)).astype(np.float32),
        scores=RNG.normal(size=n).astype(np.float32),
    )


def test_labels_npz_gives_back_what_was_written(tmp_path):
    written = results()
    write_labels(tmp_path / "labels.npz", written)
    read = read_labels(tmp_path / "labels.npz")
    assert set(read) == set(written)
    for name, values in written.items():
        np.testing.assert_array_equal(read[name], values)
    assert read.frames.dtype == np.int64 and read.probabilities.dtype == np.float32
    assert read.components.dtype == np.int64 and read.scores.dtype == np.float32
    with np.load(tmp_path / "labels.npz", allow_pickle=False) as archive:
        assert set(archive.files) == set(written)


def test_a_folder_of_results_is_read_by_its_labels_npz(tmp_path):
    write_labels(tmp_path / "labels.npz", results())
    np.testing.assert_array_equal(read_labels(tmp_path).components, np.arange(5) % 3)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: this folder has no labels\.npz"):
        read_labels(tmp_path / "empty")


def test_labels_npz_of_arrays_without_times(tmp_path):
    written = results()
    written.times = np.full(5, np.nan)
    write_labels(tmp_path / "labels.npz", written)
    assert np.isnan(read_labels(tmp_path / "labels.npz").times).all()


@pytest.mark.parametrize("name", ["latent", "components", "component_probabilities", "scores"])
def test_incomplete_results_are_not_written(tmp_path, name):
    written = results()
    del written[name]
    with pytest.raises(InputError, match=rf"labels\.npz.*missing: {name}"):
        write_labels(tmp_path / "labels.npz", written)
    assert not list(tmp_path.iterdir())


def _save(path: Path, **arrays) -> None:
    with open(path, "wb") as handle:
        np.savez(handle, **arrays)


def _bomb(path: Path) -> None:
    """A small file of 2 GB of zeros: only the directory of the archive has to be believed."""
    _save(path, **results())
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    damaged = path.read_bytes()
    at = damaged.index(b"PK\x01\x02") + 24
    path.write_bytes(damaged[:at] + (2**31 - 1).to_bytes(4, "little") + damaged[at + 4 :])


def _save_npy(path: Path) -> None:
    with open(path, "wb") as handle:
        np.save(handle, np.arange(3))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_bytes(b""), "cannot be read"),
        (lambda path: path.write_text("state 0"), "cannot be read"),
        (lambda path: _save(path, labels=np.arange(3)), "missing: frames, times"),
        (lambda path: _save(path, **{**results(), "labels": np.arange(4)}), r"labels has shape"),
        (lambda path: _save(path, **{**results(), "labels": np.arange(5)}), "has only 2 columns"),
        (lambda path: _save(path, **{**results(), "labels": np.full(5, np.nan)}), "frame 0 is nan"),
        (lambda path: _save(path, **{**results(), "frames": np.arange(5) - 3}), "frame 0 is -3"),
        (lambda path: _save(path, **{**results(), "times": np.full(5, np.inf)}), "frame 0 is inf"),
        (
            lambda path: _save(path, **{**results(), "frames": np.full(5, 7)}),
            "frame 7 has two labels",
        ),
        (lambda path: _save(path, **{**results(), "labels": np.arange(5) / 2}), "frame 1 is 0.5"),
        (lambda path: _save(path, **{**results(), "scores": np.zeros(5, "U3")}), "type <U3"),
        (lambda path: _bomb(path), "claims to contain"),
        (
            lambda path: _save(path, **{**results(), "labels": np.array([None] * 5)}),
            "cannot be read",
        ),
        (_save_npy, "cannot be read"),
    ],
)
def test_a_bad_label_file_is_named_with_what_is_wrong(tmp_path, make, says):
    path = tmp_path / "labels.npz"
    make(path)
    with pytest.raises(InputError, match=says) as caught:
        read_labels(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)

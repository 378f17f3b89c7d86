"""Files are replaced completely or not at all, and feature files are checked when opened."""

import json

import numpy as np
import pytest
from forked import run_script
from numpy.testing import assert_array_equal

from mdgmvae import FeatureSet
from mdgmvae.errors import InputError
from mdgmvae.storage.atomic import atomic_file, atomic_folder
from mdgmvae.storage.npy import digest_of, open_npy, write_header, write_rows


@pytest.fixture
def npy(tmp_path):
    def write(array, name="x.npy", **description):
        path = tmp_path / name
        np.save(path, array, allow_pickle=array.dtype.hasobject)
        if description:
            path.with_suffix(".json").write_text(json.dumps(description))
        return path

    return write


def test_a_failure_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(path) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError("disk gone")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_empty_needs_overwrite(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="--overwrite"), atomic_folder(tmp_path):
        pass
    with atomic_folder(tmp_path, overwrite=True) as temporary:
        (temporary / "new.txt").write_text("new")
    assert {path.name for path in tmp_path.iterdir()} == {"mine.txt", "new.txt"}


def test_plain_npy_of_the_user(npy):
    values = np.arange(12, dtype=np.float32).reshape(6, 2)
    features = FeatureSet.load(npy(values))
    assert isinstance(features.values, np.memmap)
    assert_array_equal(features.values, values)
    assert features.names == ("x0", "x1")
    assert features.lengths == (6,)
    assert_array_equal(features.frames, np.arange(6))
    assert features.frames.dtype == np.int64
    assert np.isnan(features.times).all()
    assert features.selection is None
    assert "6 frames x 2 features" in repr(features)


@pytest.mark.parametrize("dtype", ["f8", "f4", ">f4", "f2", "i4", "u1"])
def test_other_real_types_are_taken_as_they_are(npy, dtype):
    values = np.arange(6).reshape(3, 2).astype(dtype)
    features = FeatureSet.load(npy(values))
    assert features.values.dtype == np.dtype(dtype)
    assert_array_equal(features.values, values)


def test_columns_first_in_the_file(npy):
    values = np.asfortranarray(np.arange(12.0).reshape(6, 2))
    assert_array_equal(FeatureSet.load(npy(values)).values, values)


def test_a_description_of_lengths_alone(npy):
    """The .json need not be complete: a user may write the lengths of the segments by hand."""
    features = FeatureSet.load(npy(np.zeros((5, 2), np.float32), lengths=[2, 3]))
    assert features.lengths == (2, 3)
    assert features.names == ("x0", "x1")


def test_lengths_follow_from_times_and_frames(npy):
    values = np.zeros((5, 2), np.float32)
    assert FeatureSet.load(npy(values, times=[0, 2, 0, 2, 4])).lengths == (2, 3)
    assert FeatureSet.load(npy(values, frames=[0, 1, 2, 8, 9])).lengths == (3, 2)
    assert FeatureSet.load(npy(values, frames=[0, 2, 4, 6, 8])).lengths == (5,)


def test_saved_and_loaded(npy, tmp_path):
    features = FeatureSet.load(
        npy(
            np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32),
            names=["phi", "psi"],
            units=["radian", "radian"],
            frames=[5, 3, 9, 10, 11],
            times=[0.5, 0.25, 1.0, None, 3.0],
            trajectory_index=[0, 0, 0, 1, 1],
            lengths=[1, 2, 2],
            selection="protein",
            featurizer={"kind": "dihedrals"},
            fingerprint={"n_atoms": 3},
        )
    )
    copy = features.save(tmp_path / "copy.npy")
    assert copy.path.with_suffix(".json").is_file()
    assert_array_equal(copy.values, features.values)
    for name in ("frames", "times", "trajectory_index"):
        assert_array_equal(getattr(copy, name), getattr(features, name))
    for name in ("names", "units", "lengths", "selection", "featurizer", "fingerprint"):
        assert getattr(copy, name) == getattr(features, name)
    # Strict JSON without NaN, which only Python reads.
    described = json.loads(
        copy.path.with_suffix(".json").read_text(), parse_constant=lambda name: pytest.fail(name)
    )
    assert described["times"][3] is None


def test_save_wants_an_npy_name(npy, tmp_path):
    features = FeatureSet.load(npy(np.zeros((5, 2), np.float32)))
    with pytest.raises(InputError, match=r"must end in \.npy"):
        features.save(tmp_path / "x.dat")


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array([[{}, 1]], dtype=object), "Python objects"),
        (np.zeros(5, np.float32), r"shape \(5,\).*reshape"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.zeros((0, 3)), r"shape \(0, 3\)"),
        (np.zeros((3, 0)), r"shape \(3, 0\)"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.array([["a", "b"]]), "not real numbers"),
        (np.zeros((2, 2), [("a", float)]), "not real numbers"),
    ],
)
def test_arrays_that_are_no_features(npy, array, reason):
    path = npy(array)
    with pytest.raises(InputError, match=reason) as caught:
        FeatureSet.load(path)
    assert str(path) in str(caught.value)


def test_files_that_are_no_npy(tmp_path):
    path = tmp_path / "x.npy"
    with pytest.raises(InputError, match="no such file"):
        FeatureSet.load(path)
    path.write_text("1 2 3\n")
    with pytest.raises(InputError, match=r"is not an \.npy file"):
        FeatureSet.load(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"is not an \.npy file"):
        FeatureSet.load(path)
    path.write_bytes(b"\x93NUMPY\x01\x00")
    with pytest.raises(InputError, match="damaged"):
        FeatureSet.load(path)
    with path.open("wb") as stream:
        np.savez(stream, a=np.zeros((2, 2)))
    with pytest.raises(InputError, match=r"\.npz archive"):
        FeatureSet.load(path)
    with pytest.raises(InputError, match="is a folder"):
        FeatureSet.load(tmp_path)


@pytest.mark.parametrize("n_columns", [1, 13, 123_456_789])
def test_the_header_leaves_room_for_the_number_of_frames(tmp_path, n_columns):
    """The data begin at the same byte for any number of frames in the header."""
    sizes = set()
    for n_rows in (0, 1, 10**18):
        path = tmp_path / f"{n_rows}.npy"
        write_header(path, n_rows, n_columns)
        sizes.add(path.stat().st_size)
    assert len(sizes) == 1


def test_a_header_that_is_corrected_keeps_the_data(tmp_path):
    path = tmp_path / "x.npy"
    values = np.arange(3 * 123_456, dtype=np.float32).reshape(123_456, 3)
    write_header(path, 0, 3)
    write_rows(path, 60_000, values[60_000:])
    write_rows(path, 0, values[:60_000])
    write_header(path, len(values), 3)
    assert_array_equal(np.load(path), values)
    assert_array_equal(open_npy(path), values)


def test_cut_npy(npy):
    path = npy(np.zeros((100, 4), np.float32))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="specifies 100 frames, but it has 98"):
        FeatureSet.load(path)


@pytest.mark.parametrize(
    "description",
    [
        {"names": ["a"]},
        {"lengths": [3, 3]},
        {"lengths": [5, 0]},
        {"lengths": 5},
        {"frames": [1, 2]},
        {"times": [["a"]]},
        {"times": [0, 1, 2, 3, "4"]},
        {"times": [0, 1, 2, 3, 10**400]},
        {"frames": [0, 1, 2, 3, 2**63]},
        {"frames": [0, 1, 2, 3, 4.5]},
        {"frames": [0, 1, 2, 3, True]},
        {"trajectory_index": [0, 0, 0, 0, -1]},
        {"lengths": [2**62, 2**62, 5]},
        {"names": ["a", 3]},
        {"names": "ab"},
        {"units": [None, "1"]},
        {"selection": 3},
        {"featurizer": "dihedrals"},
        {"fingerprint": [1]},
        {"digest": 5},
        {"digest": "0" * 64},
    ],
)
def test_a_description_of_another_array(npy, description):
    path = npy(np.zeros((5, 2), np.float32), **description)
    with pytest.raises(
        InputError, match=r"x\.json: .*does not describe x\.npy; remove or rename it"
    ):
        FeatureSet.load(path)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1]",
        "\x00\x01",
        "[" * 100_000,
        '{"featurizer": ' + '{"a": ' * 500 + "1" + "}" * 501,
        '{"lengths": [5], "lengths": [2, 3]}',
        '{"times": [NaN, 0, 1, 2, 3]}',
        '{"times": [1e999, 0, 1, 2, 3]}',
        '{"names": ["\\ud800", "b"]}',
        '{"lengths": [' + "9" * 5000 + "]}",
    ],
    ids=range(10),
)
def test_a_description_that_is_none(npy, text):
    path = npy(np.zeros((5, 2), np.float32))
    path.with_suffix(".json").write_text(text)
    with pytest.raises(InputError, match=r"does not describe x\.npy") as caught:
        FeatureSet.load(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_description_written_on_windows(npy, encoding):
    path = npy(np.zeros((5, 2), np.float32))
    path.with_suffix(".json").write_text('{"names": ["\u03c6", "\u03c8"]}', encoding=encoding)
    assert FeatureSet.load(path).names == ("\u03c6", "\u03c8")


def test_values_and_description_belong_together(npy, tmp_path):
    """A copy of one file without the other is noticed."""
    values = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    first = FeatureSet.load(npy(values, "a.npy", lengths=[2, 3])).save(tmp_path / "first.npy")
    other = FeatureSet.load(npy(values + 1, "b.npy")).save(tmp_path / "other.npy")
    assert first.lengths == (2, 3)
    other.path.replace(first.path)
    with pytest.raises(InputError, match=r"first\.json: the values in first\.npy have changed"):
        FeatureSet.load(first.path)


def test_flipped_bits_are_noticed(npy, tmp_path):
    path = FeatureSet.load(npy(np.ones((3, 2), np.float32))).save(tmp_path / "saved.npy").path
    whole = path.read_bytes()
    for bit in range(0, 8 * len(whole), 5):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"saved\.(npy|json): "):
            FeatureSet.load(path)


def test_the_digest_of_a_large_file_takes_pieces_of_all_its_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("mdgmvae.storage.npy._PIECE", 10)
    monkeypatch.setattr("mdgmvae.storage.npy._MOST_PIECES", 5)
    path = tmp_path / "x.npy"
    content = bytearray(1003)
    path.write_bytes(content)
    found = digest_of(path)
    path.write_bytes(content + b"\0")
    assert digest_of(path) != found
    for place in (0, 9, 248, 257, 496, 993, 1002):
        content[place] = 1
        path.write_bytes(content)
        assert digest_of(path) != found, place
        content[place] = 0


def test_a_writer_killed_between_the_two_renames(tmp_path):
    """The values are new, and their description is found where it waits to be moved."""
    script = """
        import dataclasses, itertools, os
        from pathlib import Path

        import numpy as np

        from mdgmvae import FeatureSet

        np.save("x.npy", np.zeros((4, 2), np.float32))
        features = FeatureSet.load("x.npy").save("old.npy")
        number = 0
        for lengths, kills in (((1, 3), 3), ((2, 2), 99)):
            values = lengths[0] + features.values
            new = dataclasses.replace(features, lengths=lengths, values=values)
            for kill in range(kills):
                child = os.fork()
                if not child:
                    left = itertools.count(kill, -1)
                    replace = Path.replace
                    def killed(self, target):
                        if next(left) == 0:
                            os._exit(7)
                        return replace(self, target)
                    Path.replace = killed
                    new.save("old.npy")
                    os._exit(0)
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                found = FeatureSet.load("old.npy")
                is_new = float(found.values[0, 0]) == lengths[0]
                number += 1
                assert (found.lengths == lengths) == is_new, (kill, found)
                assert is_new == (kill >= 2), kill
                if code == 0:
                    break
        assert number == 3 + 4
        assert sorted(os.listdir()) == ["old.json", "old.npy", "x.npy"]
    """
    run_script(script, tmp_path)

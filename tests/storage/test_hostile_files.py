"""Damaged and hostile files are refused with the documented error, whatever is wrong with them."""

import json
import os
import shutil
import tracemalloc
import zipfile
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hostile import LOADERS, load_damaged, write_sound_files
from hypothesis import given, settings
from hypothesis import strategies as st

from mdgmvae import FeatureSet
from mdgmvae.annotation import read_labels
from mdgmvae.errors import InputError
from mdgmvae.json_files import anything, parse_json
from mdgmvae.storage.npz import Entry, read_npz

#: The same examples in each run, and none stored.
REPEATED = settings(derandomize=True, database=None, deadline=None, max_examples=25)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return sound files, and a copy of them to be damaged."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "sound").mkdir()
    write_sound_files(folder / "sound")
    shutil.copytree(folder / "sound", folder / "work")
    return folder / "sound", folder / "work"


@pytest.mark.parametrize("name", LOADERS)
def test_sound_files_are_read(folders, name):
    assert LOADERS[name].load(folders[1]) is not None


@pytest.mark.parametrize("name", LOADERS)
def test_damaged_files_are_read_or_refused(folders, name):
    @REPEATED
    @given(st.randoms(use_true_random=False), st.integers(0, 2**32))
    def damage(chosen, seed):
        # Hypothesis finds small changes, a plain generator more of all kinds.
        for random in (chosen, Random(seed)):
            said = load_damaged(*folders, LOADERS[name], random)
            assert said in ("read", "refused", "unchanged"), said

    damage()


@pytest.mark.parametrize(
    "key", ["names", "units", "frames", "times", "trajectory_index", "lengths", "selection"]
)
def test_any_value_of_a_description_is_read_or_refused(folders, key):
    work = folders[1]
    path = work / "plain.npy"
    np.save(path, np.zeros((2, 2), np.float32))

    @REPEATED
    @given(JSON_VALUES)
    def describe(value):
        path.with_suffix(".json").write_text(json.dumps({key: value}))
        try:
            features = FeatureSet.load(path)
        except InputError as error:
            assert "\n" not in str(error)
        else:
            assert len(features.names) == len(features.units) == len(features.frames) == 2
            assert sum(features.lengths) == 2 and not np.isinf(features.times).any()

    describe()


@REPEATED
@given(st.binary(max_size=40) | st.text(max_size=40) | JSON_VALUES.map(json.dumps))
def test_any_text_is_json_or_refused(content):
    try:
        value = parse_json(content, anything, "x", "write it again")
    except InputError as error:
        assert str(error).startswith("x: ")
    else:
        assert json.loads(json.dumps(value, allow_nan=False)) == value


def claims(path: Path, shape: tuple[int, ...], compressed: bool = False, size: int = 0) -> None:
    """Write an archive whose array claims a shape, and has `size` bytes of zeros."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (117 - len(header)) + b"\n"
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive, archive.open("a.npy", "w") as member:
        member.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
        for _ in range(0, size, 2**20):
            member.write(bytes(min(size, 2**20)))


@pytest.mark.parametrize("shape", [(10**11,), (10**30,), (-1,), (2**62, 2**62), (5, 0)])
def test_sizes_that_are_only_claimed_take_no_memory(tmp_path, shape):
    claims(tmp_path / "x.npz", shape)
    entry = Entry("f", (None,) * len(shape))
    if shape == (5, 0):
        assert read_npz(tmp_path / "x.npz", {"a": entry}, "")["a"].shape == shape
        return
    with pytest.raises(InputError, match=r"x\.npz: cannot be read"):
        read_npz(tmp_path / "x.npz", {"a": entry}, "")


def test_a_bomb_is_not_unpacked(tmp_path):
    """Its size is out of proportion."""
    path = tmp_path / "labels.npz"
    claims(path, (2**25,), compressed=True, size=2**27)
    assert path.stat().st_size < 2**20
    tracemalloc.start()
    try:
        for strict in (True, False):
            with pytest.raises(InputError, match=r"is compressed|claims to contain 134,217,856"):
                read_npz(path, {"a": Entry("f", ("n",))}, "", strict=strict)
        with pytest.raises(InputError, match="missing: frames"):
            read_labels(path)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_a_shape_out_of_place_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, a=np.zeros(2**22, np.float32))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"a has shape \(4194304,\) instead of \(5\)"):
            read_npz(path, {"a": Entry("f", (5,))}, "")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("damage", ["twice", "encrypted", "lzma", "unknown", "python 2"])
def test_archives_of_other_kinds(tmp_path, damage):
    path = tmp_path / "x.npz"
    np.savez(path, a=np.zeros(3, np.float32))
    content = path.read_bytes()
    if damage == "twice":
        with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", b"")
    elif damage == "encrypted":
        path.write_bytes(
            content.replace(b"PK\x01\x02\x2d\x03\x2d\0\0", b"PK\x01\x02\x2d\x03\x2d\0\1")
        )
    elif damage == "lzma":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("a.npy", b"0" * 100)
    elif damage == "unknown":
        np.savez(path, a=np.zeros(3, np.float32), b=np.zeros(3))
    else:
        # A long integer of Python 2 in the shape; NumPy warns, and reads it.
        with zipfile.ZipFile(path) as archive:
            array = archive.read("a.npy").replace(b"(3,), }", b"(3L,),}")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.npy", array)
        assert read_npz(path, {"a": Entry("f", ("n",))}, "")["a"].shape == (3,)
        return
    with pytest.raises(InputError, match=r"x\.npz: cannot be read") as caught:
        read_npz(path, {"a": Entry("f", ("n",))}, "")
    assert "\n" not in str(caught.value)


def test_a_pipe_in_the_place_of_a_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "x.npy")
    os.mkfifo(tmp_path / "labels.npz")
    os.mkfifo(tmp_path / "y.json")
    np.save(tmp_path / "y.npy", np.zeros((2, 2)))
    with pytest.raises(InputError, match=r"x\.npy: is not a file"):
        FeatureSet.load(tmp_path / "x.npy")
    with pytest.raises(InputError, match=r"labels\.npz: is not a file"):
        read_labels(tmp_path / "labels.npz")
    with pytest.raises(InputError, match=r"y\.json: is not a file"):
        FeatureSet.load(tmp_path / "y.npy")

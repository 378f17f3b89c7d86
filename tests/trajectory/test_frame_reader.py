"""Frames that cannot be read are named, and never crash the process."""

import shutil

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysis.transformations import translate
from MDAnalysisTests.datafiles import GRO, XTC
from numpy.testing import assert_array_equal

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import FrameError, InputError
from mdgmvae.trajectory import xtc_frames
from mdgmvae.trajectory.frame_reader import FrameReader
from mdgmvae.trajectory.integrity import check_trajectory
from mdgmvae.trajectory.moving_atoms import MovingAtoms
from mdgmvae.trajectory.xtc_frames import XTCDecoder

TOPOLOGY, (TRAJECTORY,) = alanine_dipeptide()
#: First bit of the compressed coordinates within a frame.
STREAM = 92 * 8


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Return the name of an XTC file of six frames, and the first byte of each."""
    path = tmp_path_factory.mktemp("few") / "few.xtc"
    u = mda.Universe(TOPOLOGY, TRAJECTORY)
    u.atoms.write(str(path), frames=u.trajectory[:6])
    return path, check_trajectory(path).begins


@pytest.fixture
def damaged(few, tmp_path):
    """Return a universe whose frame 3 cannot be decoded."""
    path, begins = few
    data = path.read_bytes()
    target = tmp_path / "damaged.xtc"
    target.write_bytes(flipped(data, begins, next(iter(undecodable(few)))))
    return mda.Universe(TOPOLOGY, str(target))


def flipped(data, begins, bit):
    """Return data with one bit of frame 3 flipped."""
    changed = bytearray(data)
    changed[begins[3] + bit // 8] ^= 128 >> bit % 8
    return changed


def undecodable(few):
    """Yield the bits of frame 3 after whose flip it cannot be decoded."""
    path, begins = few
    data, target = path.read_bytes(), path.with_name("flipped.xtc")
    for bit in range(STREAM, int(begins[4] - begins[3]) * 8):
        target.write_bytes(flipped(data, begins, bit))
        try:
            XTCDecoder(target, begins).read(3)
        except OSError:
            yield bit


def test_every_single_bit_of_a_stream(few):
    """MDAnalysis' decoder writes beyond its arrays after some of these flips."""
    assert 0 < len(list(undecodable(few))) < 100


@pytest.mark.parametrize("move", [False, True], ids=["fast", "transformed"])
def test_a_frame_that_cannot_be_decoded_is_named(damaged, move):
    if move:
        damaged.trajectory.add_transformations(translate([1, 2, 3]))
    name = r"damaged\.xtc: frame 3: cannot be read \(its compressed coordinates are damaged"
    with pytest.raises(FrameError, match=name) as caught:
        list(FrameReader(damaged.trajectory, range(6)))
    assert caught.value.frame == 3
    with pytest.raises(FrameError, match=name), MovingAtoms.of(damaged).at([0, 3]) as steps:
        list(steps)
    good = mda.Universe(TOPOLOGY, TRAJECTORY).trajectory
    seen = [ts.positions.copy() for ts in FrameReader(damaged.trajectory, range(6), skip=True)]
    assert len(seen) == 6
    assert np.isnan(seen[3]).all()
    for number in (0, 1, 2, 4, 5):
        expected = good[number].positions + move * np.float32([1, 2, 3])
        assert_array_equal(seen[number], expected)


def test_streams_of_scattered_frames_are_checked_together(few, damaged, monkeypatch):
    checked, check = [], xtc_frames.damaged_streams
    monkeypatch.setattr(
        xtc_frames, "damaged_streams", lambda *of: checked.append(len(of[1])) or check(*of)
    )
    numbers = [5, 0, 3, 2, 0]
    good = mda.Universe(TOPOLOGY, str(few[0])).trajectory
    expected = [good[number].positions.copy() for number in numbers]
    for ts, positions in zip(FrameReader(good, numbers), expected, strict=True):
        assert_array_equal(ts.positions, positions)
    assert checked == [4]
    # One of them is damaged.
    read = FrameReader(damaged.trajectory, numbers, skip=True)
    for ts, number, positions in zip(read, numbers, expected, strict=True):
        assert np.isnan(ts.positions).all() if number == 3 else (ts.positions == positions).all()


def test_a_file_that_ends_before_a_later_frame(few, tmp_path):
    """Frames before the end are read."""
    path, begins = few
    cut = tmp_path / "cut.xtc"
    shutil.copy(path, cut)
    reader = mda.Universe(TOPOLOGY, str(cut)).trajectory
    with open(cut, "r+b") as stream:
        stream.truncate(int(begins[4]) - 10)
    seen = []
    with pytest.raises(FrameError, match=r"cut\.xtc: frame 4: cannot be read \(the file ends"):
        seen.extend(ts.frame for ts in FrameReader(reader, [2, 0, 4, 5]))
    assert seen == [2, 0]


def test_the_second_of_two_files_is_named(few, damaged):
    chain = mda.Universe(TOPOLOGY, [str(few[0]), damaged.trajectory.filename]).trajectory
    with pytest.raises(FrameError, match=r"damaged\.xtc: frame 3 \(9 over all files\): "):
        list(FrameReader(chain, [0, 9]))


def test_a_transformation_that_fails_is_no_fault_of_the_file():
    def divide(ts):
        raise ZeroDivisionError("by the user")

    u = mda.Universe(GRO, XTC)
    with pytest.raises(ZeroDivisionError):
        u.trajectory.add_transformations(divide)
    with pytest.raises(ZeroDivisionError, match="by the user"):
        list(FrameReader(u.trajectory, [1]))


def test_a_file_replaced_while_its_frames_are_used(few, tmp_path):
    path = tmp_path / "a.xtc"
    shutil.copy(few[0], path)
    u = mda.Universe(TOPOLOGY, str(path))
    with MovingAtoms.of(u).at(range(6)) as frames:
        next(frames)
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"a\.xtc: was changed or replaced while it was read"):
            list(frames)

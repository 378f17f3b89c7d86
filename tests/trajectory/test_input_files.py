"""Files that change while they are read are noticed; files that grow or are touched are not."""

import errno
import os
from pathlib import Path

import MDAnalysis as mda
import numpy as np
import pytest

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Custom, featurize
from mdgmvae.trajectory.input_files import InputFiles, unreadable
from mdgmvae.trajectory.integrity import check_trajectory

TOPOLOGY, (TRAJECTORY,) = alanine_dipeptide()


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "data.bin"
    file.write_bytes(np.random.default_rng(0).bytes(1_000_000))
    return file


def replaced(path):
    other = path.with_name("other")
    other.write_bytes(np.random.default_rng(1).bytes(1_000_000))
    os.replace(other, path)


def changed_at_the_end(path):
    with path.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"?")


@pytest.mark.parametrize(
    "change",
    [replaced, changed_at_the_end, lambda path: path.write_bytes(path.read_bytes()[:-1])],
    ids=["replaced", "changed", "cut"],
)
def test_other_contents_are_an_error(path, change):
    inputs = InputFiles.of([path])
    change(path)
    with pytest.raises(InputError, match=r"data\.bin: was changed or replaced while it was read"):
        inputs.check()


def test_a_file_that_disappears(path):
    inputs = InputFiles.of([path])
    path.unlink()
    with pytest.raises(InputError, match=r"data\.bin: disappeared"):
        inputs.check()


def test_a_file_that_disappears_before_its_first_frames_are_looked_at(tmp_path):
    path = tmp_path / "a.xtc"
    path.write_bytes(Path(TRAJECTORY).read_bytes()[:10_000])
    frames = check_trajectory(path, stop=5)
    path.unlink()
    with pytest.raises(InputError, match=r"a\.xtc: no such file"):
        frames.check_first()


@pytest.mark.parametrize(
    "change",
    [
        lambda path: os.utime(path),
        lambda path: path.open("ab").write(b"a next frame"),
        lambda path: path.write_bytes(path.read_bytes()),
    ],
    ids=["touched", "grown", "rewritten"],
)
def test_the_same_contents_are_none(path, change):
    inputs = InputFiles.of([path])
    change(path)
    inputs.check()


def test_what_cannot_be_read_is_left_to_readers(tmp_path):
    assert InputFiles.of([tmp_path, tmp_path / "missing"]).states == ()


def test_features_of_a_file_that_is_replaced(tmp_path):
    file, out = tmp_path / "a.xtc", tmp_path / "out.npy"
    u = mda.Universe(TOPOLOGY, TRAJECTORY)
    u.atoms.write(str(file), frames=u.trajectory[:5])

    def replace(positions):
        u.atoms.write(str(file), frames=u.trajectory[5:10])
        return positions[:, 0]

    source = mda.Universe(TOPOLOGY, str(file))
    with pytest.raises(InputError, match=r"a\.xtc: was changed or replaced"):
        featurize(source, Custom(replace, n_features=3), out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOENT, "no such file"),
        (errno.EACCES, "check its permissions"),
        (errno.EMFILE, r"ulimit -n"),
        (errno.ELOOP, "symbolic link"),
        (errno.EIO, "copy the file again"),
    ],
)
def test_reasons_of_the_system_come_with_a_remedy(number, remedy):
    error = OSError(number, os.strerror(number))
    assert remedy in str(unreadable("a.xtc", error))
    assert str(unreadable("a.xtc", error)).startswith("a.xtc: ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_pipe_is_not_opened(tmp_path):
    pipe = tmp_path / "run.xtc"
    os.mkfifo(pipe)
    InputFiles.of([pipe]).check()
    with pytest.raises(InputError, match=r"run\.xtc: is a pipe or a device"):
        featurize((TOPOLOGY, [pipe]), verbose=False)
    with pytest.raises(InputError, match=r"run\.xtc: is a pipe or a device"):
        featurize((pipe, [TRAJECTORY]), verbose=False)

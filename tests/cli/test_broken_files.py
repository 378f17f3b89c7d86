"""Broken files give one line that names them, whatever the format and the fault."""

import os

import numpy as np
import pytest
from broken_files import FAULTS, FORMATS, HARMLESS, N_FRAMES, positions, write
from command import TOPOLOGY, call, fails
from MDAnalysisTests import datafiles


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Return a folder with a sound file of each format."""
    folder = tmp_path_factory.mktemp("sound")
    coordinates = positions()
    for suffix in FORMATS:
        write(folder / f"good.{suffix}", coordinates)
    return folder


def check(*arguments, cwd):
    """Return the error line of `mdgmvae check`."""
    return fails("check", TOPOLOGY, *arguments, cwd=cwd)


@pytest.mark.parametrize("suffix", FORMATS)
def test_sound_files_are_told_sound(sound, suffix):
    done = call("check", TOPOLOGY, f"good.{suffix}", cwd=sound)
    assert done.stderr == ""
    assert f"{N_FRAMES} frames of 22 atoms" in done.stdout


@pytest.mark.parametrize("suffix", ["xtc", "xyz", "pdb"])
def test_a_cut_file(sound, suffix, tmp_path):
    data = (sound / f"good.{suffix}").read_bytes()
    (tmp_path / f"bad.{suffix}").write_bytes(FAULTS["cut in the middle"](data))
    line = check(f"bad.{suffix}", cwd=tmp_path)
    assert f"bad.{suffix}: frame 7 ends early" in line
    # The remedy that the line names.
    call("check", TOPOLOGY, f"bad.{suffix}", "--stop", "7", cwd=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_in_every_format(sound, suffix, fault, tmp_path):
    data = FAULTS[fault]((sound / f"good.{suffix}").read_bytes())
    (tmp_path / f"bad.{suffix}").write_bytes(data)
    for command in (["check"], ["featurize", "-o", "out.npy"]):
        words = [command[0], TOPOLOGY, f"bad.{suffix}", *command[1:]]
        if (suffix, fault) in HARMLESS:
            assert f"{N_FRAMES} frames" in call(*words, cwd=tmp_path).stdout
        else:
            line = fails(*words, cwd=tmp_path)
            assert f"bad.{suffix}" in line or "frame" in line


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("other", ["xtc", "dcd", "pdb", "ncdf"])
def test_a_format_with_the_suffix_of_another(sound, suffix, other, tmp_path):
    if other == suffix:
        pytest.skip("it is the right suffix")
    (tmp_path / f"bad.{suffix}").write_bytes((sound / f"good.{other}").read_bytes())
    assert f"bad.{suffix}" in check(f"bad.{suffix}", cwd=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["xtc", "trr", "dcd", "ncdf", "xyz", "pdb", "h5md"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e7, 0.0])
def test_coordinates_that_cannot_be_right(suffix, value, tmp_path):
    coordinates = positions()
    coordinates[5:7] = value
    try:
        write(tmp_path / f"bad.{suffix}", coordinates)
    except (ValueError, OSError):
        pytest.skip("cannot be written in this format")
    if value == 0.0:
        pytest.skip("told by the features")
    line = check(f"bad.{suffix}", cwd=tmp_path)
    assert "frame 5" in line
    done = call("check", TOPOLOGY, f"bad.{suffix}", "--on-bad-frames", "skip", cwd=tmp_path)
    assert "frame 5" in done.stderr
    assert done.stdout.count("10 frames of 22 atoms") == 1


def test_things_that_are_no_files(sound, tmp_path):
    (tmp_path / "folder.xtc").mkdir()
    os.mkfifo(tmp_path / "pipe.xtc")
    (tmp_path / "loop.xtc").symlink_to("loop.xtc")
    (tmp_path / "gone.xtc").symlink_to("nowhere.xtc")
    for name, reason in (
        ("folder.xtc", "is a folder"),
        ("pipe.xtc", "is a pipe"),
        ("loop.xtc", "symbolic link"),
        ("gone.xtc", "no such file"),
        ("missing.xtc", "no such file"),
        ("\x1b[31mred\n.xtc", r"\x1b[31mred .xtc: no such file"),
    ):
        assert reason in check(name, cwd=tmp_path)
        assert reason in fails("check", name, sound / "good.xtc", cwd=tmp_path)
    for command in ("run", "featurize"):
        for name, reason in (("pipe.xtc", "is a pipe"), ("loop.xtc", "symbolic link")):
            assert reason in fails(command, TOPOLOGY, name, "-o", "out.npy", cwd=tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission(sound, tmp_path):
    path = tmp_path / "secret.xtc"
    path.write_bytes((sound / "good.xtc").read_bytes())
    path.chmod(0)
    assert "check its permissions" in check(path.name, cwd=tmp_path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("cut.pdb", lambda data: data[: len(data) // 2]),
        ("junk.pdb", lambda data: bytes(range(256)) * 4),
        ("empty.pdb", lambda data: b""),
        ("words.pdb", lambda data: b"not a topology\n"),
        ("twice.pdb", lambda data: data.replace(b"END", b"") * 2),
        ("unknown.qqq", lambda data: data),
        ("wrong.gro", lambda data: data),
        ("wrong.psf", lambda data: data),
        ("wrong.prmtop", lambda data: data),
        ("wrong.tpr", lambda data: data),
    ],
)
def test_topologies_that_cannot_be_used(sound, name, change, tmp_path):
    with open(TOPOLOGY, "rb") as stream:
        (tmp_path / name).write_bytes(change(stream.read()))
    line = fails("check", name, sound / "good.xtc", cwd=tmp_path)
    assert name in line or "good.xtc: has 22 atoms" in line


def test_a_topology_of_other_atoms(sound, tmp_path):
    line = fails("check", datafiles.PSF, sound / "good.dcd", cwd=tmp_path)
    assert "has 22 atoms, but the topology has 3,341" in line


def test_atoms_in_another_order(sound, tmp_path):
    with open(TOPOLOGY) as stream:
        lines = [line for line in stream if line.startswith(("ATOM", "HETATM"))]
    (tmp_path / "back.pdb").write_text("".join(reversed(lines)))
    assert "another order" in fails("check", "back.pdb", sound / "good.xtc", cwd=tmp_path)


def test_one_byte_in_a_trr_header_hides_frames(sound, tmp_path):
    """A frame that pretends to have velocities swallows the next one."""
    data = bytearray((sound / "good.trr").read_bytes())
    length = len(data) // N_FRAMES
    for at in range(24, 64, 3):  # the sizes of the blocks
        changed = data.copy()
        changed[4 * length + at] ^= 1
        (tmp_path / "bad.trr").write_bytes(changed)
        assert "bad.trr: frame 4 has a damaged header" in check("bad.trr", cwd=tmp_path)


def test_a_stale_index_of_frames(sound, tmp_path):
    path = tmp_path / "a.xtc"
    path.write_bytes((sound / "good.xtc").read_bytes())
    call("check", TOPOLOGY, "a.xtc", cwd=tmp_path)
    index = tmp_path / ".a.xtc_offsets.npz"
    with np.load(index) as stored:
        known = dict(stored)
    offsets = known["offsets"].copy()
    for forged, what in (
        (offsets[::2], "lists 6 frames, but the file has 12"),
        (np.sort(np.repeat(offsets[::2], 2)), "finds frame 1 in the wrong place"),
        (offsets + 10**15, "delete MDAnalysis' index of its frames"),
        (offsets[:0], "delete MDAnalysis' index of its frames"),
    ):
        np.savez(index, **{**known, "offsets": forged})
        line = check("a.xtc", cwd=tmp_path)
        assert what in line
        assert ".a.xtc_offsets.npz" in line
    index.write_bytes(b"")
    assert ".a.xtc_offsets.npz" in check("a.xtc", cwd=tmp_path)
    index.unlink()
    assert call("check", TOPOLOGY, "a.xtc", cwd=tmp_path).stderr == ""


def test_a_file_given_twice(sound, tmp_path):
    done = call("check", TOPOLOGY, "good.xtc", "good.xtc", cwd=sound)
    assert done.stderr.startswith("mdgmvae: warning: good.xtc: is given twice")
    (tmp_path / "copy.xtc").write_bytes((sound / "good.xtc").read_bytes())
    done = call("check", TOPOLOGY, sound / "good.xtc", "copy.xtc", cwd=tmp_path)
    assert "copy.xtc: has the same data as" in done.stderr
    done = call("check", TOPOLOGY, "good.xtc", "good.dcd", cwd=sound)
    assert "good.dcd: frame 0 and the next one have the same coordinates as" in done.stderr


def test_files_with_different_time_steps(sound, tmp_path):
    write(tmp_path / "slow.xtc", positions()[::2] + 1, step=5.0)
    done = call("check", TOPOLOGY, sound / "good.xtc", "slow.xtc", cwd=tmp_path)
    assert "one every 1 to 5 ps" in done.stdout
    assert "the time between frames is 1 ps in one segment and 5 ps in another" in done.stderr


def test_bad_frames_are_left_out_of_features(tmp_path):
    coordinates = positions()
    coordinates[4] = np.nan
    coordinates[9:] = 1e8
    write(tmp_path / "bad.trr", coordinates)
    words = ["featurize", TOPOLOGY, "bad.trr", "-o", "f.npy"]
    assert "frame 4" in fails(*words, cwd=tmp_path)
    done = call(*words, "--on-bad-frames", "skip", cwd=tmp_path)
    assert "bad.trr: frame 4" in done.stderr
    assert "it is the first of 4 of 12 frames, which are left out" in done.stderr
    assert np.load(tmp_path / "f.npy").shape == (8, 4)

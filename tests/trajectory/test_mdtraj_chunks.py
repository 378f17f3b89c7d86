"""mdtraj reads every frame or the frame is named, whatever the name of the file."""

import warnings

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError, TrajectoryWarning
from mdgmvae.featurizers import Distances, featurize
from mdgmvae.trajectory import mdtraj_chunks
from mdgmvae.trajectory.integrity import check_trajectory
from mdgmvae.trajectory.mdtraj_chunks import MDTrajFile

TOPOLOGY, (TRAJECTORY,) = alanine_dipeptide()
PAIR = Distances(pairs=[(4, 8)], periodic=False)
N_FRAMES = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the same frames in many formats."""
    folder = tmp_path_factory.mktemp("formats")
    universe = mda.Universe(TOPOLOGY, TRAJECTORY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for suffix in ("xtc", "trr", "dcd", "xyz"):
            with mda.Writer(str(folder / f"run.{suffix}"), 22) as writer:
                for number, ts in enumerate(universe.trajectory[:N_FRAMES]):
                    ts.dimensions = [30, 31, 32 + number % 3, 90, 80, 70]
                    writer.write(universe.atoms)
    frames = mdtraj.load(folder / "run.xtc", top=TOPOLOGY)
    frames.unitcell_angles = np.full((N_FRAMES, 3), 90.0)
    for suffix in ("mdcrd", "lammpstrj", "gro"):
        frames.save(folder / f"run.{suffix}")
    return folder


def values(path, **options):
    return featurize((TOPOLOGY, [path]), PAIR, verbose=False, **options).values


def in_numpy(path):
    xyz = mdtraj.load(path, top=TOPOLOGY).xyz.astype(float) * 10
    return np.linalg.norm(xyz[:, 4] - xyz[:, 8], axis=1)


@pytest.mark.parametrize("suffix", ["xtc", "trr", "dcd", "xyz"])
def test_names_with_any_characters(folder, suffix, tmp_path):
    path = tmp_path / f"Läufe ü=1 {{x}}.{suffix}"
    path.write_bytes((folder / f"run.{suffix}").read_bytes())
    expected = in_numpy(folder / "run.xtc")
    np.testing.assert_allclose(values(path)[:, 0], expected, rtol=1e-5)
    universe = mda.Universe(TOPOLOGY, path)
    found = featurize(universe, PAIR, verbose=False).values[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_frames_of_xtc_are_those_of_mdtraj(folder):
    frames = mdtraj.load(folder / "run.xtc", top=TOPOLOGY)
    file = MDTrajFile(folder / "run.xtc", frames.topology, check_trajectory(folder / "run.xtc"))
    (chunk,) = file.read(100, 5, 20, np.array([3, 9]))
    assert_array_equal(chunk.frames, 100 + np.arange(5, 21))
    assert_array_equal(chunk.positions, frames.xyz[5:21][:, [3, 9]] * np.float32(10))
    assert_array_equal(chunk.times, frames.time[5:21])
    cell = np.hstack([frames.unitcell_lengths * 10, frames.unitcell_angles])[5:21]
    assert_array_equal(chunk.box, cell.astype(np.float32))


def damage(path, frame):
    """Damage a frame, so that it cannot be decoded but the next ones are found."""
    data = bytearray(path.read_bytes())
    if path.suffix == ".xtc":
        begins = check_trajectory(path).begins
        data[begins[frame] + 92 : begins[frame] + 132] = b"\xff" * 40
    elif path.suffix == ".dcd":
        begins = check_trajectory(path).begins
        data[begins[frame] + 56 : begins[frame] + 60] = b"\x01\x02\x03\x04"
    else:
        lines = data.decode().splitlines(keepends=True)
        lines[24 * frame + 5] = "H 1.0 2.0 three\n"
        data = "".join(lines).encode()
    return bytes(data)


@pytest.mark.parametrize("suffix", ["xtc", "dcd", "xyz"])
@pytest.mark.parametrize("length", [7, 1000])
def test_the_frame_that_cannot_be_read_is_named(folder, suffix, length, tmp_path, monkeypatch):
    monkeypatch.setattr(mdtraj_chunks, "_MAX_CHUNK", length)
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes(damage(folder / f"run.{suffix}", 17))
    with pytest.raises(InputError, match=rf"bad\.{suffix}: frame 17: cannot be read"):
        values(path)
    assert len(values(path, stop=17)) == 17
    if suffix == "xyz":
        return
    with pytest.warns(UserWarning, match=rf"bad\.{suffix}: frame 17: .* it is one of 30 frames"):
        found = values(path, on_bad_frames="skip")
    expected = np.delete(in_numpy(folder / "run.xtc"), 17)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-5)


def test_the_frame_of_the_second_file_has_two_numbers(folder, tmp_path):
    path = tmp_path / "bad.xtc"
    path.write_bytes(damage(folder / "run.xtc", 17))
    message = r"bad\.xtc: frame 17 \(47 over all files\): cannot be read"
    with pytest.raises(InputError, match=message):
        featurize((TOPOLOGY, [folder / "run.xtc", path]), PAIR, verbose=False)
    with pytest.raises(InputError, match=message):
        featurize(mda.Universe(TOPOLOGY, [folder / "run.xtc", path]), PAIR, verbose=False)


@pytest.mark.parametrize("suffix", ["mdcrd", "lammpstrj", "gro", "xyz"])
@pytest.mark.parametrize("part", [0.02, 0.42, 0.72])
def test_text_that_is_cut(folder, suffix, part, tmp_path):
    data = (folder / f"run.{suffix}").read_bytes()
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(
        InputError, match=rf"bad\.{suffix}: frame {int(part * N_FRAMES)} ends early"
    ):
        values(path)


@pytest.mark.parametrize("suffix", ["lammpstrj", "xyz", "mdcrd"])
@pytest.mark.parametrize("n_bytes", [1, 2, 4, 6])
def test_text_that_is_cut_within_its_last_number(folder, suffix, n_bytes, tmp_path):
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes((folder / f"run.{suffix}").read_bytes().rstrip()[:-n_bytes])
    with pytest.raises(InputError, match=rf"bad\.{suffix}: frame 29 ends early"):
        values(path)


@pytest.mark.parametrize("suffix", ["h5", "gsd", "gro", "pdb", "cif", "rst7"])
def test_files_that_mdtraj_cannot_open_are_named(suffix, tmp_path):
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes(b"no trajectory\n\xff\xfe\x00" * 30)
    with pytest.raises(InputError, match=rf"bad\.{suffix}: "):
        values(path)
    with pytest.raises(InputError, match=rf"bad\.{suffix}: "):
        featurize((path, [TRAJECTORY]), PAIR, verbose=False)


@pytest.mark.parametrize("library", ["MDAnalysis", "mdtraj"])
def test_a_wrong_box_is_told_once_with_its_first_frame(folder, library, tmp_path):
    universe = mda.Universe(TOPOLOGY, TRAJECTORY)
    path = str(tmp_path / "box.xtc")
    with mda.Writer(path, 22) as writer:
        for ts in universe.trajectory[:3000]:
            small = 1 + ts.frame / 1e4
            ts.dimensions = [small] * 3 + [90] * 3 if ts.frame > 10 else [40] * 3 + [90] * 3
            writer.write(universe.atoms)
    files = [str(folder / "run.xtc"), path]
    source = mda.Universe(TOPOLOGY, files) if library == "MDAnalysis" else (TOPOLOGY, files)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        featurize(source, "dihedrals", verbose=False)
    (found,) = [warning for warning in caught if issubclass(warning.category, TrajectoryWarning)]
    assert str(found.message).startswith(
        f"{path}: frame 11 (41 over all files): the box 1.001 x 1.001 x 1.001 angstrom"
    )

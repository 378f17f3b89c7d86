"""Times of frames: which sources know them, and how they divide frames into segments."""

import gzip
import shutil
import warnings
import zlib
from dataclasses import replace
from pathlib import Path

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysis.lib.formats.libdcd import DCDFile
from MDAnalysisTests.datafiles import LAMMPSDUMP, LAMMPSdata2, LAMMPSdcd2
from numpy.testing import assert_allclose
from scipy.io import netcdf_file

from mdgmvae.errors import InputError
from mdgmvae.featurizers import Distances, featurize
from mdgmvae.trajectory.lag_time import lag_in_frames, time_step
from mdgmvae.trajectory.precomputed import Precomputed

pytestmark = [
    pytest.mark.filterwarnings("ignore:DCDReader currently:DeprecationWarning"),
    # MDAnalysis says so although nothing uses it here.
    pytest.mark.filterwarnings("ignore:Reader has no dt information:UserWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:MDAnalysis"),
    pytest.mark.filterwarnings("ignore:Warning. The 'netCDF4' Python package:UserWarning"),
]
PAIR = Distances(pairs=[(0, 1)], periodic=False)
N_ATOMS = 12
#: The same runs twice: 30 frames of 2 ps, written one behind the other into one file.
RUNS = np.tile(2.0 * np.arange(30), 2)


@pytest.fixture(scope="module")
def topology(tmp_path_factory):
    atoms = mda.Universe.empty(N_ATOMS, trajectory=True)
    atoms.add_TopologyAttr("names", [f"C{i}" for i in range(N_ATOMS)])
    atoms.add_TopologyAttr("resnames", ["LIG"])
    atoms.add_TopologyAttr("elements", ["C"] * N_ATOMS)
    atoms.atoms.positions = positions(1)[0]
    path = str(tmp_path_factory.mktemp("times") / "lig.pdb")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        atoms.atoms.write(path)
    return path


def positions(n_frames, seed=0):
    walk = np.random.default_rng(seed).normal(size=(n_frames, N_ATOMS, 3))
    return (5 * walk).astype(np.float32)


def written(path, topology, times, **options):
    """Write random frames with the given times, and return the name of the file.

    Files of other names have other coordinates.
    """
    seed = zlib.crc32(Path(path).name.encode())
    u = mda.Universe(topology).load_new(positions(len(times), seed))
    with mda.Writer(str(path), N_ATOMS, **options) as writer:
        for ts, time in zip(u.trajectory, times, strict=True):
            ts.time = time
            writer.write(u.atoms)
    return str(path)


def silently(*arguments, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*time")
        return featurize(*arguments, **options)


@pytest.mark.parametrize("library", ["MDAnalysis", "mdtraj"])
@pytest.mark.parametrize("time", [np.nan, np.inf, -np.inf])
def test_times_that_are_no_numbers_are_unknown(topology, tmp_path, time, library):
    times = 2.0 * np.arange(20)
    other = written(tmp_path / "good.xtc", topology, times)
    times[[7, 12]] = time
    path = written(tmp_path / "bad.xtc", topology, times)
    files = [other, path]
    source = mda.Universe(topology, files) if library == "MDAnalysis" else (topology, files)
    message = rf"bad\.xtc: the time is {time} in frame 7 \(27 over all files\) and in 1 more frame,"
    with pytest.warns(UserWarning, match=message):
        found = featurize(source, PAIR, out=tmp_path / "x.npy")
    assert found.lengths == (20, 20)
    expected = np.where(np.isfinite(times), times, np.nan)
    assert_allclose(found.times, np.concatenate([2.0 * np.arange(20), expected]))


@pytest.mark.parametrize("library", ["MDAnalysis", "mdtraj"])
def test_a_break_in_the_second_file_has_two_numbers(topology, tmp_path, library):
    files = [
        written(tmp_path / "one.xtc", topology, np.arange(10.0)),
        written(tmp_path / "two.xtc", topology, RUNS),
    ]
    source = mda.Universe(topology, files) if library == "MDAnalysis" else (topology, files)
    with pytest.warns(UserWarning, match=r"two\.xtc: .* at frame 30 \(40 over all files\) \(from"):
        assert featurize(source, PAIR).lengths == (10, 30, 30)


@pytest.mark.parametrize("suffix", ["xtc", "trr", "nc"])
@pytest.mark.parametrize("library", ["MDAnalysis", "mdtraj"])
def test_runs_in_one_file_are_segments(topology, tmp_path, suffix, library):
    path = written(tmp_path / f"two.{suffix}", topology, RUNS)
    source = mda.Universe(topology, path) if library == "MDAnalysis" else (topology, [path])
    with pytest.warns(
        UserWarning, match=rf"two\.{suffix}: the time does not increase at frame 30 "
    ):
        found = featurize(source, PAIR)
    assert found.lengths == (30, 30)
    assert_allclose(found.times, RUNS)
    assert time_step(found.times, found.lengths) == pytest.approx(2.0)
    with pytest.warns(UserWarning, match=r"at frame 31 \(from 56 to 2 ps\)"):
        assert featurize(source, PAIR, start=1, step=3).lengths == (10, 10)
    assert silently(source, PAIR, stop=30).lengths == (30,)


def test_many_breaks_give_one_warning(topology, tmp_path):
    path = written(tmp_path / "many.xtc", topology, np.tile(np.arange(25.0), 12))
    with pytest.warns(UserWarning) as caught:
        found = featurize(mda.Universe(topology, path), PAIR)
    assert found.lengths == (25,) * 12
    (said,) = [str(w.message) for w in caught if "time" in str(w.message)]
    assert (
        "many.xtc: the time does not increase at frame 25 (from 24 to 0 ps) and at 10 more" in said
    )


def test_another_interval_makes_two_segments(topology, tmp_path):
    path = written(tmp_path / "slow.xtc", topology, [*range(20), *range(29, 129, 10)])
    with pytest.warns(
        UserWarning, match=r"the time step changes to 10 ps at frame 20 \(from 19 to 29 ps"
    ):
        found = featurize(mda.Universe(topology, path), PAIR)
    assert found.lengths == (20, 10)
    with pytest.raises(InputError, match="1 ps in one segment and 10 ps in another"):
        lag_in_frames(5.0, found)


def test_files_that_are_joined_break_at_times(topology, tmp_path):
    files = [
        written(tmp_path / f"{i}.xtc", topology, times)
        for i, times in enumerate(([0, 1, 2, 3], [4, 5, 9, 10, 11]))
    ]
    joined = mda.Universe(topology, files, continuous=True)
    with pytest.warns(
        UserWarning,
        match=r"1\.xtc: the time step changes to 4 ps at frame 2 \(6 over all files\) \(from 5 to",
    ):
        assert featurize(joined, PAIR).lengths == (6, 3)
    with pytest.warns(UserWarning, match=r"1\.xtc: the time step changes to 4 ps at frame 2 \(6 "):
        assert featurize(mda.Universe(topology, files), PAIR).lengths == (4, 2, 3)


def test_rounded_times_keep_the_lag_time(topology, tmp_path):
    """The differences of these times are 0.0625 or 0.125 ps; 10 ps are 100 frames all the same."""
    path = written(tmp_path / "late.xtc", topology, 1e6 + 0.1 * np.arange(300))
    found = silently(mda.Universe(topology, path), PAIR)
    assert found.lengths == (300,)
    assert lag_in_frames(10.0, found) == 100
    two = replace(found, lengths=(25,) * 12)
    assert lag_in_frames(2.0, two) == 20


@pytest.mark.parametrize("suffix", ["xtc", "trr", "nc"])
def test_equal_times_are_unknown(topology, tmp_path, suffix):
    path = written(tmp_path / f"zero.{suffix}", topology, np.zeros(9))
    with pytest.warns(UserWarning, match=rf"zero\.{suffix}: all frames have the .* 0 ps"):
        found = featurize(mda.Universe(topology, path), PAIR)
    assert found.lengths == (9,)
    assert np.isnan(found.times).all()
    given = silently(mda.Universe(topology, path, dt=0.5), PAIR)
    assert_allclose(given.times, 0.5 * np.arange(9))


@pytest.mark.parametrize("suffix", ["xyz", "pdb", "mdcrd"])
def test_mdanalysis_formats_without_times(topology, tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "mdcrd":
        mdtraj.Trajectory(positions(9) / 10, mdtraj.load_topology(topology)).save(path)
    else:
        written(path, topology, range(9))
    found = silently(mda.Universe(topology, str(path)), PAIR)
    assert np.isnan(found.times).all()
    assert found.lengths == (9,)
    with pytest.raises(InputError, match="unknown or do not increase; set lag, in frames, or give"):
        lag_in_frames(2.0, found)
    given = silently(mda.Universe(topology, str(path), dt=0.5), PAIR)
    assert_allclose(given.times, 0.5 * np.arange(9))
    # Reading the time step of a universe does not make it known.
    other = path.with_name(f"b.{suffix}")
    if suffix == "mdcrd":
        mdtraj.Trajectory(positions(4, 1) / 10, mdtraj.load_topology(topology)).save(other)
    else:
        written(other, topology, range(4))
    u = mda.Universe(topology, [str(path), str(other)])
    assert u.trajectory.dt == 1.0
    assert np.isnan(silently(u, PAIR).times).all()


@pytest.mark.parametrize("suffix", ["dcd", "xyz", "xyz.gz", "pdb", "pdb.gz", "mdcrd", "crd", "cif"])
def test_mdtraj_formats_without_times(topology, tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    trajectory = mdtraj.Trajectory(positions(9) / 10, mdtraj.load_topology(topology))
    trajectory.save(path)
    for source in ((topology, [path]), mdtraj.load(str(path), top=topology)):
        found = silently(source, PAIR, step=2)
        assert np.isnan(found.times).all()
        assert found.lengths == (5,)
        assert_allclose(found.values, silently(trajectory, PAIR, step=2).values, atol=2e-2)


def test_steps_of_a_lammps_dump_through_mdtraj(topology, tmp_path):
    """mdtraj does not look at the steps, of which those of a restart repeat."""
    steps, frames = [0, 100, 200, 200, 300, 0, 100, 200], positions(8)
    lines = []
    for step, frame in zip(steps, frames, strict=True):
        lines += ["ITEM: TIMESTEP", str(step), "ITEM: NUMBER OF ATOMS", str(N_ATOMS)]
        lines += ["ITEM: BOX BOUNDS pp pp pp", *3 * ["0 90"], "ITEM: ATOMS id type x y z"]
        lines += [f"{i} 1 {x:.4f} {y:.4f} {z:.4f}" for i, (x, y, z) in enumerate(frame, 1)]
    path = tmp_path / "run.lammpstrj"
    path.write_text("\n".join(lines) + "\n")
    with pytest.warns(UserWarning, match=r"time does not increase at frame 3 \(from 200 to 200\)"):
        found = featurize((topology, [path]), PAIR)
    assert found.lengths == (3, 2, 3)
    assert np.isnan(found.times).all()
    expected = np.linalg.norm(frames[:, 1] - frames[:, 0], axis=1)
    assert_allclose(found.values[:, 0], expected, atol=1e-3)


@pytest.mark.parametrize(
    ("variable", "attribute", "value", "what"),
    [
        ("time", "units", b"femtosecond", "time has the unit femtosecond"),
        ("coordinates", "units", b"nanometer", "coordinates has the unit nanometer"),
        ("coordinates", "scale_factor", np.float32(2.0), "coordinates has a scale factor"),
        ("time", "scale_factor", np.float64(1.0), None),
    ],
)
def test_units_of_netcdf_through_mdtraj(topology, tmp_path, variable, attribute, value, what):
    """mdtraj reads the numbers as they are, whatever their unit."""
    path = tmp_path / "a.nc"
    mdtraj.Trajectory(positions(3) / 10, mdtraj.load_topology(topology), [0.0, 2, 4]).save(path)
    with netcdf_file(path, "a", mmap=False) as file:
        setattr(file.variables[variable], attribute, value)
    if what is None:
        assert_allclose(silently((topology, [path]), PAIR).times, [0, 2, 4])
        return
    with pytest.raises(InputError, match=rf"a\.nc: its {what}, which mdtraj ignores"):
        featurize((topology, [path]), PAIR)


@pytest.mark.parametrize("suffix", ["rst7", "ncrst"])
def test_amber_restart_files(topology, tmp_path, suffix):
    """Each of them has one frame, and a time."""
    all_frames = mdtraj.Trajectory(positions(3) / 10, mdtraj.load_topology(topology), [2.0, 4, 6])
    files = [tmp_path / f"{i}.{suffix}" for i in range(3)]
    for path, frame in zip(files, all_frames, strict=True):
        frame.save(path)
    found = silently((topology, files), PAIR)
    assert found.lengths == (1, 1, 1)
    assert_allclose(found.times, [2, 4, 6])
    assert_allclose(found.values, silently(all_frames, PAIR).values, atol=1e-4)


def test_integers_are_frame_numbers_in_mdtraj(topology):
    """They are what mdtraj invents; times of a file, or given by a user, are floats."""
    trajectory = mdtraj.Trajectory(positions(9) / 10, mdtraj.load_topology(topology))
    assert np.isnan(silently(trajectory, PAIR).times).all()
    trajectory.time = np.arange(9.0)
    assert_allclose(silently(trajectory, PAIR).times, np.arange(9))
    two = trajectory[:]
    two.time = np.array([0, 1, 2, 3, 4, 0, 1, 2, 3])
    with pytest.warns(
        UserWarning, match=r"mdtraj.Trajectory: the time does not .* \(from 4 to 0\)"
    ):
        found = featurize(two, PAIR)
    assert np.isnan(found.times).all()
    assert found.lengths == (5, 4)


def test_arrays_in_memory_have_times_if_they_are_given(topology):
    u = mda.Universe(topology, positions(5))
    assert np.isnan(silently(u, PAIR).times).all()
    assert_allclose(silently(u.load_new(positions(5), dt=2.0), PAIR).times, 2.0 * np.arange(5))
    assert_allclose(silently(mda.Universe(topology, positions(5), dt=1), PAIR).times, np.arange(5))


def test_transfer_to_memory_keeps_the_time_step(topology, tmp_path):
    u = mda.Universe(topology, written(tmp_path / "a.xtc", topology, range(5)))
    u.transfer_to_memory()
    assert_allclose(silently(u, PAIR).times, np.arange(5))


def test_dcd_files(topology, tmp_path):
    path = written(tmp_path / "a.dcd", topology, range(5), dt=2.0)
    assert_allclose(silently(mda.Universe(topology, path), PAIR).times, 2.0 * np.arange(5))
    # VMD's plugin, and with it mdtraj, writes a time step of 1 in CHARMM's unit: 0.0489 ps.
    plugin = str(tmp_path / "plugin.dcd")
    mdtraj.load(path, top=topology).save(plugin)
    with DCDFile(plugin) as dcd:
        assert dcd.header["delta"] == 1.0
    assert np.isnan(silently(mda.Universe(topology, plugin), PAIR).times).all()
    given = silently(mda.Universe(topology, plugin, dt=2.0), PAIR)
    assert_allclose(given.times, 2.0 * np.arange(5))


@pytest.fixture(scope="module")
def lammps(tmp_path_factory):
    """Return a topology without packing, which takes seconds to read again."""
    return mda.Universe(LAMMPSdata2)


def test_a_dcd_by_lammps_is_told(lammps):
    with pytest.warns(UserWarning, match=r"\.dcd: was written by LAMMPS, .*_format LAMMPS"):
        found = featurize(lammps.load_new(LAMMPSdcd2), PAIR)
    assert np.isnan(found.times).all()
    assert_allclose(silently(lammps.load_new(LAMMPSdcd2, format="LAMMPS"), PAIR).times[1], 0.5)
    assert_allclose(silently(lammps.load_new(LAMMPSdcd2, dt=3.0), PAIR).times[1], 3.0)


def test_a_lammps_dump_numbers_steps():
    """Steps are no times, but they show where runs were joined."""
    u = mda.Universe(LAMMPSDUMP, format="LAMMPSDUMP")
    assert np.isnan(silently(u, PAIR).times).all()
    given = mda.Universe(LAMMPSDUMP, format="LAMMPSDUMP", dt=0.002)
    assert_allclose(silently(given, PAIR).times[0], 0.002 * given.trajectory[0].data["step"])


def test_features_from_an_array_take_the_times_of_the_trajectory(topology, tmp_path):
    u = mda.Universe(topology, written(tmp_path / "two.xtc", topology, RUNS))
    array = Precomputed.of(np.random.default_rng(0).normal(size=(60, 2)))
    with pytest.warns(UserWarning, match="time does not increase at frame 30"):
        stored = array.store(u.atoms, np.arange(60), None)
    assert stored.lengths == (30, 30)


def test_compressed_files_are_read_by_mdanalysis(topology, tmp_path):
    path = written(tmp_path / "a.xyz", topology, range(5))
    with open(path, "rb") as plain, gzip.open(f"{path}.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    found = silently(mda.Universe(topology, f"{path}.gz"), PAIR)
    assert_allclose(found.values, silently(mda.Universe(topology, path), PAIR).values)

"""Formats and times that files do not tell: --dt, --topology_format, --trajectory_format."""

import bz2
import json
from pathlib import Path

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from command import TOPOLOGY, TRAJECTORY, call, fails
from MDAnalysisTests.datafiles import LAMMPSDUMP, LAMMPSdata2, LAMMPSdcd2
from numpy.testing import assert_allclose

from mdgmvae import FeatureSet

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:MDAnalysis"),
    pytest.mark.filterwarnings("ignore:Warning. The 'netCDF4' Python package:UserWarning"),
    pytest.mark.filterwarnings("ignore:DCDReader currently:DeprecationWarning"),
]
PAIRS = ["--select", "all", "--features", "pairs.json", "-o", "x.npy"]


@pytest.fixture
def folder(tmp_path):
    pairs = {"kind": "distances", "pairs": [[0, 1], [0, 9]], "periodic": False}
    (tmp_path / "pairs.json").write_text(json.dumps(pairs))
    return tmp_path


def features(folder, *words):
    """Run featurize, and return the features and what was said about them."""
    done = call("featurize", *words, *PAIRS, cwd=folder)
    return FeatureSet.load(folder / "x.npy"), done.stderr


def test_a_dcd_by_lammps(folder):
    right = mda.Universe(LAMMPSdata2, LAMMPSdcd2, format="LAMMPS")
    times = [ts.time for ts in right.trajectory]
    found, said = features(folder, LAMMPSdata2, LAMMPSdcd2, "--trajectory-format", "LAMMPS")
    assert_allclose(found.times, times)
    assert said == ""
    found, said = features(folder, LAMMPSdata2, LAMMPSdcd2)
    assert np.isnan(found.times).all()
    assert "written by LAMMPS" in said
    assert "--trajectory_format LAMMPS" in said
    found, said = features(folder, LAMMPSdata2, LAMMPSdcd2, "--dt", "0.5")
    assert_allclose(found.times, times)
    assert said == ""


def test_a_lammps_dump(folder):
    (folder / "run.lammpstrj").write_bytes(bz2.decompress(Path(LAMMPSDUMP).read_bytes()))
    u = mda.Universe(LAMMPSDUMP, format="LAMMPSDUMP")
    steps = [ts.data["step"] for ts in u.trajectory]
    topology = ["run.lammpstrj", "--topology_format", "LAMMPSDUMP"]
    found, said = features(folder, *topology[:1], "run.lammpstrj", *topology[1:])
    assert found.values.shape == (len(steps), 2)
    assert np.isnan(found.times).all()
    assert "dt" not in said
    words = ["run.lammpstrj", *topology[1:], "--dt", "0.002"]
    found, _ = features(folder, *topology[:1], *words)
    assert_allclose(found.times, 0.002 * np.array(steps))


def test_files_without_times(folder):
    trajectory = mdtraj.load(TRAJECTORY, top=TOPOLOGY)[:6]
    for name in ("a.xyz", "a.xyz.gz", "a.mdcrd", "a.crd"):
        trajectory.save(str(folder / name))
    trajectory[0].save(str(folder / "a.rst7"))
    want, _ = features(folder, TOPOLOGY, TRAJECTORY, "--stop", "6")
    for words in (
        ["a.xyz"], ["a.xyz.gz"], ["a.mdcrd"], ["a.crd", "--trajectory-format", "mdcrd"],
    ):  # fmt: skip
        found, said = features(folder, TOPOLOGY, *words)
        assert_allclose(found.values, want.values, atol=2e-3)
        assert np.isnan(found.times).all()
        assert said == ""
        found, said = features(folder, TOPOLOGY, *words, "--dt=2")
        assert_allclose(found.times, 2.0 * np.arange(6))
        assert said == ""
    found, _ = features(folder, TOPOLOGY, "a.rst7", "a.xyz", "--dt=2")
    assert found.lengths == (1, 6)
    assert_allclose(found.values[0], want.values[0], atol=2e-3)


def test_times_of_the_file_are_replaced_with_a_warning(folder):
    found, said = features(folder, TOPOLOGY, TRAJECTORY, "--dt", "5", "--stop", "4")
    assert_allclose(found.times, [0, 5, 10, 15])
    assert "has times of its own, 2 ps apart, which are replaced; --dt 5 is for files" in said
    mdtraj.load(TRAJECTORY, top=TOPOLOGY)[:4].save(str(folder / "a.nc"))
    found, said = features(folder, TOPOLOGY, "a.nc", "--dt", "5")
    assert_allclose(found.times, [0, 2, 4, 6])
    assert "which are used all the same" in said


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--trajectory_format", "LAMPS"], ["--trajectory_format LAMPS:", "did you mean LAMMPS?"]),
        (["--topology_format", "x"], ["--topology_format x:", "choose from", "GRO"]),
        (["--trajectory_format", "TRR"], [TRAJECTORY, "the header of a TRR frame"]),
        (["--topology_format", "PSF"], [TOPOLOGY, "cannot be read"]),
    ],
)
def test_formats_that_cannot_be_used(folder, words, parts):
    line = fails("featurize", TOPOLOGY, TRAJECTORY, *PAIRS, *words, cwd=folder)
    for part in parts:
        assert part in line


def test_a_format_that_cannot_be_guessed(folder):
    """An index of frames beside the file is not the reason."""
    (folder / "run").write_bytes(Path(TRAJECTORY).read_bytes()[:10_000])
    words = ["featurize", TOPOLOGY, "run", *PAIRS, "--stop", "5"]
    call(*words, "--trajectory_format", "XTC", cwd=folder)
    assert (folder / ".run_offsets.npz").exists()
    line = fails(*words, cwd=folder)
    assert line.endswith("or give its format (--topology_format, --trajectory_format)")


def test_a_trajectory_is_no_topology(folder):
    done = call("featurize", TRAJECTORY, TOPOLOGY, *PAIRS, cwd=folder, code=2)
    assert len(done.stderr.splitlines()) == 1
    line = fails("featurize", TRAJECTORY, TOPOLOGY, *PAIRS, cwd=folder)
    assert f"{TRAJECTORY}: has neither atom names nor types" in line
    line = fails("featurize", LAMMPSdata2, LAMMPSdcd2, "-o", "x.npy", cwd=folder)
    assert "topology comes first" not in line

"""The equilibration of each file is left out by its time."""

import json
from functools import partial

import MDAnalysis as mda
import numpy as np
import pytest
from command import call, fails
from MDAnalysisTests.datafiles import PDB_multiframe

from mdgmvae import featurize, frames_from
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two replicas of 0 to 38 ps, and one file that continues the second of them."""
    folder = tmp_path_factory.mktemp("replicas")
    u = mda.Universe(*alanine_dipeptide())
    for name, first, last in (("a", 0, 20), ("b", 0, 20), ("c", 20, 30)):
        u.atoms.write(folder / f"{name}.xtc", frames=u.trajectory[first:last])
    return folder


@pytest.fixture
def u(folder):
    files = [str(folder / f"{name}.xtc") for name in "abc"]
    return mda.Universe(alanine_dipeptide().topology, files)


KEPT = [*range(10, 20), *range(30, 40), *range(40, 50)]


@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # the replicas are the same
def test_each_file_begins_at_this_time(u):
    u.trajectory[7]
    assert frames_from(u, 20).tolist() == KEPT
    assert frames_from(u.atoms, 19.5).tolist() == KEPT
    assert u.trajectory.frame == 7
    features = featurize(u, "dihedrals", frames=frames_from(u, 20), verbose=False)
    assert features.lengths == (10, 10, 10)
    assert features.times[:2].tolist() == [20, 22]


def test_frames_that_all_have_the_same_time_are_counted_with_dt(tmp_path):
    """As in NetCDF files of some programs."""
    u = mda.Universe(*alanine_dipeptide())
    path = tmp_path / "zeros.trr"
    with mda.Writer(str(path), u.atoms.n_atoms) as writer:
        for ts in u.trajectory[:10]:
            ts.time = 0.0
            writer.write(u.atoms)
    topology = alanine_dipeptide().topology
    assert frames_from(mda.Universe(topology, path, dt=5.0), 35).tolist() == [7, 8, 9]
    with pytest.raises(InputError, match=r"zeros\.trr has no times"):
        frames_from(mda.Universe(topology, path), 35)


def test_files_after_the_stop_are_not_read(u):
    assert frames_from(u, 20, stop=15).tolist() == [10, 11, 12, 13, 14]
    with pytest.raises(InputError, match="at this time or later before frame 9"):
        frames_from(u, 20, stop=9)


def test_files_without_times_are_refused(u):
    with pytest.raises(InputError, match=r"start_time=20: .*has no times; .*number \(start\), or"):
        frames_from(mda.Universe(PDB_multiframe), 20)
    with pytest.raises(InputError, match="start_time=1000 ps: no file has a frame at this time"):
        frames_from(u, 1000)
    for wrong in ("20", None, np.nan):
        with pytest.raises(InputError, match=r"start_time=.*: must be a number"):
            frames_from(u, wrong)


def test_the_command_line_does_the_same(folder):
    words = ["featurize", alanine_dipeptide().topology, "a.xtc", "c.xtc", "--features", "dihedrals"]

    wrong = partial(fails, *words, "-o", "x.npy", cwd=folder)
    call(*words, "-o", "x.npy", "--start_time", 20, "--step", 3, "--stop", 28, cwd=folder)
    described = json.loads((folder / "x.json").read_text())
    assert described["frames"] == [10, 13, 16, 19, 22, 25]
    assert "--start 5: counts frames and --start_time ps" in wrong("--start_time", 20, "--start", 5)
    assert "step=0 selects no frames" in wrong("--start_time", 20, "--step", 0)
    assert "no file has a frame at this time or later before frame 9" in wrong(
        "--start_time", 20, "--stop", 9
    )
    call(*words, "-o", "x.npy", "--start_time", 0, "--step", 10, cwd=folder)
    assert json.loads((folder / "x.json").read_text())["frames"] == [0, 10, 20]
    assert "start=30: no frame is left; the trajectory has frames 0 to 29" in wrong("--start", 30)

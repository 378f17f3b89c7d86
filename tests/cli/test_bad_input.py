"""Wrong input gives an error in one line that names it, and no files are left behind."""

from pathlib import Path

import MDAnalysis as mda
import numpy as np
import pytest
from command import FAST, TOPOLOGY, TRAJECTORY, call, fails
from MDAnalysisTests import datafiles

from mdgmvae.annotation import read_labels

RUN = ["run", TOPOLOGY]
TRAIN = ["train", "-o", "out", "--traj_file"]


@pytest.fixture
def bad(tmp_path):
    """Create a folder with files that cannot be used."""
    (tmp_path / "cut.xtc").write_bytes(Path(TRAJECTORY).read_bytes()[:100_000])
    (tmp_path / "empty.xtc").write_bytes(b"")
    (tmp_path / "text.xtc").write_text("not a trajectory at all\n" * 20)
    (tmp_path / "text.pdb").write_text("not a topology\n")
    np.save(tmp_path / "flat.npy", np.zeros(10))
    np.save(tmp_path / "none.npy", np.zeros((0, 3)))
    np.save(tmp_path / "objects.npy", np.array([[{}, {}]], object))
    np.save(tmp_path / "nan.npy", np.full((600, 2), np.nan, np.float32))
    np.save(tmp_path / "good.npy", np.random.default_rng(0).normal(size=(600, 2)))
    np.save(tmp_path / "same.npy", np.ones((600, 2), np.float32))
    (tmp_path / "torn.npy").write_bytes((tmp_path / "good.npy").read_bytes()[:500])
    (tmp_path / "words.npy").write_text("1 2 3\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("precious")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([*RUN, "missing.xtc", "-o", "out"], ["missing.xtc", "no such file"]),
        ([*RUN, "empty.xtc", "-o", "out"], ["empty.xtc", "empty"]),
        ([*RUN, "text.xtc", "-o", "out"], ["text.xtc"]),
        ([*RUN, "full", "-o", "out"], ["full", "folder"]),
        ([*RUN, "cut.xtc", "-o", "out"], ["cut.xtc", "ends early", "--stop"]),
        # The frame number counts through both files.
        ([*RUN, TRAJECTORY, "cut.xtc", "-o", "out"], ["cut.xtc", "ends early", "--stop 20"]),
        ([*RUN, datafiles.XTC, "-o", "out"], ["47681", "22"]),
        (["run", "text.pdb", TRAJECTORY, "-o", "out"], ["text.pdb"]),
        (["run", datafiles.GRO, TRAJECTORY, "-o", "out"], ["alanine_dipeptide.xtc", "22", "47681"]),
        ([*RUN, TRAJECTORY, "--select", "resname XYZ", "-o", "out"], ["resname XYZ"]),
        ([*RUN, TRAJECTORY, "--select", "name (", "-o", "out"], ["name ("]),
        ([*RUN, TRAJECTORY, "--select", "name H*", "-o", "out"], ["name H*", "phi"]),
        ([*RUN, TRAJECTORY, "--features", "torsions", "-o", "out"], ["torsions", "dihedrals"]),
        ([*RUN, TRAJECTORY, "--features", "none.json", "-o", "out"], ["none.json"]),
        ([*RUN, TRAJECTORY, "-k", "0", "-o", "out"], ["k=0"]),
        ([*RUN, TRAJECTORY, "-k", "3", "--n_macrostates", "7", "-o", "out"], ["n_macrostates=7"]),
        ([*RUN, TRAJECTORY, "--lr", "-1", "-o", "out"], ["lr=-1"]),
        ([*RUN, TRAJECTORY, "--qy_dims", "0", "-o", "out"], ["qy_dims"]),
        ([*RUN, TRAJECTORY, "--threads", "0", "-o", "out"], ["--threads 0"]),
        ([*RUN, TRAJECTORY, "--device", "gpu:9", "-o", "out"], ["gpu:9"]),
        ([*RUN, TRAJECTORY, "--stop", "2", "-k", "5", "-o", "out"], ["k=5", "2"]),
        ([*RUN, TRAJECTORY, "--start", "99999", "-o", "out"], ["99"]),
        ([*RUN, TRAJECTORY, "-o", "full"], ["full", "--overwrite"]),
        ([*RUN, TRAJECTORY, "-o", "text.pdb"], ["text.pdb", "is a file"]),
        ([*TRAIN, "missing.npy"], ["missing.npy"]),
        ([*TRAIN, "flat.npy"], ["flat.npy"]),
        ([*TRAIN, "none.npy"], ["none.npy"]),
        ([*TRAIN, "objects.npy"], ["objects.npy"]),
        ([*TRAIN, "nan.npy"], ["nan.npy", "frame 0, column 0"]),
        ([*TRAIN, "same.npy", "--preset", "robust"], ["no feature changes"]),
        ([*TRAIN, "torn.npy"], ["torn.npy"]),
        ([*TRAIN, "words.npy"], ["words.npy"]),
        ([*TRAIN, "good.npy", "--n_x", "3"], ["n_x=3", "2 columns"]),
        ([*TRAIN, "good.npy", "--lr", "1e30", "--n_epochs", "9"], ["lr=1e+30"]),
        (["assign", "full", "good.npy", "-o", "x.npz"], ["full", "model"]),
        (["assign", "nowhere", "good.npy", "-o", "x.npz"], ["nowhere"]),
        (["annotate", "full", TOPOLOGY, TRAJECTORY, "--format", "pdb", "-o", "x.pdb"],
         ["full", "labels.npz"]),
        (["annotate", "good.npy", TOPOLOGY, TRAJECTORY, "--format", "pdb", "-o", "x.pdb"],
         ["good.npy"]),
        (["featurize", TOPOLOGY, TRAJECTORY, "--features", "dihedrals", "-o", "x.csv"],
         ["x.csv", ".npy"]),
        (["featurize", TOPOLOGY, TRAJECTORY, "--features", "dihedrals", "-o", "no/x.npy"], ["no"]),
        (["featurize", TOPOLOGY, TRAJECTORY, "-o", "."], ["'.'", ".npy"]),
        (["featurize", TOPOLOGY, "torn.npy", "--trajectory_format", "XTC", "-o", "torn.npy"],
         ["torn.npy", "is an input and would be replaced"]),
    ],
)  # fmt: skip
def test_bad_input_gets_one_line_and_leaves_nothing(bad, arguments, parts):
    line = fails(*arguments, cwd=bad)
    for part in parts:
        assert part in line.replace(",", "") or part in line
    assert (bad / "full" / "thesis.tex").read_text() == "precious"


def test_a_cut_file_serves_up_to_stop(bad):
    line = fails(*RUN, "cut.xtc", "-o", "out", cwd=bad)
    stop = line.split("--stop ")[1].split()[0].replace(",", "")
    call(
        *RUN, "cut.xtc", "--stop", stop, *FAST, "--select", "not name H*", "--states", "all",
        "-o", "out", cwd=bad,
    )  # fmt: skip
    assert len(read_labels(bad / "out/labels.npz").labels) == int(stop)
    written = mda.Universe(bad / "out/states/state_0.pdb", bad / "out/states/state_0.xtc")
    assert len(written.atoms) == 22


def test_files_in_the_wrong_place_are_told(tmp_path):
    line = fails("run", TRAJECTORY, TOPOLOGY, *FAST, "-o", "out", cwd=tmp_path)
    assert "Pass the topology first" in line


def test_what_is_wrong_is_told_before_frames_are_read(tmp_path):
    for option, value in (("--seed", "-1"), ("--n_x", "3"), ("--checkpoint", "c.txt")):
        done = call(
            "run", TOPOLOGY, TRAJECTORY, option, value, "-o", "out", "--verbose",
            cwd=tmp_path, code=2,
        )  # fmt: skip
        assert option.removeprefix("--") in done.stderr.splitlines()[-1]
        assert "reading frames" not in done.stderr

"""The command mdgmvae, as a user types it: files, exit codes, one line for an error."""

import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from command import run_command
from conftest import DATA
from MDAnalysisTests import datafiles

from mdgmvae.annotation import read_labels
from mdgmvae.data import alanine_dipeptide

FAST = [
    "-k",
    "3",
    "--n_epochs",
    "3",
    "--n_init",
    "1",
    "--no-refit",
    "--seed",
    "0",
    "--threads",
    "1",
]
TOPOLOGY, (TRAJECTORY,) = alanine_dipeptide()
RESULTS = {"model", "labels.npz", "features.npy", "features.json", "history.csv",
           "free_energy.png", "states", "states.csv", "representatives",
           "judgement.json"}  # fmt: skip


def call(*arguments, cwd, code=0, new=False):
    """Run the command in a process of its own; `new` in one that loads everything itself."""
    words = list(map(str, arguments))
    if new:
        command = [sys.executable, "-m", "mdgmvae", *words]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
    else:
        done = run_command(words, cwd)
    assert done.returncode == code, done.stderr
    return done


def fails(*arguments, cwd):
    """The one line that a wrong input gets; nothing may be left behind."""
    files = set(os.listdir(cwd))
    done = call(*arguments, cwd=cwd, code=2)
    lines = [line for line in done.stderr.splitlines() if "warning:" not in line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("mdgmvae: error: ")
    assert done.stdout == ""
    assert set(os.listdir(cwd)) == files
    return lines[0]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One run on two chained files that the tests below only read."""
    folder = tmp_path_factory.mktemp("run")
    u = mda.Universe(TOPOLOGY, TRAJECTORY)
    u.atoms.write(str(folder / "a.xtc"), frames=u.trajectory[6000:6800])
    u.atoms.write(str(folder / "b.dcd"), frames=u.trajectory[6800:7500], dt=2.0)
    done = call("run", TOPOLOGY, "a.xtc", "b.dcd", *FAST, "-o", "out", cwd=folder, new=True)
    return folder, done


def test_run_writes_what_it_promises(ran):
    folder, done = ran
    out = folder / "out"
    assert {path.name for path in out.iterdir()} == RESULTS
    assert done.stderr == ""
    labels = read_labels(out / "labels.npz")
    assert labels.labels.shape == (1500,)
    np.testing.assert_array_equal(labels.trajectory_index, np.repeat([0, 1], [800, 700]))
    features = json.loads((out / "features.json").read_text())
    assert features["names"] == ["phi ALA2 cos", "phi ALA2 sin", "psi ALA2 cos", "psi ALA2 sin"]
    assert features["selection"] == "protein"
    assert features["lengths"] == [800, 700]
    assert features["frames"] == list(range(1500))
    assert np.load(out / "features.npy").shape == (1500, 4)
    with open(out / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert {"loss", "reconstruction", "latent", "negative_entropy"} <= set(rows[0])
    assert (out / "free_energy.png").read_bytes()[:4] == b"\x89PNG"
    table = done.stdout.splitlines()
    assert table[0].split()[:4] == ["state", "metastable", "frames", "population"]
    counts = [int(line.split()[2].replace(",", "")) for line in table[1:4]]
    assert counts == np.bincount(labels.labels, minlength=3).tolist()


def test_states_are_trajectories_of_their_frames(ran):
    folder, _ = ran
    labels = read_labels(folder / "out" / "labels.npz").labels
    for state in np.unique(labels):
        base = folder / "out" / "states" / f"state_{state}"
        u = mda.Universe(f"{base}.pdb", f"{base}.xtc")
        assert u.trajectory.n_frames == (labels == state).sum()
        assert mdtraj.load(f"{base}.xtc", top=f"{base}.pdb").n_frames == (labels == state).sum()
        assert u.atoms.n_atoms == 22


def test_states_are_described(ran):
    folder, done = ran
    labels = read_labels(folder / "out" / "labels.npz")
    with open(folder / "out" / "states.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for kind, states in (("macrostate", labels.macrostates), ("component", labels.labels)):
        described = {int(row["state"]): row for row in rows if row["kind"] == kind}
        assert sorted(described) == np.unique(states).tolist()
        for state, row in described.items():
            assert int(row["n_frames"]) == (states == state).sum()
    assert {row["feature"] for row in rows} == {"phi ALA2", "psi ALA2"}
    assert "what sets the metastable states apart" in done.stdout
    for state in np.unique(labels.macrostates):
        path = folder / "out" / "representatives" / f"macrostate_{state}.pdb"
        u = mda.Universe(path)
        frames = [int(line.split()[-1]) for line in u.trajectory.remarks]
        assert u.trajectory.title[0].endswith(f"macrostate {state}")
        assert len(frames) == u.trajectory.n_frames == 5
        assert set(labels.macrostates[frames]) == {state}
        source = mda.Universe(TOPOLOGY, folder / "a.xtc", folder / "b.dcd")
        source.trajectory[frames[3]], u.trajectory[3]
        np.testing.assert_allclose(u.atoms.positions, source.atoms.positions, atol=1e-3)


def test_the_same_seed_is_the_same_result(ran):
    folder, first = ran
    second = call("run", TOPOLOGY, "a.xtc", "b.dcd", *FAST, "-o", "again", cwd=folder)
    assert first.stdout.replace("out", "again") == second.stdout
    weights = [np.load(folder / name / "model/weights.npz") for name in ("out", "again")]
    assert all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[0])
    shutil.rmtree(folder / "again")


def test_assign_labels_frames_and_feature_files(ran):
    folder, _ = ran
    known = read_labels(folder / "out" / "labels.npz")
    call("assign", "out", TOPOLOGY, "b.dcd", "-o", "b.npz", cwd=folder)
    np.testing.assert_array_equal(read_labels(folder / "b.npz").labels, known.labels[800:])
    call("assign", "out/model", "out/features.npy", "-o", "f.npz", cwd=folder)
    found = read_labels(folder / "f.npz")
    np.testing.assert_array_equal(found.labels, known.labels)
    np.testing.assert_array_equal(found.times, known.times)


def test_annotate_writes_files_that_others_read(ran):
    folder, _ = ran
    known = read_labels(folder / "out" / "labels.npz").labels
    files = [TOPOLOGY, "a.xtc", "b.dcd"]
    call("annotate", "out/labels.npz", *files, "--format", "pdb", "-o", "s.pdb", cwd=folder)
    u = mda.Universe(folder / "s.pdb")
    lines = (folder / "s.pdb").read_text().splitlines()
    found = [line[60:66] for line in lines if line.startswith(("ATOM", "HETATM"))]
    np.testing.assert_array_equal(np.array(found[::22], float), known)
    assert u.trajectory.n_frames == 1500
    call("annotate", "out/labels.npz", *files, "--format", "h5md", "-o", "s.h5md", cwd=folder)
    h5 = mda.Universe(TOPOLOGY, folder / "s.h5md")
    np.testing.assert_array_equal([ts.data["mdgmvae/state"] for ts in h5.trajectory], known)
    call("annotate", "out/labels.npz", *files, "--format", "states", "-o", "st", cwd=folder)
    # MDAnalysis keeps hidden index files beside the trajectories that it has read.
    other = call("annotate", "out/labels.npz", TOPOLOGY, "b.dcd", "a.xtc", "--format", "pdb", "-o",
                 "o.pdb", cwd=folder)  # fmt: skip
    assert "are the labels those of another trajectory?" in other.stderr
    visible = [
        {path.name for path in (folder / name).iterdir() if path.name[0] != "."}
        for name in ("st", "out/states")
    ]
    assert visible[0] == visible[1]


def test_featurize_then_train_is_run(ran):
    folder, _ = ran
    call(
        "featurize", TOPOLOGY, "a.xtc", "b.dcd", "--features", "dihedrals", "-o", "x.npy",
        cwd=folder,
    )  # fmt: skip
    np.testing.assert_array_equal(np.load(folder / "x.npy"), np.load(folder / "out/features.npy"))
    call("train", "--traj_file", "x.npy", "--preset", "robust", *FAST, "-o", "tr", cwd=folder)
    trained, known = (read_labels(folder / d / "labels.npz") for d in ("tr", "out"))
    np.testing.assert_array_equal(trained.labels, known.labels)
    # The features carry what they were made of: the model reads trajectories.
    call("assign", "tr", TOPOLOGY, "a.xtc", "-o", "tr.npz", cwd=folder)
    np.testing.assert_array_equal(read_labels(folder / "tr.npz").labels, known.labels[:800])


def test_train_with_the_papers_flags(tmp_path):
    done = call(
        "train", "--traj_file", DATA / "mueller_brown.npy", "--k", 5, "--n_x", 2, "--n_z", 1,
        "--n_epochs", 5, "--qy_dims", 32, "--qz_dims", 16, "--pz_dims", 16, "--px_dims", 128,
        "--r_nent", 0.05, "--batch_size", 517, "--lr", 0.0001, "--seed", 0,
        "-o", "out", cwd=tmp_path,
    )  # fmt: skip
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "model", "labels.npz", "history.csv", "free_energy.png", "states.csv",
    }  # fmt: skip
    params = json.loads((tmp_path / "out/model/model.json").read_text())["params"]
    assert params["scale"] is None
    assert params["validation_fraction"] == 0
    labels = read_labels(tmp_path / "out/labels.npz")
    assert len(labels.labels) == 50_000
    assert np.isnan(labels.times).all()
    with open(tmp_path / "out/history.csv", newline="") as file:
        loss = [float(row["loss"]) for row in csv.DictReader(file)]
    # Three seeds of an independent prototype: 4.4-4.8 after 1 epoch, 3.4-3.5 after 5.
    assert 4.1 < loss[0] < 5.1
    assert 3.1 < loss[4] < 3.8
    assert "seed" in done.stdout


def test_layers_are_given_with_spaces_or_commas(tmp_path):
    for number, widths in enumerate((["8", "4"], ["8,4"])):
        call(
            "train", "--traj_file", DATA / "five_wells.npy", "-k", 2, "--n_epochs", 1,
            "--qy_dims", *widths, "-o", f"out{number}",
            cwd=tmp_path,
        )  # fmt: skip
        content = json.loads((tmp_path / f"out{number}/model/model.json").read_text())
        assert content["params"]["qy_dims"] == [8, 4]


@pytest.mark.parametrize(
    "files", [(datafiles.PSF, datafiles.DCD), (datafiles.GRO, datafiles.XTC)], ids=["PSF", "GRO"]
)
def test_run_on_other_peoples_files(files, tmp_path):
    done = call("run", *files, *FAST, "-k", 2, "-o", "out", cwd=tmp_path)
    n_frames = mda.Universe(*files).trajectory.n_frames
    assert len(read_labels(tmp_path / "out/labels.npz").labels) == n_frames
    assert done.stdout.startswith("state")


@pytest.mark.slow
def test_demo_finds_beta_and_alpha_and_runs_again(tmp_path):
    started = time.monotonic()
    call("demo", cwd=tmp_path)
    assert time.monotonic() - started < 180
    out = tmp_path / "mdgmvae-demo"
    assert {path.name for path in out.iterdir()} == RESULTS
    cos_phi, sin_phi, cos_psi, sin_psi = np.load(out / "features.npy").T
    psi = np.degrees(np.arctan2(sin_psi, cos_psi))
    phi = np.degrees(np.arctan2(sin_phi, cos_phi))
    left = (phi < 0) | (phi > 135)
    beta, alpha = left & ((psi > 80) | (psi < -130)), left & (psi > -130) & (psi < 80)
    labels = read_labels(out / "labels.npz").labels
    is_beta = np.array([beta[labels == s].mean() > 0.5 for s in range(5)])[labels]
    assert is_beta[beta].mean() > 0.9
    assert (~is_beta)[alpha].mean() > 0.9
    (out / "my_notes.txt").write_text("mine")
    assert "not empty" in call("demo", cwd=tmp_path, code=2).stderr
    before = labels
    call("demo", "--overwrite", cwd=tmp_path)
    np.testing.assert_array_equal(read_labels(out / "labels.npz").labels, before)
    assert (out / "my_notes.txt").read_text() == "mine"


def test_help_imports_nothing_heavy(tmp_path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = call("--help", cwd=tmp_path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < 0.5
    for command in ("run", "featurize", "train", "assign", "annotate", "demo"):
        assert command in done.stdout
        assert "usage: mdgmvae" in call(command, "--help", cwd=tmp_path).stdout


def test_featurize_never_imports_tensorflow(tmp_path):
    script = (
        "import sys; from mdgmvae.cli import main; "
        f"main(['featurize', {TOPOLOGY!r}, {TRAJECTORY!r}, '--features', 'dihedrals', "
        "'--stop', '50', '-o', 'x.npy']); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"


@pytest.fixture
def bad(tmp_path):
    """A folder of files that cannot be used."""
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


RUN = ["run", TOPOLOGY]
TRAIN = ["train", "-o", "out", "--traj_file"]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([*RUN, "missing.xtc", "-o", "out"], ["missing.xtc", "no such file"]),
        ([*RUN, "empty.xtc", "-o", "out"], ["empty.xtc", "empty"]),
        ([*RUN, "text.xtc", "-o", "out"], ["text.xtc"]),
        ([*RUN, "full", "-o", "out"], ["full", "folder"]),
        ([*RUN, "cut.xtc", "-o", "out"], ["cut.xtc", "ends early", "--stop"]),
        # Of a second file the frames of the first are counted in.
        ([*RUN, TRAJECTORY, "cut.xtc", "-o", "out"], ["cut.xtc", "ends early", "--stop 20"]),
        ([*RUN, datafiles.XTC, "-o", "out"], ["47681", "22"]),
        (["run", "text.pdb", TRAJECTORY, "-o", "out"], ["text.pdb"]),
        (["run", datafiles.GRO, TRAJECTORY, "-o", "out"], ["alanine_dipeptide.xtc", "22", "47681"]),
        ([*RUN, TRAJECTORY, "--select", "resname XYZ", "-o", "out"], ["resname XYZ"]),
        ([*RUN, TRAJECTORY, "--select", "name (", "-o", "out"], ["name ("]),
        ([*RUN, TRAJECTORY, "--select", "name H*", "-o", "out"], ["name H*", "phi"]),
        ([*RUN, TRAJECTORY, "--states_select", "resid 99", "-o", "out"], ["--states_select"]),
        ([*RUN, TRAJECTORY, "--features", "torsions", "-o", "out"], ["torsions", "dihedrals"]),
        ([*RUN, TRAJECTORY, "--features", "none.json", "-o", "out"], ["none.json"]),
        ([*RUN, TRAJECTORY, "-k", "0", "-o", "out"], ["k=0"]),
        ([*RUN, TRAJECTORY, "-k", "two", "-o", "out"], ["two"]),
        ([*RUN, TRAJECTORY, "-k", "3", "--n_macrostates", "7", "-o", "out"], ["n_macrostates=7"]),
        ([*RUN, TRAJECTORY, "--lr", "-1", "-o", "out"], ["lr=-1"]),
        ([*RUN, TRAJECTORY, "--qy_dims", "0", "-o", "out"], ["qy_dims"]),
        ([*RUN, TRAJECTORY, "--temperature", "0", "-o", "out"], ["--temperature", "0"]),
        ([*RUN, TRAJECTORY, "--temperature", "nan", "-o", "out"], ["--temperature", "nan"]),
        (["demo", "--temperature", "-5", "-o", "out"], ["--temperature", "-5", "above 0"]),
        ([*TRAIN, "good.npy", "--temperature", "x"], ["--temperature", "'x'"]),
        ([*RUN, TRAJECTORY, "--threads", "0", "-o", "out"], ["--threads 0"]),
        ([*RUN, TRAJECTORY, "--device", "gpu:9", "-o", "out"], ["gpu:9"]),
        ([*RUN, TRAJECTORY, "--stop", "2", "-k", "5", "-o", "out"], ["k=5", "2"]),
        ([*RUN, TRAJECTORY, "--start", "99999", "-o", "out"], ["99"]),
        ([*RUN, TRAJECTORY, "-o", "full"], ["full", "--overwrite"]),
        ([*RUN, TRAJECTORY, "-o", "text.pdb"], ["text.pdb", "is a file"]),
        ([*RUN, "-o", "out"], ["TRAJECTORY"]),
        ([*TRAIN, "missing.npy"], ["missing.npy"]),
        ([*TRAIN, "flat.npy"], ["flat.npy"]),
        ([*TRAIN, "none.npy"], ["none.npy"]),
        ([*TRAIN, "objects.npy"], ["objects.npy"]),
        ([*TRAIN, "nan.npy"], ["nan.npy", "row 0, column 0"]),
        ([*TRAIN, "same.npy", "--preset", "robust"], ["no feature changes"]),
        ([*TRAIN, "torn.npy"], ["torn.npy"]),
        ([*TRAIN, "words.npy"], ["words.npy"]),
        ([*TRAIN, "good.npy", "--n_x", "3"], ["n_x=3", "2 columns"]),
        ([*TRAIN, "good.npy", "--n_epochs", "many"], ["many"]),
        ([*TRAIN, "good.npy", "--preset", "best"], ["best"]),
        ([*TRAIN, "good.npy", "--lr", "1e30", "--n_epochs", "9"], ["lr=1e+30"]),
        (["assign", "full", "good.npy", "-o", "x.npz"], ["full", "model"]),
        (["assign", "nowhere", "good.npy", "-o", "x.npz"], ["nowhere"]),
        (["annotate", "good.npy", TOPOLOGY, TRAJECTORY, "--format", "pdb", "-o", "x.pdb"],
         ["good.npy"]),
        (["featurize", TOPOLOGY, TRAJECTORY, "--features", "dihedrals", "-o", "x.csv"],
         ["x.csv", ".npy"]),
        (["featurize", TOPOLOGY, TRAJECTORY, "--features", "dihedrals", "-o", "no/x.npy"], ["no"]),
        (["dance"], ["dance"]),
        ([], ["COMMAND"]),
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
    call(*RUN, "cut.xtc", "--stop", stop, *FAST, "-o", "out", cwd=bad)
    assert len(read_labels(bad / "out/labels.npz").labels) == int(stop)


def test_assign_refuses_other_atoms_and_columns(ran):
    folder, _ = ran
    line = fails("assign", "out", datafiles.PSF, datafiles.DCD, "-o", "x.npz", cwd=folder)
    assert "atom 0" in line
    np.save(folder / "three.npy", np.zeros((5, 3), np.float32))
    line = fails("assign", "out", "three.npy", "-o", "x.npz", cwd=folder)
    assert "three.npy" in line
    assert "3 columns" in line


def test_assign_refuses_other_features_of_as_many_columns(ran, tmp_path):
    folder, _ = ran
    pairs = {"kind": "distances", "pairs": [[0, 5], [1, 8], [4, 14], [6, 16]]}
    (tmp_path / "d.json").write_text(json.dumps(pairs))
    files = (TOPOLOGY, folder / "a.xtc")
    call("featurize", *files, "--features", "d.json", "-o", "x.npy", cwd=tmp_path)
    line = fails("assign", folder / "out", "x.npy", "-o", "y.npz", cwd=tmp_path)
    assert "column 0 is d " in line
    line = fails("featurize", *files, "--features", "d.json", "-o", "d.npy", cwd=tmp_path)
    assert "would be replaced" in line
    features = folder / "out/features.npy"
    line = fails("assign", folder / "out", features, "--stop", 5, "-o", "y.npz", cwd=tmp_path)
    assert "--stop" in line


def test_inputs_are_never_replaced(ran, tmp_path):
    folder, _ = ran
    for name in ("a.xtc", "b.dcd", "out/labels.npz", "out/features.npy"):
        shutil.copy(folder / name, tmp_path / Path(name).name)
    shutil.copy(TOPOLOGY, tmp_path / "top.pdb")
    model, files = folder / "out", ("top.pdb", "a.xtc", "b.dcd")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for arguments in (
        ("assign", model, *files, "-o", "a.xtc"),
        ("assign", model, "features.npy", "-o", "features.npy"),
        ("annotate", "labels.npz", *files, "--format", "pdb", "-o", "top.pdb"),
        ("annotate", "labels.npz", *files, "--format", "h5md", "-o", "labels.npz"),
        ("annotate", "labels.npz", *files, "--format", "states", "-o", ".", "--overwrite"),
    ):
        line = fails(*arguments, cwd=tmp_path)
        assert "choose another -o" in line or "ends in" in line
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name[0] != "."}
    assert after == before


def test_another_order_of_atoms_ends_the_command(tmp_path):
    text = (
        Path(TOPOLOGY).read_text().replace(" CA  ALA", " XX  ALA").replace(" H   ALA", " CA  ALA")
    )
    (tmp_path / "wrong.pdb").write_text(text.replace(" XX  ALA", " H   ALA"))
    files = ("wrong.pdb", TRAJECTORY, "--features", "distances", "--stop", 600)
    line = fails("run", *files, *FAST, "-o", "out", cwd=tmp_path)
    assert "another order" in line
    done = call("run", *files, *FAST, "--allow_long_bonds", "-o", "out", cwd=tmp_path)
    assert "another order" in done.stderr


def test_files_in_the_wrong_place_are_told(tmp_path):
    line = fails("run", TRAJECTORY, TOPOLOGY, *FAST, "-o", "out", cwd=tmp_path)
    assert "the topology comes first" in line


def test_overwrite_spares_what_is_not_its_own(tmp_path):
    precious = ("model/notes.txt", "states/notes.txt", "thesis.tex",
                "representatives/macrostate_best.pdb")  # fmt: skip
    stale = ("states/state_8.pdb", "representatives/macrostate_8.pdb")
    for name in (*precious, *stale):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text("precious")
    shutil.copy(TRAJECTORY, tmp_path / "out/states/mine.xtc")
    line = fails(
        "run", TOPOLOGY, "out/states/mine.xtc", *FAST, "-o", "out", "--overwrite", cwd=tmp_path
    )
    assert "would be replaced" in line
    call(
        "run", TOPOLOGY, TRAJECTORY, *FAST, "--stop", 900, "-o", "out", "--overwrite", cwd=tmp_path
    )
    for name in precious:
        assert (tmp_path / "out" / name).read_text() == "precious"
    assert (tmp_path / "out/states/mine.xtc").exists()
    assert not any((tmp_path / "out" / name).exists() for name in stale)
    call(
        "train", "--traj_file", DATA / "five_wells.npy", *FAST, "-o", "out", "--overwrite",
        cwd=tmp_path,
    )  # fmt: skip
    # Frames of states that are no longer those of the model would mislead.
    assert not list((tmp_path / "out/states").glob("state_*"))
    assert not list((tmp_path / "out/representatives").glob("macrostate_[0-9]*"))
    for name in precious:
        assert (tmp_path / "out" / name).read_text() == "precious"


def test_what_is_wrong_is_told_before_frames_are_read(tmp_path):
    for option, value in (("--seed", "-1"), ("--n_x", "3"), ("--checkpoint", "c.txt")):
        done = call(
            "run", TOPOLOGY, TRAJECTORY, option, value, "-o", "out", "--verbose",
            cwd=tmp_path, code=2,
        )  # fmt: skip
        assert option.removeprefix("--") in done.stderr.splitlines()[-1]
        assert "reading frames" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_fault(ran):
    folder, _ = ran
    command = f"{sys.executable} -m mdgmvae assign out out/features.npy -o p.npz | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=folder, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "p.npz").exists()


def test_a_terminal_without_degrees_is_no_fault(ran):
    folder, _ = ran
    done = subprocess.run(
        [sys.executable, "-m", "mdgmvae", "train", "--traj_file", "out/features.npy", *FAST,
         "-o", "ascii"],
        cwd=folder, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert b"phi ALA2" in done.stdout


def test_a_full_disk_is_told(tmp_path):
    command = (
        f"ulimit -f 100; {sys.executable} -m mdgmvae featurize {TOPOLOGY} {TRAJECTORY} "
        "--features distances -o x.npy"
    )
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "room" in done.stderr.splitlines()[-1]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_goes_on_from_its_checkpoint(tmp_path, number):
    arguments = [sys.executable, "-m", "mdgmvae", "train", "--traj_file",
                 DATA / "five_wells.npy", "--n_epochs", "60", "-o", "out", "--verbose",
                 "--checkpoint", "state.npz"]  # fmt: skip
    process = subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.PIPE)
    seen = b""
    while b"loss" not in seen:
        seen += os.read(process.stderr.fileno(), 4096)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().strip().endswith("the same command goes on from state.npz")
    assert os.listdir(tmp_path) == ["state.npz"]
    subprocess.run(arguments, cwd=tmp_path, check=True, capture_output=True)
    with open(tmp_path / "out/history.csv", newline="") as file:
        assert [int(row["epoch"]) for row in csv.DictReader(file)] == list(range(1, 61))


def test_debug_shows_the_traceback(tmp_path):
    done = call("train", "--traj_file", "no.npy", "-o", "x", "--debug", cwd=tmp_path, code=2)
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("mdgmvae: error: no.npy")


def test_interrupt_ends_with_130_and_leaves_nothing(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "mdgmvae", "train", "--traj_file", DATA / "mueller_brown.npy",
         "--n_epochs", "100000", "-o", "out", "--verbose"],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    seen = b""
    while b"loss" not in seen:
        seen += os.read(process.stderr.fileno(), 4096)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().strip().splitlines()[-1].endswith("interrupted; nothing was written")
    assert out == b""
    assert os.listdir(tmp_path) == []


def test_a_temperature_makes_the_free_energy_one_in_kilojoules(monkeypatch, tmp_path):
    from mdgmvae import plot
    from mdgmvae.cli import main as command

    drawn = []
    draw = plot.free_energy

    def kept(*arguments, **options):
        drawn.append(draw(*arguments, **options))
        return drawn[-1]

    monkeypatch.setattr(plot, "free_energy", kept)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(600, 2)))
    train = ["train", "--traj_file", str(tmp_path / "x.npy"), *FAST]
    for name, more in (("kT", []), ("molar", ["--temperature", "300"])):
        assert command.main([*train, *more, "-o", str(tmp_path / name)]) == 0
    labels = [axes.get_ylabel() for axes in drawn]
    assert labels == ["free energy / kT", "free energy / kJ mol$^{-1}$"]
    reduced, molar = (axes.patches[-1].get_data().values for axes in drawn)
    np.testing.assert_allclose(molar, 8.31446261815324e-3 * 300 * reduced)


def test_a_fault_of_ours_says_how_to_report_it(monkeypatch, capsys, tmp_path):
    from mdgmvae.cli import commands
    from mdgmvae.cli import main as command

    def broken(options):
        raise ZeroDivisionError("what now")

    monkeypatch.setattr(commands, "demo", broken)
    assert command.main(["demo", "-o", str(tmp_path / "x")]) == 1
    line = capsys.readouterr().err
    assert "ZeroDivisionError: what now" in line
    assert "report it" in line

"""mdgmvae run: what it writes and prints, and which files it keeps."""

import csv
import errno
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from command import FAST, RESULTS, TOPOLOGY, TRAJECTORY, call, fails, start
from conftest import DATA
from MDAnalysisTests import datafiles

from mdgmvae.annotation import read_labels
from mdgmvae.cli.options import Output
from mdgmvae.cli.results import results_folder, save_model
from mdgmvae.errors import InputError


def test_run_writes_what_it_promises(ran):
    folder, done = ran
    out = folder / "out"
    assert {path.name for path in out.iterdir()} == RESULTS
    assert done.stderr == ""
    labels = read_labels(out / "labels.npz")
    assert labels.labels.shape == labels.components.shape == labels.scores.shape == (1500,)
    assert labels.component_probabilities.shape == (1500, 3)
    np.testing.assert_array_equal(labels.components, labels.component_probabilities.argmax(axis=1))
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
    n_states = labels.probabilities.shape[1]
    assert f"{n_states} states in 1,500 frames" in done.stdout.splitlines()[0]
    rows = [line.split() for line in done.stdout.splitlines() if re.match(r" +\d+ ", line)]
    assert [row[0] for row in rows[:n_states]] == [str(state) for state in range(n_states)]
    counts = [int(row[1].replace(",", "")) for row in rows[:n_states]]
    assert counts == np.bincount(labels.labels, minlength=n_states).tolist()
    judged = json.loads((out / "judgement.json").read_text())
    assert judged["frames"] == counts


def test_the_report_repeats_the_command_and_can_be_made_again(ran, tmp_path):
    folder, _ = ran
    out = tmp_path / "out"
    shutil.copytree(folder / "out", out)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert f"mdgmvae run {TOPOLOGY} a.xtc b.dcd -k 3" in page
    assert "States of a.xtc and 1 more" in page
    done = call("report", "out", cwd=tmp_path)
    assert done.stdout == "report: out/report.html\n" and done.stderr == ""
    assert f"mdgmvae run {TOPOLOGY} a.xtc b.dcd -k 3" in (out / "report.html").read_text()
    call("report", "out", "-o", "other.html", cwd=tmp_path)
    assert (tmp_path / "other.html").read_bytes() == (out / "report.html").read_bytes()
    call("report", "out", "--runs", folder / "out", "-o", "other.html", cwd=tmp_path)
    assert "Agreement of runs with other seeds" in (tmp_path / "other.html").read_text()
    for arguments in (("nothing",), ("out", "-o", "page.pdf"), ("out/labels.npz",)):
        fails("report", *arguments, cwd=tmp_path)


def test_figures_of_finished_results(ran, tmp_path):
    folder, _ = ran
    done = call("plot", folder / "out", "trace", cwd=tmp_path)
    assert done.stdout == "trace: trace.png\n" and done.stderr == ""
    assert (tmp_path / "trace.png").read_bytes()[:4] == b"\x89PNG"
    call("plot", folder / "out", "free_energy", "--features", "phi ALA2", "psi ALA2",
         "--temperature", 300, "-o", "map.svg", cwd=tmp_path)  # fmt: skip
    assert "<svg" in (tmp_path / "map.svg").read_text()
    shutil.copytree(folder / "out", tmp_path / "other")
    call("plot", folder / "out", "agreement", "--runs", "other", cwd=tmp_path)
    assert (tmp_path / "agreement.png").stat().st_size > 5000
    for arguments, part in (
        (("trace", "-o", "a.gif"), "must end in .png, .pdf, .svg"),
        (("trace", "--temperature", "300"), "it is for free_energy and free_energy_error"),
        (("free_energy", "--features", "phi ALA3"), "phi ALA3"),
        (("landscape",), "free_energy"),
        (("ramachandran", "--residue", "ALA9"), "ramachandran: 'ALA9' has no phi and psi here"),
        (("agreement",), "--runs DIR"),
        (("agreement", "--runs", tmp_path), "labels.npz"),
        (("agreement", "--runs", folder / "out"), "is the analysis itself"),
    ):
        assert part in fails("plot", folder / "out", *arguments, cwd=tmp_path)


def test_states_are_trajectories_of_their_frames_and_representatives(ran):
    folder, _ = ran
    labels = read_labels(folder / "out" / "labels.npz").labels
    states = folder / "out" / "states"
    names = {path.name for path in states.iterdir() if path.name[0] != "."}
    assert names == {f"state_{s}.{end}" for s in np.unique(labels) for end in ("pdb", "xtc")}
    with open(folder / "out" / "states.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "state"]
    described = {int(row["state"]): row["representatives"].split() for row in rows}
    source = mda.Universe(TOPOLOGY, folder / "a.xtc", folder / "b.dcd")
    for state in np.unique(labels):
        base = states / f"state_{state}"
        u = mda.Universe(f"{base}.pdb", f"{base}.xtc")
        assert u.trajectory.n_frames == (labels == state).sum()
        assert mdtraj.load(f"{base}.xtc", top=f"{base}.pdb").n_frames == (labels == state).sum()
        assert u.atoms.n_atoms == 22
        models = mda.Universe(f"{base}.pdb")
        frames = [int(line.split()[-1]) for line in models.trajectory.remarks]
        assert models.trajectory.title[0].endswith(f"state {state}")
        assert len(frames) == models.trajectory.n_frames == 5
        assert set(labels[frames]) == {state}
        assert frames == [int(frame) for frame in described[state]]
        source.trajectory[frames[0]], models.trajectory[0]
        if state == 0:
            np.testing.assert_allclose(models.atoms.positions, source.atoms.positions, atol=1e-3)
        # The other models are superposed, so only their internal distances are those of the frame.
        source.trajectory[frames[3]], models.trajectory[3]
        distances = [
            np.linalg.norm(atoms.positions - atoms.positions[0], axis=1)
            for atoms in (models.atoms, source.atoms)
        ]
        np.testing.assert_allclose(*distances, atol=4e-3)


def test_states_are_described(ran):
    folder, done = ran
    labels = read_labels(folder / "out" / "labels.npz")
    with open(folder / "out" / "states.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for kind, states in (("state", labels.labels), ("component", labels.components)):
        described = {int(row["state"]): row for row in rows if row["kind"] == kind}
        assert sorted(described) == np.unique(states).tolist()
        for state, row in described.items():
            assert int(row["n_frames"]) == (states == state).sum()
    assert {row["feature"] for row in rows} == {"phi ALA2", "psi ALA2"}
    assert "(effect size)" in done.stdout
    assert not [row for row in rows if row["kind"] not in ("state", "component")]


def test_the_same_seed_is_the_same_result(ran):
    folder, first = ran
    # TensorFlow keeps the number of threads of its first command, and so would the other commands
    # of a test; with another number, the last bits differ.
    process, stdout, _ = start("run", TOPOLOGY, "a.xtc", "b.dcd", *FAST, "-o", "again", cwd=folder)
    process.join()
    assert first.stdout.replace(": out\n", ": again\n") == stdout.read_text()
    weights = [np.load(folder / name / "model/weights.npz") for name in ("out", "again")]
    assert all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[0])
    shutil.rmtree(folder / "again")


@pytest.mark.parametrize(
    "files", [(datafiles.PSF, datafiles.DCD), (datafiles.GRO, datafiles.XTC)], ids=["PSF", "GRO"]
)
def test_run_on_other_peoples_files(files, tmp_path):
    done = call("run", *files, *FAST, "-k", 2, "-o", "out", cwd=tmp_path)
    n_frames = mda.Universe(*files).trajectory.n_frames
    assert len(read_labels(tmp_path / "out/labels.npz").labels) == n_frames
    assert f" in {n_frames:,} frames" in done.stdout.splitlines()[0]
    # Solvent is neither analysed nor written.
    n_atoms = len(mda.Universe(*files).select_atoms("protein"))
    for path in (tmp_path / "out/states").glob("state_*.pdb"):
        assert len(mda.Universe(path).atoms) == n_atoms
        assert len(mda.Universe(path, path.with_suffix(".xtc")).atoms) == n_atoms


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


def test_overwrite_spares_what_is_not_its_own(tmp_path):
    precious = ("model/notes.txt", "states/notes.txt", "thesis.tex", "states/state_best.pdb")
    stale = ("states/state_8.pdb", "states/component_8.xtc")
    for name in (*precious, *stale):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text("precious")
    shutil.copy(TRAJECTORY, tmp_path / "out/states/mine.xtc")
    line = fails(
        "run", TOPOLOGY, "out/states/mine.xtc", *FAST, "-o", "out", "--overwrite", cwd=tmp_path
    )
    assert "would be replaced" in line
    call(
        "run", TOPOLOGY, TRAJECTORY, *FAST, "--stop", 900, "-o", "out", "--overwrite",
        "--states", "none", cwd=tmp_path,
    )  # fmt: skip
    for name in precious:
        assert (tmp_path / "out" / name).read_text() == "precious"
    assert (tmp_path / "out/states/mine.xtc").exists()
    assert not any((tmp_path / "out" / name).exists() for name in stale)
    # --states none: representative structures, but no trajectories.
    labels = read_labels(tmp_path / "out").labels
    found = {path.name for path in (tmp_path / "out/states").glob("state_[0-9]*")}
    assert found == {f"state_{state}.pdb" for state in np.unique(labels)}
    np.save(tmp_path / "x.npy", np.load(DATA / "five_wells.npy")[:2000])
    call("train", "--traj_file", "x.npy", *FAST, "-o", "out", "--overwrite", cwd=tmp_path)
    # Trajectories of the states of an earlier model would be misleading.
    assert not list((tmp_path / "out/states").glob("state_[0-9]*"))
    for name in precious:
        assert (tmp_path / "out" / name).read_text() == "precious"


def moved(path, change):
    """Write 900 frames of alanine dipeptide after a change of each frame's positions."""
    u = mda.Universe(TOPOLOGY, TRAJECTORY)
    with mda.Writer(str(path), u.atoms.n_atoms) as writer:
        for _ in u.trajectory[6000:6900]:
            u.atoms.positions = change(u.atoms.positions)
            writer.write(u.atoms)


def test_a_trajectory_far_from_the_origin_is_written_as_any_other(tmp_path):
    """Its coordinates do not fit into a PDB file, and the whole training was thrown away."""
    moved(tmp_path / "far.trr", lambda positions: positions - np.float32([0, 1024, 2048]))
    call("run", TOPOLOGY, "far.trr", *FAST, "-o", "far", cwd=tmp_path)
    far = read_labels(tmp_path / "far")
    for state in np.unique(far.labels):
        base = tmp_path / "far/states" / f"state_{state}"
        assert np.abs(mda.Universe(f"{base}.pdb").atoms.positions).max() < 20
        u = mda.Universe(f"{base}.pdb", f"{base}.xtc")
        assert u.trajectory.n_frames == (far.labels == state).sum()
        assert u.atoms.positions[:, 2].max() < -2000


def test_what_fails_after_the_training_keeps_the_model_and_the_labels(tmp_path):
    def far_apart(positions):
        positions[-1] += 30_000
        return positions

    moved(tmp_path / "wide.trr", far_apart)
    done = call(
        "run", TOPOLOGY, "wide.trr", *FAST, "--allow_long_bonds", "-o", "out", cwd=tmp_path, code=2
    )
    (line,) = [line for line in done.stderr.splitlines() if "error:" in line]
    assert re.search(
        r"error: out: the model and the labels were written, but not states "
        r"\(state_0.pdb: frame \d+ has coordinates beyond",
        line,
    )
    assert {path.name for path in (tmp_path / "out").iterdir()} == RESULTS - {"states"}
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "no structures are shown: " in page and "<canvas" not in page
    labels = read_labels(tmp_path / "out")
    assert labels.labels.shape == (900,)
    call("assign", "out", TOPOLOGY, TRAJECTORY, "--stop", 9, "-o", "l.npz", cwd=tmp_path)


def test_a_bug_after_the_training_keeps_what_was_written_before(tmp_path):
    def half(path):
        path.write_text("half")
        raise ZeroDivisionError("a bug")

    output = Output(str(tmp_path / "out"), overwrite=False, temperature=None)
    training = SimpleNamespace(strategy=None)
    with (
        pytest.warns(UserWarning, match="out: the model and the labels were written, but not a, c"),
        pytest.raises(ZeroDivisionError),
        results_folder(output, training) as (folder, extras),
    ):
        extras.write(folder / "a", lambda: half(folder / "a"))
        assert extras.write(folder / "b", lambda: (folder / "b").write_text("whole")) == 5
        extras.write(folder / "c", lambda: half(folder / "c"))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b"]


def test_a_disk_that_is_full_after_the_model_keeps_the_model(tmp_path):
    def full():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/.out-x/new/labels.npz")

    output = Output(str(tmp_path / "out"), overwrite=False, temperature=None)
    message = r"out: the model was written, but not labels.npz, b \(No space left on device\)$"
    with (
        pytest.raises(InputError, match=message),
        results_folder(output, SimpleNamespace(strategy=None)) as (folder, extras),
    ):
        (folder / "model").mkdir()
        for name in ("labels.npz", "b"):
            extras.write(folder / name, full)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model"]


def test_a_disk_that_is_full_before_the_model_is_saved_keeps_the_model(tmp_path, monkeypatch):
    def save(path):
        if path.is_relative_to(tmp_path / "out"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        path.mkdir(parents=True)

    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with pytest.raises(
        InputError, match=r"No space left on device\); the trained model is kept in"
    ):
        save_model(save, tmp_path / "out", "out")
    (kept,) = (tmp_path / "temporary").iterdir()
    assert (kept / "model").is_dir()


def test_an_interrupt_after_the_training_keeps_what_was_written_before(tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    output = Output(str(tmp_path / "out"), overwrite=False, temperature=None)
    with (
        pytest.raises(KeyboardInterrupt, match="out: the model and the labels were written, but"),
        results_folder(output, SimpleNamespace(strategy=None)) as (folder, extras),
    ):
        (folder / "labels.npz").touch()
        extras.write(folder / "a", interrupt)
        assert extras.write(folder / "b", lambda: (folder / "b").write_text("late")) is None
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["labels.npz"]

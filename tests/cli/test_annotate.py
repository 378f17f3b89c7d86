"""mdgmvae annotate: files that MDAnalysis and mdtraj read."""

import re
import shutil
from pathlib import Path

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from command import TOPOLOGY, TRAJECTORY, call, fails

from mdgmvae.annotation import read_labels


def b_column(path):
    """Return the B column of the first atom of each model."""
    lines = path.read_text().splitlines()
    found = [line[60:66] for line in lines if line.startswith(("ATOM", "HETATM"))]
    return np.array(found[::22], float)


def test_annotate_writes_files_that_others_read(ran, tmp_path):
    folder, _ = ran
    known = read_labels(folder / "out" / "labels.npz")
    arguments = ["annotate", "out/labels.npz", TOPOLOGY, "a.xtc", "b.dcd", "--format"]
    pdb, h5md = tmp_path / "s.pdb", tmp_path / "s.h5md"
    call(*arguments, "pdb", "-o", pdb, cwd=folder)
    np.testing.assert_array_equal(b_column(pdb), known.labels)
    assert mda.Universe(pdb).trajectory.n_frames == 1500
    call(*arguments, "h5md", "-o", h5md, cwd=folder)
    data = [dict(ts.data) for ts in mda.Universe(TOPOLOGY, h5md).trajectory]
    np.testing.assert_array_equal([d["mdgmvae/state"] for d in data], known.labels)
    np.testing.assert_array_equal([d["mdgmvae/component"] for d in data], known.components)
    own = known.probabilities[np.arange(1500), known.labels]
    np.testing.assert_array_equal([d["mdgmvae/probability"] for d in data], own)


@pytest.mark.parametrize("labels", ["out/labels.npz", "out"])
def test_annotate_writes_the_files_of_states_that_run_writes(ran, labels, tmp_path):
    folder, _ = ran
    states, files = tmp_path / "st", (TOPOLOGY, "a.xtc", "b.dcd")
    call("annotate", labels, *files, "--format", "states", "-o", states, cwd=folder)
    # MDAnalysis writes hidden index files beside the trajectories that it reads.
    written = {path.name for path in states.iterdir()}
    assert written == {p.name for p in (folder / "out/states").iterdir() if p.name[0] != "."}
    for name in written:
        # Representative frames are chosen in the same way as by `run`.
        assert (states / name).read_bytes() == (folder / "out/states" / name).read_bytes()


def test_annotate_writes_components_when_asked(ran, tmp_path):
    folder, _ = ran
    known = read_labels(folder / "out" / "labels.npz").components
    arguments = ["annotate", "out", TOPOLOGY, "a.xtc", "b.dcd", "--of", "components", "--format"]
    call(*arguments, "pdb", "-o", tmp_path / "c.pdb", cwd=folder)
    np.testing.assert_array_equal(b_column(tmp_path / "c.pdb"), known)
    call(*arguments, "states", "-o", tmp_path / "c", cwd=folder)
    for component in np.unique(known):
        base = tmp_path / "c" / f"component_{component}"
        u = mda.Universe(f"{base}.pdb", f"{base}.xtc")
        assert u.trajectory.n_frames == (known == component).sum()
    assert not list((tmp_path / "c").glob("state_*"))


def test_labels_of_another_trajectory_are_told(ran, tmp_path):
    """The file of labels tells the times and lengths of files, and results the features, too."""
    folder, _ = ran
    files, out = (TOPOLOGY, "b.dcd", "a.xtc", "--format", "pdb"), ("-o", tmp_path / "o.pdb")
    done = call("annotate", "out/labels.npz", *files, *out, cwd=folder)
    assert "are the labels those of another trajectory?" in done.stderr
    assert "are they the same files in the same order?" in done.stderr
    done = call("annotate", "out", *files, *out, cwd=folder, code=2)
    assert "when it was labelled, but is" in done.stderr


def test_a_replica_with_the_same_times_is_told(ran, tmp_path):
    folder, _ = ran
    whole = mdtraj.load(TRAJECTORY, top=TOPOLOGY)
    replica = whole[:800]
    replica.time = whole.time[6000:6800]
    replica.save(str(tmp_path / "a.xtc"))
    shutil.copy(folder / "b.dcd", tmp_path)
    words = (TOPOLOGY, "a.xtc", "b.dcd", "--format", "pdb", "-o", "o.pdb")
    line = fails("annotate", folder / "out", *words, cwd=tmp_path)
    assert re.search(r"ALA2 \w+ of frame \d+ was .* so the labels are those of another one", line)


def test_a_cut_trajectory_is_annotated_up_to_the_cut_only(ran, tmp_path):
    """There is no --stop to advise: the labels say which frames are needed."""
    folder, _ = ran
    data = (folder / "a.xtc").read_bytes()
    (tmp_path / "cut.xtc").write_bytes(data[: len(data) * 9 // 10])
    files = (TOPOLOGY, "cut.xtc", "--format", "pdb", "-o", "o.pdb")
    line = fails("annotate", folder / "out", *files, cwd=tmp_path)
    assert "cut.xtc: frame 719 ends early" in line and line.endswith("copy the file again"), line
    call("assign", folder / "out", TOPOLOGY, folder / "a.xtc", "--stop", 100, "-o", "few.npz",
         cwd=tmp_path)  # fmt: skip
    call("annotate", "few.npz", *files, cwd=tmp_path)
    assert len(b_column(tmp_path / "o.pdb")) == 100


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
        assert "choose another -o" in line or "must end in" in line
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name[0] != "."}
    assert after == before

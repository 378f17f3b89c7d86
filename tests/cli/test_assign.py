"""mdgmvae assign, and what it refuses."""

import json
import subprocess
import sys

import numpy as np
from command import TOPOLOGY, TRAJECTORY, call, fails
from MDAnalysisTests import datafiles

from mdgmvae.annotation import read_labels


def test_assign_labels_frames_and_feature_files(ran):
    folder, _ = ran
    known = read_labels(folder / "out" / "labels.npz")
    done = call("assign", "out", TOPOLOGY, "b.dcd", "-o", "b.npz", cwd=folder)
    assert " in 700 frames" in done.stdout.splitlines()[0]
    found = read_labels(folder / "b.npz")
    for name in ("labels", "components", "probabilities", "component_probabilities"):
        np.testing.assert_array_equal(found[name], known[name][800:], err_msg=name)
    call("assign", "out/model", "out/features.npy", "-o", "f.npz", cwd=folder)
    found = read_labels(folder / "f.npz")
    np.testing.assert_array_equal(found.labels, known.labels)
    np.testing.assert_array_equal(found.times, known.times)


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


def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path):
    # Of all commands, this one starts fastest.
    features = f"featurize {TOPOLOGY} {TRAJECTORY} --features dihedrals --stop 50 -o x.npy"
    command = f"{sys.executable} -m mdgmvae {features} | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "x.npy").exists()

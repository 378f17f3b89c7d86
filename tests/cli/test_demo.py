"""mdgmvae demo, from beginning to end."""

import time

import numpy as np
import pytest
from alanine_basins import check_states
from command import RESULTS, call

from mdgmvae.annotation import read_labels


@pytest.mark.slow
def test_demo_finds_the_states_and_runs_again(tmp_path):
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
    found = read_labels(out / "labels.npz")
    labels = found.labels
    is_beta = np.array([beta[labels == s].mean() > 0.5 for s in range(labels.max() + 1)])[labels]
    assert is_beta[beta].mean() > 0.9
    assert (~is_beta)[alpha].mean() > 0.9
    check_states(labels, found.components)
    (out / "my_notes.txt").write_text("mine")
    assert "not empty" in call("demo", cwd=tmp_path, code=2).stderr
    np.testing.assert_array_equal(read_labels(out / "labels.npz").labels, labels)
    call("demo", "--overwrite", *("--n_epochs", 1, "--n_init", 1, "--no-refit"), cwd=tmp_path)
    assert not np.array_equal(read_labels(out / "labels.npz").scores, found.scores)
    assert (out / "my_notes.txt").read_text() == "mine"

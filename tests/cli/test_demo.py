"""mdgmvae demo, from beginning to end."""

import time

import numpy as np
import pytest
from command import RESULTS, call

from mdgmvae.annotation import read_labels


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
    is_beta = np.array([beta[labels == s].mean() > 0.5 for s in range(labels.max() + 1)])[labels]
    assert is_beta[beta].mean() > 0.9
    assert (~is_beta)[alpha].mean() > 0.9
    (out / "my_notes.txt").write_text("mine")
    assert "not empty" in call("demo", cwd=tmp_path, code=2).stderr
    before = labels
    call("demo", "--overwrite", cwd=tmp_path)
    np.testing.assert_array_equal(read_labels(out / "labels.npz").labels, before)
    assert (out / "my_notes.txt").read_text() == "mine"

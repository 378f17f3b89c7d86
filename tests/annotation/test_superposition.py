"""Frames are superposed as MDAnalysis superposes them."""

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysis.analysis.align import rotation_matrix
from MDAnalysisTests.datafiles import DCD, PSF

from mdgmvae.annotation.superposition import superposed


@pytest.fixture(scope="module")
def frames():
    """Return the C-alpha atoms of three frames, and the mirror image of one of them."""
    atoms = mda.Universe(PSF, DCD).select_atoms("name CA")
    some = [atoms.positions for _ in atoms.universe.trajectory[::40]]
    return np.array([*some, some[0] * [-1, 1, 1]], np.float32)


@pytest.mark.parametrize("every", [1, 2], ids=["all", "half"])
def test_several_frames_at_once(frames, every):
    fitted = np.arange(frames.shape[1]) % every == 0
    found = superposed(frames, frames[1], fitted)
    onto = frames[1][fitted].astype(float)
    for frame, ours in zip(frames.astype(float), found, strict=True):
        centre = frame[fitted].mean(axis=0)
        rotation, _ = rotation_matrix(frame[fitted] - centre, onto - onto.mean(axis=0))
        theirs = (frame - centre) @ rotation.T + onto.mean(axis=0)
        assert ours == pytest.approx(theirs, abs=1e-3)
    assert found[1] == pytest.approx(frames[1], abs=1e-4)


def test_two_atoms_are_only_moved(frames):
    fitted = np.arange(frames.shape[1]) < 2
    moved = superposed(frames[0], frames[1], fitted)
    shift = moved - frames[0]
    assert np.ptp(shift, axis=0) == pytest.approx(np.zeros(3), abs=1e-4)
    assert moved[:2].mean(axis=0) == pytest.approx(frames[1, :2].mean(axis=0), abs=1e-4)

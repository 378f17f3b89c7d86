"""Ramachandran plots of states."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from legibility import column, faults

from mdgmvae import plot
from mdgmvae.errors import InputError
from mdgmvae.plot.dihedrals import chosen_residue
from mdgmvae.storage import FeatureSet

N = 3000
RNG = np.random.default_rng(0)
LABELS = np.arange(N) % 3
CENTRES = np.array([[-65, -40], [-120, 175], [60, 45]])
PHI, PSI = (CENTRES[LABELS] + RNG.normal(scale=12, size=(N, 2))).T


def mesh(panel):
    """Return the numbers of frames that a panel shows, (n_phi, n_psi)."""
    (drawn,) = (c for c in panel.collections if hasattr(c, "get_coordinates"))
    return np.square(np.asarray(drawn.get_array()).reshape(36, 36)).T


def test_each_state_has_a_panel_with_its_frames():
    labels = np.where(np.arange(N) < 30, -1, LABELS)
    ax = plt.figure(figsize=(6, 3)).add_subplot()  # In a column, captions are shorter.
    axes = plot.ramachandran(PHI, PSI, labels, ax=ax, name="ALA2")
    assert [panel.get_title() for panel in axes.child_axes] == [
        f"state {state}, 33.3 %" for state in range(3)
    ]
    wrapped = (np.stack([PHI, PSI]) + 180) % 360
    for state, panel in enumerate(axes.child_axes):
        frames = np.flatnonzero((state == LABELS) & (np.arange(N) >= 30))
        expected = np.zeros((36, 36))
        np.add.at(expected, tuple((wrapped[:, frames] // 10).astype(int)), 1)
        np.testing.assert_allclose(mesh(panel), expected, atol=1e-6)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("phi ALA2 / °", "psi ALA2 / °")
    plt.close(axes.figure)


@pytest.mark.parametrize("n", [1, 3, 12, 20])
def test_panels_fit_into_a_column(n):
    ax = column()
    assert plot.ramachandran(PHI, PSI, np.minimum(np.arange(N) % (n + 1), n - 1), ax=ax) is ax
    assert len(ax.child_axes) == min(n, 12)
    assert not faults(ax)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="psi: pass 3,000 finite angles"):
        plot.ramachandran(PHI, PSI[1:], LABELS)
    with pytest.raises(InputError, match="phi: pass 3,000 finite angles"):
        plot.ramachandran(np.full(N, np.nan), PSI, LABELS)
    with pytest.raises(InputError, match="no frame has a state"):
        plot.ramachandran(PHI, PSI, np.full(N, -1))


@pytest.fixture
def features(tmp_path):
    """Return the features of two residues, of which only the second one knows the state."""
    names, columns = [], []
    for residue, angles in (("ALA2", RNG.permutation(np.c_[PHI, PSI])), ("GLY3", np.c_[PHI, PSI])):
        for name, values in zip(("phi", "psi"), np.radians(angles).T, strict=True):
            names += [f"{name} {residue} cos", f"{name} {residue} sin"]
            columns += [np.cos(values), np.sin(values)]
    names += ["phi LEU4 cos", "phi LEU4 sin"]
    columns += columns[:2]
    path = tmp_path / "x.npy"
    np.save(path, np.stack(columns, axis=1).astype(np.float32))
    zeros = np.zeros(N, np.int64)
    return FeatureSet(
        np.load(path, mmap_mode="r"), tuple(names), ("1",) * len(names), np.arange(N),
        np.arange(N, dtype=float), zeros, (N,), path,
    )  # fmt: skip


def test_the_residue_that_tells_most_about_the_state_is_chosen(features):
    name, phi, psi = chosen_residue(features, LABELS)
    assert name == "GLY3"
    turned = (np.stack([phi - PHI, psi - PSI]) + 180) % 360 - 180
    np.testing.assert_allclose(turned, 0, atol=1e-3)
    assert chosen_residue(features, LABELS, "ALA2")[0] == "ALA2"
    with pytest.raises(InputError, match="'LEU4' has no phi and psi here; there are ALA2, GLY3"):
        chosen_residue(features, LABELS, "LEU4")

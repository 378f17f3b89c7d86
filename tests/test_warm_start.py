"""Where the training begins: clusters that are metastable already, with every seed."""

import numpy as np
import pytest
from alanine_basins import dihedrals, metastable
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE

#: One epoch without a step worth the name: the labels are those of the start.
AT_THE_START = {
    "n_epochs": 1, "lr": 1e-12, "refit": False, "validation_fraction": 0.0, "patience": None,
    "verbose": False,
}  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_every_seed_starts_in_the_five_wells(five_wells, seed):
    """With seed 2 the tightest k-means divides a well and joins two others."""
    x, wells = five_wells
    model = GMVAE.from_preset("robust", seed=seed, **AT_THE_START).fit(x)
    assert adjusted_rand_score(wells, model.predict(x)) > 0.97


@pytest.mark.parametrize("scale", [None, "standard", "tica"])
def test_the_rare_state_has_a_component_at_the_start(scale):
    """3 % of the frames, visited once; whatever the scaling, the slow coordinates see it."""
    angles = np.radians(dihedrals())
    x = np.hstack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    model = GMVAE.from_preset("robust", k=4, seed=1, scale=scale, **AT_THE_START).fit(x)
    left = metastable() == 2
    labels = model.predict(x)
    (rare,) = np.flatnonzero(np.bincount(labels[left], minlength=4) > 0.9 * left.sum())
    assert np.mean(left[labels == rare]) > 0.9


def test_without_pairs_the_tightest_clusters_are_taken(five_wells):
    x, wells = five_wells
    x, wells = x[::10], wells[::10]
    settings = {"vamp_weight": 0.0, "lag": None, "scale": "standard"}
    model = GMVAE.from_preset("robust", seed=0, **settings, **AT_THE_START).fit(x)
    assert adjusted_rand_score(wells, model.predict(x)) > 0.9


def test_more_components_than_distinct_frames_leave_some_empty():
    x = np.repeat(np.eye(3, dtype=np.float32), 40, axis=0)
    with pytest.warns(match="Number of distinct clusters"):
        model = GMVAE.from_preset("robust", k=5, lag=2, seed=0, **AT_THE_START).fit(x)
    assert (model.populations_ > 0).sum() == 3

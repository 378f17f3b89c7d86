"""Training starts from metastable clusters with every seed."""

import numpy as np
import pytest
from alanine_basins import dihedrals, metastable
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE
from mdgmvae.errors import InputError
from mdgmvae.training.dataset import Dataset
from mdgmvae.training.lagged_pairs import LaggedPairs
from mdgmvae.training.scaling import Scaling
from mdgmvae.training.tica import Tica
from mdgmvae.training.warm_start import SlowClusters

#: One epoch with negligible steps, so the labels are those of the start. The kinetic term would
#: only take time to trace.
AT_THE_START = {
    "n_epochs": 1, "lr": 1e-12, "refit": False, "validation_fraction": 0.0, "patience": None,
    "vamp_weight": 0.0, "verbose": False,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 4, 5])
def test_every_seed_starts_in_the_five_wells(five_wells, seed):
    """With seeds 4 and 5, the first k-means divides one well and joins two others."""
    x, wells = (given[:10_000] for given in five_wells)
    model = GMVAE.from_preset("robust", k=5, seed=seed, **AT_THE_START).fit(x)
    assert adjusted_rand_score(wells, model.predict(x)) > 0.95


@pytest.mark.parametrize(
    "scale",
    [
        pytest.param(None, marks=pytest.mark.slow),
        "standard",
        pytest.param("tica", marks=pytest.mark.slow),
    ],
)
def test_the_rare_state_has_a_component_at_the_start(scale):
    """The state has 3 % of the frames in one visit; slow coordinates find it with any scaling."""
    angles = np.radians(dihedrals())
    x = np.hstack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    model = GMVAE.from_preset("robust", k=4, seed=1, scale=scale, **AT_THE_START).fit(x)
    left = metastable() == 2
    labels = model.predict(x)
    (rare,) = np.flatnonzero(np.bincount(labels[left], minlength=4) > 0.9 * left.sum())
    assert np.mean(left[labels == rare]) > 0.9


@pytest.mark.slow
def test_without_pairs_the_tightest_clusters_are_taken(five_wells):
    x, wells = five_wells
    x, wells = x[::10], wells[::10]
    settings = {"k": 5, "lag": None, "scale": "standard"}
    model = GMVAE.from_preset("robust", seed=0, **settings, **AT_THE_START).fit(x)
    assert adjusted_rand_score(wells, model.predict(x)) > 0.9


@pytest.mark.parametrize("seed", [pytest.param(2**32, marks=pytest.mark.slow), 2**63 - 1])
def test_any_seed_will_do(five_wells, seed):
    x = five_wells[0][::10]
    first, again = (
        GMVAE.from_preset("robust", seed=seed, **AT_THE_START).fit(x).predict(x) for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("scale", ["tica", "standard"])
def test_features_that_never_change_are_refused(scale):
    x = np.ones((500, 3), np.float32)
    with pytest.raises(InputError, match="no feature changes from frame to frame"):
        GMVAE.from_preset("robust", seed=0, scale=scale, **AT_THE_START).fit(x)


def test_slow_coordinates_are_the_slow_ones_whatever_their_size():
    """An alternating column has a large negative autocorrelation and is the fastest of all."""
    rng = np.random.default_rng(0)
    slow = np.cumsum(rng.random(4000) < 0.01) % 2
    x = np.column_stack([(-1.0) ** np.arange(4000), slow, rng.normal(size=4000)])
    x = (1e-4 * (x + 0.1 * rng.normal(size=x.shape))).astype(np.float32)
    later = x[1:]
    tica = Tica.fit([(x[:-1], later)], lag=1)
    assert np.abs(tica.projection).argmax(axis=0).tolist() == [1, 2, 0]
    assert (np.diff(tica.autocorrelation) < 0).all()


def test_fewer_pairs_than_components_are_divided():
    """mdgmvae run --stop 14 ended as a fault of ours: there are 9 pairs for 10 clusters."""
    x = np.random.default_rng(0).normal(size=(14, 2)).astype(np.float32)
    dataset, pairs = Dataset(x), LaggedPairs.within([14], 5)
    labels = SlowClusters(dataset, Scaling.fit("standard", [x], 2), pairs).divide(10, seed=0)
    assert len(labels) == 9 and 2 <= len(np.unique(labels)) <= 9


@pytest.mark.slow
def test_more_components_than_distinct_frames_leave_some_empty():
    x = np.repeat(np.eye(3, dtype=np.float32), 40, axis=0)
    with pytest.warns(UserWarning) as said:
        model = GMVAE.from_preset("robust", k=5, lag=2, n_init=2, seed=0, **AT_THE_START).fit(x)
    (warning,) = said
    assert str(warning.message).startswith("k=5: the frames do not fall into 5 clusters")
    assert warning.filename == __file__
    assert (model.populations_ > 0).sum() == 3

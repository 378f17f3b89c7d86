"""The start finds slow processes that are nonlinear, rare or hidden among many columns."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from mdgmvae.data import processes
from mdgmvae.kinetics import lump
from mdgmvae.training.dataset import Dataset
from mdgmvae.training.lagged_pairs import LaggedPairs
from mdgmvae.training.products import Expansion
from mdgmvae.training.reduction import Reduction
from mdgmvae.training.scaling import Scaling
from mdgmvae.training.vamp_tree import VampTree
from mdgmvae.training.warm_start import SlowClusters

LAG = 5


def scaled(toy):
    dataset, pairs = Dataset(toy.X), LaggedPairs.within(toy.lengths, LAG)
    standard = Scaling.fit("standard", [toy.X], toy.X.shape[1])
    reduction = Reduction.of(dataset, pairs, standard.apply)
    return dataset, pairs, Scaling.fit_tica(standard, dataset, pairs, reduction, None)


@pytest.mark.parametrize(
    ("make", "products"),
    [
        (processes.rings, [[0, 0], [1, 1]]),
        (processes.exclusive_or, [[0, 1]]),
        (processes.harmonic_well, []),
        (processes.flat_box, []),
        (processes.white_noise, []),
    ],
)
def test_products_are_added_only_where_they_are_slow(make, products):
    for seed in range(3):
        _, _, scaling = scaled(make(10_000, seed))
        assert scaling.products.tolist() == products


@pytest.mark.parametrize("name", ["rings", "exclusive or", "Swiss roll", "rare state"])
def test_initial_clusters_hold_the_states(name):
    toy = processes.WITH_STATES[name](10_000, 0)
    dataset, pairs, scaling = scaled(toy)
    clusters = SlowClusters(dataset, scaling, pairs)
    labels = clusters.divide(10, seed=0)
    known = toy.labels[: len(labels)]
    states = lump(labels, lag=LAG, k=10, n_macrostates=known.max() + 1).labels
    assert adjusted_rand_score(known, states) > 0.9


def test_a_tree_finds_the_slow_column_among_many():
    toy = processes.hidden_column(10_000, 0)
    x = toy.X / toy.X.std(axis=0)
    tree = VampTree.grow(x[:-LAG], x[LAG:], 2)
    assert [cut.axis for cut in tree.cuts] == [40]
    assert adjusted_rand_score(toy.labels, tree.predict(x)) > 0.9


def test_gain_of_a_cut_is_that_of_the_counts():
    """The score that the tree maximises is VAMP-2 of the cells, from its definition."""
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.normal(size=(2000, 2)), axis=0)
    tree = VampTree.grow(x[:-LAG], x[LAG:], 3)
    first = tree.cuts[0]

    def vamp2(axis, at):
        counts = np.zeros((2, 2))
        np.add.at(counts, ((x[:-LAG, axis] > at).astype(int), (x[LAG:, axis] > at).astype(int)), 1)
        counts /= counts.sum()
        return (counts**2 / np.outer(counts.sum(1), counts.sum(0))).sum()

    best = vamp2(first.axis, first.at)
    others = [
        vamp2(axis, at)
        for axis in range(2)
        for at in np.quantile(x[:-LAG, axis], [0.1, 0.3, 0.5, 0.7, 0.9])
    ]
    assert best >= max(others) - 1e-12 and len(set(others)) > 5


def test_gradient_through_products():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 3))
    expansion = Expansion(np.array([[0, 0], [0, 2]]))
    weights = rng.normal(size=5)
    numeric = np.empty_like(x)
    for column in range(3):
        step = np.zeros(3)
        step[column] = 1e-6
        change = expansion.apply(x + step) @ weights - expansion.apply(x - step) @ weights
        numeric[:, column] = change / 2e-6
    found = expansion.gradient(x, np.tile(weights, (4, 1)))
    np.testing.assert_allclose(found, numeric, atol=1e-6)

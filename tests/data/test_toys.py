"""Toy data against sums over grids and independent simulations."""

import numpy as np
import pytest
from paths import DATA

from mdgmvae.data.potentials import FIVE_WELLS, MUELLER_BROWN
from mdgmvae.data.toys import five_wells, mueller_brown
from mdgmvae.errors import InputError

POTENTIALS = {"mueller_brown": MUELLER_BROWN, "five_wells": FIVE_WELLS}


@pytest.fixture(scope="module")
def wells():
    return five_wells(200, 1_000, seed=3)


@pytest.fixture(scope="module")
def surface():
    """Many short trajectories: the time is that of the steps, however many move at once.

    Twice the default time step, at which an error of the integrator would be larger.
    """
    return mueller_brown(900, 100, seed=3, steps=250)


@pytest.fixture(scope="module")
def populations_of_wells():
    return FIVE_WELLS.populations()


def transitions(toy):
    """Return the share of pairs of successive frames that go from each basin to each other one."""
    labels = toy.labels.reshape(len(toy.lengths), -1)
    counts = np.zeros((labels.max() + 1,) * 2)
    np.add.at(counts, (labels[:, :-1].ravel(), labels[:, 1:].ravel()), 1)
    return counts / counts.sum()


@pytest.mark.parametrize("name", POTENTIALS)
def test_basins_are_those_of_an_independent_descent(name):
    X, labels = (np.load(DATA / f"{name}{end}.npy") for end in ("", "_labels"))
    assert np.mean(POTENTIALS[name].basins(X) != labels) < 2e-4


@pytest.mark.parametrize("name", POTENTIALS)
def test_gradient_is_that_of_the_energy(name):
    potential = POTENTIALS[name]
    X = np.load(DATA / f"{name}.npy")[::500].astype(float)
    for axis, step in enumerate(1e-6 * np.eye(X.shape[1])):
        slope = (potential.energy(X + step) - potential.energy(X - step)) / 2e-6
        np.testing.assert_allclose(potential.gradient(X)[:, axis], slope, rtol=1e-4, atol=1e-3)


def test_minima_are_where_the_gradient_vanishes():
    assert np.abs(MUELLER_BROWN.gradient(MUELLER_BROWN.minima)).max() < 1
    assert np.abs(FIVE_WELLS.gradient(FIVE_WELLS.minima)).max() < 0.01
    np.testing.assert_allclose(
        MUELLER_BROWN.energy(MUELLER_BROWN.minima), [-146.70, -80.77, -108.17], atol=0.01
    )


@pytest.mark.slow
def test_exact_populations_are_the_known_ones(populations_of_wells):
    np.testing.assert_allclose(MUELLER_BROWN.populations(150), [0.8981, 0.0255, 0.0764], atol=2e-4)
    # From 400,000 independent draws.
    known = [0.3504, 0.2506, 0.1997, 0.1195, 0.0798]
    np.testing.assert_allclose(populations_of_wells, known, atol=2e-3)


def test_energy_of_the_wells_is_minus_the_logarithm_of_a_density():
    cell = np.prod(np.ptp(FIVE_WELLS.bounds, axis=1)) / 60**3
    assert np.exp(-FIVE_WELLS.energy(FIVE_WELLS.grid(60))).sum() * cell == pytest.approx(
        1, abs=1e-3
    )


@pytest.mark.slow
def test_frames_are_in_equilibrium(wells, surface, populations_of_wells):
    # The tolerance follows from the effective number of frames: a visit lasts about 40.
    shares = np.bincount(wells.labels) / len(wells.labels)
    np.testing.assert_allclose(shares, populations_of_wells, atol=0.02)
    shares = np.bincount(surface.labels) / len(surface.labels)
    np.testing.assert_allclose(shares, MUELLER_BROWN.populations(), atol=0.012)


def test_frames_fill_the_basins_as_the_density_does(wells, surface):
    """A wrong noise or time step would change means and spreads within a basin."""
    for toy, potential, n_grid in ((wells, FIVE_WELLS, 60), (surface, MUELLER_BROWN, 150)):
        points = potential.grid(n_grid)
        weights = np.exp(-(potential.energy(points) - potential.energy(potential.minima).min()))
        weights = weights ** (1 / potential.kT)
        points, weights = points[weights > 1e-6], weights[weights > 1e-6]
        basins = potential.basins(points)
        for basin in np.unique(basins):
            there = points[basins == basin]
            mean = np.average(there, axis=0, weights=weights[basins == basin])
            square = np.average((there - mean) ** 2, axis=0, weights=weights[basins == basin])
            ours = toy.X[toy.labels == basin]
            np.testing.assert_allclose(ours.mean(axis=0), mean, atol=0.04)
            np.testing.assert_allclose(ours.std(axis=0), np.sqrt(square), atol=0.02)


@pytest.mark.parametrize("name", POTENTIALS)
def test_transitions_are_as_frequent_as_in_a_finer_simulation(name, wells, surface):
    toy = {"mueller_brown": surface, "five_wells": wells}[name]
    known = np.load(DATA / f"{name}_labels.npy").astype(int)
    counts = np.zeros((known.max() + 1,) * 2)
    np.add.at(counts, (known[:-1], known[1:]), 1)
    found, expected = transitions(toy), counts / counts.sum()
    off = ~np.eye(len(found), dtype=bool)
    assert found[off].sum() == pytest.approx(expected[off].sum(), rel=0.12)


def test_frames_of_a_trajectory_are_in_the_order_of_time(wells):
    assert wells.X.shape == (200_000, 3) and wells.X.dtype == np.float32
    assert wells.lengths == (1_000,) * 200 and wells.labels.dtype == np.int64
    steps = np.linalg.norm(np.diff(wells.X, axis=0), axis=1)
    ends = np.arange(1, 200) * 1_000 - 1
    assert np.median(steps[ends]) > 3 * np.median(np.delete(steps, ends))


def test_same_seed_same_frames():
    once, again, other = (five_wells(3, 20, seed=seed).X for seed in (5, 5, 6))
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)


def test_frames_do_not_depend_on_how_many_follow(monkeypatch):
    """Nor on how many random numbers are drawn at once, here those of 16 frames."""
    first = five_wells(2, 30, seed=1).X.reshape(2, 30, 3)
    monkeypatch.setattr("mdgmvae.data.toys._DRAWN_AT_ONCE", 2000)
    for n in (30, 250):
        again = five_wells(2, n, seed=1).X.reshape(2, n, 3)
        np.testing.assert_array_equal(again[:, :30], first)


def test_numbers_that_are_not_positive_are_refused():
    with pytest.raises(InputError, match="n_frames=0"):
        five_wells(2, 0)
    with pytest.raises(InputError, match="steps=-1"):
        mueller_brown(2, 5, steps=-1)

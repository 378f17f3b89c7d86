"""Stated 95 % intervals hold the true values of known chains about as often as they say.

The truth comes from powers and logarithms of the transition matrices, not from the code.
"""

from functools import cache

import numpy as np
import pytest
from deeptime.markov.tools.analysis import mfpt
from scipy.linalg import expm, logm
from scipy.stats import norm

from mdgmvae.errors import InputError
from mdgmvae.kinetics import (
    chapman_kolmogorov,
    implied_timescales,
    stationary_populations,
    transitions,
    visits,
)
from mdgmvae.kinetics.posterior import Posteriors
from mdgmvae.kinetics.rates import lifetimes_of, populations_of
from mdgmvae.kinetics.relaxation import recrossing, relaxation_time
from mdgmvae.kinetics.timescales import timescales_at
from mdgmvae.landscape import free_energy, state_free_energies
from mdgmvae.landscape.bootstrap import Blocks

RATES = np.array([[0, 0.5, 0.08], [1, 0, 0.33], [0.5, 1, 0]])  # in detailed balance with 6 : 3 : 1
#: Two deep states, each with a shallow place at the barrier, where the chain goes to and fro.
BARRIER = np.array(
    [
        [0.97, 0.03, 0, 0],
        [0.30, 0.40, 0.30, 0],
        [0, 0.30, 0.40, 0.30],
        [0, 0, 0.06, 0.94],
    ]
)
SIDES = np.array([0, 0, 1, 1])


def stationary(matrix):
    p = np.linalg.matrix_power(matrix, 2**20)[0]
    return p / p.sum()


def three_states(relaxation):
    """Return the matrix of a chain whose slowest process has this timescale in frames."""
    rates = RATES - np.diag(RATES.sum(axis=1))
    slowest = -np.sort(np.linalg.eigvals(rates).real)[-2]
    return expm(rates / slowest / relaxation)


def simulated(matrix, sets, frames, seed):
    """Return the states (sets, frames) of chains that start in equilibrium."""
    rng = np.random.default_rng(seed)
    upto = np.cumsum(matrix, axis=1)[:, :-1]
    state = rng.choice(len(matrix), sets, p=stationary(matrix))
    states = np.empty((frames, sets), np.int64)
    for t in range(frames):
        states[t] = state
        state = (rng.random((sets, 1)) > upto[state]).sum(axis=1)
    return states.T


@cache
def slow(sets, frames=6_000):
    return simulated(three_states(200), sets, frames, seed=0)


@cache
def recrossed(sets, frames=6_000):
    return SIDES[simulated(BARRIER, sets, frames, seed=1)]


def of_sides(lag):
    """Return the transition matrix of the sides of the barrier in equilibrium."""
    member = np.eye(2)[SIDES]
    joint = member.T @ np.diag(stationary(BARRIER)) @ np.linalg.matrix_power(BARRIER, lag) @ member
    return joint / joint.sum(axis=1, keepdims=True)


def true_energies(matrix):
    p = stationary(matrix)
    return np.log(p[0] / p)


def held(interval, truth, chosen=...):
    """Return whether the intervals hold the truth, without those that are not stated."""
    lower, upper = interval.lower[chosen], interval.upper[chosen]
    stated = ~np.isnan(lower)
    return ((lower <= truth[chosen]) & (truth[chosen] <= upper))[stated].tolist()


def kinetic_coverage(data, matrix, lag, n_samples=40):
    """Return the share of intervals that hold the truth, for each quantity."""
    k = len(matrix)
    off, other = ~np.eye(k, dtype=bool), np.arange(1, k)
    relaxations = -lag / np.log(np.sort(np.linalg.eigvals(matrix).real)[-2::-1])
    passage = lag * np.column_stack([mfpt(matrix, target) for target in range(k)])
    hits = {name: [] for name in ("populations", "times", "lifetimes", "rates", "passage", "F")}
    for labels in data:
        if len(np.unique(labels)) < k:
            continue
        options = {"k": k, "n_samples": n_samples}
        models = Posteriors(labels, **options)
        times = timescales_at(models, [lag], None)
        lived = lifetimes_of(models.at(lag), visits(labels), None).from_model
        exchange = transitions(labels, lag=lag, **options)
        energies = state_free_energies(labels, lag=lag, k=k, n_bootstrap=n_samples)
        hits["populations"] += held(populations_of(models.at(lag)), stationary(matrix))
        hits["times"] += held(times, relaxations[None])
        hits["lifetimes"] += held(lived, -lag / np.log(np.diag(matrix)))
        hits["rates"] += held(exchange.rates, logm(matrix).real / lag, off)
        hits["passage"] += held(exchange.mean_first_passage_times, passage, off)
        hits["F"] += held(energies, true_energies(matrix), other)
    return {name: np.mean(inside) for name, inside in hits.items()}


# --- Markov models -----------------------------------------------------------------------


def test_intervals_of_few_transitions_hold_the_truth():
    """There are some 15 relaxation times. Rates that were never seen have an upper end, too."""
    found = kinetic_coverage(slow(15, 3_000), np.linalg.matrix_power(three_states(200), 5), lag=5)
    assert min(found.values()) > 0.88, found


def test_intervals_of_labels_that_recross_hold_the_truth():
    """Crossings to and fro are not independent: as if they were, 67-80 % of intervals do."""
    found = kinetic_coverage(recrossed(15), of_sides(1), lag=1)
    assert min(found.values()) > 0.86, found


@pytest.mark.slow
@pytest.mark.parametrize(("lag", "frames"), [(1, 10_000), (10, 2_000)])
def test_intervals_hold_the_truth_at_any_lag_and_length(lag, frames):
    for relaxation in (20, 200):
        matrix = three_states(relaxation)
        data = simulated(matrix, 100, frames, seed=[lag, relaxation])
        at_lag = np.linalg.matrix_power(matrix, lag)
        found = kinetic_coverage(data, at_lag, lag, n_samples=100)
        assert min(found.values()) > 0.88 and max(found.values()) < 0.995, found
    found = kinetic_coverage(recrossed(100, frames), of_sides(lag), lag, n_samples=100)
    assert min(found.values()) > 0.88, found


def test_a_rate_that_was_never_seen_ends_where_none_would_be_seen():
    labels = np.repeat([0, 1, 2, 1, 0], 100)
    rates = transitions(labels, lag=1, dt=2.0).rates
    assert rates.value[0, 2] == rates.lower[0, 2] == 0
    # 400 ps in the states, and detailed balance: exp(-2 * rate * 400 ps) = 2.5 %.
    assert rates.upper[0, 2] == pytest.approx(-np.log(0.025) / (2 * 400))
    assert rates.upper[2, 0] == pytest.approx(-np.log(0.025) / (2 * 200))
    apart = transitions(np.repeat([0, 1], 50), lag=2, lengths=[50, 50]).rates
    assert apart.upper[0, 1] == pytest.approx(-np.log(0.025) / 50)
    assert np.isnan(transitions(labels, lag=1, n_samples=0).rates.upper[0, 2])


def test_recrossing_is_seen_in_timescales():
    """The factor is that between the timescale of the sides and that of the chain itself."""
    slowest = np.sort(np.linalg.eigvals(BARRIER).real)[-2]
    many, lengths = recrossed(100, 2_000).ravel(), [2_000] * 100
    true_factor = np.log(of_sides(1).trace() - 1) / np.log(slowest)
    assert true_factor > 2.5
    assert recrossing(many, 1, lengths) == pytest.approx(true_factor, rel=0.15)
    shown = implied_timescales(many, lags=[1, 30], lengths=lengths, n_samples=2).recrossing
    assert shown[0] == recrossing(many, 1, lengths) and shown[1] < 1.1
    assert relaxation_time(many, lengths=lengths) == pytest.approx(-1 / np.log(slowest), rel=0.15)
    markovian, lengths = slow(30, 5_000).ravel(), [5_000] * 30
    assert recrossing(markovian, 1, lengths) < 1.1
    assert relaxation_time(markovian, lengths=lengths) == pytest.approx(200, rel=0.15)


def test_nothing_relaxes_without_memory_transitions_or_pairs():
    assert relaxation_time(np.random.default_rng(0).integers(0, 3, 5_000)) < 1
    assert relaxation_time(np.zeros(100, int)) == 0
    assert relaxation_time([0, 1, 0], lengths=[1, 1, 1]) == 0
    assert relaxation_time([-1, -1]) == 0
    assert relaxation_time(np.repeat([0, 1], 50), lengths=[50, 50]) == 0
    assert recrossing(np.repeat([0, 1], 50), lag=2, lengths=[50, 50]) == 1
    # Sets that never meet relax each on its own.
    (inside,) = simulated(three_states(20), 1, 8_000, seed=3)
    both = np.concatenate([inside, 3 + inside])
    found = relaxation_time(both, lengths=[8_000, 8_000])
    assert found == pytest.approx(20, rel=0.2)


def test_the_chapman_kolmogorov_test_does_not_allow_for_recrossing():
    """If it did, labels that are not Markovian would pass it."""
    labels, lengths = recrossed(25, 2_000).ravel(), [2_000] * 25
    found = chapman_kolmogorov(labels, lag=1, lengths=lengths, n_samples=30)
    assert found.max_deviation > 10


# --- free energies -----------------------------------------------------------------------


def test_blocks_follow_the_slowest_relaxation():
    """Blocks of a fiftieth of the frames hold half a relaxation time: 71 % of intervals do."""
    truth = true_energies(three_states(200))
    inside = []
    for labels in slow(30):
        found = state_free_energies(labels, k=3)
        inside += held(found, truth, [1, 2])
    assert np.mean(inside) > 0.88
    for relaxation, expected in ((200, 2_000), (500, 2_500), (2_000, 5_000)):
        assert Blocks.of_frames(100_000, relaxation=relaxation).length == expected
    fast = state_free_energies(np.random.default_rng(0).integers(0, 2, 10_000))
    assert (fast.block_length, fast.doubts) == (200, ())
    short = state_free_energies(slow(30)[0])
    assert short.n_blocks == 20
    assert "simulate longer" in str(short) and "relaxation" in str(short)


def test_errors_do_not_depend_on_the_length_of_blocks():
    """Blocks that are too short miss part of the variance, which is known."""
    labels, lengths = slow(30, 5_000).ravel(), [5_000] * 30
    errors = [
        state_free_energies(labels, lengths=lengths, block_length=length).error[1]
        for length in (50, 200, 1_000)
    ]
    assert max(errors) < 1.4 * min(errors)


def test_intervals_of_surfaces_hold_the_truth():
    inside = []
    for seed, labels in enumerate(slow(30)[:15]):
        x = labels + 0.25 * np.random.default_rng(seed).normal(size=labels.shape)
        found = free_energy(x, bins=20)
        (edges,) = found.edges
        p = np.diff(norm(np.arange(3), 0.25).cdf(edges[:, None]) @ stationary(three_states(200)))
        counts, _ = np.histogram(x, edges)
        shift = np.log(counts.max() / len(x))  # the lowest bin is at zero
        known = np.isfinite(found.upper)
        inside += held(found, -np.log(p) + shift, known)
    assert np.mean(inside) > 0.88
    assert found.relaxation_time > 50 and "simulate longer" in str(found)
    fine = free_energy(np.random.default_rng(0).normal(size=20_000), bins=20)
    assert fine.relaxation_time < 1 and fine.doubts == ()


def test_with_a_lag_energies_are_those_of_the_markov_model():
    labels = slow(30)[0]
    found = state_free_energies(labels, lag=5, temperature=300.0, reference=1)
    populations = stationary_populations(labels, lag=5).value
    np.testing.assert_allclose(found.populations, populations)
    kT = 0.00831446261815324 * 300
    np.testing.assert_allclose(found.energy, kT * np.log(populations[1] / populations))
    assert found.error[1] == found.lower[1] == found.upper[1] == 0
    assert (found.lower < found.energy + 1e-12).all() and (found.upper > found.energy - 1e-12).all()
    assert (found.lag, found.n_blocks) == (5, 0) and "lag of 5 frames" in str(found)
    assert "blocks" in str(state_free_energies(labels))
    again = state_free_energies(labels, lag=5, temperature=300.0, reference=1, seed=1)
    assert (again.upper != found.upper).any()


def test_without_transitions_free_energies_are_unknown():
    (labels,) = simulated(three_states(20), 1, 2_000, seed=5)
    both = np.concatenate([labels, 3 + labels])
    found = state_free_energies(both, lag=5, lengths=[2_000, 2_000], k=7)
    assert np.isinf(found.error[3:6]).all() and np.isneginf(found.lower[3:6]).all()
    assert np.isposinf(found.upper[3:6]).all() and np.isfinite(found.error[:3]).all()
    assert np.isnan(found.energy[6])
    assert "no transitions to and from state 0" in str(found)


def test_a_lag_and_blocks_exclude_each_other():
    with pytest.raises(InputError, match="block_length=10: with lag=5"):
        state_free_energies([0, 1] * 50, lag=5, block_length=10)
    with pytest.raises(InputError, match="lag=0"):
        state_free_energies([0, 1] * 50, lag=0)

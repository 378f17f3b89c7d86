"""Timescales, populations and passage times of known chains are found within their errors."""

import numpy as np
import pytest
from alanine_basins import conventional, markov_chain, metastable
from deeptime.markov.tools.analysis import mfpt, stationary_distribution

from mdgmvae.errors import InputError
from mdgmvae.kinetics import (
    assignment_quality,
    chapman_kolmogorov,
    default_lags,
    implied_timescales,
    lifetimes,
    lump,
    mean_first_passage_times,
    stationary_populations,
    vamp2_cross_validated,
)
from mdgmvae.kinetics.rates import _steps_until

TWO = np.array([[0.98, 0.02], [0.05, 0.95]])
THREE = np.array([[0.97, 0.02, 0.01], [0.04, 0.95, 0.01], [0.02, 0.01, 0.97]])
DT = 2.0


def true_timescales(matrix):
    return -DT / np.log(np.sort(np.linalg.eigvals(matrix).real)[::-1][1:])


@pytest.mark.parametrize("matrix", [TWO, THREE])
def test_intervals_hold_the_true_timescales(matrix):
    expected = true_timescales(matrix)
    inside, widths = [], []
    for seed in range(20):
        states = markov_chain(matrix, 10_000, seed)
        found = implied_timescales(states, lags=[1, 5], dt=DT, seed=seed)
        assert found.unit == "ps"
        assert (found.lower <= found.timescales).all()
        assert (found.timescales <= found.upper).all()
        inside.append((found.lower < expected) & (found.upper > expected))
        widths.append((found.upper - found.lower) / expected)
    assert np.mean(inside, axis=0).min() >= 0.8  # 0.95 of them on average
    assert np.mean(widths) < 0.6


def test_alanine_dipeptide_has_its_timescales():
    found = implied_timescales(conventional(), lags=[5, 10], dt=DT)
    assert found.timescales.shape == (2, 3)
    for slow, middle in found.timescales[:, :2]:
        assert slow > 400
        assert 20 < middle < 25
    assert (found.upper[:, 0] > 3 * found.timescales[:, 0]).all()  # it was seen once
    assert (found.upper[:, 1] - found.lower[:, 1] < 6).all()
    without = implied_timescales(conventional(), lags=[5], n_samples=0)
    assert without.unit == "frames"
    assert np.isnan(without.lower).all()
    np.testing.assert_allclose(without.timescales[0] * DT, found.timescales[0])


def test_same_seed_same_intervals():
    first, second, other = (
        implied_timescales(metastable(), lags=[5], n_samples=20, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.upper, second.upper)
    assert (first.upper != other.upper).any()


def test_default_lags_are_around_the_lag():
    for lag, longest in ((1, 50), (5, 20_000), (50, 300), (7, 10**6)):
        lags = default_lags(lag, longest)
        assert lag in lags
        assert lags == sorted(set(lags))
        assert max(lags) <= max(lag, longest // 10)


@pytest.mark.parametrize("matrix", [TWO, THREE])
def test_chains_pass_the_chapman_kolmogorov_test(matrix):
    deviations = [
        chapman_kolmogorov(markov_chain(matrix, 20_000, seed), lag=2).max_deviation
        for seed in range(5)
    ]
    assert max(deviations) < 3
    test = chapman_kolmogorov(markov_chain(matrix, 200_000), lag=1, multiples=[1, 4], dt=DT)
    np.testing.assert_allclose(
        test.predicted.value[1], np.linalg.matrix_power(matrix, 4), atol=0.02
    )
    np.testing.assert_allclose(test.estimated.value[1], test.predicted.value[1], atol=0.02)
    np.testing.assert_allclose(test.predicted.value[0], test.estimated.value[0], atol=1e-9)


def test_labels_with_noise_fail_the_chapman_kolmogorov_test():
    """One frame in ten is mislabelled, so the labels are not Markovian."""
    states = markov_chain(TWO, 50_000)
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(50_000) < 0.1, 1 - states, states)
    assert chapman_kolmogorov(states, lag=2).max_deviation < 3
    failed = chapman_kolmogorov(noisy, lag=2)
    assert failed.max_deviation > 6
    assert failed.differences.max() > 0.1
    assert failed.deviations.shape == (2,)


def test_short_segments_do_not_fail_the_chapman_kolmogorov_test():
    """States in segments shorter than a lag time cannot be tested at that lag time."""
    long = markov_chain(TWO, 5000)
    segments = [long, *(2 + markov_chain(TWO, 24, seed) for seed in range(1, 61))]
    lengths = [len(segment) for segment in segments]
    found = chapman_kolmogorov(np.concatenate(segments), lag=5, lengths=lengths)
    assert found.multiples.tolist() == [1, 2, 3, 4, 5]
    assert found.deviations.max() < 3
    assert np.isnan(found.estimated.value[-1, 2:, 2:]).all()
    assert np.isfinite(found.estimated.value[-1, :2, :2]).all()
    times = implied_timescales(np.concatenate(segments), lags=[5, 25], lengths=lengths)
    assert np.isinf(times.timescales[0, 0]) and np.isfinite(times.timescales[0, 1:]).all()
    assert np.isfinite(times.timescales[1, 0]) and np.isnan(times.timescales[1, 1:]).all()


def test_multiples_that_are_too_long_are_left_out():
    states = markov_chain(TWO, 400)
    assert chapman_kolmogorov(states, lag=90).multiples.tolist() == [1, 2, 3, 4]


def test_populations_hold_the_truth():
    truth = stationary_distribution(THREE)
    found = stationary_populations(markov_chain(THREE, 20_000), lag=5, k=5)
    assert ((found.lower[:3] < truth) & (found.upper[:3] > truth)).all()
    np.testing.assert_array_equal(found.value[3:], 0)
    assert found.value.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.value[:3], truth, atol=0.05)


def test_population_of_a_state_entered_once_is_not_known():
    found = stationary_populations(metastable(), lag=5)
    assert found.upper[2] > 5 * found.value[2] or found.lower[2] < found.value[2] / 5
    assert found.std[0] < 0.15


def test_passage_times_are_those_of_the_chain():
    truth = DT * np.column_stack([mfpt(THREE, target) for target in range(3)])
    found = mean_first_passage_times(markov_chain(THREE, 100_000), lag=1, dt=DT, k=4)
    np.testing.assert_allclose(found.value[:3, :3], truth, rtol=0.1)
    inside = (found.lower[:3, :3] <= truth) & (found.upper[:3, :3] >= truth)
    assert inside.sum() >= 7  # the diagonal and most of the others
    assert np.isnan(found.value[3]).all()
    apart = mean_first_passage_times(np.repeat([0, 1], 50), lag=2, lengths=[50, 50], n_samples=5)
    assert np.isinf(apart.value[0, 1]) and np.isinf(apart.upper[1, 0])
    assert apart.value[0, 0] == 0


def test_lifetimes_of_a_chain():
    found = lifetimes(markov_chain(TWO, 50_000), lag=1, dt=DT, k=3)
    expected = -DT / np.log(np.diag(TWO))
    np.testing.assert_allclose(found.from_model.value[:2], expected, rtol=0.06)
    np.testing.assert_allclose(found.from_runs[:2], [100, 40], rtol=0.06)
    # With two states, memory is lost at the relaxation time of the chain.
    np.testing.assert_allclose(found.memory.value[:2], true_timescales(TWO)[0], rtol=0.06)
    assert np.isnan(found.from_model.value[2])


def test_a_well_populated_state_without_memory_seems_to_last_and_is_told():
    labels = (np.random.default_rng(0).random(50_000) < 0.05).astype(int)
    found = lifetimes(labels, lag=5)
    assert found.from_model.value[0] > 50
    assert found.memory.value[0] < 5


def test_models_of_any_labels():
    """Labels without dynamics are no error: one state, states at the ends, unconnected sets."""
    ends = np.r_[np.full(30, 1), np.zeros(500, int), np.full(30, 2)]
    for labels, lengths in (
        (np.zeros(100, int), None),
        (ends, None),
        (np.repeat([0, 1, 2], 100), [100, 100, 100]),
    ):
        options = {"lengths": lengths, "n_samples": 10}
        populations = stationary_populations(labels, lag=5, **options).value
        assert populations.sum() == pytest.approx(1)
        assert not np.isnan(implied_timescales(labels, lags=[5], **options).timescales).any()
        assert not np.isnan(chapman_kolmogorov(labels, lag=5, **options).deviations).any()
        assert not np.isnan(mean_first_passage_times(labels, lag=5, **options).value).any()
        assert not np.isnan(lifetimes(labels, lag=5, **options).from_model.value).any()
    found = stationary_populations(ends, lag=5)
    np.testing.assert_allclose(found.value, [500 / 560, 30 / 560, 30 / 560], rtol=0.25)


def test_quality_of_assignments():
    q = np.zeros((1000, 5), np.float32)
    q[:600, 1] = 1
    q[600:900, 0], q[600:900, 1] = 0.9, 0.1
    q[900:, 3] = 1
    found = assignment_quality(q)
    assert (found.n_components, found.n_active) == (5, 3)
    assert found.share_certain == pytest.approx(0.7)
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert found.mean_entropy == pytest.approx(0.3 * entropy, abs=1e-6)
    np.testing.assert_allclose(found.certain, [0, 1, np.nan, 1, np.nan])


@pytest.mark.parametrize(
    ("function", "options", "said"),
    [
        (implied_timescales, {"lags": []}, "at least one lag"),
        (implied_timescales, {"lags": [0]}, "lags=0"),
        (implied_timescales, {"lags": [1], "dt": -1.0}, "dt=-1.0"),
        (implied_timescales, {"lags": [1], "n_samples": -1}, "n_samples=-1"),
        (chapman_kolmogorov, {"lag": 1, "n_samples": 1}, "n_samples=1"),
        (chapman_kolmogorov, {"lag": 200}, "lag=200"),
        (stationary_populations, {"lag": 1, "lengths": [5]}, "add up"),
        (lifetimes, {"lag": 1, "k": 1}, "k=1"),
        (lifetimes, {"lag": 1, "dt": "2"}, "dt='2'"),
        (implied_timescales, {"lags": 5}, "lags=5: pass several"),
        (chapman_kolmogorov, {"lag": 1, "multiples": 3}, "multiples=3: pass several"),
        (stationary_populations, {"lag": 1, "n_samples": 2.5}, "n_samples=2.5"),
        (stationary_populations, {"lag": 1, "k": 3.7}, "k=3.7"),
        (vamp2_cross_validated, {"lag": 1, "n_processes": 0}, "n_processes=0"),
        (lump, {"lag": 1, "n_macrostates": 1.5}, "n_macrostates=1.5"),
    ],
)
def test_what_cannot_be_used_is_refused(function, options, said):
    with pytest.raises(InputError, match=said):
        function(np.repeat([0, 1], 100), **options)


@pytest.mark.parametrize("bad", [np.ones(5), np.ones((4, 2)), np.full((4, 2), np.nan)])
def test_what_are_no_probabilities_is_refused(bad):
    with pytest.raises(InputError, match="probabilities"):
        assignment_quality(bad)


def test_a_state_that_sampled_models_hardly_leave_has_passage_times():
    """A model that leaves a state with a probability of 1e-19 makes 1 - P singular."""
    labels = [0, 3, 1, 2, 4] * 6 + [0, 3, 1, 2, 0] * 6
    found = mean_first_passage_times(labels, lag=5, n_samples=50, seed=0)
    expected = np.full((5, 5), np.inf)
    np.fill_diagonal(expected, 0.0)
    expected[0, 4], expected[4, 0] = 85.0, 30.0
    np.testing.assert_allclose(found.value, expected)
    assert found.upper[0, 4] > 85.0


def test_passage_times_of_states_that_hardly_leave_each_other():
    """States 1 and 2 exchange, and leave to state 0 with a probability that 1 - p would lose."""
    p = 1e-19
    matrix = np.array([[0.5, 0.5, 0.0], [p, 0.5, 0.5], [0.0, 0.5, 0.5]])
    steps = _steps_until(matrix, target=0)
    # Half of the time in state 1: 2 / p steps to leave it; two steps more from state 2.
    np.testing.assert_allclose(steps, [0.0, 2 / p, 2 / p], rtol=1e-12)


def test_passage_times_solve_their_equations():
    rng = np.random.default_rng(0)
    matrix = rng.dirichlet(np.ones(6), size=6)
    for target in range(6):
        steps = _steps_until(matrix, target)
        others = np.arange(6) != target
        np.testing.assert_allclose(steps[others], 1 + (matrix @ steps)[others], rtol=1e-10)

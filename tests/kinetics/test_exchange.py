"""Transitions are counted as by hand, and rates and times are those of the chain."""

import numpy as np
import pytest
from alanine_basins import markov_chain
from deeptime.markov.tools.analysis import mfpt
from scipy.linalg import expm, logm

from mdgmvae.errors import InputError
from mdgmvae.kinetics import mean_first_passage_times, transitions, visits

THREE = np.array([[0.97, 0.02, 0.01], [0.04, 0.95, 0.01], [0.02, 0.01, 0.97]])
DT = 2.0


def test_transitions_that_were_seen():
    labels = np.repeat([0, 1, 0, 2, 0, 1, -1, 1, 2], [20, 20, 20, 20, 3, 20, 5, 20, 20])
    found = transitions(labels, lag=5, lengths=[60, 88], n_samples=5)
    # Neither the short return to state 0 nor the border between segments is a transition.
    assert found.counts.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert found.counts.dtype == np.int64
    seen = visits(labels, lengths=[60, 88], min_frames=5)
    np.testing.assert_array_equal(found.counts.sum(axis=1), seen.exits)
    np.testing.assert_array_equal(found.counts.sum(axis=0), seen.entries)


def test_rates_and_times_are_those_of_the_chain():
    labels = markov_chain(THREE, 100_000)
    generator = logm(THREE).real / DT
    for lag in (1, 5):
        # The model does not see states that are reached and left within the lag.
        matrix = np.linalg.matrix_power(THREE, lag)
        times = lag * DT * np.column_stack([mfpt(matrix, target) for target in range(3)])
        found = transitions(labels, lag=lag, dt=DT, k=4)
        assert (found.unit, found.rates.unit) == ("ps", "1/ps")
        np.testing.assert_allclose(found.rates.value[:3, :3], generator, rtol=0.15)
        np.testing.assert_allclose(found.rates.value[:3, :3].sum(axis=1), 0, atol=1e-12)
        assert np.isnan(found.rates.value[3]).all()
        np.testing.assert_allclose(
            found.mean_first_passage_times.value[:3, :3], times, rtol=0.15, atol=1e-9
        )
    fresh = mean_first_passage_times(labels, lag=5, dt=DT, n_samples=50, k=4)
    np.testing.assert_array_equal(found.mean_first_passage_times.upper, fresh.upper)


def test_intervals_hold_the_true_rates():
    generator = logm(THREE).real
    off = ~np.eye(3, dtype=bool)
    inside = []
    for seed in range(10):
        found = transitions(markov_chain(THREE, 10_000, seed), lag=2, seed=seed)
        assert found.rates.unit == "1/frame"
        inside.append((found.rates.lower < generator) & (generator < found.rates.upper))
    assert np.mean(inside, axis=0)[off].mean() > 0.85


def test_rates_are_a_generator():
    found = transitions(markov_chain(THREE, 20_000), lag=3)
    p = expm(3 * found.rates.value)
    np.testing.assert_allclose(p, np.linalg.matrix_power(THREE, 3), atol=0.02)


def test_states_that_never_meet_and_states_without_memory():
    apart = transitions(np.repeat([0, 1], 50), lag=2, lengths=[50, 50], n_samples=5)
    assert not apart.counts.any() and not apart.rates.value.any()
    assert np.isinf(apart.mean_first_passage_times.value[0, 1])
    fast = transitions(np.tile([0, 1], 100), lag=1, n_samples=5)
    assert np.isnan(fast.rates.value).all()
    assert fast.counts[0, 1] == 100


def test_table_has_a_row_for_each_pair():
    found = transitions(np.repeat([0, 2, 0, 2], 50), lag=5, dt=DT)
    lines = found.text().splitlines()
    assert lines[0] == "Transitions between 2 states, lag time 10 ps"
    rows = [line.split()[:3] for line in lines if line.split()[0].isdigit()]
    assert rows == [["0", "2", "2"], ["2", "0", "1"]]
    assert found._repr_html_().count("<tr>") == 3
    assert repr(found) == found.text()


@pytest.mark.parametrize(
    ("options", "said"), [({"lag": 500}, "lag=500"), ({"dt": -1}, "dt=-1"), ({"k": 1}, "k=1")]
)
def test_what_cannot_be_used_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        transitions(np.repeat([0, 1], 100), **{"lag": 1, **options})

"""Detailed balance holds in equilibrium, whatever the start, and fails for cycles."""

import numpy as np
import pytest

from mdgmvae.errors import InputError
from mdgmvae.kinetics import detailed_balance


def chain(matrix, n, seed, start=0):
    cumulated = np.cumsum(matrix, axis=1)
    states, draws = np.empty(n, np.int64), np.random.default_rng(seed).random(n)
    states[0] = start
    for i in range(1, n):
        states[i] = np.searchsorted(cumulated[states[i - 1]], draws[i])
    return states


def cycle(forward, backward):
    p = np.eye(3) * (1 - forward - backward)
    return p + forward * np.roll(np.eye(3), 1, axis=1) + backward * np.roll(np.eye(3), -1, axis=1)


@pytest.mark.parametrize("lag", [1, 5])
def test_a_cycle_is_seen_at_any_lag(lag):
    found = detailed_balance(chain(cycle(0.1, 0.01), 10_000, 0), lag=lag)
    assert found.is_violated and found.dof == 1


def test_net_flux_is_that_of_the_chain():
    """Forward and backward steps of a cycle: (0.10 - 0.04) / (0.10 + 0.04) = 0.43."""
    found = detailed_balance(chain(cycle(0.10, 0.04), 100_000, 1), lag=1)
    assert found.net_flux == pytest.approx(0.06 / 0.14, abs=0.03)


def test_in_equilibrium_small_p_values_are_as_rare_as_they_should_be():
    values = [detailed_balance(chain(cycle(0.1, 0.1), 3000, s), lag=1).p_value for s in range(60)]
    assert 0.3 < np.mean(values) < 0.7 and min(values) > 1e-4


def test_many_starts_in_one_state_are_no_violation():
    """Segments that start in state 0 leave it more often than they enter it."""
    p = np.array([[0.9, 0.1, 0.0], [0.02, 0.9, 0.08], [0.0, 0.02, 0.98]])
    labels = np.concatenate([chain(p, 30, seed) for seed in range(200)])
    found = detailed_balance(labels, lag=1, lengths=[30] * 200)
    assert not found.is_violated


def test_two_states_cannot_go_around():
    found = detailed_balance(np.tile([0, 0, 1, 1, 1], 100), lag=1)
    assert (found.dof, found.p_value, found.is_violated) == (0, 1.0, False)
    assert "Detailed balance is kept" in found.text()


def test_bad_lag_is_refused():
    with pytest.raises(InputError, match="lag"):
        detailed_balance(np.zeros(10, int), lag=20)

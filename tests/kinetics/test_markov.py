"""Counts stay within segments, and models reproduce the chain that generated the data."""

import numpy as np
import pytest
from alanine_basins import markov_chain

from mdgmvae.errors import InputError
from mdgmvae.kinetics import lifetimes, stationary_populations
from mdgmvae.kinetics.markov import (
    MarkovModel,
    connected_sets,
    count_matrix,
    with_ways_back,
)
from mdgmvae.segments import discrete_trajectories

MATRIX = np.array([[0.97, 0.02, 0.01], [0.04, 0.95, 0.01], [0.02, 0.01, 0.97]])


def counted_by_hand(labels, lag, lengths, k):
    counts = np.zeros((k, k))
    start = 0
    for length in lengths:
        piece = labels[start : start + length]
        for t in range(length - lag):
            if (piece[t : t + lag + 1] >= 0).all():
                counts[piece[t], piece[t + lag]] += 1
        start += length
    return counts


def test_pairs_stay_within_pieces_and_do_not_bridge_unassigned_frames():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 500)
    labels[rng.random(500) < 0.03] = -1
    lengths = [120, 3, 300, 77]
    for lag in (1, 5, 20):
        found = count_matrix(labels, lag, lengths, k=6)
        np.testing.assert_array_equal(found, counted_by_hand(labels, lag, lengths, 6))


def test_pieces_hold_all_assigned_frames_in_order():
    labels = np.array([-1, 0, 1, -1, -1, 2, 2, 0, -1])
    pieces = discrete_trajectories(labels, lengths=[6, 3])
    assert [piece.tolist() for piece in pieces] == [[0, 1], [2], [2, 0]]
    assert discrete_trajectories([-1, -1]) == []


def test_model_gives_back_the_chain():
    states = markov_chain(MATRIX, 200_000)
    model = MarkovModel.fit(count_matrix(states, 1), lag=1)
    np.testing.assert_allclose(model.transition_matrix, MATRIX, atol=0.005)
    values, vectors = np.linalg.eig(MATRIX.T)
    stationary = np.abs(vectors[:, values.argmax()].real)
    np.testing.assert_allclose(model.stationary, stationary / stationary.sum(), atol=0.02)
    expected = -1 / np.log(np.sort(values.real)[::-1][1:])
    np.testing.assert_allclose(model.timescales, expected, rtol=0.06)
    # The same chain at another lag has the same timescales.
    later = MarkovModel.fit(count_matrix(states, 7), lag=7)
    np.testing.assert_allclose(later.timescales, expected, rtol=0.08)


def test_samples_are_reversible_and_repeatable():
    counts = count_matrix(markov_chain(MATRIX, 5000), 2)
    model = MarkovModel.fit(counts, lag=2)
    samples = model.sample(counts, 20, seed=4)
    for sample in samples:
        flow = sample.stationary[:, None] * sample.transition_matrix
        np.testing.assert_allclose(flow, flow.T, atol=1e-10)
    again = model.sample(counts, 20, seed=4)
    np.testing.assert_array_equal(samples[-1].transition_matrix, again[-1].transition_matrix)
    other = model.sample(counts, 20, seed=5)
    assert (samples[-1].transition_matrix != other[-1].transition_matrix).any()


def test_ways_back_are_added_between_sets_only():
    counts = np.array([[9.0, 2, 0, 0], [5, 9, 3, 0], [0, 0, 9, 1], [0, 0, 4, 9]])
    found = with_ways_back(counts, lag=5)
    expected = counts.copy()
    expected[2, 1] = 3
    np.testing.assert_array_equal(found, expected)
    assert [s.tolist() for s in connected_sets(counts)] == [[0, 1], [2, 3]]
    assert [s.tolist() for s in connected_sets(found)] == [[0, 1, 2, 3]]
    expected[2, 1] = 2
    np.testing.assert_array_equal(with_ways_back(counts, lag=2), expected)


def test_many_starts_in_one_state_are_no_equilibrium():
    """Fifteen entries and no exit do not imply fifteen exits: the interval contains the truth."""
    rng = np.random.default_rng(0)
    pieces = []
    for _ in range(400):
        jump = rng.geometric(1e-4)
        pieces.append((np.arange(300) >= jump).astype(int))
    labels, lengths = np.concatenate(pieces), [300] * 400
    assert 5 < sum(piece[-1] for piece in pieces) < 25
    found = lifetimes(labels, lag=5, lengths=lengths)
    assert found.from_model.lower[1] < 10_000 < found.from_model.upper[1]
    populations = stationary_populations(labels, lag=5, lengths=lengths)
    assert populations.lower[1] < 0.5 < populations.upper[1]


@pytest.mark.parametrize("seed", [-1, 1.5, None])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(InputError, match="seed="):
        stationary_populations([0, 1] * 50, lag=1, seed=seed)


def test_long_seeds_serve_too():
    labels = markov_chain(MATRIX, 2000)
    first, again, other = (
        stationary_populations(labels, lag=2, seed=seed) for seed in (2**62, 2**62, 2**62 + 1)
    )
    np.testing.assert_array_equal(first.lower, again.lower)
    assert (first.lower != other.lower).any()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lag": 1.5}, "lag=1.5: must be a whole number of frames"),
        ({"lag": 50}, "longest has 50"),
        ({"lag": 1, "lengths": [50, 50, 0]}, "lengths=0: must be at least 1"),
        ({"lag": 1, "lengths": [50.5, 49.5]}, "lengths=50.5: must be a whole number"),
        ({"lag": 1, "lengths": 100}, "lengths=100: pass several whole numbers"),
        ({"lag": 1, "k": 1}, "the largest label is 1"),
    ],
)
def test_what_cannot_be_counted_is_refused(options, said):
    labels = np.repeat([0, 1], 50)
    with pytest.raises(InputError, match=said):
        count_matrix(labels, **{"lengths": [50, 50], **options})

"""Visits are counted as one would count them by hand."""

import numpy as np
import pytest
from alanine_basins import markov_chain, metastable

from mdgmvae.kinetics import visits


def test_phi_above_zero_was_entered_once():
    found = visits(metastable(), min_frames=5)
    assert (found.visits[2], found.entries[2], found.exits[2]) == (1, 1, 1)
    assert found.visits[0] > 100
    assert visits(metastable()).mean_length[2] == 657


def test_pieces_begin_and_end_visits_without_an_entry_or_exit():
    found = visits([0, 0, 1, 1, -1, 1, 0, 0], lengths=[5, 3], k=3)
    assert found.visits.tolist() == [2, 2, 0]
    assert found.entries.tolist() == [1, 1, 0]
    assert found.exits.tolist() == [1, 1, 0]
    assert found.mean_length.tolist()[:2] == [4.0, 3.0]
    assert np.isnan(found.mean_length[2])
    assert np.isinf(visits([0, 0, 0]).mean_length[0])


def test_mean_length_is_that_of_the_chain_though_pieces_cut_visits_off():
    states = markov_chain(np.array([[0.98, 0.02], [0.05, 0.95]]), 100_000)
    for lengths in (None, [50] * 2000):
        found = visits(states, lengths=lengths)
        np.testing.assert_allclose(found.mean_length, [50, 20], rtol=0.08)


@pytest.mark.parametrize("min_frames", [2, 4])
def test_short_stays_do_not_interrupt(min_frames):
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 0], 500)
    noisy = labels.copy()
    noisy[rng.choice(len(labels), 10, replace=False)] = 2
    found = visits(noisy, min_frames=min_frames)
    assert found.visits.tolist() == [2, 1, 0]
    assert found.entries.tolist() == [1, 1, 0]
    assert visits(noisy).visits.sum() > 10

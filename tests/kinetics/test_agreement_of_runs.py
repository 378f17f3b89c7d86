"""Runs are compared state by state, whatever the numbers of their states are."""

import numpy as np
import pytest
from alanine_basins import metastable
from MDAnalysis.analysis.results import Results
from sklearn.metrics import adjusted_rand_score

from mdgmvae.errors import InputError
from mdgmvae.kinetics import compare_runs, match, pairwise_agreement


def test_renumbered_states_are_matched():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 6, 5000)
    shuffled = rng.permutation(6)
    b = shuffled[a]
    b[rng.random(5000) < 0.2] = 0
    np.testing.assert_array_equal(match(a, b)[shuffled], np.arange(6))
    assert np.mean(match(a, b)[b] == a) > 0.8


def test_states_without_a_counterpart_get_numbers_of_their_own():
    a = np.repeat([0, 1], [60, 40])
    b = np.repeat([2, 0, 1], [50, 10, 40])
    assert match(a, b).tolist() == [2, 1, 0]
    assert sorted(match(b, a).tolist()) == [1, 2]
    assert match([0, 0, 3], [3, 3, 0]).tolist() == [3, 1, 2, 0]


def test_agreement_is_the_adjusted_rand_index_of_frames_in_both():
    rng = np.random.default_rng(1)
    runs = [rng.integers(0, 3, 500) for _ in range(3)]
    runs.append(np.where(rng.random(500) < 0.1, 0, runs[0]))
    runs[3][:50] = -1
    matrix = pairwise_agreement(runs)
    assert matrix[0, 3] == pytest.approx(adjusted_rand_score(runs[0][50:], runs[3][50:]))
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), 1)
    assert np.abs(matrix[0, 1]) < 0.05


def test_the_run_that_misses_the_rare_state_is_seen():
    """phi > 0 hardly changes the adjusted Rand index, but the Jaccard index shows the state."""
    truth = metastable()
    missed = np.where(truth == 2, 0, truth)
    renumbered = np.array([1, 2, 0])[truth]
    found = compare_runs([missed, truth, renumbered, truth])
    assert found.reference == 1
    assert found.median == pytest.approx(1, abs=0.1)
    assert 0.8 < found.worst < 0.97
    np.testing.assert_array_equal(found.jaccard[:, 2], [0, 1, 1, 1])
    np.testing.assert_array_equal(found.jaccard[2], [1, 1, 1])


def test_one_run_agrees_with_itself():
    found = compare_runs([[0, 1, 1]])
    assert np.isnan(found.median) and np.isnan(found.worst)
    assert found.jaccard.tolist() == [[1, 1]]
    assert found.text().startswith("1 run, so there is nothing to compare it with")


def test_results_instead_of_their_labels_are_named():
    results = Results(labels=np.array([0, 1]))
    with pytest.raises(InputError, match="labels of this Results, its attribute labels"):
        compare_runs([results, results])


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([], "no labels"),
        ([[0, 1], [0]], "same frames"),
        ([[0, -1], [-1, 0]], "no frame"),
        (5, "runs: pass a list"),
        ([np.zeros((2, 2))], "runs: pass one whole number"),
    ],
)
def test_what_cannot_be_compared_is_refused(runs, said):
    with pytest.raises(InputError, match=said):
        compare_runs(runs)

"""VAMP-2 has known values and does not reward noise."""

import numpy as np
import pytest
from alanine_basins import conventional, metastable
from deeptime.decomposition import VAMP

from mdgmvae.errors import InputError
from mdgmvae.kinetics import vamp2, vamp2_cross_validated

LAG = 5


def test_score_of_labels_is_that_of_deeptime():
    labels = conventional()
    one_hot = np.eye(4)[labels]
    theirs = VAMP(lagtime=LAG, epsilon=1e-8).fit(one_hot).fetch_model().score(2)
    assert vamp2(labels, lag=LAG) == pytest.approx(theirs, abs=1e-6)
    assert vamp2(one_hot.astype(np.float32), lag=LAG) == pytest.approx(theirs, abs=1e-6)
    assert 2.36 < theirs < 2.42


def test_score_of_soft_assignments_is_that_of_deeptime():
    rng = np.random.default_rng(0)
    q = np.eye(3)[metastable()] + rng.random((20_000, 3))
    q /= q.sum(axis=1, keepdims=True)
    theirs = VAMP(lagtime=LAG, epsilon=1e-10).fit(q).fetch_model().score(2)
    assert vamp2(q, lag=LAG) == pytest.approx(theirs, abs=1e-5)


def test_empty_components_add_nothing():
    q = np.eye(7)[metastable()]
    assert vamp2(q, lag=LAG) == pytest.approx(vamp2(metastable(), lag=LAG), abs=1e-12)
    faint = 1e-9
    q = q * (1 - 7 * faint) + faint
    assert vamp2(q, lag=LAG) == pytest.approx(vamp2(metastable(), lag=LAG), abs=1e-4)


def test_shuffled_time_scores_one():
    labels = np.random.default_rng(1).integers(0, 20, 50_000)
    assert vamp2(labels, lag=LAG) == pytest.approx(1.0, abs=0.05)
    score = vamp2_cross_validated(labels, lag=LAG)
    assert score.mean == pytest.approx(1.0, abs=0.05)
    assert score.std < 0.05


def test_slow_states_score_their_number():
    labels = np.repeat(np.tile(np.arange(4), 25), 1000)
    assert vamp2(labels, lag=1) == pytest.approx(4.0, abs=0.02)
    score = vamp2_cross_validated(labels, lag=1, blocks_per_fold=4)
    assert 3.9 < score.mean <= 4.0
    rare = np.zeros(50_000, int)
    rare[30_000:30_050] = 1  # a share of 0.1 %
    assert vamp2(rare, lag=1) == pytest.approx(1.96, abs=0.01)


def test_a_state_in_one_fold_only_is_neither_nan_nor_more_than_k():
    """All frames with phi > 0 lie in one of five blocks, so this process cannot be tested."""
    labels = metastable()
    score = vamp2_cross_validated(labels, lag=LAG, blocks_per_fold=1)
    assert np.isfinite(score.scores).all()
    assert (score.scores <= 3 + 1e-9).all()
    without = vamp2(np.minimum(labels, 1), lag=LAG)
    assert score.mean == pytest.approx(without, abs=0.1)
    # In shorter blocks it is seen in several.
    assert vamp2_cross_validated(labels, lag=LAG).mean > score.mean + 0.2


def test_noise_that_a_full_basis_would_score_is_left_out():
    labels = np.random.default_rng(2).integers(0, 20, 5000)
    everything = vamp2_cross_validated(labels, lag=LAG, n_processes=20)
    assert everything.mean > 1.2  # a fold's own noise
    assert vamp2_cross_validated(labels, lag=LAG).mean == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("k", "lag", "lifetime"), [(10, 100, 20), (20, 200, 50)])
def test_states_that_last_but_not_a_lag_score_one(k, lag, lifetime):
    """Overlapping pairs are not independent, so noise can look like a slow process."""
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(3):
        visits = rng.geometric(1 / lifetime, 20_000)
        labels = np.repeat(rng.integers(0, k, len(visits)), visits)[:20_000]
        scores.append(vamp2_cross_validated(labels, lag=lag).mean)
    assert np.mean(scores) == pytest.approx(1.0, abs=0.05)


def test_pairs_do_not_straddle_segments_or_unassigned_frames():
    slow = np.repeat(np.tile([0, 1], 500), 10)
    assert vamp2(slow, lag=LAG, lengths=[10] * 1000) == pytest.approx(2.0, abs=1e-4)
    assert vamp2(slow, lag=LAG) < 1.1
    broken = slow.copy()
    broken[::10] = -1
    assert vamp2(broken, lag=LAG) == pytest.approx(2.0, abs=1e-4)


def test_whole_segments_are_blocks_where_they_are_short():
    rng = np.random.default_rng(3)
    segments = [np.full(60, state) for state in rng.integers(0, 2, 60)]
    score = vamp2_cross_validated(np.concatenate(segments), lag=LAG, lengths=[60] * 60)
    assert score.mean == pytest.approx(2.0, abs=1e-4)


@pytest.mark.parametrize(
    ("assignments", "options", "said"),
    [
        (np.zeros(50, int), {"lag": 50}, "lag=50"),
        (np.zeros(50, int), {"lag": 5}, "too short for lag=5"),
        (np.zeros(500, int), {"lag": 1, "n_folds": 1}, "n_folds=1"),
        (np.full((500, 2), np.nan), {"lag": 1}, "finite probabilities"),
        (np.full(500, -1), {"lag": 1}, "no frame has a state"),
    ],
)
def test_what_cannot_be_scored_is_refused(assignments, options, said):
    with pytest.raises(InputError, match=said):
        vamp2_cross_validated(assignments, **options)

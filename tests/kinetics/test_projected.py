"""Frames that are assigned wrongly do not change the timescales of a projected model."""

import numpy as np
import pytest

from mdgmvae.kinetics import implied_timescales
from mdgmvae.kinetics.projected import ProjectedModel, timescale_between

LAG = 5
#: Two states that are left with a probability of 0.01 in each frame: -1 / ln(1 - 2 x 0.01).
TRUE = 49.5


def two_states(n, seed=0):
    return np.cumsum(np.random.default_rng(seed).random(n) < 0.01) % 2


def blurred(labels, share, seed=1):
    wrong = np.random.default_rng(seed).random(len(labels)) < share
    return np.where(wrong, 1 - labels, labels)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.03, 0.05, 0.1])
def test_timescale_is_that_of_the_true_states(share):
    labels = blurred(two_states(50_000), share)
    found = ProjectedModel.fit(labels, LAG, None)
    assert found.timescales[0] == pytest.approx(TRUE, rel=0.15)
    assert abs(found.later[0] - found.timescales[0]) < 3 * found.error[0]
    assert found.difference < 0.05
    assert timescale_between(labels, LAG, None) == pytest.approx(found.timescales[0])


def test_implied_timescales_are_too_short_where_it_is_right():
    labels = blurred(two_states(50_000), 0.05)
    (seen,) = implied_timescales(labels, lags=[LAG], n_samples=0).timescales[0]
    # The eigenvalue is (1 - 2 x 0.05)^2 exp(-5 / 49.5).
    assert seen == pytest.approx(-LAG / (2 * np.log(0.9) - LAG / TRUE), rel=0.1)


def test_error_is_that_of_repeated_trajectories():
    models = [
        ProjectedModel.fit(blurred(two_states(6_000, s), 0.03, s), LAG, None) for s in range(40)
    ]
    spread = np.std([model.later[0] - model.timescales[0] for model in models])
    assert np.median([model.error[0] for model in models]) == pytest.approx(spread, rel=0.5)


def test_a_second_slow_process_is_seen():
    """Halves of a sum of a slow and a fast process relax in two steps."""
    slow = two_states(100_000)
    fast = np.cumsum(np.random.default_rng(2).random(100_000) < 0.04) % 2
    mixed = np.where(np.random.default_rng(3).random(100_000) < 0.5, slow, fast)
    found = ProjectedModel.fit(mixed, LAG, None)
    assert found.later[0] > 1.15 * found.timescales[0]
    assert found.later[0] - found.timescales[0] > 2 * found.error[0]


def test_pairs_do_not_cross_segments_and_frames_without_a_state():
    labels = np.concatenate([two_states(3_000), np.full(10, -1), two_states(3_000, 1)])
    cut = ProjectedModel.fit(labels, LAG, None)
    kept = ProjectedModel.fit(labels[labels >= 0], LAG, [3_000, 3_000])
    assert cut.timescales == pytest.approx(kept.timescales)


def test_a_state_without_pairs_at_longer_lags_is_silent():
    """The last segment, which alone has state 2, is shorter than five lags."""
    labels = np.concatenate([two_states(3_000), np.repeat([0, 2], 6)])
    assert ProjectedModel.fit(labels, LAG, [3_000, 12]) is None


@pytest.mark.parametrize("labels", [np.repeat([0, 1], 12), np.tile([0, 1], 100), np.zeros(99, int)])
def test_what_does_not_determine_it(labels):
    found = ProjectedModel.fit(labels, LAG, None)
    assert found is None or not len(found.timescales)

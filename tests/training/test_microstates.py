"""Microstates are finer than components, and need few frames of a large set."""

import numpy as np
import pytest

from mdgmvae.training.microstates import clustered, microstates_of, spread_blocks

LAG = 5


@pytest.fixture(scope="module")
def two_wells():
    """Two components with a slow coordinate in their logits, and its value."""
    rng = np.random.default_rng(0)
    x = np.where(np.cumsum(rng.random(6000) < 0.01) % 2, 2.0, -2.0) + rng.normal(size=6000)
    logits = np.stack([-4 * x, 4 * x], axis=1)
    q = (1 / (1 + np.exp(logits[:, ::-1] - logits))).astype(np.float32)
    return x, q.argmax(axis=1), q


def test_they_divide_the_frames_within_components(two_wells):
    x, components, q = two_wells
    found = microstates_of(components, q, lag=LAG, lengths=None)
    assert len(np.unique(found)) == 30
    spread = np.array([np.ptp(x[found == cell]) for cell in range(30)])
    assert np.median(spread) < 0.3


def test_frames_without_probabilities_have_none(two_wells):
    _, components, q = two_wells
    kept = spread_blocks([2500, 3500], LAG, most=3000)
    assert 2500 <= kept.sum() <= 3500
    found = microstates_of(components, q[kept], kept=kept, lag=LAG, lengths=[2500, 3500])
    assert np.array_equal(found >= 0, kept)
    # Blocks are continuous, and so are the pairs in them.
    assert np.flatnonzero(np.diff(kept.astype(int))).size <= 12


def test_probabilities_that_do_not_differ_give_the_components():
    components = np.zeros(100, int)
    found = microstates_of(components, np.full((100, 2), 0.5), lag=LAG, lengths=None)
    assert np.array_equal(found, components)


def test_few_distinct_points_give_few_clusters():
    points = np.repeat([[0.0], [1.0], [5.0]], 10, axis=0)
    assert len(np.unique(clustered(points, np.arange(30), 8, seed=0))) == 3

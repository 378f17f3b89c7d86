"""Pairs of atoms that are close: every one is found, in boxes of any shape."""

import numpy as np
import pytest

from mdgmvae.featurizers.geometry.boxes import minimum_image
from mdgmvae.featurizers.geometry.neighbours import close_pairs

BOXES = [
    (30, 40, 50, 90, 90, 90),
    (50, 50, 50, 109.47122, 109.47122, 109.47122),
    (20, 90, 90, 40, 50, 30),
    (15, 70, 40, 90, 90, 25),
    (60, 60, 20, 90, 160, 90),
    (36, 45, 32, 75, 110, 65),
    (9, 9, 9, 60, 60, 90),
    None,
]


@pytest.mark.parametrize("box", BOXES)
def test_all_pairs_are_found(box):
    points = np.random.default_rng(0).uniform(-30, 70, (400, 3)).astype(np.float32)
    between = (points[:300, None].astype(float) - points[None, 150:]).reshape(1, -1, 3)
    if box is not None:
        between = minimum_image(between, np.array([box], float))
    expected = np.linalg.norm(between, axis=2).reshape(300, 250)
    cutoff = 4.0
    pairs, distances = close_pairs(points[:300], points[150:], cutoff, box and np.array(box))
    assert len(pairs) > 150  # each of the 150 points in both lists, and others
    np.testing.assert_array_equal(pairs, np.argwhere(expected <= cutoff))
    np.testing.assert_allclose(distances, expected[tuple(pairs.T)], atol=1e-6)


def test_no_points_have_no_pairs():
    some, none = np.zeros((2, 3)), np.empty((0, 3))
    for one, other in ((some, none), (none, some)):
        for box in (None, np.array(BOXES[0])):
            assert [len(found) for found in close_pairs(one, other, 2.0, box)] == [0, 0]

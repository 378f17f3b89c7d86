"""Representative frames: the centre, then frames that are far from each other."""

import numpy as np
from alanine_basins import dihedrals, metastable
from numpy.testing import assert_array_equal

from mdgmvae.labels import representative_rows
from mdgmvae.states.representatives import diverse_frames


def chosen(n, probability=None, frames=None):
    labels = metastable()
    angles = np.radians(dihedrals()).astype(np.float32)
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    ones = np.ones(len(labels), np.float32) if probability is None else probability
    frames = np.arange(len(labels)) if frames is None else frames
    return diverse_frames(labels, points, ones, frames, n), labels, points


def test_the_first_is_the_centre():
    rows, labels, points = chosen(6)
    assert {state: found[0] for state, found in rows.items()} == representative_rows(labels, points)
    for state, found in rows.items():
        assert len(set(found.tolist())) == 6 and set(labels[found]) == {state}


def test_they_are_spread_over_the_state():
    """On average, they are farther apart than the same number of frames drawn at random."""
    rows, labels, points = chosen(6)
    rng = np.random.default_rng(0)

    def closest(found):
        gaps = np.linalg.norm(points[found][:, None] - points[found], axis=2)
        return gaps[~np.eye(len(found), dtype=bool)].min()

    for state, found in rows.items():
        own = np.flatnonzero(labels == state)
        random = [closest(rng.choice(own, 6, replace=False)) for _ in range(200)]
        assert closest(found) > 1.5 * np.mean(random)


def test_frames_in_transition_are_left_out():
    sure = np.where(np.arange(20_000) % 3 == 0, 0.99, 0.5).astype(np.float32)
    rows, _, _ = chosen(5, probability=sure)
    # Most frames are uncertain, so only the more certain half counts, including ties.
    assert all(len(found) == 5 for found in rows.values())
    surer = np.where(np.arange(20_000) % 3 == 0, 0.5, 0.99).astype(np.float32)
    rows, _, _ = chosen(5, probability=surer)
    for found in rows.values():
        assert (surer[found[1:]] > 0.9).all()


def test_few_frames_are_all_taken():
    labels = np.array([0, 0, 0, 1, -1])
    latent = np.array([[0.0], [1.0], [2.1], [5.0], [0.0]])
    rows = diverse_frames(labels, latent, np.ones(5), np.array([7, 5, 3, 9, 1]), n=4)
    assert {state: found.tolist() for state, found in rows.items()} == {0: [1, 0, 2], 1: [3]}


def test_frames_that_coincide_are_told_apart_by_number():
    latent = np.zeros((50, 2), np.float32)
    rows = diverse_frames(np.zeros(50, int), latent, np.ones(50), np.arange(50), n=5)
    assert len(set(rows[0].tolist())) == 5


def test_no_frame_comes_twice():
    frames = np.repeat(np.arange(10_000), 2)
    rows, _, _ = chosen(8, frames=frames)
    for found in rows.values():
        assert len(set(frames[found].tolist())) == 8


def test_the_same_input_gives_the_same_rows():
    first, second = chosen(5)[0], chosen(5)[0]
    for state, found in first.items():
        assert_array_equal(second[state], found)

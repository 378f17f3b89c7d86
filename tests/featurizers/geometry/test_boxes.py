"""The minimum image: exact in every box."""

import itertools

import numpy as np
import pytest
from MDAnalysis.lib.distances import calc_bonds
from MDAnalysis.lib.mdamath import triclinic_vectors
from MDAnalysisTests.datafiles import GRO
from trajectories import universe

from mdgmvae.errors import FrameError, InputError, TrajectoryWarning
from mdgmvae.featurizers.geometry.boxes import (
    boxes_or_none,
    checked_box,
    is_box,
    minimum_image,
    optional_box,
    reduced_cell,
)

BOXES = [
    (30, 40, 50, 90, 90, 90),
    (80.017, 80.017, 80.017, 60, 60, 90),
    (50, 50, 50, 109.47122, 109.47122, 109.47122),
    (30, 60, 45, 75, 110, 65),
    (20, 90, 90, 40, 50, 30),
    (15, 70, 40, 90, 90, 25),
    (60, 60, 20, 90, 160, 90),
]


@pytest.fixture(scope="module")
def vectors():
    """Return differences between real positions, longer than most of the boxes."""
    positions = universe(GRO).atoms.positions
    return (positions[:600] - positions[20000:20600])[None]


@pytest.mark.parametrize("box", BOXES)
def test_no_lattice_vector_shortens_an_image(vectors, box):
    boxes = checked_box(np.array(box), 1)
    images = minimum_image(vectors, boxes)
    cell = triclinic_vectors(np.array(box, dtype=np.float32)).astype(float)
    lattice = np.array(list(itertools.product(range(-6, 7), repeat=3))) @ cell
    best = np.min([np.linalg.norm(images[0] + step, axis=1) for step in lattice], axis=0)
    np.testing.assert_allclose(np.linalg.norm(images[0], axis=1), best, atol=2e-4)
    moved = (images[0] - vectors[0]) @ np.linalg.inv(cell)
    np.testing.assert_allclose(moved, np.round(moved), atol=1e-4)


@pytest.mark.parametrize("box", BOXES)
def test_images_agree_with_calc_bonds_where_that_is_exact(vectors, box):
    box = np.array(box, dtype=np.float32)
    theirs = calc_bonds(vectors[0], np.zeros_like(vectors[0]), box=box)
    ours = np.linalg.norm(minimum_image(vectors, checked_box(box, 1))[0], axis=1)
    assert (ours < theirs + 1e-4).all()
    if box.tolist() in np.float32(BOXES[:3]).tolist():
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_every_frame_has_its_own_box(vectors):
    boxes = np.array([BOXES[0], BOXES[3], BOXES[3], BOXES[4]], dtype=float)
    together = minimum_image(np.repeat(vectors, 4, axis=0), boxes)
    for box, images in zip(boxes, together, strict=True):
        np.testing.assert_allclose(images, minimum_image(vectors, box[None])[0], atol=1e-4)


@pytest.mark.parametrize("box", BOXES)
def test_the_reduced_cell_spans_the_same_lattice(box):
    cell = triclinic_vectors(np.array(box, dtype=np.float32)).astype(float)
    reduced = reduced_cell(np.array(box, dtype=float))
    turns = reduced @ np.linalg.inv(cell)
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-4)
    assert abs(np.linalg.det(turns)) == pytest.approx(1)
    assert (np.diff(np.linalg.norm(reduced, axis=1)) > -1e-6).all()


def test_what_is_no_box_is_refused():
    wrong = [
        *(None, [10, 10, 10], [10, 10, 0, 90, 90, 90], [10, 10, np.nan, 90, 90, 90]),
        *([1, 1, 1, 90, 90, 90], [-10, 10, 10, 90, 90, 90], [30, 30, 30, 20, 20, 170]),
    ]
    for box in wrong:
        with pytest.raises(InputError, match="periodic=True needs a periodic box"):
            checked_box(box, 1)
    with pytest.raises(FrameError, match="frame 1: the box 1 x 2 x 3 angstrom is too small"):
        checked_box([BOXES[0], (1, 2, 3, 90, 90, 90)], 2)
    with pytest.raises(InputError, match="encloses no volume"):
        reduced_cell(np.array([10, 10, 10, 20, 20, 170.0]))


@pytest.mark.parametrize("box", BOXES)
def test_boxes_are_as_large_as_their_shortest_lattice_vector(box):
    cell = triclinic_vectors(np.array(box, dtype=np.float32)).astype(float)
    steps = [step for step in itertools.product(range(-4, 5), repeat=3) if any(step)]
    shortest = np.linalg.norm(np.array(steps) @ cell, axis=1).min()
    boxes = np.array([box, (*box[:3], 90, 90, 90)], dtype=float)
    assert is_box(boxes, 0.999 * shortest).tolist()[0]
    assert not is_box(boxes, 1.001 * shortest).tolist()[0]


def test_a_box_that_cannot_be_right_counts_as_none():
    boxes = np.array([BOXES[3], (1, 1, 1, 90, 90, 90), (0,) * 6, (40, 40, 40, 20, 20, 170)], float)
    with pytest.warns(TrajectoryWarning, match="the box 1 x 1 x 1 angstrom is smaller than"):
        read = optional_box(boxes, 4)
    np.testing.assert_array_equal(read[0], boxes[0])
    long = np.full((4, 1, 3), 500, np.float32)
    np.testing.assert_array_equal(minimum_image(long, read)[1:], long[1:])
    with pytest.warns(TrajectoryWarning, match="with angles of 20, 20, 170 degrees"):
        assert optional_box(boxes[3], 1) is None


def test_frames_without_a_box_have_one_sign():
    lengths = np.array([[0, 0, 0], [np.nan, 1, 1], [50, 60, 70], [50, 60, 0]], float)
    boxes = boxes_or_none(lengths, np.full((4, 3), 90.0))
    np.testing.assert_array_equal(boxes.any(axis=1), [False, False, True, False])
    assert boxes_or_none(lengths[:2], np.full((2, 3), 90.0)) is None

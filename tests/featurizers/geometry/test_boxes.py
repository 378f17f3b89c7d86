"""The minimum image: exact in every box."""

import itertools

import numpy as np
import pytest
from MDAnalysis.lib.distances import calc_bonds
from MDAnalysis.lib.mdamath import triclinic_vectors
from MDAnalysisTests.datafiles import GRO
from trajectories import universe

from mdgmvae.errors import InputError
from mdgmvae.featurizers.geometry.boxes import checked_box, minimum_image, reduced_cell

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
    for box in (None, [10, 10, 0, 90, 90, 90], [10, 10, np.nan, 90, 90, 90], [10, 10, 10]):
        with pytest.raises(InputError, match="periodic=True needs a periodic box"):
            checked_box(box, 1)
    with pytest.raises(InputError, match="encloses no volume"):
        reduced_cell(np.array([10, 10, 10, 20, 20, 170.0]))

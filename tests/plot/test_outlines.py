"""The outlines of states lie where their frames are, and each has the number of its state."""

from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from legibility import faults
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from mdgmvae import plot
from mdgmvae.landscape import free_energy, free_energy_grid
from mdgmvae.plot.palette import state_colors

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def outlines(ax, state: int):
    """Return the closed lines in the colour of a state, as lists of vertices."""
    (color,) = state_colors(state + 1)[state:]
    lines = [
        drawn
        for drawn in ax.collections
        if not isinstance(drawn, QuadMesh)
        and drawn.get_linewidth().tolist() == [1.5]
        and to_hex(drawn.get_edgecolor()[0]).upper() == color
    ]
    return [polygon for one in lines for path in one.get_paths() for polygon in path.to_polygons()]


def inside(polygons, points) -> np.ndarray:
    """Return whether points lie inside an odd number of polygons."""
    points = np.atleast_2d(points)
    crossed = [matplotlib.path.Path(polygon).contains_points(points) for polygon in polygons]
    return np.sum(crossed, axis=0) % 2 == 1


def blob(center, spread, n, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).normal(center, spread, (n, 2))


def square(center, width, n, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-width / 2, width / 2, (n, 2)) + center


def test_outlines_enclose_bins_with_frames():
    # A dense square with a thin fringe, and a dense square that is far away.
    points = np.vstack(
        [square((0, 0), 4, 8_000), square((4, 0), 4, 60, seed=1), square((12, 12), 3, 4_000)]
    )
    labels = np.repeat([0, 1], [8_060, 4_000])
    ax = plot.free_energy(points, labels, bins=50)
    counts, *edges = np.histogram2d(*points.T, bins=50)
    middles = np.stack(np.meshgrid(*[(e[1:] + e[:-1]) / 2 for e in edges], indexing="ij"), -1)
    for state in (0, 1):
        bins = inside(outlines(ax, state), middles.reshape(-1, 2))
        assert (counts.ravel()[bins] > 0).mean() > 0.95
        assert inside(outlines(ax, state), points[labels == state]).mean() > 0.95


def test_an_outline_follows_a_straight_border():
    points = square((0, 0), 4, 20_000)
    ax = plot.free_energy(np.vstack([points, [[8.0, 8.0]]]), np.zeros(20_001, int), bins=50)
    (outline,) = outlines(ax, 0)
    np.testing.assert_allclose([outline.min(), outline.max()], [-2, 2], atol=0.15)


def test_each_part_of_a_state_has_an_outline_and_a_number_unless_it_is_small():
    parts = [((0, 0), 4_000), ((10, 0), 1_000), ((0, 10), 30)]
    points = np.vstack([blob(center, 0.5, n) for center, n in parts])
    ax = plot.free_energy(points, np.zeros(len(points), int), bins=40)
    places = [text.get_position() for text in ax.texts]
    assert [text.get_text() for text in ax.texts] == ["0", "0"]
    np.testing.assert_allclose(sorted(places), [(0, 0), (10, 0)], atol=0.1)
    lines = outlines(ax, 0)
    assert len(lines) == 2
    assert [inside(lines, center)[0] for center, _ in parts] == [True, True, False]


def test_the_number_of_a_bent_state_is_inside_its_outline():
    angle = np.random.default_rng(0).uniform(0.3, 2 * np.pi - 0.3, 9_000)
    bent = 4 * np.stack([np.cos(angle), np.sin(angle)], 1) + blob((0, 0), 0.3, 9_000)
    points = np.vstack([bent, blob((0, 0), 0.3, 3_000)])
    ax = plot.free_energy(points, np.repeat([1, 0], [9_000, 3_000]), bins=40)
    assert [text.get_text() for text in ax.texts] == ["0", "1"]
    for state, text in enumerate(ax.texts):
        assert inside(outlines(ax, state), text.get_position())[0]


def test_small_holes_have_no_outline_and_large_ones_do():
    points = square((0, 0), 10, 30_000)
    radius = np.linalg.norm(points, axis=1)
    for hole, n_lines in ((0.6, 1), (3.0, 2)):
        kept = points[radius > hole]
        ax = plot.free_energy(kept, np.zeros(len(kept), int), bins=40)
        assert len(outlines(ax, 0)) == n_lines


def test_a_state_across_180_degrees_is_one_part():
    points = (square((180, 0), 80, 4_000) + 180) % 360 - 180
    found = free_energy(points, names=("a", "b"), axis_units=["degree"] * 2, periods=[360.0] * 2)
    for draw in (plot.free_energy, plot.free_energy_error):
        ax = draw(found, np.zeros(4_000, int))
        (number,) = ax.texts
        # Next to the border, but not cut off by it.
        assert 150 < abs(number.get_position()[0]) < 170
        box = number.get_window_extent()
        assert ax.bbox.x0 < box.x0 and box.x1 < ax.bbox.x1


@pytest.mark.parametrize("n_frames", [1, 5, 300])
def test_outlines_of_few_frames_are_near_them(n_frames):
    points = np.vstack([blob((0, 0), 0.5, n_frames), blob((9, 9), 0.5, n_frames)])
    labels = np.repeat([0, 1], n_frames)
    ax = plot.free_energy(points, labels)
    assert [text.get_text() for text in ax.texts[:: len(ax.texts) - 1]] == ["0", "1"]
    largest_bin = np.ptp(points, axis=0) / 8
    for state in (0, 1):
        lines = outlines(ax, state)
        distances = np.abs(np.vstack(lines)[:, None] - points[labels == state]) / largest_bin
        assert distances.max(axis=2).min(axis=1).max() < 1.1
        assert not inside(lines, points[labels != state]).any()


def test_twelve_states_have_an_outline_each():
    labels = np.repeat(np.arange(12), 500)
    centers = 4.0 * np.stack([np.arange(12) % 4, np.arange(12) // 4], 1)
    points = centers[labels] + blob((0, 0), 0.6, 6_000)
    ax = plot.free_energy(points, labels)
    assert [text.get_text() for text in ax.texts] == [str(state) for state in range(12)]
    for state in range(12):
        held = inside(outlines(ax, state), points)
        assert held[labels == state].mean() > 0.8 and held[labels != state].mean() < 0.01


def test_no_line_is_at_the_border_where_a_single_frame_is():
    """States that are mixed have low levels, which the smoothing reached beyond the border."""
    points = blob((0, 0), 1, 4_000)
    labels = np.random.default_rng(1).integers(0, 6, len(points))
    ax = plot.free_energy(points, labels)
    for state in range(6):
        for polygon in outlines(ax, state):
            assert (inside([polygon], points[labels == state])).sum() > 10


def test_numbers_do_not_cover_each_other():
    """There are twelve states around the same point, in a narrow figure."""
    points = np.vstack([blob((0, 0), 1, 6_000), [[-6, -6], [6, 6]]])
    labels = (np.arctan2(*points.T) // (np.pi / 6) + 6).astype(int).clip(0, 11)
    ax = Figure(figsize=(3.4, 2.8), layout="constrained").add_subplot()
    plot.free_energy(points, labels, ax=ax)
    assert not faults(ax)
    ax.figure.draw_without_rendering()
    places = ax.transData.transform([text.get_position() for text in ax.texts])
    apart = np.linalg.norm(places[:, None] - places, axis=-1) + 1000 * np.eye(12)
    assert apart.min() * 72 / ax.figure.dpi > 11
    for text in ax.texts:
        # Each number is in its sector still.
        assert labels[np.linalg.norm(points - text.get_position(), axis=1).argmin()] == int(
            text.get_text()
        )


def test_states_that_are_mixed_everywhere_have_a_number_only():
    points = np.tile(square((0, 0), 1, 500), (2, 1))
    ax = plot.free_energy(points, np.repeat([0, 1], 500))
    assert [text.get_text() for text in ax.texts] == ["0", "1"]
    assert not outlines(ax, 1)


@pytest.mark.parametrize("temperature", [None, 300.0])
@pytest.mark.parametrize("n", [3, 40, 1_000, 100_000])
def test_colour_bars_have_round_ticks_at_levels(n, temperature):
    points = np.repeat([[0.0, 0.0], [1.0, 1.0]], [n, 1], axis=0)
    ax = plot.free_energy(points, temperature=temperature)
    levels, bar = ax.collections[0].levels, ax.figure.axes[-1]
    ticks = bar.get_yticks()
    first = round(ticks[1], 9)
    assert ticks[0] == 0 and len(ticks) >= 3
    assert first in (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 5.0)
    np.testing.assert_allclose(np.diff(ticks), first)
    assert all(np.isclose(levels, tick).any() for tick in ticks)
    assert levels[-1] >= np.nanmax(free_energy_grid(points, temperature=temperature)[0])


def test_basins_are_darkest_and_the_border_is_palest():
    ax = plot.free_energy(blob((0, 0), 1, 5_000))
    colors = ax.collections[0].get_facecolor()
    lightness = [np.dot(to_rgb(color), (0.2126, 0.7152, 0.0722)) for color in colors]
    assert (np.diff(lightness) > 0.03).all()
    assert lightness[0] < 0.1 and 0.6 < lightness[-1] < 0.9


def test_axes_of_angles_have_room_for_their_numbers():
    points = blob((0, 0), 40, 500)
    found = free_energy(points, names=("a", "b"), axis_units=["degree"] * 2, periods=[360.0] * 2)
    for size in ((2.6, 2.2), (3.4, 2.7), (8, 7)):
        ax = Figure(figsize=size, layout="constrained").add_subplot()
        plot.free_energy(found, ax=ax)
        ax.figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
        boxes = sorted((box.x0, box.x1) for box in boxes if box.x1 > ax.bbox.x0 - 20)
        assert all(first[1] < second[0] for first, second in pairwise(boxes))
        assert set(ax.get_xticks()) >= {-180, 0, 180}

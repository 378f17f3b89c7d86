"""What the explorer says of frames, and periodic images, by node."""

import numpy as np
import pytest
from browser import needs_node
from browser_modules import run_js, show

pytestmark = needs_node

X = [-360, 0, 360]


def test_times_have_the_unit_that_fits():
    script = show("[0, 1.5, 9999, 10000, 1234567.875, -20000].map(timeText)")
    expected = ["0 ps", "1.5 ps", "9,999 ps", "10 ns", "1,234.568 ns", "\u221220 ns"]
    assert run_js(script, "words") == expected


#: Rows of three files, of which the second has no frame here.
FILES = (
    "const data = { starts: [0, 2], frames: [5, 9, 300, 310],"
    "files: [{ name: 'a.xtc', first: 0 }, { name: 'c.xtc', first: 300 }] };"
)


def test_a_frame_is_named_by_its_time_and_file():
    script = show(
        "[whereText(data, 1, 20), whereText(data, 3, NaN),"
        "whereText({ starts: [0], frames: [4], files: [{ name: '', first: 0 }] }, 0, 8)]"
    )
    assert run_js(FILES + script, "words") == [
        "time 20 ps, a.xtc, its frame 9",
        "c.xtc, its frame 10",
        "time 8 ps",
    ]


def test_numbers_of_frames_are_those_of_all_files_and_of_each():
    script = show(
        "[numberLists(data, [1, 2, 3]), numberLists({ ...data, files: [{ first: 0 }] }, [0]),"
        "numberLists({ starts: [0], frames: [300, 310], files: [{ name: 'c.xtc', first: 300 }] },"
        "[1])]"
    )
    several, one, later = run_js(FILES + script, "words")
    assert several == [
        {"name": "", "numbers": [9, 300, 310]},
        {"name": "a.xtc", "numbers": [9]},
        {"name": "c.xtc", "numbers": [0, 10]},
    ]
    assert one == [{"name": "", "numbers": [5]}]
    # Whoever opens this file alone needs its own numbers.
    assert later == [{"name": "", "numbers": [310]}, {"name": "c.xtc", "numbers": [10]}]


def test_what_is_played_is_told():
    script = show(
        "[playedText(9, 9, []), playedText(2, 9000, ['chosen']),"
        "playedText(2, 9, ['chosen', 'of the states shown', 'stored in this page'])]"
    )
    assert run_js(script, "words") == [
        "Play shows all 9 frames.",
        "Play shows 2 of 9,000 frames: those chosen.",
        "Play shows 2 of 9 frames: those chosen, of the states shown and stored in this page.",
    ]


@pytest.mark.parametrize(
    ("limits", "periods", "expected"),
    [
        ([-180, 180, -180, 180], "[360, 360]", [[0, 0]]),
        ([-180, 180, -1e9, 1e9], "[360, null]", [[0, 0]]),
        ([100, 300, -180, 180], "[360, 360]", [[0, 0], [360, 0]]),
        (
            [-190, 190, -500, -170],
            "[360, 360]",
            [[x, y] for x in X for y in X[:2]],
        ),
    ],
)
def test_periodic_images_within_limits(limits, periods, expected):
    left, right, low, high = limits
    at = f"{{left: {left}, right: {right}, low: {low}, high: {high}}}"
    assert run_js(show(f"imagesWithin({at}, {periods})"), "plane") == expected


def test_density_of_periodic_images_is_that_of_moved_points():
    """A view across the border of a period counts every point once."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-180, 180, (400, 2)).astype(np.float32)
    view = "{left: 100, right: 460, low: -180, high: 180}"
    script = show(
        f"(() => {{ const limits = {view};"
        f"const points = Float32Array.from({points.ravel().tolist()});"
        "return densityOf(points, new Int16Array(400), [true], limits, 6, 4, null,"
        "imagesWithin(limits, [360, 360])); })()"
    )
    found = run_js(script, "plane", "density")
    moved = np.where(points[:, 0] < 100, points[:, 0] + 360, points[:, 0])
    expected = np.histogram2d(
        -points[:, 1], moved, [np.linspace(-180, 180, 5), np.linspace(100, 460, 7)]
    )[0]
    assert list(found["counts"].values()) == expected.ravel().tolist()
    assert found["total"] == 400

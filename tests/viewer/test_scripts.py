"""The modules of the browser, run by node, against numbers from elsewhere."""

import re

import numpy as np
import pytest
from browser import needs_node
from browser_modules import run_js, show
from paths import ROOT
from scipy.spatial import KDTree

from mdgmvae.plot.palette import state_colors
from mdgmvae.viewer.packing import pack
from mdgmvae.viewer.scripts import bundle

BROWSER = ROOT / "mdgmvae" / "viewer" / "browser"
MODULES = sorted(path.stem for path in BROWSER.glob("*.js"))


@needs_node
def test_bundle_of_every_module_is_a_script():
    script = bundle(*MODULES)
    assert not re.search(r"^\s*(import|export) ", script, re.MULTILINE)
    assert "</" not in script
    names = run_js(show("[typeof Molecule, typeof unpack, typeof bundle]"), *MODULES)
    assert names == ["function", "function", "undefined"]


def test_bundle_holds_each_module_once():
    script = bundle("molecule", "unpack", "molecule")
    assert script.count("function subtract(") == 1
    assert script.index("function subtract(") < script.index("class Molecule {")


@needs_node
def test_unpack_reads_what_pack_wrote():
    values = np.array([-32768, 0, 7, 32767], np.int16)
    real = np.array([0.5, -1e10], np.float32)
    script = show(
        f"[[...await unpack('{pack(values)}', 'int16')],"
        f" [...await unpack('{pack(real)}', 'float32')]]"
    )
    assert run_js(script, "unpack") == [values.tolist(), real.tolist()]


@needs_node
def test_nearest_point_is_that_of_a_tree(seed=3):
    rng = np.random.default_rng(seed)
    points = (rng.standard_normal((500, 2)) * [1, 30]).astype(np.float32)
    rows = np.flatnonzero(rng.random(500) < 0.6)
    asked = rng.standard_normal((60, 2)) * [3, 90]  # many are outside
    scale = np.array([200.0, 4.0])
    away, nearest = KDTree(points[rows] * scale).query(asked * scale)
    buckets = (
        f"const b = new Buckets(Float32Array.from({points.ravel().tolist()}), {rows.tolist()});"
    )
    for reach in (np.inf, 40):
        within = "" if np.isinf(reach) else f", {reach}"
        script = show(f"{asked.tolist()}.map(([x, y]) => b.nearest(x, y, 200, 4{within}))")
        expected = np.where(away < reach, rows[nearest], -1)
        assert run_js(buckets + script, "buckets") == expected.tolist()
    assert 0 < (expected < 0).sum() < len(expected)


@needs_node
def test_buckets_without_points_find_none():
    script = show("new Buckets(new Float32Array(), []).nearest(0, 0, 1, 1)")
    assert run_js(script, "buckets") == -1


@needs_node
def test_transitions_stay_within_trajectories():
    labels = [0, 0, 1, 1, -1, 0, 1, 1, 0]
    assert run_js(show(f"[...transitions({labels}, [0, 6])]"), "frames") == [2, 8]


@needs_node
@pytest.mark.parametrize(
    ("stored", "visible", "expected"),
    [
        ("null", "[true, true]", [0, 1, 3, 4]),
        ("null", "[false, true]", [1, 4]),
        ("[1, 2, 3]", "[true, true]", [1, 3]),
    ],
)
def test_showable_rows_have_a_state_that_is_on_and_a_structure(stored, visible, expected):
    script = show(f"[...showableRows([0, 1, -1, 0, 1], {visible}, {stored})]")
    assert run_js(script, "frames") == expected


@needs_node
def test_next_and_nearest_of_sorted_rows():
    script = show(
        "[nextIn([2, 5, 9], 5, 1), nextIn([2, 5, 9], 5, -1), nextIn([2, 5], 5, 1),"
        " nextIn([], 0, 1), nearestIn([2, 5, 9], 7), nearestIn([2, 5, 9], 8),"
        " nearestIn([2], 99), nearestIn([], 1)]"
    )
    assert run_js(script, "frames") == [9, 2, -1, -1, 5, 9, 2, -1]


@needs_node
def test_lasso_finds_the_points_of_a_polygon_with_a_dent():
    points = [1, 1, 5, 5, 5, 1, 9, 1, 20, 20]
    polygon = [[0, 0], [10, 0], [10, 10], [5, 3], [0, 10]]
    script = show(f"[...rowsInside(Float32Array.from({points}), {polygon}, (row) => row !== 3)]")
    assert run_js(script, "frames") == [0, 2]


@needs_node
def test_density_counts_like_a_histogram(seed=1):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((400, 2)).astype(np.float32)
    labels = rng.integers(-1, 3, 400)
    visible = np.array([True, False, True])
    used = (labels >= 0) & visible[labels]
    counts = np.stack(
        [
            np.histogram2d(*points[used & (labels == state)].T, bins=5, range=[[-2, 2], [-2, 2]])[0]
            for state in range(3)
        ]
    )
    counts = counts.transpose(0, 2, 1)[:, ::-1].reshape(3, -1)
    script = (
        f"const d = densityOf(Float32Array.from({points.ravel().tolist()}), {labels.tolist()},"
        "[true, false, true], {left: -2, right: 2, low: -2, high: 2}, 5, 5, null);"
        + show("[[...d.counts], [...d.states], d.largest, d.total]")
    )
    found, states, largest, total = run_js(script, "density")
    assert found == counts.sum(axis=0).tolist()
    assert largest == counts.sum(axis=0).max() and total == counts.sum()
    expected = np.where(counts.sum(axis=0) > 0, counts.argmax(axis=0), -1)
    assert states == expected.tolist()


@needs_node
def test_free_energy_is_the_logarithm_of_the_share():
    """Far from other points, a cell with e times as many points is 1 kT lower."""
    counts = np.zeros((20, 20))
    counts[5, 5], counts[14, 14] = np.e * 1000, 1000
    script = f"const f = freeEnergyOf({counts.ravel().tolist()}, 20, [false, false]);" + show(
        f"[f.energy[{5 * 20 + 5}], f.energy[{14 * 20 + 14}], f.energy[0]]"
    )
    lowest, higher, empty = run_js(script, "density")
    assert [lowest, higher] == pytest.approx([0, 1], abs=1e-6)
    assert empty > 10


@needs_node
def test_contour_of_a_slope_is_a_straight_line():
    heights = np.tile(np.arange(4.0), (3, 1))
    call = f"contour({heights.ravel().tolist()}, 4, 1.25, [false, false])"
    pieces = np.array(run_js(show(call), "density"))
    assert pieces[:, [0, 2]] == pytest.approx(np.full((2, 2), 1.25))


@needs_node
@pytest.mark.parametrize("shift", [(0, 0), (9, 0), (0, 7), (12, 10)], ids=str)
def test_a_periodic_landscape_has_no_seam(shift, n=20):
    """Moved across the border, lines are the same, and closed: each point ends two pieces."""
    place = np.arange(n) - 6
    counts = 1000 * np.exp(-(np.square(place)[:, np.newaxis] / 18 + np.square(place) / 8))
    moved = np.roll(counts, shift, (0, 1)).ravel().tolist()
    script = f"const f = freeEnergyOf({moved}, {n}, [true, true]);" + show(
        f"[[...f.energy], contour(f.energy, {n}, 3, [true, true])]"
    )
    energy, pieces = run_js(script, "density")
    whole = run_js(script.replace(str(moved), str(counts.ravel().tolist())), "density")
    back = np.roll(np.reshape(energy, (n, n)), (-shift[0], -shift[1]), (0, 1))
    assert back.ravel() == pytest.approx(np.array(whole[0]), abs=1e-4)
    ends, theirs = (
        np.array(sorted((np.round(points % n, 2) % n).tolist()))
        for points in (np.reshape(pieces, (-1, 2)) - shift[::-1], np.reshape(whole[1], (-1, 2)))
    )
    assert ends == pytest.approx(theirs, abs=0.011)
    _, counts = np.unique(ends, axis=0, return_counts=True)
    assert (counts == 2).all() and len(counts) > 10


@needs_node
@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ("0, 10", [0, 2, 4, 6, 8, 10]),
        ("-180, 180", [-100, 0, 100]),
        ("-180, 180, 5, true", [-180, -90, 0, 90, 180]),
        ("-20, 20, 5, true", [-20, -10, 0, 10, 20]),
        ("-1e-9, 2.5e-9", [-1e-9, 0, 1e-9, 2e-9]),
    ],
)
def test_ticks_are_round(limits, expected):
    assert run_js(show(f"ticks({limits})"), "plane") == pytest.approx(expected)


@needs_node
@pytest.mark.parametrize("theme", ["LIGHT", "DARK"])
def test_text_can_be_read_in_both_themes(theme):
    script = show(
        f"['ink', 'soft'].flatMap((text) => ['paper', 'shade'].map((on) =>"
        f"contrast({theme}[text], {theme}[on])))"
    )
    assert min(run_js(script, "theme")) > 4.5


@needs_node
def test_colours_of_states_can_be_seen_on_dark_paper():
    colors = [*state_colors(40), "#000000"]
    script = f"const found = themeOf(true, {colors}).colors;" + show(
        "[found, found.map((color) => contrast(color, DARK.paper))]"
    )
    found, contrasts = run_js(script, "theme")
    assert min(contrasts) >= 3
    assert [color.upper() for color in found[:3]] == colors[:3] and len(set(found)) == len(found)


@needs_node
def test_shares_of_the_timeline_add_up():
    labels = [0, 0, 1, 1, 1, -1]
    shares = np.array(run_js(show(f"[...sharesOf({labels}, 3, 2)]"), "timeline")).reshape(3, 3)
    assert shares.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5]]


@needs_node
def test_turning_keeps_angles_and_can_be_undone():
    script = show(
        "turned(turned(turned(IDENTITY, 0.3, 0), 0, 1.2), 0, -1.2).concat(turned(IDENTITY, 0.3, 0))"
    )
    numbers = np.array(run_js(script, "vectors")).reshape(2, 3, 3)
    assert numbers[0] == pytest.approx(numbers[1])
    assert numbers[0] @ numbers[0].T == pytest.approx(np.eye(3))


def helix(n):
    """Return C-alpha atoms of an ideal alpha helix: 100 degrees and 1.5 angstrom a residue."""
    angle = np.radians(100) * np.arange(n)
    return np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * np.arange(n)], axis=1)


@needs_node
def test_helix_and_strand_are_found_from_alpha_carbons():
    strand = np.stack([3.3 * np.arange(8), np.tile([0.9, -0.9], 4), np.zeros(8)], axis=1)
    script = show(f"[structureOf({helix(12).tolist()}), structureOf({strand.tolist()})]")
    assert run_js(script, "ribbon") == ["H" * 12, "E" * 8]


@needs_node
@pytest.mark.parametrize("structure", ["H", "E", "C"])
@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_ribbons_are_closed_and_end_thin(structure, n):
    """Every edge belongs to two triangles, and no ring at an end is wider than a coil."""
    xyz = helix(n)
    script = (
        "const mesh = new Mesh();"
        f"addRibbon(mesh, Float32Array.from({xyz.ravel().tolist()}),"
        f"{{atoms: [...Array({n}).keys()], reach: 5}}, '{structure * n}', [1, 2, 3]);"
        + show(
            "[[...mesh.positions.slice(0, 3 * mesh.pointCount)],"
            "[...mesh.indices.slice(0, mesh.indexCount)]]"
        )
    )
    positions, indices = map(np.array, run_js(script, "mesh", "ribbon"))
    positions, triangles = positions.reshape(-1, 3), indices.reshape(-1, 3)
    edges = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    )
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    for ring, end in ((positions[:12], xyz[0]), (positions[-12:], xyz[-1])):
        assert np.linalg.norm(ring - end, axis=1).max() == pytest.approx(0.3, abs=0.02)


@needs_node
def test_ribbons_of_large_molecules_have_half_the_triangles():
    """With more, a click on a protein of 214 residues took longer than 100 ms."""
    counted = (
        "const count = (n) => { const mesh = new Mesh();"
        f"addRibbon(mesh, Float32Array.from({helix(10).ravel().tolist()}),"
        "{atoms: [...Array(10).keys()], reach: 5}, 'H'.repeat(10), [1, 2, 3], detailFor(n));"
        "return mesh.indexCount / 3; };"
    )
    small, large = run_js(counted + show("[count(100), count(214)]"), "mesh", "ribbon")
    assert 0.2 * small < large < 0.5 * small


@needs_node
def test_chain_is_broken_where_residues_are_far_apart():
    xyz = helix(9)
    xyz[5:] += 20
    script = show(
        f"piecesOf(Float32Array.from({xyz.ravel().tolist()}),"
        "{atoms: [...Array(9).keys()], reach: 5}).map(({points, start}) => [points.length, start])"
    )
    assert run_js(script, "ribbon") == [[5, 0], [4, 5]]


@needs_node
def test_far_triangles_are_painted_first():
    script = (
        "const mesh = new Mesh(); mesh.indices.set([0, 0, 0, 1, 1, 1, 2, 2, 2]);"
        "mesh.indexCount = 9;" + show("[...fromFarToNear(mesh, [5, -1, 2])]")
    )
    assert run_js(script, "mesh", "painter") == [3, 6, 0]

"""The pages in headless Chromium: what is drawn, and what clicks and keys do."""

import numpy as np
import pytest
from browser import chromium, needs_chromium
from explored_page import CAPTION, opened
from MDAnalysis.analysis.dihedrals import Ramachandran
from small_analyses import alanine

import mdgmvae
from mdgmvae.viewer.molecule import Molecule
from mdgmvae.viewer.page import offline_page
from mdgmvae.viewer.saved_explorer import explorer_page
from mdgmvae.viewer.scripts import bundle

pytestmark = needs_chromium

#: Takes WebGL away.
FLAT = """HTMLCanvasElement.prototype.getContext = ((original) =>
  function (kind, ...rest) { return kind === "webgl" ? null : original.call(this, kind, ...rest); }
)(HTMLCanvasElement.prototype.getContext);"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as open_page:
        yield open_page


@pytest.fixture(scope="module")
def ramachandran(pages):
    """Save 400 frames of alanine dipeptide; return the explorer and the page."""
    u, frames = alanine(), np.arange(0, 8000, 20)
    angles = Ramachandran(u.select_atoms("resname ALA")).run(frames=frames).results.angles[:, 0]
    labels = np.where(angles[:, 0] > 0, 2, (angles[:, 1] > 50).astype(int))
    explorer = mdgmvae.explore(u, labels, angles, frames, axes=["phi / °", "psi / °"])
    explorer.save(pages / "alanine.html")
    return explorer, pages / "alanine.html"


@pytest.fixture(scope="module")
def protein(adk, pages):
    """Save adenylate kinase."""
    labels = np.repeat([0, 1], 49)
    explorer = mdgmvae.explore(adk, labels, np.random.default_rng(0).random((98, 2)))
    explorer.save(pages / "adk.html")
    return explorer, pages / "adk.html"


def point_of(page, row):
    """Return the pixel of a row on the page."""
    left, top, _, _ = page.place(".map .above")
    x, y = page.run(
        "(() => { const { points } = explorer.data;"
        f"return explorer.landscape.plane.toScreen(points[{2 * row}], points[{2 * row + 1}]); }})()"
    )
    return left + x, top + y


@pytest.mark.parametrize("name", ["ramachandran", "protein"])
@pytest.mark.parametrize("size", [(390, 844), (1280, 720)], ids=["phone", "laptop"])
def test_saved_page_draws_everything_and_asks_for_nothing(browser, request, name, size):
    _, path = request.getfixturevalue(name)
    page = opened(browser, path, width=size[0], height=size[1])
    for canvas, least in ((".molecule canvas", 1000), (".map .below", 300), (".time .below", 5000)):
        assert page.colors_of(canvas) > least, canvas
    assert page.requests == [path.as_uri()]
    assert page.errors == []
    width, height = page.run("[document.body.scrollWidth, document.body.scrollHeight]")
    assert width <= size[0] and height <= max(size[1], 760)


def test_policy_of_the_page_stops_scripts_and_requests(browser, ramachandran, tmp_path):
    _, path = ramachandran
    copy = tmp_path / "tampered.html"
    copy.write_text(path.read_text().replace("</body>", "<script>window.evil = 1</script></body>"))
    page = opened(browser, copy)
    assert page.run("typeof evil") == "undefined"
    assert page.run("fetch('data:text/plain,1').then(() => 'sent', () => 'blocked')") == "blocked"


def test_molecule_is_the_frame_that_the_caption_names(browser, ramachandran):
    explorer, path = ramachandran
    page = opened(browser, path)
    for row in (300, 20):
        page.drag([point_of(page, row)])
        shown = page.run("explorer.row")
        frame = explorer.mapped.frames[shown]
        # Points may lie on one another; the nearest is as near as this one.
        apart = explorer.mapped.points[[shown, row]]
        assert np.linalg.norm(apart[0] - apart[1]) < 2
        page.wait(f"{CAPTION}.startsWith('frame {frame:,}: state {explorer.mapped.labels[shown]}')")
        positions = page.run("opened.then((e) => e.source.load(e.row)).then((s) => [...s.xyz])")
        expected = explorer.molecule.snapshots([frame]).positions.ravel()
        assert positions == pytest.approx(expected, abs=0.0051)


def test_lasso_chooses_frames(browser, ramachandran):
    explorer, path = ramachandran
    page = opened(browser, path)
    corners = [(-170.0, 60.0), (-100.0, 60.0), (-100.0, 178.0), (-170.0, 178.0)]
    left, top, _, _ = page.place(".map .above")
    pixels = [page.run(f"explorer.landscape.plane.toScreen({x}, {y})") for x, y in corners]
    page.click(".bar button:nth-of-type(4)")  # Lasso
    page.drag([(left + x, top + y) for x, y in pixels])
    points = explorer.mapped.points
    inside = (points > [-170, 60]).all(axis=1) & (points < [-100, 178]).all(axis=1)
    chosen = page.run("[...explorer.chosen]")
    assert len(chosen) > 10 and abs(len(chosen) - inside.sum()) <= 2  # pixels are whole
    assert f"{len(chosen)} frames chosen" in page.run("explorer.elements.clear.textContent")
    # The others are faint, however many of them are in one place.
    (other,) = np.flatnonzero((points[:, 0] > 0) & (explorer.mapped.labels == 2))[:1].tolist()
    faint, pixel = page.run(
        "(() => { const { landscape, data } = explorer;"
        f"const [x, y] = data.points.subarray({2 * other}, {2 * other + 2});"
        "const place = landscape.plane.toScreen(x, y);"
        "const { data: seen } = landscape.below.getContext('2d').getImageData(...place, 1, 1);"
        "const hex = [...seen].slice(0, 3).map((v) => v.toString(16).padStart(2, '0')).join('');"
        "return [landscape.theme.faint[2], `#${hex}`]; })()"
    )
    assert pixel == faint != page.run("explorer.theme.colors[2]").lower()
    page.run("explorer.playback.speed = 600")
    page.click(".bar button:nth-of-type(1)")  # Play goes through the chosen frames only.
    seen = {page.run("explorer.row") for _ in range(20)}
    assert len(seen) > 2 and len(seen - set(chosen)) <= 1
    page.key("Escape")
    assert page.run("explorer.chosen") is None


def test_playing_changes_frames_and_colours(browser, protein):
    _, path = protein
    page = opened(browser, path)
    page.run("explorer.playback.speed = 600")
    before = page.run("explorer.elements.moleculeCanvas.toDataURL()")
    page.click(".bar button:nth-of-type(1)")
    page.wait("explorer.data.labels[explorer.row] === 1")
    page.click(".bar button:nth-of-type(1)")
    assert page.run("explorer.playback.isPlaying") is False
    assert page.run("explorer.elements.moleculeCanvas.toDataURL()") != before
    assert page.errors == []


def test_transitions_keys_and_timeline(browser, protein):
    _, path = protein
    page = opened(browser, path)
    page.click(".bar button:nth-of-type(3)")  # next transition
    page.wait(f"{CAPTION} === 'frame 49: state 1'")
    page.click(".time .above", x=10.5 / 98)
    page.wait(f"{CAPTION} === 'frame 10: state 0'")
    page.key("ArrowRight")
    page.wait(f"{CAPTION} === 'frame 11: state 0'")
    page.key("End")
    page.wait(f"{CAPTION} === 'frame 97: state 1'")
    page.key("p")
    page.wait(f"{CAPTION} === 'frame 49: state 1'")


def test_legend_switches_states_off(browser, protein):
    _, path = protein
    page = opened(browser, path)
    page.click(".legend button:nth-of-type(1)")
    assert page.run("explorer.showable[0]") == 49
    page.click(".time .above", x=0.02)  # The nearest frame in time that is shown.
    page.wait(f"{CAPTION} === 'frame 49: state 1'")


def test_thinned_page_shows_the_frame_that_it_names(browser, adk, pages):
    """Only stored frames can be picked, wherever the click is."""
    labels = np.repeat([0, 1], [95, 3])
    xy = np.stack([np.arange(98), np.arange(98) % 7], axis=1)
    explorer = mdgmvae.explore(adk, labels, xy)
    path = pages / "thinned.html"
    path.write_text(explorer_page(explorer.molecule, explorer.mapped, "", 135_000))
    page = opened(browser, path)
    stored = page.run("[...explorer.data.stored]")
    assert len(stored) < 60 and {95, 96, 97} <= set(stored)
    assert page.run("explorer.data.labels.length") == 98
    for row in (1, 47, 94):
        page.drag([point_of(page, row)])
        shown = page.run("explorer.row")
        assert shown in stored
        page.wait(f"{CAPTION}.startsWith('frame {shown}:')")
        positions = page.run("explorer.source.load(explorer.row).then((s) => [...s.xyz])")
        expected = explorer.molecule.snapshots([shown]).positions.ravel()
        assert positions == pytest.approx(expected, abs=0.0051)


@pytest.mark.parametrize("name", ["ramachandran", "protein"])
def test_page_works_without_webgl(browser, request, name):
    _, path = request.getfixturevalue(name)
    page = opened(browser, path, before=FLAT)
    assert page.colors_of(".molecule canvas") > 1000
    before = page.run("explorer.elements.moleculeCanvas.toDataURL()")
    page.run("explorer.molecule.turn(1, 0.5)")
    assert page.run("explorer.elements.moleculeCanvas.toDataURL()") != before
    assert page.errors == []


def test_molecule_turns_by_drag_and_keys_and_returns(browser, ramachandran):
    _, path = ramachandran
    page = opened(browser, path)
    picture = "explorer.elements.moleculeCanvas.toDataURL()"
    first = page.run(picture)
    left, top, width, height = page.place(".molecule canvas")
    middle = (left + width / 2, top + height / 2)
    page.drag([middle, (middle[0] + 60, middle[1] + 20)])
    turned = page.run(picture)
    page.key("ArrowUp")
    assert len({first, turned, page.run(picture)}) == 3
    page.click(".bar button:nth-of-type(5)")  # Reset view; the button to forget is hidden.
    page.run("explorer.resetView()")
    assert page.run(picture) == first


def paper_of(page):
    """Return the colours of the page, of the corner of the molecule, and of the axes."""
    return page.run(
        "(() => { const pixel = (canvas, x, y) => [...canvas.getContext('2d')"
        ".getImageData(x, y, 1, 1).data].slice(0, 3); const { elements, landscape } = explorer;"
        "const { x, y } = landscape.plane.box;"
        "return [getComputedStyle(elements.root).backgroundColor,"
        "pixel(elements.moleculeCanvas, 3, 3), pixel(elements.pointsCanvas, x, y + 40)]; })()"
    )


def test_dark_pages_have_dark_canvases_and_are_printed_light(browser, ramachandran):
    _, path = ramachandran
    page = opened(browser, path)
    background, molecule, axes = paper_of(page)
    assert (background, molecule) == ("rgb(255, 255, 255)", [255] * 3) and max(axes) < 150
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.call("Emulation.setEmulatedMedia", **dark)
    page.wait("explorer.elements.root.classList.contains('dark')")
    background, molecule, axes = paper_of(page)
    assert background == f"rgb({', '.join(map(str, molecule))})"
    assert max(molecule) < 40 and min(axes) > 100
    # JupyterLab's theme is not that of the system.
    for light in ("true", "false"):
        page.run(f"document.body.dataset.jpThemeLight = '{light}'")
        page.wait(f"explorer.elements.root.classList.contains('dark') === !{light}")
        assert (max(paper_of(page)[1]) < 40) == (light == "false")
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert paper_of(page)[:2] == ["rgb(255, 255, 255)", [255] * 3]
    assert page.place(".mdgmvae")[2] < 700  # the width of paper
    # Chromium prints the canvas above in white, so the marker has to be on the one below.
    assert page.run("getComputedStyle(explorer.elements.markerCanvas).visibility") == "hidden"
    page.run("dispatchEvent(new Event('afterprint'))")
    assert max(paper_of(page)[1]) < 40 and page.place(".mdgmvae")[2] > 1000
    assert page.errors == []


@pytest.mark.slow
def test_twenty_molecules_on_a_page_share_one_context(browser, tmp_path):
    """Browsers drop the oldest of some 16 contexts."""
    molecule = Molecule.of(alanine())
    data = {"topology": molecule.topology(), "packed": molecule.snapshots([0, 6500]).to_json()}
    script = bundle("molecule", "unpack") + (
        """
        const { topology, packed } = JSON.parse(document.getElementById("data").textContent);
        unpackStructures(packed).then((structures) => {
          for (const canvas of document.querySelectorAll("canvas")) {
            new Molecule(canvas, topology).show(
              structures.map((s, k) => ({ ...s, color: ["#0072B2", "#D55E00"][k] })));
          }
          document.title = "drawn";
        });
        """
    )
    canvases = "".join(f'<canvas id="c{k}"></canvas>' for k in range(20))
    style = "canvas { width: 100px; height: 100px; }"
    path = tmp_path / "cards.html"
    path.write_text(offline_page("", style, canvases, script, data))
    page = browser(path.as_uri())
    page.wait("document.title === 'drawn'")
    for k in (0, 19):
        assert page.colors_of(f"#c{k}") > 500
    assert page.errors == []

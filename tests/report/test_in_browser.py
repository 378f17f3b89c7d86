"""The report in headless Chromium: structures are drawn and turn, nothing is asked for."""

import numpy as np
import pytest
from browser import chromium, needs_chromium
from small_analyses import FAST, alanine

from mdgmvae import GMVAEAnalysis

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    GMVAEAnalysis(alanine(), **FAST | {"lag": 2}).run(step=20).report(path)
    with chromium() as open_page:
        yield open_page(path.as_uri())


def image(page):
    page.wait("document.querySelector('.card canvas').width > 100")
    return page.run("document.querySelector('.card canvas').toDataURL()")


def test_structures_are_drawn_and_nothing_is_asked_for(page):
    page.wait("document.querySelectorAll('.card canvas').length === 2")
    image(page)
    for card in (1, 2):
        assert page.colors_of(f".card:nth-child({card}) canvas") > 300
    assert page.errors == []
    assert all(url.startswith(("file:", "data:")) for url in page.requests)
    # All images have been decoded.
    sizes = page.run("[...document.images].map((image) => image.naturalWidth)")
    assert np.min(sizes) > 200


def test_structures_turn_until_a_reader_takes_over(page):
    first = image(page)
    page.wait(f"document.querySelector('.card canvas').toDataURL() !== {first!r}")
    page.click(".card canvas")
    still = image(page)
    page.run("new Promise((resolve) => setTimeout(resolve, 300))")
    assert image(page) == still
    page.key("ArrowLeft")
    assert image(page) != still


def test_on_a_phone_every_cell_is_seen_with_its_head_and_the_time_course_fits(page):
    """The verdict is in the last column, which was beyond the edge of the screen."""
    page.resize(390, 844)
    cells = page.run(
        "[...document.querySelectorAll('.many td:not(:empty)')].map((cell) => "
        "[getComputedStyle(cell, '::before').content, cell.getBoundingClientRect().right])"
    )
    assert len(cells) > 20 and max(right for _, right in cells) <= 390
    heads = [head.strip('"') for head, _ in cells]
    assert {"verdict", "state", "population / %"} <= set(heads)
    wide = "[...document.querySelectorAll('.wide > :not(table)')].map((e) => e.clientWidth)"
    assert max(page.run(wide)) < 390
    page.wait("document.querySelector('picture img').complete")
    shown, drawn = page.run(
        "(({ clientWidth, naturalWidth }) => [clientWidth, naturalWidth])"
        "(document.querySelector('picture img'))"
    )
    # Letters are as large as in other figures.
    assert shown <= 360 and drawn / shown < 1.8


@pytest.mark.parametrize("width", [390, 820, 1600])
def test_the_page_is_never_wider_than_the_screen(page, width):
    page.resize(width, 900)
    assert page.run("document.documentElement.scrollWidth") <= width


def test_wide_tables_scroll_by_themselves(page):
    page.resize(700, 900)
    scrolled = page.run(
        "[...document.querySelectorAll('.wide table')].map((table) => { table.scrollLeft = 20;"
        "const [caption, cell] = ['caption', 'td'].map((name) => table.querySelector(name));"
        "return [table.scrollLeft, ...[caption, cell].map((e) => e.getBoundingClientRect().x)]; })"
    )
    assert sum(left == 20 for left, *_ in scrolled) > 0
    # Captions and first columns stay.
    assert np.ptp([places for _, *places in scrolled]) < 1


def test_a_dark_page_has_dark_molecules_and_is_printed_light(page):
    def corner():
        image(page)
        return page.run(
            "[...document.querySelector('.card canvas').getContext('2d')"
            ".getImageData(3, 3, 1, 1).data].slice(0, 3)"
        )

    filters = "getComputedStyle(document.querySelector('figure img')).filter"
    assert corner() == [255] * 3 and page.run(filters) == "none"
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.call("Emulation.setEmulatedMedia", **dark)
    page.wait("matchMedia('(prefers-color-scheme: dark)').matches")
    background = page.run("getComputedStyle(document.body).backgroundColor")
    assert f"rgb({', '.join(map(str, corner()))})" == background != "rgb(255, 255, 255)"
    assert "invert" in page.run(filters)
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert corner() == [255] * 3
    page.run("dispatchEvent(new Event('afterprint'))")
    page.call("Emulation.setEmulatedMedia", media="print", **dark)
    assert page.run(filters) == "none"
    page.call("Emulation.setEmulatedMedia", media="", features=[])
    assert page.errors == []

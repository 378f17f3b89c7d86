"""Frames that a lasso has chosen on a saved page, and what the page says of frames."""

import re

import numpy as np
import pytest
from browser import chromium, needs_chromium, wait_for_lines
from explored_page import CAPTION, lasso, opened
from small_analyses import alanine

import mdgmvae

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser():
    with chromium() as open_page:
        yield open_page


@pytest.fixture(scope="module")
def two_files(pages):
    """Save 40 frames of two files on a map of two angles; two clusters lie across its borders."""
    u = alanine()
    paths = [pages / "one" / "a.xtc", pages / "two" / "a.xtc"]
    for path, part in zip(paths, (slice(0, 40, 2), slice(50, 90, 2)), strict=True):
        path.parent.mkdir()
        u.atoms.write(path, frames=u.trajectory[part])
    u = alanine()
    u.load_new(paths)
    labels = np.arange(40) % 2
    xy = np.where(labels[:, None], [20.0, 30.0], [179.0, -178.0])
    xy += np.random.default_rng(0).uniform(-9, 9, xy.shape)
    explorer = mdgmvae.explore(
        u, labels, xy, axes=["phi / °", "psi / °"], periods=(360, 360), title="two files"
    )
    explorer.save(pages / "two_files.html")
    return explorer, pages / "two_files.html"


SHIFT = 8
MIDDLE = [(0, 10), (40, 10), (40, 50), (0, 50)]
CORNER = [(165, -160), (195, -160), (195, -195), (165, -195)]


def test_one_lasso_goes_across_the_borders_of_periods(browser, two_files):
    explorer, path = two_files
    page = opened(browser, path)
    even = np.flatnonzero(explorer.mapped.labels == 0).tolist()
    # Beyond the border of the landscape, to which the line of the lasso may run.
    assert lasso(page, CORNER, SHIFT) == even
    # In the middle of the view, to which the landscape has been dragged.
    page.key("Escape")
    page.drag([(200, 200), (60, 330)])
    assert page.run("explorer.landscape.plane.images.length") == 4
    assert lasso(page, [(x, y + 360) for x, y in CORNER], SHIFT) == even
    # A click finds points beyond the border, too.
    left, top, _, _ = page.place(".map .above")
    x, y = page.run("explorer.landscape.plane.toScreen(181, 178)")
    page.drag([(left + x, top + y)])
    assert page.run("explorer.row") in even


def test_shift_adds_a_lasso_and_a_lasso_without_it_replaces(browser, two_files):
    _, path = two_files
    page = opened(browser, path)
    assert len(lasso(page, MIDDLE, SHIFT)) == 20
    assert lasso(page, CORNER, SHIFT) == list(range(40))
    page.key("l")
    assert len(lasso(page, MIDDLE)) == 20
    page.key("Escape")
    assert lasso(page, [(60, 60), (90, 60), (90, 90)]) == []


def test_caption_tells_time_and_file(browser, two_files):
    """The times are those of the files: the second begins at 100 ps."""
    explorer, path = two_files
    page = opened(browser, path)
    page.run("explorer.select(23)")
    page.wait(f"{CAPTION} === 'frame 23: state 1'")
    times = [ts.time for ts in explorer._moving.atoms.universe.trajectory]
    assert times[23] == 112
    where = page.run("explorer.elements.where.textContent")
    assert where == "time 112 ps, two/a.xtc, its frame 3"


def test_numbers_of_chosen_frames_are_copied_and_saved_from_a_file(browser, two_files, tmp_path):
    """With the keyboard alone, once the frames are chosen."""
    _, path = two_files
    page = opened(browser, path)
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.call("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    chosen = lasso(page, MIDDLE, SHIFT)
    page.key("c")
    said, text = (f"explorer.numbers.{name}" for name in ("said.textContent", "text.value"))
    assert page.run(text) == str(chosen) == str(list(range(1, 40, 2)))
    page.key("Enter", text="\r")  # The button that copies has the focus.
    page.wait(f"{said}.startsWith('Copied. Numbered from 0 over all files')")
    assert page.run("navigator.clipboard.readText()") == str(chosen)
    # Those of the second file, counted within it.
    page.run(
        "(({ which }) => { which.selectedIndex = 2; which.dispatchEvent(new Event('change')); })"
        "(explorer.numbers)"
    )
    assert page.run("explorer.numbers.which.selectedOptions[0].text") == "two/a.xtc (10)"
    page.run("explorer.numbers.save.focus()")
    page.key("Enter", text="\r")
    page.wait(f"{said}.startsWith('Saved')")
    header, *_ = wait_for_lines(tmp_path / "frames.txt", 11)
    assert header == "# Numbered from 0 in two/a.xtc"
    assert np.loadtxt(tmp_path / "frames.txt", dtype=int).tolist() == list(range(1, 20, 2))
    page.key("Escape")  # It closes the dialog and keeps the frames.
    assert not page.run("explorer.numbers.dialog.open") and len(page.run("[...explorer.chosen]"))
    assert page.errors == []


def test_numbers_of_a_state_are_had_without_a_lasso(browser, two_files):
    """As with a keyboard, by which nobody can draw a lasso."""
    _, path = two_files
    page = opened(browser, path)
    page.run("explorer.elements.states[0].focus()")
    page.key(" ")  # Hides the first state.
    page.key("c")
    assert page.run("explorer.numbers.text.value") == str(list(range(1, 40, 2)))
    heading = page.run("explorer.numbers.heading.textContent")
    assert heading == "20 frames of the states shown; none are chosen"


def test_numbers_are_selected_where_the_clipboard_is_refused(browser, two_files):
    _, path = two_files
    page = opened(browser, path)
    page.run("document.execCommand = () => false")
    page.run("navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))")
    lasso(page, MIDDLE, SHIFT)
    page.click(".bar button:nth-of-type(6)")
    page.key("Enter", text="\r")
    page.wait("explorer.numbers.said.textContent.includes('copy the selected text')")
    assert page.run("explorer.numbers.text.selectionEnd") > 20


def test_numbers_of_a_page_that_lacks_points_are_said_to_be_incomplete(browser, two_files, pages):
    _, path = two_files
    (data,) = re.findall('id="data">(.*?)</script>', path.read_text())
    copy = pages / "incomplete.html"
    copy.write_text(path.read_text().replace(data, data.replace('"total": 40', '"total": 1240')))
    for where, warned in ((path, False), (copy, True)):
        page = opened(browser, where)
        lasso(page, MIDDLE, SHIFT)
        page.key("c")
        text = page.run("explorer.numbers.dialog.textContent")
        assert ("1,200 points are not in this page" in text) == warned


def test_play_tells_what_it_goes_through(browser, two_files):
    _, path = two_files
    page = opened(browser, path)
    played = "explorer.elements.played.textContent"
    assert page.run(played) == "Play shows all 40 frames."
    page.click(".legend button:nth-of-type(1)")
    assert page.run(played) == "Play shows 20 of 40 frames: those of the states shown."
    lasso(page, CORNER, SHIFT)
    page.click(".legend button:nth-of-type(1)")
    lasso(page, MIDDLE, SHIFT)
    assert page.run(played) == "Play shows 20 of 40 frames: those chosen."


def test_every_control_has_a_name_and_shows_its_focus(browser, two_files):
    """As a screen reader finds them; Chromium computes the names."""
    _, path = two_files
    page = opened(browser, path)
    lasso(page, MIDDLE, SHIFT)
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "combobox", "slider", "application", "Canvas", "textbox"}
    names = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in roles
    ]
    assert len(names) >= 12 and all(name for _, name in names), names
    assert ("button", "Next transition") in names
    outlines = {}
    for _ in range(14):
        page.key("Tab")
        name, outline = page.run(
            "(({ activeElement: at }) =>"
            "[at.outerHTML, getComputedStyle(at).outlineStyle])(document)"
        )
        outlines[name] = outline
    del outlines[page.run("document.body.outerHTML")]  # After the last one, all begin again.
    assert len(outlines) == 13 and set(outlines.values()) == {"solid"}

"""The explorer in a live JupyterLab, in headless Chromium."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from browser import chromium, needs_chromium
from matplotlib.colors import rgb_to_hsv, to_rgb

from mdgmvae.plot.palette import state_colors

jupyterlab = pytest.importorskip("jupyterlab")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("anywidget", reason="anywidget is not installed")

pytestmark = [needs_chromium, pytest.mark.slow]

CELLS = (
    """
import numpy as np, MDAnalysis as mda, mdgmvae
from mdgmvae.data import alanine_dipeptide
u = mda.Universe(*alanine_dipeptide())
xy = np.stack([np.arange(400) % 20, np.arange(400) // 20], axis=1)
explorer = mdgmvae.explore(u, np.arange(400) // 200, xy, frames=np.arange(400))
explorer
""",
    'np.save("seen.npy", [explorer.frame, *explorer.brushed])',
    "explorer.select(300); explorer.brush([1, 399])",
)
VIEW_CELLS = (
    """
import numpy as np, MDAnalysis as mda
from mdgmvae.data import alanine_dipeptide
from mdgmvae.viewer import view, view_states
u = mda.Universe(*alanine_dipeptide())
widget = view(u, [0, 0, 1, 1, 0], frames=[0, 10, 20, 30, 40])
widget
""",
    "view_states(u, {0: [0, 10], 1: [20]}, side_by_side=True)",
    "view_states(u, {0: [0, 10], 1: [20]})",
)
LEGEND = "document.querySelector('.jp-OutputArea-output .widget-html-content')?.textContent"
CAPTION = "document.querySelector('.mdgmvae .caption > div')?.textContent"


@contextmanager
def server(folder):
    """Start JupyterLab in a folder, and yield its address."""
    share, log = Path(jupyterlab.__file__).parents[4] / "share" / "jupyter", folder / "server.log"
    options = ("no-browser", "allow-root", "port=0", "IdentityProvider.token=")
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    own["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
    # The kernel is this interpreter. JupyterLab and widgets may be installed for another one.
    kernel = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    arguments = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": arguments, "display_name": "test", "language": "python"}))
    own["JUPYTER_PATH"] = os.pathsep.join([str(folder / "jupyter"), str(share)])
    with log.open("w") as stream:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", f"--app-dir={share / 'lab'}"),
                *(f"--{option}" for option in options),
            ],
            cwd=folder,
            env={**os.environ, **own},
            stderr=stream,
        )
        try:
            end = time.monotonic() + 60
            while not (found := re.search(r"(http://127\.0\.0\.1:\d+)/lab", log.read_text())):
                assert time.monotonic() < end and process.poll() is None, log.read_text()
                time.sleep(0.1)
            yield found[1]
        finally:
            process.terminate()
            process.wait(60)


def run_cell(page, number):
    """Click into a cell and press shift and enter."""
    left, top, _, height = page.run(
        f"(() => {{ const b = document.querySelectorAll('.jp-Cell')[{number}]"
        ".querySelector('.cm-content').getBoundingClientRect();"
        "return [b.x, b.y, b.width, b.height]; })()"
    )
    page.drag([(left + 20, top + height / 2)])
    key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "modifiers": 8}
    page.call("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
    page.call("Input.dispatchKeyEvent", type="keyUp", **key)


def seen_by_python(page, folder):
    """Return the frame that is shown, and the brushed frames."""
    run_cell(page, 1)
    path, end = folder / "seen.npy", time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.1)
    time.sleep(0.2)
    frame, *brushed = np.load(path).tolist()
    return frame, brushed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def lab(folder):
    """Start JupyterLab and a browser, and return what opens a notebook with some cells."""
    with server(folder) as address, chromium() as open_page:

        def open_notebook(name, cells):
            written = nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells],
                metadata={"kernelspec": {"name": "python3", "display_name": "test"}},
            )
            nbformat.write(written, folder / f"{name}.ipynb")
            page = open_page(f"{address}/lab/tree/{name}.ipynb", width=1400, height=1500)
            page.wait(f"document.querySelectorAll('.jp-Cell').length === {len(cells)}")
            page.wait("document.body.innerText.includes('test | Idle')")
            return page

        yield open_notebook


def test_explorer_in_a_live_notebook(lab, folder):
    page = lab("explore", CELLS)
    run_cell(page, 0)
    page.wait(CAPTION)
    for canvas in (".molecule canvas", ".map .below", ".time .below"):
        assert page.colors_of(f".mdgmvae {canvas}") > 300, canvas

    page.click(".mdgmvae .time .above", x=250.5 / 400)
    page.wait(f"{CAPTION} === 'frame 250: state 1'")
    page.click(".mdgmvae .bar button:nth-of-type(4)")  # Lasso
    left, top, width, height = page.place(".mdgmvae .map .above")
    corners = ((0.2, 0.1), (0.6, 0.1), (0.6, 0.6), (0.2, 0.6))
    page.drag([(left + x * width, top + y * height) for x, y in corners])
    frame, brushed = seen_by_python(page, folder)
    assert frame == 250
    assert len(brushed) > 20 and all(0 <= number < 400 for number in brushed)

    run_cell(page, 2)
    page.wait(f"{CAPTION} === 'frame 300: state 1'")
    page.run("document.querySelector('.mdgmvae').scrollIntoView()")
    page.click(".mdgmvae .bar button:nth-of-type(1)")  # Play goes through both frames.
    page.wait(f"{CAPTION} === 'frame 1: state 0'")
    page.wait(f"{CAPTION} === 'frame 399: state 1'")
    # JupyterLab itself asks for pages that are not there.
    assert [error for error in page.errors if error.get("source") != "network"] == []


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def pixels(page, folder, color, number=0):
    """Return how many pixels of a canvas of nglview have nearly the hue of a state."""
    page.screenshot(folder / "screen.png")
    canvas = f"document.querySelectorAll('.jp-OutputArea canvas')[{number}]"
    left, top, width, height = page.run(
        f"(() => {{ const b = {canvas}.getBoundingClientRect();"
        "return [b.x, b.y, b.width, b.height].map(Math.round); })()"
    )
    image = rgb_to_hsv(
        plt.imread(folder / "screen.png")[top : top + height, left : left + width, :3]
    )
    close = np.abs(image[..., 0] - rgb_to_hsv(to_rgb(color))[0]) < 0.03
    return int((close & (image[..., 1] > 0.4) & (image[..., 2] > 0.2)).sum())


def test_nglview_in_a_live_notebook(lab, folder):
    pytest.importorskip("nglview")
    blue, red = state_colors(2)
    page = lab("view", VIEW_CELLS)
    run_cell(page, 0)
    page.wait(f"{LEGEND}?.includes('frame 0: state 0')")
    wait_for(lambda: pixels(page, folder, blue) > 500)
    page.run("document.querySelectorAll('.jp-OutputArea .jupyter-button')[1].click()")
    page.wait(f"{LEGEND}.includes('frame 20: state 1')")
    wait_for(lambda: pixels(page, folder, red) > 500)
    assert pixels(page, folder, blue) == 0

    # Playing visits analysed frames only. The buttons of the player are hidden.
    page.run(f"window.seen = new Set(); setInterval(() => seen.add({LEGEND}), 10)")
    page.run("document.querySelector('.widget-play button').click()")
    page.wait(f"{LEGEND}.includes('frame 40: state 0')")
    frames = page.run("[...seen].map((text) => Number(text.match(/frame (\\d+):/)[1]))")
    assert {20, 40} <= set(frames) <= {0, 10, 20, 30, 40}

    run_cell(page, 1)
    page.wait("document.querySelectorAll('.jp-OutputArea canvas').length === 3")
    for number, color in ((1, blue), (2, red)):
        wait_for(lambda n=number, c=color: pixels(page, folder, c, n) > 200)
    run_cell(page, 2)
    page.wait("document.querySelectorAll('.jp-OutputArea canvas').length === 4")
    for color in (blue, red):
        wait_for(lambda c=color: pixels(page, folder, c, 3) > 200)
    page.screenshot(folder / "states.png")
    page.run("document.querySelector('.jp-OutputArea input[type=checkbox]').click()")
    wait_for(lambda: pixels(page, folder, blue, 3) == 0)
    assert pixels(page, folder, red, 3) > 200
    assert [error for error in page.errors if error.get("source") != "network"] == []

"""Measure the explorer with a million frames, and with a protein of 3,341 atoms.

Usage: python benchmarks/explorer.py [--frames 1000000]

The million frames are the embedded alanine dipeptide, its files repeated. Times in the browser are
those of headless Chromium, which draws WebGL on the processor. The table is printed as Markdown.
"""

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

import MDAnalysis as mda
import numpy as np
from MDAnalysisTests.datafiles import DCD, PSF

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import chromium

import mdgmvae
from mdgmvae.data import alanine_dipeptide

#: Opens a page, and says when everything has been drawn.
OPENED = "opened.then((e) => { window.e = e; e.draw(); return performance.now(); })"
#: Redraws the landscape after a small shift.
REDRAW = """(() => { const t = performance.now(); e.landscape.plane.pan(3, 2); e.landscape.draw();
  e.landscape.below.getContext("2d").getImageData(0, 0, 1, 1); return performance.now() - t; })()"""
#: Clicks on a random place, and waits for the molecule.
CLICK = """(async () => { const { box, scale } = e.landscape.plane; const t = performance.now();
  const x = box.x + Math.random() * box.width, y = box.y + Math.random() * box.height;
  await e.select(e.landscape.buckets.nearest(...e.landscape.plane.toData(x, y), ...scale));
  e.molecule.target.getImageData(0, 0, 1, 1); return performance.now() - t; })()"""
LASSO = """(() => { const t = performance.now(); const { box } = e.landscape.plane;
  const at = (x, y) => e.landscape.plane.toData(box.x + x * box.width, box.y + y * box.height);
  e.landscape.lasso = [at(0.2, 0.2), at(0.7, 0.3), at(0.6, 0.8)]; e.landscape.closeLasso();
  return performance.now() - t; })()"""


def median(values):
    return f"{1000 * statistics.median(values):,.0f} ms"


def measure(name, universe, xy, labels):
    """Yield the rows of the table for one system."""
    start = time.perf_counter()
    explorer = mdgmvae.explore(universe, labels, xy)
    yield name, "`mdgmvae.explore`", f"{time.perf_counter() - start:.2f} s"

    rng, taken = np.random.default_rng(0), []
    for row in rng.integers(0, len(labels), 20):
        start = time.perf_counter()
        explorer.molecule.snapshots([explorer.mapped.frames[row]])
        taken.append(time.perf_counter() - start)
    yield name, "Python answers a click (read, superpose, DSSP)", median(taken)

    try:
        start = time.perf_counter()
        explorer.widget  # noqa: B018
        yield name, "widget is made", f"{time.perf_counter() - start:.2f} s"
    except ImportError:
        pass

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "explorer.html"
        start = time.perf_counter()
        explorer.save(path, max_size="20 MB")
        seconds, size = time.perf_counter() - start, path.stat().st_size / 1e6
        yield name, "`save` as a page", f"{seconds:.1f} s, {size:.1f} MB"
        yield from measure_page(name, path)


def measure_page(name, path):
    """Yield the rows of a page in the browser. It is opened three times."""
    with chromium() as open_page:
        opened = []
        for _ in range(3):
            page = open_page(path.as_uri())
            opened.append(page.run(OPENED) / 1000)
        yield name, "page opened and drawn", f"{statistics.median(opened):.2f} s"
        points = page.run("e.data.labels.length")
        yield name, "points on the page", f"{points:,}"
        for what, script in (("redraw of the landscape", REDRAW), ("click to molecule", CLICK)):
            yield name, what, median([page.run(script) / 1000 for _ in range(20)])
        yield name, "lasso", median([page.run(LASSO) / 1000 for _ in range(3)])


def systems(n_frames):
    """Yield name, universe, points and labels."""
    topology, (file, *_) = alanine_dipeptide()
    n_each = mda.Universe(topology, file).trajectory.n_frames
    n_files = -(-n_frames // n_each)
    u = mda.Universe(topology, [file] * n_files)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, u.trajectory.n_frames // 100).repeat(100)
    centres = np.array([[0, 0], [3, 1], [-2, 3], [4, -3], [-4, -4]])
    xy = centres[labels] + rng.standard_normal((len(labels), 2))
    yield f"22 atoms, {len(labels):,} frames", u, xy, labels

    u = mda.Universe(PSF, [DCD] * 20)
    n = u.trajectory.n_frames
    yield f"3,341 atoms, {n:,} frames", u, rng.standard_normal((n, 2)), rng.integers(0, 3, n)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=1_000_000)
    warnings.simplefilter("ignore")
    print("| system | what | time |\n| --- | --- | --- |")
    for system in systems(parser.parse_args().frames):
        for row in measure(*system):
            print("|", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main()

"""The explorer through its public interface, without a browser."""

import json
import re
import subprocess
import sys

import MDAnalysis as mda
import mdtraj
import numpy as np
import pandas as pd
import pytest
from MDAnalysisTests.datafiles import DCD, PSF
from small_analyses import alanine

import mdgmvae
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.viewer.saved_explorer import balanced_rows, explorer_page


@pytest.fixture
def explorer(short_alanine):
    """Explore ten of the 40 frames; the last one has no state."""
    labels = [0, 0, 1, 1, 0, 2, 2, 0, 0, -1]
    xy = np.random.default_rng(0).random((10, 2))
    return mdgmvae.explore(short_alanine, labels, xy, frames=np.arange(0, 40, 4))


def data_of(path):
    """Return the data in a page."""
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text())
    return json.loads(text[1])


def test_explorer_begins_at_the_first_frame_with_a_state(short_alanine):
    explorer = mdgmvae.explore(short_alanine, [-1, 1, 0], np.zeros((3, 2)), frames=[2, 30, 17])
    assert explorer.frame == 17
    assert explorer.brushed.tolist() == [] and explorer.brushed.dtype == np.int64


def test_select_takes_frame_numbers(explorer):
    explorer.select(20)
    assert explorer.frame == 20
    for wrong, message in (
        (21, "frame 21 was not analysed.*nearest frame that was is 20"),
        (36, "frame 36 was not analysed.*is 32"),
        (20_001, r"frame 20001 does not exist; the trajectory has frames 0 to"),
        ("x", "frame='x': must be a whole number"),
        (-1, "frame=-1: must be at least 0"),
    ):
        with pytest.raises(InputError, match=message):
            explorer.select(wrong)
    assert explorer.frame == 20


def test_frames_are_brushed_by_their_numbers(explorer):
    explorer.brush([8])
    for wrong, message in (
        ([8, 20_001], "frame 20001 does not exist; the trajectory has frames 0 to"),
        ([-1], "frame -1 does not exist"),
        ([21], "frame 21 was not analysed"),
        ("all", r"frames: pass a list of frame numbers, such as .*; this is the text 'all'"),
        (8, "this is the number 8"),
        ([8.5], r"not an array of shape \(1,\) and dtype float64"),
    ):
        with pytest.raises(InputError, match=message):
            explorer.brush(wrong)
    assert explorer.brushed.tolist() == [8]


def test_brushed_frames_are_written_as_a_trajectory(explorer, short_alanine, tmp_path):
    explorer.brush([28, 8, 8])
    assert explorer.brushed.tolist() == [8, 28]
    explorer.write(tmp_path / "brushed.xtc")
    written = mda.Universe(alanine_dipeptide().topology, tmp_path / "brushed.xtc")
    assert written.trajectory.n_frames == 2
    for ts, frame in zip(written.trajectory, [8, 28], strict=True):
        expected = short_alanine.trajectory[frame].positions
        assert ts.positions == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("name", ["brushed.dcd", "brushed.trr"])
def test_other_formats_of_brushed_frames(explorer, tmp_path, name):
    explorer.brush([0, 4, 8])
    explorer.write(tmp_path / name)
    written = mda.Universe(alanine_dipeptide().topology, tmp_path / name)
    assert written.trajectory.n_frames == 3


def test_what_cannot_be_written_is_an_error(explorer, tmp_path):
    with pytest.raises(InputError, match="no frames are brushed"):
        explorer.write(tmp_path / "brushed.xtc")
    explorer.brush([0])
    with pytest.raises(InputError, match=r"must end in \.xtc, \.trr"):
        explorer.write(tmp_path / "brushed.txt")
    with pytest.raises(InputError, match="None: is not the name of a file"):
        explorer.write(None)
    assert list(tmp_path.iterdir()) == []


def test_current_frame_of_the_universe_stays(explorer, short_alanine, tmp_path):
    short_alanine.trajectory[13]
    explorer.select(28)
    explorer.molecule.snapshots([3])
    explorer.brush([0])
    explorer.write(tmp_path / "brushed.xtc")
    explorer.save(tmp_path / "explorer.html")
    assert short_alanine.trajectory.frame == 13


def test_saved_page_needs_neither_anywidget_nor_matplotlib(explorer, tmp_path, monkeypatch):
    for name in ("anywidget", "matplotlib", "matplotlib.pyplot", "nglview"):
        monkeypatch.setitem(sys.modules, name, None)
    explorer.save(tmp_path / "explorer.html")
    assert (tmp_path / "explorer.html").stat().st_size < 120_000


@pytest.mark.slow
def test_nothing_is_imported_before_it_is_needed(tmp_path):
    """As on a cluster: an explorer is saved as a page, and everything is at hand."""
    script = """
import sys
import MDAnalysis as mda
import mdgmvae
from mdgmvae import plot, report, viewer
from mdgmvae.data import alanine_dipeptide
from mdgmvae.report import report_folder
from mdgmvae.viewer import view, view_states
u = mda.Universe(*alanine_dipeptide())
mdgmvae.explore(u, [0, 1], [[0, 1], [2, 3]], [0, 9]).save("explorer.html")
late = {"tensorflow", "matplotlib", "nglview", "anywidget", "ipywidgets", "IPython"}
print(sorted(late & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout == "[]\n"


def test_saved_page_may_ask_for_nothing_and_escapes_everything(short_alanine, tmp_path):
    evil = "</script><script>alert(1)</script>"
    explorer = mdgmvae.explore(
        short_alanine, [0, 1], [[0, 1], [2, 3]], [0, 9], axes=[evil, "&"], title=evil
    )
    explorer.save(tmp_path / "explorer.html")
    page = (tmp_path / "explorer.html").read_text()
    assert page.count("<script") == 2 and page.count("</script>") == 2
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert "default-src 'none'" in policy and "'unsafe-eval'" not in policy
    assert re.search(r"script-src 'sha256-[\w+/=]+'", policy)
    assert "http" not in re.sub(r"Page|http-equiv", "", page.split("<script>")[0])
    assert data_of(tmp_path / "explorer.html")["axes"] == [evil, "&"]


def test_page_says_how_many_structures_it_holds(tmp_path):
    """States share the space: the rare one keeps all of its frames."""
    u = alanine()
    labels = np.zeros(2000, int)
    labels[[100, 900]] = 1
    xy = np.random.default_rng(0).random((2000, 2))
    explorer = mdgmvae.explore(u, labels, xy, frames=np.arange(2000))
    explorer.save(tmp_path / "explorer.html", max_size=1_048_576 // 8 * 9)
    assert data_of(tmp_path / "explorer.html")["note"] is None
    small = data_of_size(explorer, tmp_path, 120_000)
    assert re.match(r"[\d,]+ of 2,000 structures are stored; a click", small["note"])
    assert small["structures"]["n"] < 2000


def data_of_size(explorer, folder, size):
    """Save a page that is smaller than the smallest size that a user can ask for."""
    page = explorer_page(explorer.molecule, explorer.mapped, "", size)
    (folder / "small.html").write_text(page)
    assert len(page) < size
    return data_of(folder / "small.html")


@pytest.mark.parametrize("n", [0, 3, 7, 50, 98, 200])
def test_balanced_rows_share_equally_and_keep_rare_states(n):
    labels = np.repeat([0, 1, 2, -1], [90, 5, 3, 10])
    rows = balanced_rows(labels, n)
    counts = np.bincount(labels[rows], minlength=3)
    assert len(rows) == min(n, 98) and (np.diff(rows) > 0).all()
    share = n // 3
    assert (counts >= np.minimum([90, 5, 3], share)).all()


def test_only_a_page_is_written(explorer, tmp_path):
    with pytest.raises(InputError, match=r"page\.txt.*ends in \.html"):
        explorer.save(tmp_path / "page.txt")
    assert not list(tmp_path.iterdir())


def test_a_size_that_holds_nothing_is_an_error(explorer, tmp_path):
    with pytest.raises(InputError, match="max_size=1000"):
        explorer.save(tmp_path / "explorer.html", max_size=1000)
    with pytest.raises(InputError, match="allow more"):
        data_of_size(explorer, tmp_path, 40_000)


def test_one_coordinate_is_shown_against_time(short_alanine):
    explorer = mdgmvae.explore(short_alanine, [0, 1], [0.5, 1.5], frames=[3, 7], axes=["z"])
    assert explorer.mapped.axes == ("frame", "z")
    named = pd.DataFrame({"phi / °": [0.5, 1.5], "psi / °": [0.0, 1.0]})
    for xy, axes in (
        (named, ("phi / °", "psi / °")),
        (named["psi / °"], ("frame", "psi / °")),
        (named.to_numpy(), ("coordinate 1", "coordinate 2")),
        ([0.5, 1.5], ("frame", "coordinate")),
    ):
        assert mdgmvae.explore(short_alanine, [0, 1], xy, frames=[3, 7]).mapped.axes == axes
    assert explorer.mapped.points.tolist() == [[3, 0.5], [7, 1.5]]
    assert not explorer.mapped.has_energy


def test_periodic_coordinates_are_wrapped(short_alanine):
    xy = [[190.0, 190.0], [-180.0, -181.0], [180.0, 0.0]]
    explorer = mdgmvae.explore(short_alanine, [0, 1, 0], xy, [3, 7, 9], periods=(360, None))
    assert explorer.mapped.points.tolist() == [[-170, 190], [-180, -181], [-180, 0]]
    assert explorer.mapped.content()["periods"] == [360, None]
    against_time = mdgmvae.explore(short_alanine, [0, 1], [10, 359], [3, 7], periods=[360])
    assert against_time.mapped.points[:, 1].tolist() == [10, -1]
    assert against_time.mapped.periods == (None, 360)


def test_frames_are_put_in_the_order_of_time(short_alanine):
    explorer = mdgmvae.explore(
        short_alanine, [2, 0, 1], [[20, 2], [0, 0], [10, 1]], frames=[20, 0, 10]
    )
    assert explorer.mapped.frames.tolist() == [0, 10, 20]
    assert explorer.mapped.labels.tolist() == [0, 1, 2]
    assert explorer.mapped.points[:, 1].tolist() == [0, 1, 2]


def test_a_frame_given_twice_is_one_frame(short_alanine):
    """As an analysis of frames that were drawn with replacement."""
    explorer = mdgmvae.explore(short_alanine, [1, 0, 1], [[1, 2], [3, 4], [1, 2]], [8, 2, 8])
    assert explorer.mapped.frames.tolist() == [2, 8]
    explorer.brush([8])
    assert explorer.brushed.tolist() == [8]


def test_trajectories_begin_where_files_do():
    u = mda.Universe(PSF, [DCD, DCD])
    explorer = mdgmvae.explore(u, np.zeros(8, int), np.zeros((8, 2)), np.arange(92, 108, 2))
    assert explorer.mapped.starts == [0, 3]


def test_mdtraj_trajectory_is_explored(tmp_path):
    frames = mdtraj.load(
        str(alanine_dipeptide().trajectories[0]), top=str(alanine_dipeptide().topology), stride=1000
    )
    explorer = mdgmvae.explore(frames, np.zeros(len(frames), int), np.zeros((len(frames), 2)))
    explorer.save(tmp_path / "explorer.html")
    explorer.brush([1])
    explorer.write(tmp_path / "brushed.xtc")
    written = mdtraj.load(str(tmp_path / "brushed.xtc"), top=str(alanine_dipeptide().topology))
    assert written.xyz[0] == pytest.approx(frames.xyz[1], abs=0.001)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": [0]}, "labels: the trajectory has 40 frames"),
        ({"labels": [-1, -1], "frames": [0, 1]}, "no frame has a state"),
        ({"labels": [0, 1], "frames": [0, 40]}, "frame 40 is not in the trajectory"),
        ({"labels": [0, 5000], "frames": [0, 1]}, "5,001 states"),
        ({"labels": [0, 1], "frames": [0, 1], "xy": [[1, 2]]}, "xy: there are 1 points"),
        ({"labels": [0, 1], "frames": [0, 1], "xy": np.zeros((2, 3))}, "xy: pass two numbers"),
        ({"labels": [0, 1], "frames": [0, 1], "xy": [["a", "b"]] * 2}, "xy: pass two numbers"),
        (
            {"labels": [0, 1], "frames": [0, 7], "xy": [[1, 2], [np.nan, 1]]},
            "xy: the point of frame 7 is",
        ),
        ({"labels": [0, 1], "frames": [0, 1], "axes": "xy"}, "axes='xy': pass 2 names"),
        ({"labels": [0, 1], "frames": [3, 3]}, "frames: frame 3 has two labels, 0 and 1"),
        (
            {"labels": [0, 0], "frames": [3, 3], "xy": [[1, 2], [1, 3]]},
            "xy: frame 3 has two points, [1.0, 2.0] and [1.0, 3.0]",
        ),
        ({"labels": [0, 1], "frames": [0, 1], "title": None}, "title=None: pass a text"),
        ({"labels": [0, 0], "frames": [0, 1], "palette": "red"}, "palette='red': pass a list"),
        ({"labels": [0, 1], "frames": [0, 1], "periods": 360}, "periods=360: pass two positive"),
        ({"labels": [0, 1], "frames": [0, 1], "periods": (360, 0)}, "periods=(360, 0): pass two"),
        ({"labels": [0, 1], "frames": [0, 1], "palette": ["#000000"]}, "palette: 1 colours"),
        ({"labels": [0, 0], "frames": [0, 1], "palette": ["red"]}, "'red' is no colour"),
    ],
)
def test_wrong_arguments_are_named_in_one_line(short_alanine, arguments, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        mdgmvae.explore(short_alanine, **{"xy": np.zeros((2, 2)), **arguments})
    assert "\n" not in str(caught.value)


def test_frames_without_a_state_may_lack_a_point(short_alanine, tmp_path):
    xy = [[1, 2], [np.nan, np.nan], [3, 1]]
    explorer = mdgmvae.explore(short_alanine, [0, -1, 1], xy, frames=[0, 1, 2])
    explorer.save(tmp_path / "explorer.html")
    assert (tmp_path / "explorer.html").exists()


class TestWidget:
    """What passes between Python and the browser, without a browser."""

    @pytest.fixture
    def widget(self, explorer):
        pytest.importorskip("anywidget", reason="anywidget is not installed")
        widget, self.sent = explorer.widget, []
        widget.send = lambda message, buffers=None: self.sent.append((message, buffers))
        return widget

    def test_points_are_sent_at_once(self, explorer, widget):
        points = np.frombuffer(widget.points, "<f4").reshape(-1, 2)
        assert (points == explorer.mapped.points).all()
        assert np.frombuffer(widget.labels, "<i2").tolist()[-1] == -1
        assert np.frombuffer(widget.frames, "<i4").tolist() == list(range(0, 40, 4))
        assert widget.content["topology"]["n_atoms"] == 22

    def test_structures_are_sent_when_asked_for(self, explorer, widget):
        widget._answer(widget, {"kind": "load", "view": "v", "row": 5}, [])
        ((message, buffers),) = self.sent
        answer = {"kind": "structure", "view": "v", "row": 5, "time": None, "hasStructure": False}
        assert message == answer  # Frames in memory have no times.
        found = np.frombuffer(buffers[0], "<i2").reshape(22, 3) * 0.01
        assert found == pytest.approx(explorer.molecule.snapshots([20]).positions[0], abs=0.0051)
        assert explorer.frame == 20

    def test_lasso_reaches_python_as_frame_numbers(self, explorer, widget):
        rows = np.array([1, 7], "<i4").tobytes()
        widget._answer(widget, {"kind": "choose"}, [memoryview(rows)])
        assert explorer.brushed.tolist() == [4, 28]

    def test_what_python_selects_is_shown(self, explorer, widget):
        explorer.select(8)
        explorer.brush([4, 8])
        (select, _), (choose, buffers) = self.sent
        assert (select, choose) == ({"kind": "select", "row": 2}, {"kind": "choose"})
        assert np.frombuffer(buffers[0], "<i4").tolist() == [1, 2]

    def test_notebook_displays_it(self, explorer, widget):
        bundle, *_ = explorer._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle


def test_without_anywidget_a_notebook_says_what_to_install(explorer, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "mdgmvae.viewer.widget", raising=False)
    with pytest.raises(ImportError, match=r"needs anywidget .* pip install 'mdgmvae\[notebook\]'"):
        explorer.widget
    assert "needs anywidget" in explorer._repr_mimebundle_()["text/plain"]

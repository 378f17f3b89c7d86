"""The report: one page with everything in it, from an analysis or from a folder of results."""

import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from small_analyses import FAST, alanine

from mdgmvae import GMVAE, GMVAEAnalysis
from mdgmvae.annotation import write_labels, write_states
from mdgmvae.errors import InputError
from mdgmvae.report import report_analysis, report_folder
from mdgmvae.report.record import Record
from mdgmvae.report.structures import Structures

HOSTILE = '"></script><img src=x onerror=alert(1)>.xtc'


class Page(HTMLParser):
    """Text, tags and attributes of a page."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.text, self._within = [], "", []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._within.append(tag)

    def handle_endtag(self, tag):
        while self._within and self._within.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self._within):
            self.text += f"{data} "

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def analysed():
    return GMVAEAnalysis(alanine(), **FAST | {"lag": 2}).run(step=20)


@pytest.fixture(scope="module")
def path(analysed, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    report_analysis(analysed, path, record=Record("mdgmvae run a b", ("a", HOSTILE), ("beware",)))
    return path


@pytest.fixture
def folder(analysed, tmp_path):
    """Return a folder as `mdgmvae run` writes it, as far as the report reads it."""
    analysed.save_model(tmp_path / "model")
    write_labels(tmp_path / "labels.npz", analysed.results)
    for suffix in (".npy", ".json"):
        shutil.copy(analysed.features.path.with_suffix(suffix), tmp_path / f"features{suffix}")
    results = analysed.results
    write_states(
        analysed.atomgroup, results.labels, tmp_path / "states", results.frames, results.latent
    )
    return tmp_path


def test_nothing_is_loaded_from_elsewhere(path):
    page = Page(path)
    (policy,) = (m["content"] for m in page.of("meta") if m.get("http-equiv"))
    assert "default-src 'none'" in policy and "img-src data:;" in policy
    assert "script-src 'sha256-" in policy
    for tag, attributes in page.tags:
        assert tag not in {"link", "iframe", "object", "base", "form"}
        for name in ("src", "href", "srcset", "data"):
            assert attributes.get(name, "data:").startswith("data:")
    assert "url(" not in path.read_text(encoding="utf-8").split("</style>")[0]
    assert path.stat().st_size < 10**6


def test_the_verdict_comes_first_and_every_state_has_a_card(path, analysed):
    page, judged = Page(path), analysed.judge()
    words = " ".join(page.text.split())
    first = judged.verdicts[0]
    assert f"{first[0].upper()}{first[1:]}." in words
    assert words.index(first[1:]) < words.index("State 0")
    n_states = len(analysed.results.populations)
    assert len(page.of("canvas")) == n_states == 2
    for state, share in enumerate(analysed.results.populations):
        n = np.count_nonzero(analysed.results.labels == state)
        assert f"State {state}" in words and f"{100 * share:.1f} % ({n:,} frames)" in words
        assert judged.lifetimes.from_model.cell(state) in words
    assert all(image["alt"] for image in page.of("img")) and len(page.of("img")) >= 4
    assert all(canvas["aria-label"] for canvas in page.of("canvas"))
    for text in ("mdgmvae run a b", "beware", "1,000, every 40 ps", "preset robust", "tensorflow"):
        assert text in words, text


def test_names_are_text_and_not_code(path):
    page = Page(path)
    assert HOSTILE.rpartition("/")[2] in page.text
    assert not [image for image in page.of("img") if "onerror" in image]
    assert Record.of_page(path).files == ("a", HOSTILE)


def test_folders_are_named_only_where_they_tell_files_apart():
    files = ("/data/top.pdb", "/data/a/run.xtc", "/data/b/run.xtc", "c.xtc", "c.xtc")
    names = ("top.pdb", "a/run.xtc", "b/run.xtc", "c.xtc", "c.xtc")
    assert Record("", files).names == names
    assert Record("", ("x.xtc", "/data/x.xtc", "/")).names == ("x.xtc", "data/x.xtc", "/")


def test_structures_know_their_frames(folder, analysed):
    found = Structures.of_folder(folder / "states")
    labels = dict(zip(analysed.results.frames, analysed.results.labels, strict=True))
    assert sorted(found.frames) == [0, 1]
    for state, frames in found.frames.items():
        assert len(frames) == 5 and {labels[frame] for frame in frames} == {state}
    (folder / "states" / "state_1.pdb").unlink()
    assert list(Structures.of_folder(folder / "states").frames) == [0]


def test_a_folder_gives_the_same_page(folder, path, analysed):
    shutil.copy(path, folder / "report.html")
    assert report_folder(folder) == folder / "report.html"
    mine, theirs = Page(folder / "report.html"), Page(path)
    assert [tag for tag, _ in mine.tags] == [tag for tag, _ in theirs.tags]
    assert mine.text == theirs.text
    other = folder / "other.html"
    before = (folder / "report.html").read_bytes()
    assert report_folder(folder, other) == other
    assert other.read_bytes() == before == (folder / "report.html").read_bytes()


@pytest.mark.slow
def test_an_earlier_page_may_be_damaged(folder):
    (folder / "report.html").write_text('<script type="application/json" id="data">[</script>')
    report_folder(folder)
    assert Record.of_page(folder / "report.html") == Record()
    assert f"States in {folder.name}" in Page(folder / "report.html").text


@pytest.mark.slow
def test_features_without_atoms_have_a_page(five_wells, tmp_path):
    """As `mdgmvae train` leaves it: a model and labels, and no lag time."""
    x = five_wells[0][:600]
    model = GMVAE(k=3, n_epochs=1, seed=0).fit(x)
    model.save(tmp_path / "model")
    found = model.assign(x)
    labels, probabilities = model.states_of(found.component_probabilities)
    write_labels(
        tmp_path / "labels.npz",
        _Labels(
            frames=np.arange(600), times=np.full(600, np.nan), trajectory_index=np.zeros(600, int),
            labels=labels, components=found.components, probabilities=probabilities,
            component_probabilities=found.component_probabilities, latent=found.latent,
            scores=model.score_samples(x),
        ),
    )  # fmt: skip
    report_folder(tmp_path)
    page = Page(tmp_path / "report.html")
    assert "The model has no lag time" in page.text
    assert not page.of("canvas") and "lag time none" in " ".join(page.text.split())


class _Labels:
    def __init__(self, **arrays):
        self.__dict__ |= arrays


@pytest.mark.slow
def test_runs_with_other_seeds_are_compared(analysed, tmp_path):
    swapped = 1 - analysed.results.labels
    analysed.report(tmp_path / "r.html", runs=[swapped, np.zeros_like(swapped)])
    text = " ".join(Page(tmp_path / "r.html").text.split())
    assert "Agreement of 3 runs" in [image["alt"] for image in Page(tmp_path / "r.html").of("img")]
    assert "3 runs: adjusted Rand index 0.000 (median), 0.000 (worst)" in text
    assert "alanine_dipeptide.xtc" in text


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["two files", "in memory", "atoms"])
def test_trajectories_of_any_kind_have_a_page(kind, tmp_path):
    u = alanine()
    if kind == "two files":
        names = [str(tmp_path / name) for name in ("a.xtc", "b.xtc")]
        for name, frames in zip(names, (slice(300), slice(300, 600)), strict=True):
            u.atoms.write(name, frames=u.trajectory[frames])
        u.load_new(names)
    elif kind == "in memory":
        u.transfer_to_memory(stop=600)
    gm = GMVAEAnalysis(u.select_atoms("not name H*") if kind == "atoms" else u, **FAST)
    gm.run(frames=np.arange(0, 600)).report(tmp_path / "r.html")
    page = Page(tmp_path / "r.html")
    expected = "and 1 more" if kind == "two files" else "States of"
    assert expected in page.text and page.of("canvas")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: shutil.rmtree(f / "model"), "contains no model"),
        (lambda f: (f / "labels.npz").unlink(), "has no labels.npz"),
        (lambda f: shutil.copy(f / "features.npy", f / "labels.npz"), "labels.npz"),
        (lambda f: (f / "features.json").write_text("{"), "features.json"),
    ],
)
def test_damaged_folders_are_refused(folder, change, message):
    change(folder)
    with pytest.raises(InputError, match=re.escape(message)):
        report_folder(folder)
    assert not (folder / "report.html").exists()


def test_folders_of_other_seeds_are_compared(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    shutil.copy(folder / "labels.npz", other)
    report_folder(folder, folder / "r.html", runs=[other])
    assert "2 runs: adjusted Rand index 1.000" in " ".join(Page(folder / "r.html").text.split())
    with np.load(other / "labels.npz") as saved:
        arrays = dict(saved)
    np.savez(other / "labels.npz", **arrays | {"frames": arrays["frames"] + 1})
    with pytest.raises(InputError, match="has other frames"):
        report_folder(folder, runs=[other])
    with pytest.raises(InputError, match=r"labels\.npz"):
        report_folder(folder, runs=[folder / "model"])
    with pytest.raises(InputError, match="is the analysis itself"):
        report_folder(folder, runs=[folder / "." / ""])


def test_wrong_names_are_refused(analysed, tmp_path):
    with pytest.raises(InputError, match="a report is an HTML page"):
        analysed.report(tmp_path / "report.pdf")
    with pytest.raises(InputError, match="is not a folder"):
        report_folder(tmp_path / "nothing")
    with pytest.raises(InputError, match="there are no results yet"):
        GMVAEAnalysis(alanine(), **FAST).report(tmp_path / "r.html")

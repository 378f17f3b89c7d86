"""The code and the commands in the documentation run, in the order in which they appear."""

import itertools
import re
import shlex
import shutil
import warnings
from pathlib import Path

import MDAnalysis as mda
import numpy as np
import pytest
from command import run_command
from MDAnalysisTests.datafiles import DCD, PSF
from paths import ROOT

from mdgmvae import GMVAEAnalysis
from mdgmvae.annotation import write_labels
from mdgmvae.data import alanine_dipeptide
from mdgmvae.states.summary import summarize

CHECKPOINT = ROOT / "tests" / "data" / "tf1_checkpoint"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: Documents whose commands also appear in the quick start.
IN_THE_QUICK_START = ("README.md", "installation.md")
#: Documents that train several times.
LONG = (
    *("baselines.md", "choosing-k.md", "model.md", "quickstart.md", "report.md"),
    "saved_models.md",
)
#: Options of the commands that train, so that they take less time.
LESS = {
    "run": ["--n_epochs", "2", "--no-refit"],
    "train": ["--n_epochs", "2", "--no-refit"],
    "select": ["--k", "2"],
}
QUICK_START = ROOT / "docs" / "guides" / "quickstart.md"
#: Words of earlier versions, which the glossary has replaced.
REPLACED = (
    r"(?<!n_)macrostate|pieces? of trajectory|mean q\b|falling population|metastable state \d"
)

pytest.importorskip("nglview")


def blocks(path):
    """Return the fenced blocks of a document, in order, as (language, text)."""
    text = path.read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(block):
    """Return the calls of mdgmvae, without lines that only show the syntax of a command."""
    lines = [line.partition("  #")[0].strip() for line in block.replace("\\\n", " ").splitlines()]
    return [
        shlex.split(line)[1:]
        for line in lines
        if re.match(r"mdgmvae (?!--help)", line)
        and not re.search(r"[\[|]|\.\.\.|COMMAND|[A-Z]{4}", line)
    ]


RUNNABLE = [
    path
    for path in DOCUMENTS
    if any(language == "python" or commands(block) for language, block in blocks(path))
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Make the files that the documents name: a protein and its trajectory in several files."""
    folder = tmp_path_factory.mktemp("files")
    u = mda.Universe(PSF, DCD)
    # A few residues are enough for the features and faster to write.
    protein = u.select_atoms("protein and resid 1:40")
    with warnings.catch_warnings():
        # The files have no elements, chains or boxes.
        warnings.simplefilter("ignore")
        protein.write(folder / "protein.pdb")
        for name, start, stop in (("first", 0, 60), ("second", 60, 98), ("third", 20, 70)):
            protein.write(folder / f"{name}.xtc", frames=u.trajectory[start:stop])
    rng = np.random.default_rng(0)
    for name in ("features.npy", "my_features.npy"):
        np.save(folder / name, rng.normal(size=(300, 3)).astype(np.float32))
    (folder / "run").mkdir()
    for path in CHECKPOINT.glob("model.ckpt-20.*"):
        shutil.copy(path, folder / "run")
    return folder


@pytest.fixture(scope="module")
def analysed(files):
    """Train once for all documents, which only read the results."""
    u = mda.Universe(files / "protein.pdb", files / "first.xtc")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gm = GMVAEAnalysis(u, k=5, n_epochs=2, n_init=1, seed=0, verbose=False).run()
    write_labels(files / "labels.npz", gm.results)
    # What `mdgmvae run` would have written.
    gm.save_model(files / "results" / "model")
    write_labels(files / "results" / "labels.npz", gm.results)
    for suffix in (".npy", ".json"):
        shutil.copy(gm.features.path.with_suffix(suffix), files / "results" / f"features{suffix}")
    return gm


@pytest.fixture
def names(files, analysed, tmp_path, monkeypatch):
    """Define the names that the documents use, in a folder with the files that they name."""
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    known = {"mda": mda, "np": np, "GMVAEAnalysis": GMVAEAnalysis, "gm": analysed}
    results = {"labels": analysed.results.labels, "frames": analysed.results.frames}
    return {**known, **results, "u": analysed.atomgroup.universe}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "document",
    [
        pytest.param(path, id=path.name, marks=[pytest.mark.slow] * (path.name in LONG))
        for path in RUNNABLE
    ],
)
def test_code_and_commands_of_the_documents_run(document, names, forked_workers):
    for language, block in blocks(document):
        if language == "python":
            exec(compile(block, document.name, "exec"), names)
        for arguments in commands(block) if not language else ():
            if document.name in IN_THE_QUICK_START or arguments[0] == "demo":
                continue  # run once, in the quick start; the demo has tests of its own
            # Run the same command with less training.
            few = LESS.get(arguments[0], [])
            if arguments[0] == "run":
                shutil.rmtree("results", ignore_errors=True)
            done = run_command([*arguments, *few], cwd=Path.cwd())
            assert done.returncode == 0, f"{arguments}: {done.stderr}"
            if "-o" in arguments:
                assert Path(arguments[arguments.index("-o") + 1]).exists()
            else:
                assert done.stdout


@pytest.mark.parametrize("name", IN_THE_QUICK_START)
def test_commands_are_those_of_the_quick_start(name):
    def given(path):
        calls = [call for _, block in blocks(path) for call in commands(block)]
        return {shlex.join(c[: c.index("-o")] if "-o" in c else c) for c in calls}

    (path,) = [path for path in DOCUMENTS if path.name == name]
    assert given(path)
    assert given(path) <= given(QUICK_START)


def test_enough_of_the_documents_is_run():
    assert {path.name for path in RUNNABLE} >= {
        *("README.md", "annotation.md", "command_line.md", "model.md", "quickstart.md"),
        "saved_models.md",
    }


def test_table_in_the_readme_is_what_the_demo_prints():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("<!-- demo output -->")[2].partition("<!-- end of demo output -->")[0]
    u = mda.Universe(*alanine_dipeptide())
    quick = {"k": 2, "n_epochs": 1, "refit": False, "seed": 0, "verbose": False}
    with pytest.warns(UserWarning, match="100 frames are too few to hold out blocks"):
        gm = GMVAEAnalysis(u, annotate=False, **quick).run(step=200)
    expected = summarize(gm.results, gm.features).tables()[0]
    lines = shown.splitlines()
    first = next(i for i, line in enumerate(lines) if re.match(r" +0 ", line))
    heads = " ".join(lines[:first]).split()
    assert set(" ".join(expected.columns).split()) <= set(heads)
    rows = [line.split() for line in itertools.takewhile(is_row_of_a_state, lines[first:])]
    assert [row[0] for row in rows] == ["0", "1", "2"]
    assert abs(sum(float(row[2]) for row in rows) - 100) < 0.3
    assert "20,000 frames, seed 0: mdgmvae-demo" in shown


def is_row_of_a_state(line):
    return re.match(r" +\d+ ", line)


def test_index_leads_to_every_page():
    index = ROOT / "docs" / "index.md"
    linked = {
        (index.parent / target).resolve()
        for target in re.findall(r"\]\(([^)#:]+)", index.read_text(encoding="utf-8"))
    }
    assert set(DOCUMENTS[1:]) - {index} <= linked


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_use_the_terms_of_the_glossary(document):
    assert re.findall(REPLACED, document.read_text(encoding="utf-8")) == []


def test_pictures_of_the_documents_are_small():
    text = "".join(p.read_text("utf-8") for p in DOCUMENTS)
    used = set(re.findall(r"images/([\w/]+\.png)", text))
    folder = ROOT / "docs" / "images"
    stored = {
        path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*.png")
    }
    assert used == set(stored)
    assert max(stored.values()) < 200_000

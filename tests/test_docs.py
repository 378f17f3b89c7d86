"""What the documents tell users to type works, in the order in which they tell it."""

import re
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysisTests.datafiles import DCD, PSF
from paths import ROOT

from mdgmvae import GMVAEAnalysis
from mdgmvae.annotation import write_labels
from mdgmvae.states.summary import StateSummary, states_text

CHECKPOINT = ROOT / "tests" / "data" / "tf1_checkpoint"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: Documents whose commands are found again in the quick start.
IN_THE_QUICK_START = ("README.md", "installation.md")

pytest.importorskip("nglview")


def blocks(path):
    """The fenced blocks of a document, in order: (language, text)."""
    text = path.read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(block):
    """Lines that call mdgmvae, without those that only show the grammar of a call."""
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
    """The files that the documents speak of: a protein in pieces of trajectory."""
    folder = tmp_path_factory.mktemp("files")
    u = mda.Universe(PSF, DCD)
    # Some residues do for the features, and are written sooner.
    protein = u.select_atoms("protein and resid 1:40")
    with warnings.catch_warnings():
        # There are no elements, chains and boxes in it.
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


@pytest.fixture
def names(files, tmp_path, monkeypatch):
    """What the documents take as known, in a folder with the files that they speak of."""
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    u = mda.Universe("protein.pdb", "first.xtc")
    gm = GMVAEAnalysis(u, k=5, n_epochs=2, n_init=1, seed=0, verbose=False).run()
    write_labels("labels.npz", gm.results)
    known = {"mda": mda, "np": np, "GMVAEAnalysis": GMVAEAnalysis, "u": u, "gm": gm}
    return {**known, "labels": gm.results.labels, "frames": gm.results.frames}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("document", RUNNABLE, ids=lambda path: path.name)
def test_what_the_documents_tell_to_type_runs(document, names):
    for language, block in blocks(document):
        if language == "python":
            exec(compile(block, document.name, "exec"), names)
        for arguments in commands(block) if not language else ():
            if document.name in IN_THE_QUICK_START or arguments[0] == "demo":
                continue  # said more than once, run once; the demo is tested with the commands
            # What the command does is the same with less training.
            few = ["--n_epochs", "2", "--no-refit"] if arguments[0] in ("run", "train") else []
            call = [sys.executable, "-m", "mdgmvae", *arguments, *few]
            done = subprocess.run(call, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{arguments}: {done.stderr}"
            assert Path(arguments[arguments.index("-o") + 1]).exists()


@pytest.mark.parametrize("name", IN_THE_QUICK_START)
def test_commands_are_those_of_the_quick_start(name):
    def given(path):
        calls = [call for _, block in blocks(path) for call in commands(block)]
        return {shlex.join(c[: c.index("-o")] if "-o" in c else c) for c in calls}

    (path,) = [path for path in DOCUMENTS if path.name == name]
    assert given(path)
    assert given(path) <= given(ROOT / "docs" / "quickstart.md")


def test_enough_of_the_documents_is_run():
    assert {path.name for path in RUNNABLE} >= {
        *("README.md", "annotation.md", "command_line.md", "model.md", "quickstart.md"),
        "saved_models.md",
    }


def test_table_in_the_readme_is_what_the_demo_prints():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (table,) = [text for _, text in blocks(ROOT / "README.md") if text.startswith("state ")]
    row = StateSummary(0, 1, 1.0, 1.0, 1, 0, {"phi ALA2": "0°", "psi ALA2": "0°"}, 0)
    head, *rows = table.split("\n\n")[0].splitlines()
    assert head == states_text([row]).splitlines()[0]
    populations = [float(text) for text in re.findall(r"([\d.]+) %", "\n".join(rows))]
    assert len(populations) == 5 and abs(sum(populations) - 100) < 0.3
    assert "20,000 frames, seed 0: mdgmvae-demo" in readme


def test_pictures_of_the_documents_are_small():
    used = set(re.findall(r"images/(\w+\.png)", "".join(p.read_text("utf-8") for p in DOCUMENTS)))
    stored = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    assert used == set(stored)
    assert max(stored.values()) < 200_000

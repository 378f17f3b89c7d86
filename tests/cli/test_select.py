"""mdgmvae select: features, lag time and k, the command to continue with, and what it writes."""

import json
import shlex

import MDAnalysis as mda
import pytest
from command import TOPOLOGY, TRAJECTORY, call, fails

from mdgmvae.cli.commands.run import RunOptions
from mdgmvae.cli.parser import make_parser

SELECT = ["select", TOPOLOGY]


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Write 1,000 frames to a folder, in which phi is below and above 0."""
    folder = tmp_path_factory.mktemp("short")
    u = mda.Universe(TOPOLOGY, TRAJECTORY)
    u.atoms.write(str(folder / "a.xtc"), frames=u.trajectory[6000:7000])
    return folder


@pytest.fixture(scope="module")
def selected(short):
    return call(*SELECT, "a.xtc", "--k", "none", "-o", "out", cwd=short)


def test_features_and_lag_are_shown_with_a_command_to_continue(selected, short):
    assert selected.stderr == ""
    text = selected.stdout
    assert text.startswith("Best features: ")
    for name in ("dihedrals", "distances"):
        assert any(line.lstrip("* ").startswith(f"{name} ") for line in text.splitlines())
    # Alanine dipeptide has a single C-alpha atom.
    assert "- ca_distances were not tried: only 1 of 22 atoms is a C-alpha atom, so there " in text
    written = json.loads((short / "out" / "selection.json").read_text())
    assert [one["name"] for one in written["features"]["sets"]] in (
        ["dihedrals", "distances"], ["distances", "dihedrals"],
    )  # fmt: skip
    assert written["lag"]["lags"][0] == 1 and written["k"] is None
    assert (short / "out" / "selection.png").read_bytes()[:4] == b"\x89PNG"
    command = shlex.split(written["command"])
    assert written["command"] in text
    continued = RunOptions.of(make_parser().parse_args(command[1:]))
    assert continued.features == written["features"]["best"]
    assert continued.source.files == [TOPOLOGY, "a.xtc"]
    assert continued.training.hyperparameters["lag"] == (written["lag"]["proposed"] or 5)
    assert "selection.json and selection.png: out" in text


@pytest.mark.slow
def test_k_is_scanned_with_the_given_lag(short):
    done = call(
        *SELECT, "a.xtc", "--stop", 300, "--features", "dihedrals", "--lag_time", 4, "--k", "2",
        "--threads", 1, cwd=short,
    )  # fmt: skip
    assert "(lag time 2 frames)" in done.stdout
    assert "k = 2 is the only one scanned: larger k may score higher" in done.stdout
    assert "--stop 300 --features dihedrals --lag 2 -k 2 -o results" in done.stdout


def test_a_step_that_makes_the_lag_long_is_told(selected, short):
    assert "--step" not in selected.stdout
    done = call(*SELECT, "a.xtc", "--step", 4, "--features", "dihedrals", "--k", "none", cwd=short)
    assert "- --step 4: frames are 8 ps apart, so a lag time of 5 frames is 40 ps" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["missing.xtc"], ["missing.xtc", "no such file"]),
        (["a.xtc", "--features", "torsions"], ["torsions", "dihedrals"]),
        (["a.xtc", "--features", "angles", "--features", "angles"], ["angles", "twice"]),
        (["a.xtc", "--features", "ca_distances"], ["scheme='ca'"]),
        (["a.xtc", "--k", "0"], ["k=0"]),
        (["a.xtc", "--seed", "-1"], ["seed=-1"]),
        (["a.xtc", "--lag", "0"], ["lag=0"]),
        (["a.xtc", "--lag", "4", "--lag_time", "4"], ["lag=4", "lag_time=4"]),
        (["a.xtc", "--stop", "30", "--lag", "5"], ["lag=5"]),
        (["a.xtc", "--select", "name H*"], ["of 12 atoms", "give features that apply: --features"]),
        (["a.xtc", "-o", "a.xtc"], ["a.xtc", "is a file"]),
    ],
)
def test_wrong_input_is_one_line(short, arguments, parts):
    line = fails(*SELECT, *arguments, cwd=short)
    for part in parts:
        assert part in line


def test_folder_with_files_is_kept(short, selected):
    assert "--overwrite" in fails(*SELECT, "a.xtc", "-o", "out", cwd=short)

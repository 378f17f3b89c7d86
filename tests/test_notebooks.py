"""The notebooks run as they are, and they show what their text says."""

import base64
import functools
import json
import math
import re
import struct

import pytest
from notebook_runner import FOLDER, LOOK, WIDGET, execute, read

from mdgmvae.plot.palette import state_colors
from mdgmvae.presets import ROBUST

pytest.importorskip("nglview")

#: Size of each notebook at most, in bytes.
NOTEBOOKS = {
    "quickstart": 500_000,
    "protein": 500_000,
    "choosing-features-lag-and-k": 300_000,
    "your-pipeline-with-states": 150_000,
    "from-mdtraj": 150_000,
    "large-trajectories": 50_000,
    "paper": 1_000_000,
}
#: Number of components in the notebooks, and number of states that the first one finds.
K, N_STATES = 5, 3
#: Messages that libraries write to standard error although nothing is wrong.
KNOWN_NOTES = (
    r"WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR",
    r"[IWE]\d{4} .*\] .*",  # TensorFlow: which processor, which graphics card
    r"To enable the following instructions: .*",
    r".*UserWarning: pkg_resources is deprecated as an API\..*",  # nglview 3
    r"\s*import pkg_resources",
)
#: Appended to the quick start: prints what the widget has sent to the browser.
LOOK_AT_THE_VIEW = """
import json
colors = [m["kwargs"]["color"] for m in view._ngl_msg_archive if "color" in m["kwargs"]]
print(json.dumps([colors, view.frame, int(results.labels[0]), int(results.labels[view.frame])]))
"""


#: Appended to the paper's notebook: prints what its methods have found.
LOOK_AT_THE_RUNS = """
import json
print(json.dumps({
    data: {
        method: [run.labels.shape, run.latent.shape, int(run.labels.max()), run.losses]
        for method, run in found.items()
    }
    for data, found in results.items()
}))
"""
LOOKS = {"quickstart": LOOK_AT_THE_VIEW, "paper": LOOK_AT_THE_RUNS}
#: What a text says, and the output that says the same: notebook, cell of the text, cell of the
#: output, and strings that both contain.
SAYINGS = [
    ("quickstart", "title", "load", ["20,000 frames"]),
    ("quickstart", "judge-text", "judge", ["19.5 to 59.2"]),
    ("choosing-features-lag-and-k", "lag-answer", "lag", ["22 ps|  22 \\("]),
    ("protein", "judge-answer", "judge", ["207 to 13,786", r"0\.4 to 82\.8"]),
    ("protein", "title", "load", ["[Ff]our|4 runs"]),
    ("large-trajectories", "title", "featurize", ["100,000 frames"]),
]
#: Frames of each data set of the paper's notebook with FAST=1.
FEW = {
    "Müller-Brown": 1_800, "five wells": 1_000,
    "alanine, distances": 2_000, "alanine, dihedrals": 2_000,
}  # fmt: skip
#: Latent dimensions of each method there.
LATENT = {"GMVAE": 1, "VAE + k-means": 1, "robust": 2}
PICTURES = {
    "mb-data": 1, "mb-learn": 1, "mb-loss": 1, "wells": 1, "distances": 1, "dihedrals": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def run_once(tmp_path_factory):
    """Return a function that runs a notebook, by name, when it is first asked for it."""

    @functools.cache
    def run(name):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FAST", "1")
            folder = tmp_path_factory.mktemp(name)
            return execute(FOLDER / f"{name}.ipynb", folder, look=LOOKS.get(name, ""))

    return run


@pytest.fixture(scope="module")
def executed(run_once):
    return run_once("quickstart")


@pytest.fixture(scope="module")
def executed_paper(run_once):
    return run_once("paper")


def outputs(notebook, cell_id):
    (cell,) = [cell for cell in notebook.cells if cell.id == cell_id]
    return cell.outputs


def printed(notebook, cell_id):
    return "".join(o.text for o in outputs(notebook, cell_id) if o.get("name") == "stdout")


def visible(notebook, cell_id):
    """Return what a cell prints and shows, as text."""
    plain = [o.data["text/plain"] for o in outputs(notebook, cell_id) if "data" in o]
    return printed(notebook, cell_id) + "\n".join(plain)


def tables(notebook, cell_id):
    """Return the HTML tables that a cell shows, each as a list of rows by column heading."""
    (shown,) = [o.data["text/html"] for o in outputs(notebook, cell_id) if "text/html" in o.data]
    found = []
    for text in re.findall(r"<table.*?</table>", shown, re.DOTALL):
        heads = re.findall(r"<th>(.*?)</th>", text)
        rows = re.findall(r"<tr>(<td>.*?)</tr>", text)
        cells = [re.findall(r"<td>(.*?)</td>", row) for row in rows]
        found.append([dict(zip(heads, row, strict=True)) for row in cells])
    return found


def table(notebook):
    """Return the table of states."""
    return tables(notebook, "learn")[0]


def judged(notebook, cell_id):
    """Return a table of the paper's notebook: method, used, ARI, lumped, VAMP-2, converged."""
    (shown,) = [
        o.data["text/markdown"] for o in outputs(notebook, cell_id) if "text/markdown" in o.data
    ]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in shown.split("\n")[2:]]


def pixels(output):
    """Return width and height of a PNG."""
    return struct.unpack(">II", base64.b64decode(output.data["image/png"])[16:24])


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_cell_fails_or_warns(name, run_once):
    executed = run_once(name)
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    every = [output for cell in code for output in cell.outputs]
    assert [o.evalue for o in every if o.output_type == "error"] == []
    lines = [line for o in every if o.get("name") == "stderr" for line in o.text.splitlines()]
    known = re.compile("|".join(KNOWN_NOTES))
    assert [line for line in lines if line.strip() and not known.fullmatch(line)] == []


@pytest.mark.slow
def test_table_has_a_row_for_each_state(executed):
    rows = table(executed)
    assert [row["state"] for row in rows] == [str(state) for state in range(N_STATES)]
    frames = [int(row["frames"].replace(",", "")) for row in rows]
    assert sum(frames) == 20_000
    assert frames == sorted(frames, reverse=True)
    # Extended, right-handed helix, and phi > 0, which was visited once, as the text says.
    angles = [
        tuple(int(row[f"{name} ALA2"].rstrip("°")) for name in ("phi", "psi")) for row in rows
    ]
    assert any(phi < -50 and psi > 120 for phi, psi in angles)
    assert any(phi < -50 and -60 < psi < 30 for phi, psi in angles)
    assert any(phi > 30 for phi, _ in angles)


@pytest.mark.slow
def test_states_are_judged_and_described(executed):
    (shown,) = [o.data for o in outputs(executed, "judge") if "text/html" in o.get("data", {})]
    verdicts = [row["verdict"] for row in tables(executed, "judge")[0]]
    assert verdicts.count("metastable") == 2 and len(verdicts) == N_STATES
    assert "state 2 was entered once" in shown["text/html"]
    (described,) = [o.data for o in outputs(executed, "describe") if "text/html" in o.data]
    assert "phi ALA2" in described["text/html"] and "psi ALA2" in described["text/html"]


@pytest.mark.slow
def test_transitions_between_states_are_shown(executed):
    (rows,) = tables(executed, "transitions")
    assert [(row["from state"], row["to state"]) for row in rows] == [
        (str(start), str(end))
        for start in range(N_STATES)
        for end in range(N_STATES)
        if start != end
    ]


@pytest.mark.slow
def test_plots_are_drawn(executed):
    for cell in ("landscape", "ramachandran", "trace"):
        assert any("image/png" in o.get("data", {}) for o in outputs(executed, cell))


@pytest.mark.slow
def test_explorer_is_shown_and_chosen_frames_are_written(executed):
    assert any(WIDGET in o.get("data", {}) for o in outputs(executed, "explore"))
    assert visible(executed, "select") == "6500"
    assert "66 frames are chosen, the first is frame 6395" in printed(executed, "brush")


@pytest.mark.slow
def test_view_takes_the_colour_of_the_state(executed):
    assert any(WIDGET in o.get("data", {}) for o in outputs(executed, "view"))
    colors, frame, first, shown = json.loads(printed(executed, LOOK))
    palette = state_colors(N_STATES)
    assert frame == 6500
    assert (colors[0], colors[-1]) == (palette[first], palette[shown])
    assert len(colors) == 1 + (first != shown)


@pytest.mark.slow
def test_labels_are_on_the_trajectory_and_in_the_saved_model(executed):
    text = printed(executed, "labels")
    assert re.search(r"state of frame 10: [0-2]\n", text)
    assert re.findall(r"(\d{4}) [0-2];", text) == [str(frame) for frame in range(6390, 6400)]
    assert printed(executed, "save") == "['model.json', 'weights.npz']\n"
    assert "the same states as before: True" in printed(executed, "assign")


@pytest.mark.slow
def test_files_are_written(executed):
    written = set(re.findall(r"^(\S+)  [\d,]+ kB$", printed(executed, "files"), re.MULTILINE))
    expected = {"labels.npz", "states.pdb", "model/model.json", "model/weights.npz"}
    expected |= {"chosen.xtc", "explorer.html", "report.html"}
    states = range(N_STATES)
    expected |= {f"states/state_{s}.{kind}" for s in states for kind in ("xtc", "pdb")}
    assert written == expected


@pytest.mark.slow
def test_paper_gives_every_frame_a_cluster_by_each_method(executed_paper):
    found = json.loads(printed(executed_paper, LOOK))
    assert {data: set(runs) for data, runs in found.items()} == {data: set(LATENT) for data in FEW}
    for data, runs in found.items():
        for method, (labels, latent, highest, losses) in runs.items():
            assert labels == [FEW[data]]
            assert latent == [FEW[data], LATENT[method]]
            assert 0 <= highest < K
            assert len(losses) > 1 and all(math.isfinite(loss) for loss in losses)


@pytest.mark.slow
def test_paper_learns_from_the_first_epoch_on(executed_paper):
    found = json.loads(printed(executed_paper, LOOK))
    for runs in found.values():
        for method in ("GMVAE", "VAE + k-means"):
            assert runs[method][-1][-1] < runs[method][-1][0]


@pytest.mark.slow
def test_paper_judges_each_method_by_what_is_known(executed_paper):
    for cell in ("mb-judge", "wells-judge", "distances-judge", "dihedrals-judge"):
        known, *rows = judged(executed_paper, cell)
        assert known[2:4] == ["1", "1"] and float(known[4]) > 1.2
        assert [row[0] for row in rows] == list(LATENT)
        for _, used, ari, lumped, vamp2, converged in rows:
            assert 1 <= int(used) <= K
            assert -0.5 <= float(ari) <= 1 and -0.5 <= float(lumped) <= 1
            assert 1 <= float(vamp2) <= K
            assert converged in ("yes", "no")
        # "robust" starts from k-means, so few epochs are enough.
        assert float(rows[-1][3]) > 0.8


@pytest.mark.slow
def test_paper_draws_its_pictures(executed_paper):
    for cell, number in PICTURES.items():
        drawn = [o for o in outputs(executed_paper, cell) if "image/png" in o.get("data", {})]
        assert len(drawn) == number
        assert all(min(pixels(output)) > 150 for output in drawn)


@pytest.mark.slow
def test_same_states_with_mdtraj(run_once):
    executed = run_once("from-mdtraj")
    assert "the same to five digits: True" in printed(executed, "own")
    (frames,) = re.findall(r"3 states; frames: \[(.*)\]", printed(executed, "learn"))
    assert sum(map(int, frames.split())) == 20_000
    assert "state 2 was entered once" in visible(executed, "judge")
    states = re.findall(r"state \d:.* (\d+) % with φ > 0", printed(executed, "per-state"))
    assert states == ["0", "0", "100"]
    assert "the same states as before: True" in printed(executed, "new")
    assert "states/state_2.xtc" in printed(executed, "write")


@pytest.mark.slow
def test_choices_are_those_of_the_text(run_once):
    executed = run_once("choosing-features-lag-and-k")
    assert "Best features: φ, ψ" in visible(executed, "rank")
    assert "lag time 5 frames (10 ps)" in visible(executed, "lag")
    assert "k = 3 components" in visible(executed, "k") and "3 states" in visible(executed, "k")
    for cell in ("rank-plot", "lag-plot", "k-plot"):
        assert any("image/png" in o.get("data", {}) for o in outputs(executed, cell))


@pytest.mark.slow
def test_analyses_of_others_are_split_by_state(run_once):
    executed = run_once("your-pipeline-with-states")
    rmsd = re.findall(r"^(\d) +(\d+)\.0 +([\d.]+)", visible(executed, "number"), re.MULTILINE)
    assert [state for state, _, _ in rmsd] == ["0", "1", "2"]
    assert sum(int(n) for _, n, _ in rmsd) == 4_000
    assert float(rmsd[0][2]) < 0.6 < 1.0 < float(rmsd[1][2])
    (bond,) = re.findall(r"NME N to ACE O +([\d.]+) +([\d.]+)", visible(executed, "events"))
    assert float(bond[0]) < 1 and 5 < float(bond[1]) < 20
    kinds = re.findall(r"(coil|in between|helix) .* ([\d.]+) of 6", printed(executed, "helix"))
    coil, between, helix = (float(bonds) for _, bonds in kinds)
    assert coil < between < helix


@pytest.mark.slow
def test_peptide_is_judged_as_the_text_says(run_once):
    executed = run_once("protein")
    assert "4 runs of 3 ns: 2,400 frames" in printed(executed, "load")
    assert "no lag time is proposed" in visible(executed, "lag")
    assert len(tables(executed, "run")[0]) == 2
    judged = visible(executed, "judge")
    assert "The states are not supported by the data" in judged
    assert re.search("events +no ", judged) and re.search("gap +yes ", judged)
    assert float(printed(executed, "seed").split()[-1]) > 0.8
    (helical,) = re.findall(r"helical residues: (\d+) ± (\d+) %", printed(executed, "folded"))
    assert 60 < int(helical[0]) < 80 and int(helical[1]) < 10
    for cell in ("look", "trace", "what", "ramachandran"):
        assert any("image/png" in o.get("data", {}) for o in outputs(executed, cell))
    assert "starts/state_1.pdb" in printed(executed, "next")


@pytest.mark.slow
def test_large_trajectories_are_labelled_in_little_memory(run_once):
    executed = run_once("large-trajectories")
    assert "100,000 frames, 45 features" in printed(executed, "featurize")
    (reading,) = re.findall(r"at most (\d+) MB", printed(executed, "featurize"))
    assert int(reading) < 400
    assert "memmap (100000, 45)" in printed(executed, "load")
    assert printed(executed, "train").startswith("3 states")
    assert "6,400: state 2" in printed(executed, "annotate")


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_stored_notebook_is_valid(name):
    import nbformat

    nbformat.validate(nbformat.read(FOLDER / f"{name}.ipynb", as_version=4))


def test_every_notebook_is_tested():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NOTEBOOKS)


def test_stored_paper_shows_what_the_full_length_gives():
    stored = read(FOLDER / "paper.ipynb")
    for cell in PICTURES:
        assert any("image/png" in o.get("data", {}) for o in outputs(stored, cell))
    assert "(20000, 45)" in printed(stored, "alanine")  # and not what FAST gives
    for cell in ("mb-judge", "wells-judge", "distances-judge", "dihedrals-judge"):
        assert len(judged(stored, cell)) == 1 + len(LATENT)


@pytest.mark.parametrize(("name", "text", "output", "both"), SAYINGS)
def test_text_says_what_the_output_shows(name, text, output, both):
    stored = read(FOLDER / f"{name}.ipynb")
    (said,) = [cell.source for cell in stored.cells if cell.id == text]
    for saying in both:
        assert re.search(saying, said)
        assert re.search(saying, visible(stored, output))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("quickstart", "learn-text"),
        ("choosing-features-lag-and-k", "k-text"),
        ("from-mdtraj", "learn-text"),
        ("large-trajectories", "load-answer"),
    ],
)
def test_epochs_of_the_preset_are_told(name, text):
    (said,) = [cell.source for cell in read(FOLDER / f"{name}.ipynb").cells if cell.id == text]
    assert f" {ROBUST.n_epochs}" in said


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_links_of_notebooks_lead_to_files(name):
    text = "".join(c.source for c in read(FOLDER / f"{name}.ipynb").cells)
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (FOLDER / target).exists(), target


@pytest.mark.parametrize(("name", "bytes_at_most"), NOTEBOOKS.items())
def test_stored_notebook_shows_its_results_and_no_machine(name, bytes_at_most):
    path = FOLDER / f"{name}.ipynb"
    stored = read(path)
    assert path.stat().st_size < bytes_at_most
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kept = [output for cell in code for output in cell.outputs]
    assert not any(o.output_type == "error" for o in kept)
    assert not any(WIDGET in o.get("data", {}) or o.get("name") == "stderr" for o in kept)
    assert "widgets" not in stored.metadata
    text = "".join(json.dumps(o) for o in kept if "image/png" not in o.get("data", {}))
    assert not re.search(r"(?<![\w.])/(?:home|usr|tmp|Users|opt|work|root)/| at 0x[0-9a-f]+", text)

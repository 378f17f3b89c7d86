"""The widget is coloured by the state of the frame that it shows."""

import sys

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysisTests.datafiles import DCD, PSF

from mdgmvae import explore
from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.plot.palette import state_colors
from mdgmvae.viewer import view

nglview = pytest.importorskip("nglview")

# A warning of MDAnalysis about the DCD files of its test data.
pytestmark = pytest.mark.filterwarnings("ignore:DCDReader currently makes independent timesteps")

LABELS = np.array([0, 0, 2, 1, 1, 2, 0])
FRAMES = np.array([10, 11, 12, 13, 14, 15, 40])


@pytest.fixture
def dipeptide() -> mda.Universe:
    return mda.Universe(alanine_dipeptide().topology, alanine_dipeptide().trajectories)


def colors(widget) -> list[str]:
    """Return the colours in the order in which they were sent to the front end."""
    return [m["kwargs"]["color"] for m in widget._ngl_msg_archive if "color" in m["kwargs"]]


def representations(widget) -> list[str]:
    return [m["args"][0] for m in widget._ngl_msg_archive if m["methodName"] == "addRepresentation"]


def test_colour_follows_the_state_as_the_trajectory_plays(dipeptide):
    widget = view(dipeptide, LABELS, frames=FRAMES)
    assert isinstance(widget, nglview.NGLWidget)
    palette = state_colors(3)
    assert colors(widget) == [palette[0]]
    for frame in range(10, 16):
        widget.frame = frame
    assert colors(widget) == [palette[state] for state in (0, 2, 1, 2)]
    widget.frame = 40
    assert colors(widget)[-1] == palette[0]


def test_frames_that_were_not_analysed_are_skipped(dipeptide):
    """They were grey, or had the colour of the frame before."""
    widget = view(dipeptide, LABELS, FRAMES)
    assert (widget.frame, widget.max_frame) == (10, 40)
    shown = []
    for frame in (0, 16, 17, 39, 40, 41, 19_999):
        widget.set_state({"frame": frame})  # as the player of the browser does
        shown.append(widget.frame)
    assert shown == [10, 40, 40, 40, 40, 40, 40]
    assert "7 of 20,000 frames have a state; the others are skipped" in widget.legend.value
    # A frame that was analysed, but has no state, is skipped, too.
    widget = view(dipeptide, [0, -1, 1], frames=[0, 2, 4])
    widget.set_state({"frame": 1})
    assert widget.frame == 4 and "frame 4: <b>state 1" in widget.legend.value
    with pytest.raises(InputError, match="no frame has a state"):
        view(dipeptide, [-1, -1], frames=[0, 2])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (11, "frame 11 was not analysed.*nearest frame that was is 10"),
        (38, "frame 38 was not analysed.*is 40"),
        (20_000, "frame 20000 does not exist; the trajectory has frames 0 to 19,999"),
        ("a", "frame='a': must be a whole number"),
        (-1, "frame=-1: must be at least 0"),
    ],
)
def test_a_frame_without_a_state_is_refused_as_by_the_explorer(dipeptide, frame, message):
    labels, frames = [0, 1, 0], [0, 10, 40]
    widget = view(dipeptide, labels, frames)
    explorer = explore(dipeptide, labels, np.zeros((3, 2)), frames)
    widget.frame = 10
    explorer.select(10)
    with pytest.raises(InputError, match=message):
        widget.frame = frame
    with pytest.raises(InputError, match=message):
        explorer.select(frame)
    assert widget.frame == explorer.frame == 10


def test_movies_skip_frames_without_a_state(dipeptide):
    """nglview asks for one frame after the other, and begins again at the end."""
    widget = view(dipeptide, [0, -1, 1], frames=[0, 2, 4])
    seen = []
    for _ in range(3):
        widget._handle_custom_msg({"type": "request_frame", "data": {}}, [])
        seen.append(widget.frame)
    assert seen == [4, 0, 4]


def test_the_player_of_the_browser_visits_frames_with_a_state(dipeptide):
    for control in view(dipeptide, [0, 1, 1], frames=[4, 14, 24])._iplayer.children:
        assert (control.min, control.max, control.step, control.value) == (4, 24, 10, 4)
    for control in view(dipeptide, LABELS, FRAMES)._iplayer.children:
        assert (control.min, control.max, control.step, control.value) == (10, 40, 1, 10)


def test_buttons_go_to_transitions():
    topology, (xtc,) = alanine_dipeptide()
    u = mda.Universe(topology, [xtc, xtc])
    # Between frames 19,999 and 20,000 begins another file, which is no transition.
    widget = view(u, [1, 0, 0, 2, 1, 1, 0], [3, 5, 8, 9, 19_999, 20_000, 20_001])
    back, forward = widget.controls.children
    seen = [press(forward, widget) for _ in range(5)]
    assert seen == [5, 9, 19_999, 20_001, 20_001]
    widget.frame = 20_000
    assert [press(back, widget) for _ in range(4)] == [19_999, 9, 5, 5]
    assert "frame 5: <b>state 0" in widget.legend.value
    widget = view(u, [0, 1], [19_999, 20_000])
    widget.next_transition()
    assert widget.frame == 19_999


def press(button, widget):
    button.click()
    return widget.frame


@pytest.mark.parametrize("library", ["MDAnalysis", "mdtraj"])
def test_frames_are_superposed_on_the_first_one(dipeptide, library):
    topology, (xtc,) = alanine_dipeptide()
    source = dipeptide if library == "MDAnalysis" else mdtraj.load(xtc, top=topology, stride=1000)
    widget = view(source, [0, 1], frames=[0, 12])
    frames = [widget._trajlist[0].get_coordinates(frame) for frame in (0, 12)]
    whole = mda.Universe(topology, xtc).trajectory
    original = [
        whole[0].positions.copy(),
        whole[12 if library == "MDAnalysis" else 12_000].positions,
    ]
    np.testing.assert_allclose(frames[0], original[0], atol=1e-4)
    heavy = [i for i, name in enumerate(dipeptide.atoms.names) if name[0] not in "H123"]
    apart = np.sqrt(np.square(frames[1][heavy] - frames[0][heavy]).sum(axis=1).mean())
    pair = mdtraj.Trajectory(np.stack([original[1][heavy], original[0][heavy]]), topology=None)
    assert apart == pytest.approx(float(mdtraj.rmsd(pair, pair, 1)[0]), abs=1e-3)


def test_atoms_with_hardly_any_attributes_are_shown():
    """Without residue names, the selection of C-alpha atoms failed."""
    bare = mda.Universe.empty(5, trajectory=True)
    assert representations(view(bare, [0])) == ["licorice"]
    bare.add_TopologyAttr("names", ["CA"] * 5)
    assert representations(view(bare, [0])) == ["licorice"]


def test_legend_names_every_colour_and_the_state_shown(dipeptide):
    probabilities = np.full((7, 4), 0.1)
    probabilities[np.arange(7), LABELS] = 0.7
    widget = view(dipeptide, LABELS, FRAMES, probabilities=probabilities)
    widget.frame = 12
    for color in state_colors(4):
        assert color in widget.legend.value
    assert "state 0 (42.9 %)" in widget.legend.value
    assert "state 3 (0.0 %)" in widget.legend.value
    assert "frame 12: <b>state 2, probability 0.70</b>" in widget.legend.value
    widget = view(dipeptide, LABELS, FRAMES, of="components")
    widget.frame = 12
    assert "component 0 (42.9 %)" in widget.legend.value
    assert "frame 12: <b>component 2</b>" in widget.legend.value


def test_small_molecules_are_sticks_and_proteins_ribbons(dipeptide):
    assert representations(view(dipeptide, LABELS, FRAMES)) == ["licorice"]
    protein = mda.Universe(PSF, DCD)
    widget = view(protein.select_atoms("name N CA C O"), np.zeros(98, dtype=int))
    assert representations(widget) == ["cartoon"]


def test_the_universe_stays_where_it_was_until_playing(dipeptide):
    dipeptide.trajectory[33]
    view(dipeptide, LABELS, FRAMES)
    assert dipeptide.trajectory.frame == 33


def test_a_front_end_that_comes_later_gets_the_frame_that_is_shown(dipeptide, monkeypatch):
    """A frame can be chosen before the browser has loaded, as when all cells are run at once."""
    widget = view(dipeptide, LABELS, FRAMES)
    widget.frame = 12
    dipeptide.trajectory[33]
    sent, recolored = [], []

    def send(content, buffers=()):
        (sent if buffers else recolored).append(buffers or content["kwargs"]["color"])

    monkeypatch.setattr(widget, "send", send)
    widget._handle_custom_msg({"type": "request_repr_dict", "data": {}}, [])
    assert sent == recolored == []
    for _ in range(2):
        widget._handle_custom_msg({"type": "request_loaded", "data": False}, [])
        widget._handle_custom_msg({"type": "request_repr_dict", "data": {}}, [])
        widget._handle_custom_msg({"type": "request_repr_dict", "data": {}}, [])
    assert dipeptide.trajectory.frame == 33
    shown = [np.frombuffer(buffer, "f4").reshape(-1, 3) for (buffer,) in sent]
    # The frame is superposed on the first one, so its internal distances are compared.
    expected = dipeptide.trajectory[12].positions
    assert len(shown) == 2 and recolored == [state_colors(3)[2]] * 2
    for positions in shown:
        np.testing.assert_allclose(
            np.linalg.norm(positions[:, None] - positions, axis=-1),
            np.linalg.norm(expected[:, None] - expected, axis=-1),
            atol=1e-4,
        )


def test_mdtraj_trajectories_are_shown_with_the_same_colours():
    topology, (xtc,) = alanine_dipeptide()
    widget = view(mdtraj.load(xtc, top=topology, stride=4000), [0, 1, 0, 3, -1])
    widget.frame = 3
    assert colors(widget) == [state_colors(1)[0], state_colors(4)[3]]
    assert widget.max_frame == 3


def test_a_palette_of_the_users(dipeptide):
    widget = view(dipeptide, LABELS, FRAMES, palette=["#000000", "#111111", "#222222"])
    widget.frame = 12
    assert colors(widget)[-1] == "#222222"
    with pytest.raises(InputError, match="2 colours for 3 states"):
        view(dipeptide, LABELS, FRAMES, palette=["#000000", "#111111"])


def test_a_long_playback_does_not_fill_the_archive(dipeptide):
    widget = view(dipeptide, np.arange(20_000) % 2)
    for frame in range(1, 400):
        widget.frame = frame
    assert len(widget._ngl_msg_archive) < 100
    assert colors(widget)[-1] == state_colors(2)[1]
    assert representations(widget) == ["licorice"]


def positions(widget, frame):
    return widget._trajlist[0].get_coordinates(frame)


def atoms_sent(widget):
    """Return names of residues and atoms in the order of the structure that was sent."""
    text = widget._ngl_msg_archive[0]["args"][0]["data"]
    lines = [line for line in text.splitlines() if line.startswith(("ATOM", "HETATM"))]
    return [(line[17:20].strip(), line[12:16].strip()) for line in lines]


@pytest.fixture
def solvated(adk):
    """Return twenty residues of a protein with a ligand, and much water and lipid."""
    chain = adk.select_atoms("protein and resid 1:20")
    others = ["BNZ"] + ["SOL"] * 90 + ["POPC"] * 30
    beside = mda.Universe.empty(
        len(others), len(others), atom_resindex=range(len(others)), trajectory=True
    )
    beside.add_TopologyAttr("names", [name[0] for name in others])
    beside.add_TopologyAttr("resnames", others)
    whole = mda.Merge(chain, beside.atoms)
    frames = []
    for _ in adk.trajectory[:5]:
        frames.append(np.concatenate([chain.positions, 50 + 5 * np.indices((121, 3))[0]]))
    return whole.load_new(np.array(frames, np.float32), order="fac")


def test_only_what_is_drawn_is_sent(solvated, monkeypatch):
    n = solvated.select_atoms("protein").n_atoms
    for source in (solvated, solvated.atoms):
        widget = view(source, [0, 0, 1, 1, 0])
        assert len(atoms_sent(widget)) == n + 1 and atoms_sent(widget)[-1] == ("BNZ", "B")
        assert representations(widget) == ["cartoon", "licorice"]
        assert positions(widget, 0).shape == (n + 1, 3)
        widget.frame = 2
        assert colors(widget) == [state_colors(2)[state] for state in (0, 0, 1, 1)]
    widget = view(solvated, [0, 0, 1, 1, 0], select="protein or resname SOL")
    assert {name for name, _ in atoms_sent(widget)[n:]} == {"SOL"}
    assert representations(widget) == ["cartoon", "line"]
    monkeypatch.setattr("mdgmvae.viewer.drawn_atoms._MOST_STICKS", 50)
    assert representations(view(solvated, [0, 0, 1, 1, 0], select="resname SOL")) == ["line"]
    with pytest.raises(InputError, match="select"):
        view(solvated, [0, 0, 1, 1, 0], select="resname NONE")


def test_frames_are_superposed_on_a_reference_of_the_users(adk):
    fit = "name CA and resid 122:160"
    moving = adk.select_atoms(fit)
    chain = adk.select_atoms("name CA")
    places = np.flatnonzero(np.isin(chain.ix, moving.ix))
    # A crystal structure has other atoms, and lies elsewhere.
    other = mda.Merge(chain)
    other.atoms.positions = chain.positions + 30.0
    last = next(moving.positions.copy() for _ in adk.trajectory[[97]])
    adk.trajectory[50]
    for reference, target in ((other, other.select_atoms(fit).positions), (97, last)):
        widget = view(chain, np.zeros(98, int), reference=reference, superpose=fit)
        found = positions(widget, 50)[places]
        pair = mdtraj.Trajectory(np.stack([moving.positions, target]) / 10, topology=None)
        apart = np.sqrt(np.square(found - target).sum(axis=1).mean())
        assert apart == pytest.approx(10 * float(mdtraj.rmsd(pair, pair, 1)[0]), abs=2e-3)
    assert adk.trajectory.frame == 50
    widget = view(chain, np.zeros(98, int), superpose=False)
    np.testing.assert_array_equal(positions(widget, 50), chain.positions)


def test_a_reference_that_does_not_fit_is_refused(adk):
    other = mda.Merge(adk.select_atoms("name CA and resid 1:100"))
    for options, says in (
        ({"reference": other}, r"reference: its 100 atoms to superpose are not the 214"),
        ({"reference": mda.Merge(adk.select_atoms("name C"))}, "reference: its"),
        ({"reference": 98}, "reference=98: the trajectory has frames 0 to 97"),
        ({"superpose": "name XX"}, "superpose"),
    ):
        with pytest.raises(InputError, match=says):
            view(adk.select_atoms("name CA"), np.zeros(98, int), **options)


def test_molecules_that_the_box_has_broken_are_whole():
    u = mda.Universe(*alanine_dipeptide())
    expected = u.trajectory[3].positions.copy()
    box = np.array([40.0, 40, 40])
    broken = (expected - expected[5] + [0.1, 20, 20]) % box
    assert np.ptp(broken[:, 0]) > 30
    u.load_new(broken[np.newaxis], order="fac", dimensions=np.array([[*box, 90, 90, 90]]))
    found = positions(view(u, [0]), 0)
    np.testing.assert_allclose(
        np.linalg.norm(found[:, None] - found, axis=-1),
        np.linalg.norm(expected[:, None] - expected, axis=-1),
        atol=1e-3,
    )


def test_a_frame_that_cannot_be_read_is_not_shown_as_another():
    u = mda.Universe(*alanine_dipeptide())
    frames = np.array([ts.positions for ts in u.trajectory[:3]])
    frames[1, 4] = np.nan
    widget = view(u.load_new(frames, order="fac"), [0, 1, 0])
    widget.frame = 1
    assert "frame 1: <b>cannot be shown: " in widget.legend.value
    assert widget._coordinates_dict[0].size == 0
    widget.frame = 2
    assert "frame 2: <b>state 0</b>" in widget.legend.value


def test_another_trajectory_in_the_same_view_moves_too(dipeptide):
    widget = view(dipeptide, LABELS, FRAMES)
    widget.add_trajectory(nglview.MDAnalysisTrajectory(mda.Universe(*alanine_dipeptide())))
    widget.frame = 12
    assert sorted(widget._coordinates_dict) == [0, 1]
    np.testing.assert_allclose(
        widget._coordinates_dict[1], dipeptide.trajectory[12].positions, atol=1e-4
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"labels": [0, 1]}, "20,000 frames"),
        ({"labels": [0, 1], "frames": [1, 20_000]}, "frame 20000"),
        ({"labels": [0, 1], "frames": [1, 2], "probabilities": np.ones((3, 2))}, "probabilities"),
        ({"labels": [0, 1], "frames": [1, 2], "of": "clusters"}, "states"),
        ({"labels": [0, 1], "frames": [1, 1]}, "frames: frame 1 has two labels, 0 and 1"),
    ],
)
def test_what_does_not_fit_is_refused(dipeptide, options, says):
    with pytest.raises(InputError, match=says):
        view(dipeptide, **options)


def test_without_nglview_the_way_out_is_told(dipeptide, monkeypatch):
    monkeypatch.setitem(sys.modules, "nglview", None)
    with pytest.raises(ImportError, match=r"pip install 'mdgmvae\[notebook\]'"):
        view(dipeptide, LABELS, FRAMES)

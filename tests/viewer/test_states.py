"""Representative frames of states, superposed or side by side."""

import MDAnalysis as mda
import numpy as np
import pytest

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.plot.palette import state_colors
from mdgmvae.viewer import view_states

nglview = pytest.importorskip("nglview")


@pytest.fixture
def dipeptide():
    return mda.Universe(*alanine_dipeptide())


def sent(view, method):
    return [m for m in view._ngl_msg_archive if m["methodName"] == method]


def positions(message):
    """Return the positions in a structure that was sent."""
    lines = [x for x in message["args"][0]["data"].splitlines() if x.startswith(("ATOM", "HETATM"))]
    return np.array([[x[30:38], x[38:46], x[46:54]] for x in lines], float)


def colors(view):
    return [m["kwargs"]["color"] for m in sent(view, "addRepresentation")]


def test_superposed_states_have_their_colours(dipeptide):
    dipeptide.trajectory[7]
    box = view_states(dipeptide, {2: [6400], 0: [12, 40], 1: []})
    (view,) = box.views
    palette = state_colors(3)
    assert colors(view) == [palette[0], palette[0], palette[2]]
    assert dipeptide.trajectory.frame == 7
    # By a formula of our own (Kabsch): the best rotation of frame 6400 onto frame 12.
    heavy = [i for i, name in enumerate(dipeptide.atoms.names) if name[0] not in "H123"]
    target, moved = (dipeptide.trajectory[frame].positions[heavy] for frame in (12, 6400))
    shown = [positions(message) for message in sent(view, "loadFile")]
    np.testing.assert_allclose(shown[0][heavy], target, atol=2e-3)
    centred = moved - moved.mean(axis=0)
    u, _, vt = np.linalg.svd(centred.T @ (target - target.mean(axis=0)))
    flip = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    np.testing.assert_allclose(
        shown[2][heavy], centred @ (u @ flip @ vt) + target.mean(axis=0), atol=2e-3
    )


def test_states_can_be_hidden(dipeptide):
    box = view_states(dipeptide, {0: [12, 40], 1: [6400]}, of="components")
    rows = box.children[0].children
    assert [row.children[1].value.split("<b>")[1] for row in rows] == [
        "component 0</b>, frames 12, 40</span>",
        "component 1</b>, frame 6400</span>",
    ]
    rows[0].children[0].value = False
    hidden = [(m["args"], m["component_index"]) for m in sent(box.views[0], "setVisibility")]
    assert hidden == [([False], 0), ([False], 1)]


def test_states_side_by_side_turn_together(dipeptide):
    box = view_states(
        dipeptide,
        {0: [12], 1: [6400]},
        ["#000000", "#111111"],
        side_by_side=True,
        select="not name H*",
    )
    assert [colors(view) for view in box.views] == [["#000000"], ["#111111"]]
    first, second = box.views
    assert first._synced_model_ids == [second._model_id]
    assert len(positions(sent(first, "loadFile")[0])) == 10


@pytest.mark.parametrize(
    ("frames", "options", "says"),
    [
        ({}, {}, "no state has a frame"),
        ({0: []}, {}, "no state has a frame"),
        ({0: [20_000]}, {}, "frame 20000"),
        ({0: [0]}, {"of": "clusters"}, "choose 'states' or 'components'"),
        ({1: [0]}, {"palette": ["#000000"]}, "1 colours for 2 states"),
        ({state: [state] for state in range(13)}, {"side_by_side": True}, "13 states"),
    ],
)
def test_what_cannot_be_shown_is_refused(dipeptide, frames, options, says):
    with pytest.raises(InputError, match=says):
        view_states(dipeptide, frames, **options)

"""The table of states."""

import numpy as np
import pytest
from MDAnalysis.analysis.results import Results

from mdgmvae.errors import InputError
from mdgmvae.states import summarize
from mdgmvae.storage.npy import write_rows
from mdgmvae.trajectory.feature_writer import FeatureWriter


def made_up():
    """States 0 and 1 consist of components 0 to 2; state 2 and component 3 have no frames."""
    labels = np.array([0, 0, 1, 0, 0, 1])
    probabilities = np.array([[0.9, 0.1, 0], [0.7, 0.3, 0], [0.2, 0.8, 0]] * 2, np.float32)
    probabilities[3] = probabilities[4] = probabilities[0]
    components = np.array([0, 2, 1, 0, 2, 1])
    return Results(
        labels=labels,
        probabilities=probabilities,
        components=components,
        component_probabilities=0.8 * np.eye(4, dtype=np.float32)[components] + 0.05,
        latent=np.array([[0.0], [1.0], [5.0], [0.4], [0.1], [7.0]], np.float32),
        frames=np.array([10, 20, 30, 40, 50, 60]),
    )


def features_of(values, names, units):
    with FeatureWriter(None, len(names)) as writer:
        write_rows(writer.rows_path, 0, np.asarray(values, np.float32))
        n = len(values)
        return writer.commit(
            names=names, units=units, frames=np.arange(n), times=np.arange(float(n)),
            trajectory_index=np.zeros(n, int), lengths=(n,),
        )  # fmt: skip


def test_rows_of_the_table():
    first, second, empty = summarize(made_up()).rows
    assert (first.n_frames, second.n_frames, empty.n_frames) == (4, 2, 0)
    assert first.population == 4 / 6
    assert np.isclose(first.probability, (3 * 0.9 + 0.7) / 4)
    assert np.isnan(empty.probability)
    assert (first.stays, second.stays, empty.stays) == (2, 2, 0)
    # The mean of the latent coordinates 0, 1, 0.4 and 0.1 is 0.375, so frame 40 is nearest.
    assert (first.representative, empty.representative) == (40, -1)
    assert first.of_state is None


def test_components_tell_their_state():
    table = summarize(made_up(), of="components")
    assert [row.n_frames for row in table.rows] == [2, 2, 2, 0]
    assert [row.of_state for row in table.rows] == [0, 1, 0, -1]
    assert np.isclose(table.rows[2].probability, 0.85)
    lines = table.text().splitlines()
    assert lines[0] == "3 components in 6 frames"
    head = next(line for line in lines if line.startswith("component"))
    assert head.split()[:3] == ["component", "state", "frames"]
    assert lines[lines.index(head) + 3].split()[:3] == ["2", "0", "2"]
    with pytest.raises(InputError, match="of='macrostates': choose 'states' or 'components'"):
        summarize(made_up(), of="macrostates")


def test_angles_are_averaged_around_the_circle():
    angles = np.radians([170.0, -170.0, 60.0, 175.0, -175.0, 60.0])
    values = np.column_stack([np.cos(angles), np.sin(angles), angles - 1e-4, np.arange(6.0)])
    names = ("phi ALA2 cos", "phi ALA2 sin", "psi ALA2", "d A-B")
    features = features_of(values, names, ("1", "1", "radian", "angstrom"))
    first, second, empty = summarize(made_up(), features).rows
    assert abs(float(first.means["phi ALA2"].removesuffix("°"))) == 180
    assert (first.means["psi ALA2"], first.means["d A-B"]) == ("180°", "2.00 Å")
    assert second.means["phi ALA2"] == "60°"
    assert empty.means == {}
    fewer = Results({**made_up(), "labels": np.array([0, 1])})
    with pytest.raises(InputError, match="6 frames for 2 labels"):
        summarize(fewer, features)


def test_many_features_are_left_out():
    names = tuple(f"d {i}" for i in range(7))
    features = features_of(np.zeros((6, 7)), names, ("angstrom",) * 7)
    assert summarize(made_up(), features).rows[0].means == {}


def test_a_new_segment_is_a_new_stay():
    results = made_up()
    results.lengths = (1, 5)
    assert summarize(results).rows[0].stays == 3


def test_text_and_html_show_every_state():
    table = summarize(made_up())
    lines = table.text().splitlines()
    assert lines[0] == "2 states in 6 frames"
    head = next(i for i, line in enumerate(lines) if line.startswith("state"))
    assert [line.split()[:3] for line in lines[head + 1 : head + 4]] == [
        ["0", "4", "66.7"], ["1", "2", "33.3"], ["2", "0", "0.0"],
    ]  # fmt: skip
    assert table._repr_html_().count("<tr>") == 4
    assert repr(table) == str(table) == table.text()

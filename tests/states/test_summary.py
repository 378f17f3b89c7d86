"""The table of states."""

import numpy as np
from MDAnalysis.analysis.results import Results

from mdgmvae.states.summary import describe_states, states_html, states_text
from mdgmvae.trajectory.feature_writer import FeatureWriter


def made_up():
    labels = np.array([0, 0, 1, 0, 0, 1])
    probabilities = np.array([[0.9, 0.1, 0], [0.7, 0.3, 0], [0.2, 0.8, 0]] * 2, np.float32)
    probabilities[3] = probabilities[4] = probabilities[0]
    latent = np.array([[0.0], [1.0], [5.0], [0.4], [0.1], [7.0]], np.float32)
    frames = np.array([10, 20, 30, 40, 50, 60])
    return Results(labels=labels, probabilities=probabilities, latent=latent, frames=frames)


def features_of(values, names, units):
    with FeatureWriter(None, len(names)) as writer:
        from mdgmvae.storage.npy import write_rows

        write_rows(writer.rows_path, 0, np.asarray(values, np.float32))
        n = len(values)
        return writer.commit(
            names=names, units=units, frames=np.arange(n), times=np.arange(float(n)),
            trajectory_index=np.zeros(n, int), lengths=(n,),
        )  # fmt: skip


def test_rows_of_the_table():
    first, second, empty = describe_states(made_up())
    assert (first.n_frames, second.n_frames, empty.n_frames) == (4, 2, 0)
    assert first.population == 4 / 6
    assert np.isclose(first.confidence, (3 * 0.9 + 0.7) / 4)
    assert (first.visits, second.visits, empty.visits) == (2, 2, 0)
    # Centre of the latent coordinates 0, 1, 0.4 and 0.1 is 0.375: frame 40 is nearest.
    assert (first.representative, empty.representative) == (40, -1)


def test_angles_are_averaged_around_the_circle():
    angles = np.radians([170.0, -170.0, 60.0, 175.0, -175.0, 60.0])
    values = np.column_stack([np.cos(angles), np.sin(angles), angles, np.arange(6.0)])
    names = ("phi ALA2 cos", "phi ALA2 sin", "psi ALA2", "d A-B")
    features = features_of(values, names, ("1", "1", "radian", "angstrom"))
    first, second, _ = describe_states(made_up(), features)
    assert first.means == {"phi ALA2": "180°", "psi ALA2": "180°", "d A-B": "2.00"}
    assert second.means["phi ALA2"] == "60°"


def test_a_new_piece_of_trajectory_is_a_new_visit():
    results = made_up()
    results.lengths = (1, 5)
    assert describe_states(results)[0].visits == 3


def test_text_and_html_show_every_state():
    text = states_text(describe_states(made_up()))
    assert [line.split()[:2] for line in text.splitlines()] == [
        ["state", "frames"], ["0", "4"], ["1", "2"], ["2", "0"],
    ]  # fmt: skip
    assert len({len(line) for line in text.splitlines()}) == 1
    assert states_html(describe_states(made_up())).count("<tr>") == 4

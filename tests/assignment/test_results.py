"""Results as a value: copies, table, discrete trajectories."""

import copy
import pickle

import numpy as np
import pytest

from mdgmvae.assignment import TrajectoryResults


@pytest.fixture
def results():
    return TrajectoryResults(
        labels=np.array([0, 1, 1, 0, 0]),
        components=np.array([0, 2, 1, 0, 0]),
        probabilities=np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [1, 0], [1, 0]], np.float32),
        component_probabilities=np.eye(3, dtype=np.float32)[[0, 2, 1, 0, 0]],
        latent=np.arange(5, dtype=np.float32)[:, np.newaxis],
        scores=np.array([0, 0, -90, 0, 0], np.float32),
        unlike_training=np.array([False, False, True, False, False]),
        frames=np.array([9, 3, 5, 6, 7]),
        times=np.array([18.0, 6.0, 10.0, 12.0, 14.0]),
        trajectory_index=np.array([0, 0, 1, 1, 1]),
        lengths=(1, 1, 3),
        populations=np.array([0.6, 0.4]),
    )


def test_the_table_has_one_line_for_each_frame_in_its_order(results):
    table = results.to_dataframe()
    assert table["frame"].tolist() == [9, 3, 5, 6, 7]
    assert table["trajectory"].tolist() == [0, 0, 1, 1, 1]
    # The probability of the state of each frame, which need not be the most probable state.
    np.testing.assert_allclose(table["probability"], [0.9, 0.8, 0.4, 1, 1], rtol=1e-6)
    assert list(table.columns)[-3:] == ["z1", "score", "unlike_training"]
    assert table["unlike_training"].tolist() == [False, False, True, False, False]


def test_discrete_trajectories_end_where_segments_end(results):
    assert [dtraj.tolist() for dtraj in results.dtrajs] == [[0], [1], [1, 0, 0]]


def test_results_print_frames_segments_and_states(results):
    lines = repr(results).splitlines()
    assert lines[0] == "5 frames in 3 segments"
    assert [line.split() for line in lines[2:4]] == [["0", "3", "60.0"], ["1", "2", "40.0"]]
    assert "component_probabilities" in lines[4]
    assert lines[-1] == "- 1 frame is unlike all frames of the training (unlike_training)"
    assert "<td>60.0</td>" in results._repr_html_()


def test_results_before_the_run_tell_what_to_do():
    empty = TrajectoryResults()
    assert repr(empty) == "No results yet: call run() first"
    assert "call run() first" in empty._repr_html_()
    assert not hasattr(empty, "labels")
    with pytest.raises(AttributeError, match=r"no 'labels' before run\(\): call run\(\) first"):
        empty.labels


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_copies_are_results(results, again):
    copied = again(results)
    assert type(copied) is TrajectoryResults
    np.testing.assert_array_equal(copied.labels, results.labels)
    assert len(copied.dtrajs) == 3
    copied.populations = np.ones(2)
    assert results.populations[0] == 0.6
    assert "labels" not in again(TrajectoryResults())

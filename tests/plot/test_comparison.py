"""The plots of comparisons show the scores, and what each mark means."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up_results import scan, sets

from mdgmvae import plot

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def legend(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def bars(ax):
    """Return the marker and the ends of the error bar of each container."""
    return [(c[0], c[2][0].get_segments()) for c in ax.containers]


def test_feature_sets_explain_bars_folds_and_the_choice():
    selection = sets(3)
    ax = plot.feature_sets(selection)
    assert legend(ax) == ["mean ± standard error", "one fold", "chosen set"]
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "dihedrals\n1 column", "ca_distances\n4 columns", "distances\n16 columns",
    ]  # fmt: skip
    scores = selection.scored[0].scores
    _, ((start, end),) = bars(ax)[0]
    error = scores.std(ddof=1) / np.sqrt(3)
    np.testing.assert_allclose([start[0], end[0]], scores.mean() + np.array([-error, error]))
    folds = [line for line in ax.lines if line.get_label() == "one fold"]
    assert [line.get_xdata().tolist() for line in folds] == [
        found.scores.tolist() for found in selection.scored
    ]
    # Readable in grey: the choice has a marker of its own.
    assert [container[0].get_marker() for container in ax.containers] == ["D", "o", "o"]
    low, high = ax.get_xlim()
    assert all(low < min(f.scores) and max(f.scores) < high for f in selection.scored)


def test_folds_are_below_their_bar():
    ax = plot.feature_sets(sets(2))
    ax.figure.draw_without_rendering()
    for container, folds in zip(ax.containers, ax.lines[::4], strict=False):
        assert folds.get_label() == "one fold"
        mean, fold = (a.get_window_extent() for a in (container[0], folds))
        assert fold.y1 < mean.y0


def test_the_choice_of_k_has_room_on_both_sides_and_names():
    ax = plot.number_of_components(scan(5))
    assert legend(ax) == ["chosen: k = 4", "components", "states ± standard error"]
    low, high = ax.get_xlim()
    assert low < 0.8 and high > 5.2
    assert ax.get_xticks().tolist() == [1, 2, 3, 4, 5]
    (top,) = ax.child_axes
    assert [t.get_text() for t in top.get_xticklabels()] == ["1-2", "2-3", "3-4", "4-5", "5-6"]


@pytest.mark.parametrize(("dt", "time"), [(None, "5 frames"), (np.nan, "5 frames"), (0.4, "2 ps")])
def test_lag_times_are_in_ps_if_the_time_between_frames_is_given(dt, time):
    assert plot.feature_sets(sets(2), dt=dt).get_xlabel() == f"VAMP-2 held out\nlag time {time}"
    ax = plot.number_of_components(scan(3), dt=dt)
    assert ax.get_ylabel() == f"VAMP-2 held out\nlag time {time}"

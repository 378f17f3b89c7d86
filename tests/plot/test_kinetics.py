"""The plots show the values that were estimated."""

from dataclasses import replace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from alanine_basins import conventional, metastable
from made_up_results import of_many_processes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb

from mdgmvae import plot
from mdgmvae.errors import InputError
from mdgmvae.kinetics import chapman_kolmogorov, implied_timescales


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_timescales_with_bands_and_the_line_where_they_equal_the_lag():
    found = implied_timescales(conventional(), lags=[2, 5, 10], dt=2.0, n_samples=20)
    ax = plot.implied_timescales(found)
    slowest, middle, *_, equal = ax.lines
    np.testing.assert_array_equal(slowest.get_xdata(), [4, 10, 20])
    np.testing.assert_allclose(middle.get_ydata(), found.timescales[:, 1])
    np.testing.assert_array_equal(equal.get_xdata(), equal.get_ydata())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("lag time / ps", "implied timescale / ps")
    bands = [drawn for drawn in ax.collections if isinstance(drawn, PolyCollection)]
    band = bands[1].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(found.lower[:, 1].min())
    ax.figure.canvas.draw()


def test_arrows_mark_intervals_that_go_on_beyond_the_axis():
    found = of_many_processes(3)
    found.upper[:3, 0] = [np.inf, 1e6, 1e6]
    found.lower[0, 2] = 1e-3
    ax = plot.implied_timescales(found)
    (low, high), arrows = ax.get_ylim(), {}
    for text in ax.texts:
        arrows.setdefault(text.get_text(), []).append(text.get_position())
    assert arrows == {"↑": [(2, high), (5, high), (10, high)], "↓": [(2, low)]}
    plt.close(ax.figure)
    assert not plot.implied_timescales(of_many_processes(3)).texts
    plt.close("all")


def legend(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_timescales_have_names_and_the_unresolved_ones_are_grey():
    ax = plot.implied_timescales(of_many_processes(13), lag=10)
    assert legend(ax) == [
        *("slowest process", "process 3", "process 5", "process 7", "process 9"),
        *("other processes", "lag time 10 ps", "95 % interval", "below lag time"),
    ]
    named = [
        line
        for line in ax.lines
        if line.get_label().endswith("process") or "ss " in line.get_label()
    ]
    assert len({line.get_marker() for line in named}) == len(named) == 5
    lightness = [np.dot(to_rgb(line.get_color()), (0.2126, 0.7152, 0.0722)) for line in named]
    assert (np.diff(lightness) > 0.1).all()


def test_the_interval_and_the_area_below_the_lag_time_look_different_in_grey():
    ax = plot.implied_timescales(of_many_processes(3))
    *_, interval, below = ax.get_legend().legend_handles
    assert legend(ax)[-2:] == ["95 % interval", "below lag time"]
    assert below.get_hatch() and not interval.get_hatch()
    (area,) = (drawn for drawn in ax.collections if drawn.get_hatch())
    # The area is that below the diagonal.
    ((left, _), *_, (_, bottom)) = area.get_paths()[0].vertices
    assert bottom < left * 1.001


def test_timescales_that_are_all_unresolved_are_drawn():
    found = of_many_processes(2)
    unresolved = replace(
        found,
        timescales=found.timescales[:, 1:],
        lower=found.lower[:, 1:],
        upper=found.upper[:, 1:],
    )
    ax = plot.implied_timescales(unresolved)
    assert legend(ax) == ["processes", "below lag time"]


def test_first_and_last_timescales_are_not_cut_off():
    for n_lags in (1, 5):
        found = of_many_processes(3)
        cut = {
            name: getattr(found, name)[:n_lags]
            for name in ("lags", "timescales", "lower", "upper", "recrossing")
        }
        ax = plot.implied_timescales(replace(found, **cut))
        ax.figure.draw_without_rendering()
        for line in ax.lines:
            if line.get_label() == "slowest process":
                box = line.get_window_extent()
                assert ax.bbox.x0 + 3 < box.x0 and box.x1 < ax.bbox.x1 - 3
    single = plot.implied_timescales(replace(found, **{k: v[:1] for k, v in cut.items()}))
    (interval, *_) = [c.get_segments() for c in single.collections if isinstance(c, LineCollection)]
    np.testing.assert_allclose(interval[0], [(2, 800), (2, 1200)])


def test_states_that_never_meet_have_no_timescale_to_draw():
    labels = np.repeat([0, 1], 100)
    found = implied_timescales(labels, lags=[2], lengths=[100, 100], n_samples=5)
    with pytest.raises(InputError, match="nothing to draw"):
        plot.implied_timescales(found)


def test_chapman_kolmogorov_has_a_panel_for_each_pair():
    test = chapman_kolmogorov(metastable(), lag=5, dt=2.0, n_samples=20)
    _, given = plt.subplots()
    ax = plot.chapman_kolmogorov(test, ax=given)
    assert ax is given
    assert len(ax.child_axes) == 9
    panel = ax.child_axes[3]  # from 1 to 0
    assert panel.texts[0].get_text() == "1 → 0"
    predicted = panel.lines[0]
    np.testing.assert_array_equal(predicted.get_xdata(), [0, 10, 20, 30, 40, 50])
    np.testing.assert_allclose(predicted.get_ydata()[1:], test.predicted.value[:, 1, 0])
    assert ax.get_xlabel() == "time / ps"
    assert legend(ax) == ["model, 95 % interval", "estimate, 95 % interval"]
    assert len(plot.chapman_kolmogorov(test, states=[0, 2]).child_axes) == 4
    ax.figure.canvas.draw()


def test_empty_states_have_no_panel():
    labels = np.array([0, 2, 3])[metastable()]
    test = chapman_kolmogorov(labels, lag=5, n_samples=5)
    assert len(plot.chapman_kolmogorov(test).child_axes) == 9
    with pytest.raises(InputError, match="states"):
        plot.chapman_kolmogorov(test, states=[1])


def test_scores_are_drawn_in_the_order_of_k():
    ax = plot.vamp2_scores([4, 2, 3], [2.3, 1.4, 2.2], [0.1, 0.01, 0.05])
    line = ax.lines[0]
    assert line.get_xdata().tolist() == [2, 3, 4]
    assert line.get_ydata().tolist() == [1.4, 2.2, 2.3]
    assert legend(ax) == ["score ± standard deviation"]
    (bars,) = ax.containers
    assert np.diff(bars[2][0].get_segments()[2][:, 1])[0] == pytest.approx(0.2)
    with pytest.raises(InputError, match="ks"):
        plot.vamp2_scores([1, 2], [1.0], [0.1])

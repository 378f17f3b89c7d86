"""The plots show the values that were estimated."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from alanine_basins import conventional, metastable

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
    band = ax.collections[1].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(found.lower[:, 1].min())
    ax.figure.canvas.draw()


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
    (bars,) = ax.containers
    assert np.diff(bars[2][0].get_segments()[2][:, 1])[0] == pytest.approx(0.2)
    with pytest.raises(InputError, match="ks"):
        plot.vamp2_scores([1, 2], [1.0], [0.1])

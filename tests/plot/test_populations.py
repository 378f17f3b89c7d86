"""The figure of the populations with their intervals."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from legibility import column, faults
from matplotlib.container import ErrorbarContainer

from mdgmvae import plot
from mdgmvae.errors import InputError
from mdgmvae.kinetics import stationary_populations


def test_populations_have_the_intervals_of_the_equilibrium():
    labels = np.repeat([0, 1, 0, 3, 0, 1], [300, 100, 300, 20, 300, 80])
    found = stationary_populations(labels, lag=2)
    ax = plot.populations(labels, equilibrium=found)
    (bars,) = [drawn for drawn in ax.containers if isinstance(drawn, ErrorbarContainer)]
    points, _, (lines,) = bars
    ends = np.array([path.vertices[:, 1] for path in lines.get_paths()])
    there = [0, 1, 3]  # State 2 has no frames.
    expected = 100 * np.column_stack([found.lower, found.upper])[there]
    np.testing.assert_allclose(ends[~np.isnan(ends).any(axis=1)], expected)
    np.testing.assert_allclose(points.get_ydata()[there], 100 * found.value[there])
    # Texts are above the intervals.
    assert (np.array([text.xy[1] for text in ax.texts])[there] >= expected[:, 1]).all()
    assert ax.get_ylim()[1] > expected.max()
    for wrong, message in ((found.value, "what mdgmvae.kinetics"), (found, "each of 1 state")):
        with pytest.raises(InputError, match=message):
            plot.populations([0, 0], equilibrium=wrong)
    plt.close("all")


@pytest.mark.parametrize("n", [3, 12])
def test_a_column_is_wide_enough_for_intervals(n):
    labels = np.random.default_rng(0).integers(n, size=900)
    ax = column()
    plot.populations(labels, ax, equilibrium=stationary_populations(labels, lag=1))
    assert not faults(ax)

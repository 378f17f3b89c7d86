"""The figure of the agreement of runs."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from legibility import column, faults

from mdgmvae import plot
from mdgmvae.errors import InputError
from mdgmvae.kinetics import compare_runs

N = 900
LABELS = np.arange(N) // 100 % 3


def runs(n):
    rng = np.random.default_rng(0)
    return [np.where(rng.random(N) < 0.02 * run, 0, LABELS) for run in range(n)]


def test_pairs_of_runs_and_states_are_shown():
    found = compare_runs([LABELS, (LABELS + 1) % 3, np.where(LABELS == 2, 1, LABELS)])
    axes = plot.agreement(found)
    pairs, states = axes.child_axes
    np.testing.assert_allclose(pairs.images[0].get_array(), found.matrix)
    assert [text.get_text() for text in pairs.texts][:3] == [
        "1.00",
        "1.00",
        f"{found.matrix[0, 2]:.2f}",
    ]
    # State 2 is missing in the third run, and its frames are now in the counterpart of state 1.
    np.testing.assert_allclose(
        [line.get_ydata() for line in states.lines], [[1, 1], [1, 0.5], [1, 0]]
    )
    assert states.get_xlabel() == "state of run 0"
    plt.close(axes.figure)
    with pytest.raises(InputError, match="there is one run"):
        plot.agreement(compare_runs([LABELS]))


@pytest.mark.parametrize("n", [2, 5, 20])
def test_a_column_is_wide_enough(n):
    ax = column()
    assert plot.agreement(compare_runs(runs(n)), ax=ax) is ax
    assert not faults(ax)

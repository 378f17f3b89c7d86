"""The network of transitions between states."""

from itertools import combinations, pairwise, product

import gallery
import matplotlib.pyplot as plt
import numpy as np
import pytest
from legibility import column, faults
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, FancyArrowPatch

from mdgmvae import plot
from mdgmvae.errors import InputError
from mdgmvae.kinetics import transitions
from mdgmvae.plot.palette import state_colors

N_FRAMES = 20_000
RING = np.array([[0.96, 0.02, 0.0, 0.02], [0.02, 0.96, 0.02, 0.0], [0.0, 0.02, 0.96, 0.02],
                 [0.02, 0.0, 0.02, 0.96]])  # fmt: skip


def chain(matrix, n=N_FRAMES):
    rng, cumulative, states = np.random.default_rng(0), matrix.cumsum(axis=1), [0]
    for drawn in rng.random(n - 1):
        states.append(min(int(np.searchsorted(cumulative[states[-1]], drawn)), len(matrix) - 1))
    return np.array(states)


def drawn(arrow):
    """Return points of an arrow and its head, in pixels."""
    path = arrow.get_transform().transform_path(arrow.get_path())
    lines = [np.linspace(*ends, 50) for part in path.to_polygons(closed_only=False)
             for ends in pairwise(part)]  # fmt: skip
    return np.concatenate(lines)


def shown(labels, n):
    found = transitions(labels, lag=1, dt=2.0, k=n)
    axes = plot.transition_network(found, np.bincount(labels, minlength=n) / len(labels))
    plt.close(axes.figure)
    return found, axes


def test_every_transition_that_was_seen_is_an_arrow_with_its_rate():
    found, axes = shown(chain(RING), 4)
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == np.count_nonzero(found.counts) == 8
    texts = [text.get_text() for text in axes.texts]
    assert texts[:4] == ["0", "1", "2", "3"]
    # At 0.02 a step of 2 ps: 10 / ns.
    np.testing.assert_allclose([float(text) for text in texts[4:-1]], 10, rtol=0.15)
    assert texts[-1] == "rates in 1/ns"
    (table,) = found.tables()
    assert table.columns[3] == "rate / 1/ns"
    cells = [row[3].split()[0] for row in table.rows if row[2] != "0"]
    np.testing.assert_allclose([float(cell) for cell in cells], 10, rtol=0.15)


def test_fast_and_slow_rates_are_written_alike():
    matrix = np.array([[0.9, 0.0998, 2e-4], [0.1, 0.9, 0.0], [2e-4, 0.0, 0.9998]])
    found = transitions(chain(matrix, 40_000), lag=1)
    axes = plot.transition_network(found, [0.4, 0.4, 0.2])
    plt.close(axes.figure)
    rates = [text.get_text() for text in axes.texts][3:-1]
    assert axes.texts[-1].get_text() == "rates in 1/(1,000 frames)"
    expected = 1000 * found.rates.value[found.counts > 0]
    assert expected.max() / expected.min() > 100
    assert not any("e" in rate for rate in rates)
    np.testing.assert_allclose([float(rate) for rate in rates], expected, rtol=0.06)


def test_rates_keep_away_from_each_other_and_from_other_arrows():
    ax = column()
    plot.transition_network(gallery.transitions(), np.bincount(gallery.labels()) / N_FRAMES, ax=ax)
    ax.figure.draw_without_rendering()
    rates = [text.get_window_extent() for text in ax.texts[4:-1]]
    assert len(rates) == 7
    for one, other in combinations(rates, 2):
        assert not one.padded(1).overlaps(other.padded(1))
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    for (i, arrow), (j, rate) in product(enumerate(arrows), enumerate(rates)):
        assert i == j or not any(rate.contains(x, y) for x, y in drawn(arrow))


def test_rates_lie_on_their_arrows_and_do_not_cover_each_other():
    labels = chain(np.full((4, 4), 0.01) + 0.96 * np.eye(4))
    found = transitions(labels, lag=1, dt=2.0)
    ax = column()
    plot.transition_network(found, np.bincount(labels) / len(labels), ax=ax)
    assert not faults(ax)
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    rates = ax.texts[4:-1]
    assert len(arrows) == len(rates) == 12
    for arrow, rate in zip(arrows, rates, strict=True):
        line = ax.transData.inverted().transform(drawn(arrow))
        assert np.linalg.norm(line - rate.get_position(), axis=1).min() < 0.01
    assert arrows[3].get_edgecolor() == to_rgba(state_colors(2)[1])


def test_areas_are_populations_and_states_without_frames_are_left_out():
    matrix = np.array([[0.99, 0.01, 0.0], [0.04, 0.96, 0.0], [0.0, 0.0, 1.0]])
    labels = chain(matrix)
    _, axes = shown(labels, 3)
    circles = [patch.radius for patch in axes.patches if isinstance(patch, Circle)]
    shares = np.bincount(labels) / len(labels)
    assert len(circles) == 2
    assert (circles[0] / circles[1]) ** 2 == pytest.approx(shares[0] / shares[1])


def test_rates_of_many_transitions_are_not_written():
    matrix = np.full((6, 6), 0.01) + 0.94 * np.eye(6)
    _, axes = shown(chain(matrix), 6)
    assert [text.get_text() for text in axes.texts] == ["0", "1", "2", "3", "4", "5"]


def test_populations_of_other_states_are_refused():
    found = transitions(chain(RING), lag=1)
    with pytest.raises(InputError, match="pass one for each of 4 states"):
        plot.transition_network(found, [0.5, 0.5])

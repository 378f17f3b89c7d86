"""States explain slow processes across barriers; how many there are follows from that."""

import numpy as np
import pytest

from mdgmvae.data import processes
from mdgmvae.kinetics import lump
from mdgmvae.kinetics.gap import Cells, Gap, gap_of
from mdgmvae.kinetics.slow_processes import SlowProcesses

LAG = 5


def relaxation(potential, x):
    """Solve the Smoluchowski equation on a grid: the slowest process and the populations."""
    dx = x[1] - x[0]
    step = np.exp(-np.diff(potential) / 2) / dx**2
    rates = np.diag(step, 1) + np.diag(1 / (step * dx**4), -1)
    rates -= np.diag(rates.sum(axis=1))
    root = np.exp(-potential / 2)
    _, vectors = np.linalg.eigh(root[:, None] * rates / root[None, :])
    return vectors[:, [-2]] / root[:, None], root**2 / np.sum(root**2)


@pytest.mark.parametrize(
    ("potential", "kept"),
    [
        (lambda x: 0 * x, 8 / np.pi**2),
        (lambda x: 4 * x**2, 2 / np.pi),
        (lambda x: x**4, 0.776),
        (lambda x: 0.5 * (x**2 - 1) ** 2, 0.870),
        (lambda x: 1.0 * (x**2 - 1) ** 2, 0.912),
        (lambda x: 2.0 * (x**2 - 1) ** 2, 0.962),
        (lambda x: 6.0 * (x**2 - 1) ** 2, 0.999),
    ],
    ids=["flat", "harmonic", "quartic", "half a kT", "1 kT", "2 kT", "6 kT"],
)
def test_halves_explain_what_theory_says(potential, kept):
    x = np.linspace(-2.2, 2.2, 200)
    functions, populations = relaxation(potential(x), x)
    found = SlowProcesses(1, np.array([0.9]), functions, populations).kept_by((x > 0).astype(int))
    assert found[0] == pytest.approx(kept, abs=0.003)
    assert Gap(10.0, 1.0, found, 200).has_barriers == (kept > 0.9)


@pytest.mark.parametrize("lag", [1, 5, 20])
def test_share_does_not_depend_on_the_lag(lag):
    """Halves of a harmonic well: the eigenvalues themselves approach those of barriers."""
    x = processes.harmonic_well(20_000, 0, dimensions=1).X[:, 0]
    cells = np.searchsorted(np.linspace(-2.8, 2.8, 29), x)
    found = SlowProcesses.of(cells, lag, None, 30).kept_by((np.arange(30) >= 15).astype(int))
    assert found[0] == pytest.approx(2 / np.pi, abs=0.05)


@pytest.mark.parametrize(
    ("within", "kept", "stands_out"),
    [(3.0, 0.865, True), (7.0, 0.865, False), (3.0, 0.8, False)],
)
def test_borders_beside_the_barriers_do_not_hide_the_states(within, kept, stands_out):
    gap = Gap(18.0, within, np.array([0.99, kept]), 30)
    assert gap.stands_out == stands_out
    assert not gap.has_barriers


def test_sets_without_transitions_are_infinitely_slow_processes():
    labels = np.concatenate([np.tile([0, 0, 1], 40), np.tile([2, 2, 3], 40)])
    found = SlowProcesses.of(labels, 1, [120, 120], 4)
    assert np.isinf(found.timescales[0]) and len(found.timescales) == 3
    assert found.kept_by(np.array([0, 0, 1, 1]))[0] == pytest.approx(1.0)
    assert found.stationary == pytest.approx([1 / 3, 1 / 6, 1 / 3, 1 / 6], abs=0.02)


def beside(seed=0, n=6_000):
    """Draw two states, and a normal process beside them that is slow, too, in bins."""
    states = processes.rings(n, seed).labels
    x = processes.harmonic_well(n, seed + 50, dimensions=1).X[:, 0]
    components = 4 * states + np.searchsorted([-0.7, 0, 0.7], x)
    finer = 12 * states + np.searchsorted(np.quantile(x, np.arange(1, 12) / 12), x)
    return states, x, components, finer


@pytest.mark.parametrize("seed", [0, 1])
def test_a_slow_process_beside_states_does_not_divide_them(seed):
    states, _, components, finer = beside(seed)
    assert lump(components, lag=LAG).n > 2
    found = lump(components, lag=LAG, finer=finer)
    assert found.n == 2
    assert np.mean(found.labels == states) in (0.0, 1.0)


def test_pieces_of_a_slow_process_alone_stay_as_they_were():
    _, x, _, _ = beside()
    components = np.searchsorted([-1.2, -0.4, 0.4, 1.2], x)
    finer = np.searchsorted(np.quantile(x, np.arange(1, 20) / 20), x)
    assert lump(components, lag=LAG, finer=finer).n == lump(components, lag=LAG).n > 1


def test_a_given_number_of_states_is_kept():
    _, _, components, finer = beside()
    assert lump(components, lag=LAG, finer=finer, n_macrostates=3).n == 3


def test_independent_motion_within_closed_states_needs_no_gap():
    states, _, components, finer = beside()
    micro = gap_of(states, [Cells(components, LAG, None, are_parts=True), Cells(finer, LAG, None)])
    assert micro.n_microstates == 24 and micro.is_closed and micro.is_there
    slow = Gap(30.0, 20.0, np.array([0.9]), 30)
    assert not slow.is_closed and not slow.is_there and slow.has_barriers


def test_nothing_finer_is_no_gap():
    labels = np.repeat([0, 1, 0, 1], 100)
    assert gap_of(labels, [Cells(labels, LAG, None, are_parts=True)]) is None
    assert gap_of(np.zeros(400, int), [Cells(labels, LAG, None)]) is None

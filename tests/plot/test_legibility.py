"""In a column of a journal, texts do not overlap, and legends do not cover data."""

import matplotlib
import numpy as np
import pytest
from legibility import column, faults
from made_up_results import described, methods, of_many_processes, scan, sets

from mdgmvae import plot
from mdgmvae.kinetics import chapman_kolmogorov, transitions
from mdgmvae.landscape import free_energy

matplotlib.use("Agg")

N = 600
RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(N, 3)) + 3.0 * (np.arange(N) % 12 // 4)[:, None]
HISTORY = {
    "epoch": list(range(1, 31)),
    "loss": np.linspace(14, 3, 30).tolist(),
    "reconstruction": np.linspace(11, -1, 30).tolist(),
    "latent": np.linspace(0, 2, 30).tolist(),
    "negative_entropy": np.linspace(-1, -0.1, 30).tolist(),
    "val_loss": np.linspace(4, -6.7, 30).tolist(),
    "val_vamp2": np.linspace(1, 2.4, 30).tolist(),
}


def labels(n_states):
    return np.arange(N) % n_states


def in_degrees():
    return free_energy(
        40 * POINTS[:, :2], names=("phi ALA2", "psi ALA2"), axis_units=["degree"] * 2,
        periods=[360.0] * 2, temperature=300.0,
    )  # fmt: skip


DRAWN = {
    "free energy, 1": lambda n, ax: plot.free_energy(POINTS[:, 0], labels(n), ax=ax),
    "free energy, 2": lambda n, ax: plot.free_energy(
        POINTS[:, :2], labels(n) if n < 12 else None, ax=ax
    ),
    "angles": lambda n, ax: plot.free_energy(in_degrees(), ax=ax),
    "errors": lambda n, ax: plot.free_energy_error(in_degrees(), ax=ax),
    "populations": lambda n, ax: plot.populations(labels(n), ax=ax),
    "trace": lambda n, ax: plot.trace(labels(n), 2.0 * np.arange(N), ax=ax),
    "history": lambda n, ax: plot.history(HISTORY, ax=ax),
    "test": lambda n, ax: plot.chapman_kolmogorov(
        chapman_kolmogorov(labels(min(n, 4)), lag=5, dt=2.0, n_samples=2), ax=ax
    ),
    "timescales": lambda n, ax: plot.implied_timescales(of_many_processes(n), ax=ax, lag=10),
    "scores": lambda n, ax: plot.vamp2_scores(range(1, n + 1), [1.0] * n, [0.1] * n, ax=ax),
    "methods": lambda n, ax: plot.methods(methods(min(n, 4)), ax=ax),
    "effects": lambda n, ax: plot.effect_sizes(described(max(n, 2)), ax=ax, n=1),
    "network": lambda n, ax: plot.transition_network(
        transitions(labels(n)[RNG.permutation(N)], lag=1, dt=2.0, n_samples=2),
        np.bincount(labels(n)) / N,
        ax=ax,
    ),
    "features": lambda n, ax: plot.feature_sets(sets(min(n, 4)), ax=ax),
    "components": lambda n, ax: plot.number_of_components(scan(n), ax=ax, dt=2.0),
}


@pytest.mark.parametrize(
    "n", [pytest.param(1, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow), 12]
)
@pytest.mark.parametrize("name", DRAWN)
def test_texts_do_not_overlap(name, n):
    ax = column()
    assert DRAWN[name](n, ax) is ax
    assert not faults(ax)

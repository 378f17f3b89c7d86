"""Results that nobody computed, for tests of what is drawn."""

import numpy as np

from mdgmvae.comparison.feature_sets import FeatureSelection, ScoredFeatures
from mdgmvae.comparison.method_comparison import Comparison, MethodResult
from mdgmvae.comparison.scan_of_k import ScannedK, Selection
from mdgmvae.kinetics import ImpliedTimescales
from mdgmvae.states.state_features import Description


def sets(n: int) -> FeatureSelection:
    """Return up to four scored sets of features."""
    names = ("dihedrals", "ca_distances", "distances", "positions")
    scores = np.array([1.9, 2.2, 2.0])
    scored = [
        ScoredFeatures(names[i], 4**i, 0, np.array([50.0]), scores - 0.5 * i) for i in range(n)
    ]
    return FeatureSelection(tuple(scored), 5, 1, True)


def scan(n: int) -> Selection:
    """Return a scan of k from 1 to n that rises up to k = 4."""
    scores = np.array([1.0, 1.1, 1.05])
    scanned = [
        ScannedK(k, scores + 0.1 * min(k, 4), scores + 0.12 * min(k, 4), (k, k + 1), (k,), 1.0, 1.0)
        for k in range(1, n + 1)
    ]
    return Selection(tuple(scanned), 5, (0, 1))


def of_many_processes(n: int) -> ImpliedTimescales:
    """Return timescales of n processes, of which every other is shorter than all lag times."""
    lags = np.array([2, 5, 10, 20, 50])
    exact = 1000.0 * 0.7 ** np.arange(n)
    values = np.tile(np.where(np.arange(n) % 2, 1.5 + 0.02 * exact / 1000, exact), (5, 1))
    return ImpliedTimescales(lags, values, 0.8 * values, 1.2 * values, 1.0, "ps", np.ones(5))


def methods(n: int) -> Comparison:
    """Return a comparison of up to four methods."""
    names = ("robust", "TICA + k-means + PCCA+", "VAMPnet", "k-means")[:n]
    scores = {name: np.array([1.7, 2.3, 2.0]) - 0.1 * i for i, name in enumerate(names)}
    rows = [
        MethodResult(name, 3, found.max(), found.mean(), found.std(), 1.0, 1.0, np.nan, 1.0)
        for name, found in scores.items()
    ]
    return Comparison(tuple(rows), {}, scores, 5, 2.0, 3, (0,))


def described(n: int) -> Description:
    """Return a description of n states by as many features."""
    names = tuple(f"d ACE1:O-ALA{i}:CB" for i in range(n))
    effects = np.where(np.eye(n, dtype=bool), 5.2, -0.7)
    return Description(
        "states", names, ("angstrom",) * n, np.full(n, 10), effects, np.ones((n, n)), effects,
        np.ones((n, n)), (np.array([0]),) * n,
    )  # fmt: skip

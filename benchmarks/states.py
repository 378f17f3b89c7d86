"""Compare the states of preset "robust" with known basins, preset "paper" and k-means.

Usage: python benchmarks/states.py [--seeds 10] [--k 10] [--data NAME ...] [--methods NAME ...]
           [--also NAME=FEATURES.npy,BASINS.npy[,HELD_OUT.npy] ...]

Models are trained on all frames, without the basins. "ARI" is the adjusted Rand index between the
metastable states, whatever their number, and the basins. "lumped" is the same after the components
have been lumped into as many states as there are basins. VAMP-2 is that of the labels at a lag of 5
frames. The last lines of each method show the median, the lowest value, and the agreement between
seeds.
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import machine
import numpy as np
from ablation import KNOWN, LAG, Problem
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from mdgmvae import GMVAE, FeatureSet
from mdgmvae.kinetics import compare_runs, vamp2
from mdgmvae.kinetics.lumping import states_of_components
from mdgmvae.presets import ROBUST


@dataclass(frozen=True)
class Outcome:
    """Labels of all frames, and of the held-out frames if there are any."""

    labels: np.ndarray
    held_out: np.ndarray | None


def by_preset(
    preset: str, frames: np.ndarray, held_out: np.ndarray | None, k: int, seed: int
) -> Outcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GMVAE.from_preset(preset, k=k, seed=seed, verbose=False).fit(frames)
    other = None if held_out is None else model.predict(held_out)
    return Outcome(model.predict(frames), other)


def by_kmeans(frames: np.ndarray, held_out: np.ndarray | None, k: int, seed: int) -> Outcome:
    scaler = StandardScaler().fit(frames)
    clusters = KMeans(k, n_init=10, random_state=seed).fit(scaler.transform(frames))
    other = None if held_out is None else clusters.predict(scaler.transform(held_out))
    return Outcome(clusters.labels_, other)


METHODS: dict[str, Callable[..., Outcome]] = {
    "robust": lambda *arguments: by_preset("robust", *arguments),
    "paper": lambda *arguments: by_preset("paper", *arguments),
    "k-means": by_kmeans,
}


def table(problem: Problem, held_out: np.ndarray | None, methods: list[str], k: int, n: int) -> str:
    basins = problem.basins
    assert basins is not None
    n_basins = int(basins.max()) + 1
    shares = ", ".join(f"{share:.3f}" for share in np.bincount(basins) / len(basins))
    lines = [
        f"\n{problem.name}: {len(basins):,} frames, k = {k}, basins {shares}\n",
        "| method | seed | states | ARI | lumped | rarest found | VAMP-2 | held out | time / s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for method in methods:
        runs, rows = [], []
        for seed in range(n):
            began = time.perf_counter()
            outcome = METHODS[method](problem.frames, held_out, k, seed)
            seconds = time.perf_counter() - began
            states, lumped = (
                states_of_components(outcome.labels, k=k, lag=LAG, n_macrostates=number)[
                    outcome.labels
                ]
                for number in (None, n_basins)
            )
            runs.append(lumped)
            cells = [
                float(states.max() + 1),
                adjusted_rand_score(basins, states),
                adjusted_rand_score(basins, lumped),
                recall_of_rarest(lumped, basins),
                vamp2(outcome.labels, lag=LAG),
                np.nan if outcome.held_out is None else vamp2(outcome.held_out, lag=LAG),
                seconds,
            ]
            rows.append(cells)
            lines.append(f"| {method} | {seed} | {shown(cells)} |")
            print(lines[-1], flush=True)
        lines.append(f"| {method} | median | {shown(np.median(rows, axis=0))} |")
        lines.append(f"| {method} | lowest | {shown(np.min(rows, axis=0))} |")
        if n > 1:
            agreement = compare_runs(runs)
            lines.append(
                f"| {method} | agreement of seeds | | | {agreement.median:.3f}, lowest "
                f"{agreement.worst:.3f} | | | | |"
            )
    return "\n".join(lines)


def shown(cells: "np.ndarray | list[float]") -> str:
    number, *values, seconds = cells
    inner = ["" if np.isnan(value) else f"{value:.3f}" for value in values]
    return " | ".join([f"{number:g}", *inner, f"{seconds:.0f}"])


def recall_of_rarest(states: np.ndarray, basins: np.ndarray) -> float:
    """Return the share of the rarest basin's frames in a state that mostly consists of it."""
    rarest = int(np.bincount(basins).argmin())
    state = int(np.bincount(states[basins == rarest]).argmax())
    if np.mean(basins[states == state] == rarest) < 0.5:
        return 0.0
    return float(np.mean(states[basins == rarest] == state))


def other(text: str) -> tuple[Problem, np.ndarray | None]:
    name, _, paths = text.partition("=")
    features, basins, *held_out = paths.split(",")
    values = np.array(FeatureSet.load(features).values)
    extra = np.array(FeatureSet.load(held_out[0]).values) if held_out else None
    return Problem(name, values, np.load(basins).astype(int)), extra


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="number of seeds")
    parser.add_argument("--k", type=int, default=ROBUST.k)
    parser.add_argument("--data", nargs="*", default=list(KNOWN), choices=list(KNOWN))
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--also", nargs="*", default=[], metavar="NAME=FEATURES,BASINS[,HELD_OUT]")
    options = parser.parse_args()
    print(machine.describe("tensorflow", "deeptime", "scikit-learn", "mdgmvae"))
    problems = [(KNOWN[name](), None) for name in options.data]
    problems += [other(text) for text in options.also]
    tables = [table(p, h, options.methods, options.k, options.seeds) for p, h in problems]
    print("\n".join(tables))


if __name__ == "__main__":
    main()

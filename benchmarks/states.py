"""States found by both presets and by k-means with as many clusters, against known basins.

Usage: python benchmarks/states.py [--seeds 5] [--k 5] [--data alanine five_wells]

Models are trained on the first nine tenths of the frames and label all of them. The adjusted
Rand index is given for the components as they are, and with each of them counted as the basin
that most of its frames lie in. A run has failed where, counted so, some basin keeps less than
half of its frames.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import machine
import MDAnalysis as mda
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE
from mdgmvae.data import alanine_dipeptide
from mdgmvae.featurizers import featurize

TEST_DATA = Path(__file__).parents[1] / "tests" / "data"
HELD_OUT = 0.1


@dataclass(frozen=True)
class Problem:
    """Frames whose basins are known."""

    name: str
    frames: np.ndarray
    basins: np.ndarray
    basin_names: tuple[str, ...]

    @property
    def train(self) -> np.ndarray:
        return self.frames[: round((1 - HELD_OUT) * len(self.frames))]

    @property
    def held_out(self) -> np.ndarray:
        return self.frames[len(self.train) :]


@dataclass(frozen=True)
class Outcome:
    """What a method made of a problem."""

    labels: np.ndarray
    held_out_loss: float | None


def alanine() -> Problem:
    """cos and sin of phi and psi; basins by regions of the Ramachandran plane."""
    cosines = featurize(mda.Universe(*alanine_dipeptide()), "dihedrals", verbose=False)
    columns = {name: cosines.values[:, i] for i, name in enumerate(cosines.names)}
    phi, psi = (
        np.degrees(np.arctan2(columns[f"{angle} ALA2 sin"], columns[f"{angle} ALA2 cos"]))
        for angle in ("phi", "psi")
    )
    extended = (psi >= 80) | (psi < -130)
    basins = np.where((phi >= 0) & (phi < 135), 2, np.where(extended, 0, 1))
    names = ("beta/PII", "alphaR", "phi > 0")
    return Problem("alanine dipeptide", np.array(cosines.values), basins, names)


def five_wells() -> Problem:
    """Dynamics among five wells in three dimensions; basins of attraction."""
    frames, basins = (np.load(TEST_DATA / f"five_wells{end}.npy") for end in ("", "_labels"))
    return Problem("five wells", frames, basins, tuple(f"well {n}" for n in range(5)))


def by_preset(preset: str, problem: Problem, k: int, seed: int) -> Outcome:
    model = GMVAE.from_preset(preset, k=k, seed=seed, verbose=False).fit(problem.train)
    return Outcome(model.predict(problem.frames), -model.score(problem.held_out))


def by_kmeans(problem: Problem, k: int, seed: int) -> Outcome:
    clusters = KMeans(k, n_init=10, random_state=seed).fit(problem.train)
    return Outcome(clusters.predict(problem.frames), None)


METHODS: dict[str, Callable[[Problem, int, int], Outcome]] = {
    "robust": lambda problem, k, seed: by_preset("robust", problem, k, seed),
    "paper": lambda problem, k, seed: by_preset("paper", problem, k, seed),
    "k-means": by_kmeans,
}


def mapped(labels: np.ndarray, basins: np.ndarray) -> np.ndarray:
    """Each frame's component as the basin that most of the component's frames lie in."""
    counts = np.zeros((labels.max() + 1, basins.max() + 1), np.int64)
    np.add.at(counts, (labels, basins), 1)
    return counts.argmax(axis=1)[labels]


def main(problems: list[Problem], n_seeds: int, k: int) -> None:
    print(machine.describe("tensorflow", "scikit-learn", "mdgmvae"))
    for problem in problems:
        shares = np.bincount(problem.basins) / len(problem.basins)
        named = ", ".join(
            f"{name} {share:.3f}" for name, share in zip(problem.basin_names, shares, strict=True)
        )
        rarest = int(shares.argmin())
        print(f"\n{problem.name}: {len(problem.frames):,} frames, k = {k}; {named}\n")
        print(
            "| method | seed | components used | ARI | ARI, mapped | recall of "
            f"{problem.basin_names[rarest]} | lowest recall | held-out loss | time / s | |"
        )
        print("|---|--:|--:|--:|--:|--:|--:|--:|--:|---|")
        for method in METHODS:
            for seed in range(n_seeds):
                print(row(problem, method, k, seed, rarest), flush=True)


def row(problem: Problem, method: str, k: int, seed: int, rarest: int) -> str:
    began = time.perf_counter()
    outcome = METHODS[method](problem, k, seed)
    seconds = time.perf_counter() - began
    found = mapped(outcome.labels, problem.basins)
    recalls = np.array(
        [np.mean(found[problem.basins == basin] == basin) for basin in np.unique(problem.basins)]
    )
    missed = [
        name for name, recall in zip(problem.basin_names, recalls, strict=True) if recall < 0.5
    ]
    loss = "" if outcome.held_out_loss is None else f"{outcome.held_out_loss:.3f}"
    cells = [
        method,
        str(seed),
        str(len(np.unique(outcome.labels))),
        f"{adjusted_rand_score(problem.basins, outcome.labels):.3f}",
        f"{adjusted_rand_score(problem.basins, found):.3f}",
        f"{recalls[rarest]:.3f}",
        f"{recalls.min():.3f}",
        loss,
        f"{seconds:.1f}",
        f"failed: misses {', '.join(missed)}" if missed else "",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    known = {"alanine": alanine, "five_wells": five_wells}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--data", nargs="+", choices=list(known), default=list(known))
    options = parser.parse_args()
    main([known[name]() for name in options.data], options.seeds, options.k)

"""Scan the number of components on data with a known number of states.

Usage: python benchmarks/number_of_states.py [--data five_wells alanine] [--ks 2 3 4 5 6 7 8]
           [--seeds 2] [--n_epochs 10] [--figure choosing_k.png]

The five wells (10 trajectories of 2,000 frames) have five states. The embedded alanine dipeptide
(dihedrals) has three: beta/PII, alphaR and phi > 0. `select_k` is not given this number.
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import machine
import matplotlib
import numpy as np
from ablation import LAG
from ablation import alanine as alanine_with_basins

from mdgmvae import plot
from mdgmvae.comparison import Selection, select_k
from mdgmvae.data.toys import five_wells


def toy() -> tuple[np.ndarray, tuple[int, ...]]:
    found = five_wells(10, 2_000, seed=0)
    return found.X, found.lengths


def alanine() -> tuple[np.ndarray, tuple[int, ...]]:
    frames = alanine_with_basins("dihedrals").frames
    return frames, (len(frames),)


DATA: dict[str, Callable[[], tuple[np.ndarray, tuple[int, ...]]]] = {
    "five_wells": toy,
    "alanine": alanine,
}


def scan(name: str, ks: list[int], n_seeds: int, n_epochs: int) -> Selection:
    values, lengths = DATA[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return select_k(
            values, ks, lag=LAG, lengths=lengths, n_repeats=n_seeds, n_epochs=n_epochs,
            refit=False, verbose=False,
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=list(DATA))
    parser.add_argument("--ks", nargs="+", type=int, default=list(range(2, 9)))
    parser.add_argument("--seeds", type=int, default=2, help="number of seeds")
    parser.add_argument("--n_epochs", type=int, default=10)
    parser.add_argument("--figure", type=Path, help="draw the first data set to this file")
    options = parser.parse_args()
    print(machine.describe("tensorflow", "deeptime", "scikit-learn", "mdgmvae"))
    for name in options.data:
        began = time.perf_counter()
        selection = scan(name, options.ks, options.seeds, options.n_epochs)
        print(f"\n{name}, {time.perf_counter() - began:.0f} s\n\n{selection.text()}", flush=True)
        if options.figure and name == options.data[0]:
            matplotlib.use("Agg")
            figure = plot.number_of_components(selection).figure
            figure.savefig(options.figure, dpi=150, bbox_inches="tight")


if __name__ == "__main__":
    main()

"""Featurization against reading the trajectory and doing nothing with it, in one run.

Usage: python benchmarks/speed/featurize.py [--frames 2000] [--rounds 5]

The trajectory is adenylate kinase (3,341 atoms) of the MDAnalysis test data, over and over, with
a box, as XTC. Reading is MDAnalysis' loop over all frames. Rounds take turns; times are of the
processor.
"""

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import machine
import MDAnalysis as mda
import numpy as np
from contest import quartiles
from MDAnalysis.analysis.dihedrals import Ramachandran
from MDAnalysis.lib.distances import self_distance_array
from MDAnalysisTests.datafiles import DCD, PSF

from mdgmvae.featurizers import Dihedrals, Distances, featurize


def long_trajectory(path: Path, n_frames: int) -> mda.Universe:
    source = mda.Universe(PSF, DCD)
    box = [80.0, 80.0, 80.0, 90.0, 90.0, 90.0]
    with mda.Writer(str(path), len(source.atoms)) as writer:
        for frame in range(n_frames):
            source.trajectory[frame % len(source.trajectory)].dimensions = box
            writer.write(source.atoms)
    return mda.Universe(PSF, str(path))


def read(universe: mda.Universe) -> None:
    for _ in universe.trajectory:
        pass


def tasks(universe: mda.Universe, folder: Path) -> dict[str, Callable[[], object]]:
    alphas = universe.select_atoms("name CA")
    rng = np.random.default_rng(0)
    drawn = np.sort([rng.choice(len(universe.atoms), 2, replace=False) for _ in range(1100)])
    pairs = np.unique(drawn, axis=0)[:1000]

    def ours(featurizer, name: str) -> Callable[[], object]:  # type: ignore[no-untyped-def]
        return lambda: featurize(universe, featurizer, out=folder / f"{name}.npy", verbose=False)

    def per_frame() -> None:
        for _ in universe.trajectory:
            self_distance_array(alphas.positions)

    return {
        "reading": lambda: read(universe),
        "1,000 distances": ours(Distances(pairs=pairs.tolist()), "pairs"),
        "1,000 distances, minimum image": ours(
            Distances(pairs=pairs.tolist(), periodic=True), "pbc"
        ),
        "phi and psi": ours(Dihedrals(), "dihedrals"),
        "all pairs of CA": ours(Distances(select="name CA"), "alphas"),
        "all pairs of CA, a frame at a time": per_frame,
        "phi and psi, MDAnalysis Ramachandran": lambda: Ramachandran(
            universe.select_atoms("protein")
        ).run(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(machine.describe("MDAnalysis", "numpy", "mdgmvae"))
    with tempfile.TemporaryDirectory() as folder:
        universe = long_trajectory(Path(folder) / "adk.xtc", options.frames)
        found = tasks(universe, Path(folder))
        took: dict[str, list[float]] = {name: [] for name in found}
        for _ in range(options.rounds + 1):
            for name, task in found.items():
                began = time.process_time()
                task()
                took[name].append(time.process_time() - began)
    print("\n| | times reading (quartiles) | frames / s |\n|---|--:|--:|")
    # The first round finds files in no cache and code that was not run yet.
    reading = took["reading"][1:]
    for name, seconds in took.items():
        ratios = [a / b for a, b in zip(seconds[1:], reading, strict=True)]
        ratio = statistics.median(seconds[1:]) / statistics.median(reading)
        low, high = quartiles(ratios)
        rate = options.frames / statistics.median(seconds[1:])
        print(f"| {name} | {ratio:.2f} ({low:.2f} to {high:.2f}) | {rate:,.0f} |")


if __name__ == "__main__":
    main()

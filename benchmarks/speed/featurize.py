"""Compare the time of featurization with the time to only read the trajectory.

Usage: python benchmarks/speed/featurize.py [--frames 10000] [--rounds 5] [--out FILE]

The trajectory is adenylate kinase (3,341 atoms) from the MDAnalysis test data. It is repeated and
written with a box to an XTC file. "Reading" is a loop of MDAnalysis over all frames. The tasks take
turns, round by round.
"""

import argparse
import resource
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import machine
import MDAnalysis as mda
import numpy as np
from contest import quartiles
from MDAnalysis.analysis.dihedrals import Ramachandran
from MDAnalysis.lib.distances import self_distance_array
from MDAnalysisTests.datafiles import DCD, PSF

from mdgmvae.featurizers import (
    Dihedrals,
    Distances,
    Featurizer,
    featurize,
)

HEAD = """## Featurization

Times relative to a loop of MDAnalysis that only reads the same file: ratios of the medians of
{rounds} rounds (quartiles). The file has {frames:,} frames of 3,341 atoms in XTC format; features
are written to a file. Script: `benchmarks/speed/featurize.py`
"""


@dataclass
class Task:
    """A task, and the seconds that it took in each round."""

    run: Callable[[], object]
    processor: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def round(self) -> None:
        processor, wall = processor_time(), time.perf_counter()
        self.run()
        self.processor.append(processor_time() - processor)
        self.wall.append(time.perf_counter() - wall)


def processor_time() -> float:
    """Return the processor seconds of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


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


def tasks(universe: mda.Universe, folder: Path) -> dict[str, Task]:
    alphas = universe.select_atoms("name CA")
    rng = np.random.default_rng(0)
    drawn = np.sort([rng.choice(len(universe.atoms), 2, replace=False) for _ in range(1100)])
    pairs = np.unique(drawn, axis=0)[:1000].tolist()

    def ours(featurizer: Featurizer, **options: object) -> Callable[[], object]:
        out = folder / "features.npy"
        return lambda: featurize(universe, featurizer, out=out, verbose=False, **options)

    def a_frame_at_a_time() -> None:
        for _ in universe.trajectory:
            self_distance_array(alphas.positions)

    def ramachandran() -> None:
        Ramachandran(universe.select_atoms("protein")).run()

    every = Distances(select="name CA")
    named = {
        "reading": lambda: read(universe),
        "1,000 distances": ours(Distances(pairs=pairs)),
        "1,000 distances, minimum image": ours(Distances(pairs=pairs, periodic=True)),
        "phi and psi": ours(Dihedrals()),
        "all pairs of CA": ours(every),
        "all pairs of CA, two processes": ours(every, backend="multiprocessing", n_workers=2),
        "all pairs of CA, `self_distance_array`, not kept": a_frame_at_a_time,
        "phi and psi, MDAnalysis `Ramachandran`": ramachandran,
    }
    return {name: Task(run) for name, run in named.items()}


def hold(found: dict[str, Task], folder: Path, n_rounds: int) -> None:
    for _ in range(n_rounds):
        for task in found.values():
            task.round()
            # Files are removed outside of the measurement, because freeing their pages takes time.
            for path in folder.glob("features.*"):
                path.unlink()


def table(found: dict[str, Task], n_frames: int) -> str:
    lines = ["| | processor time | wall-clock time | frames / s |", "|---|--:|--:|--:|"]
    reading = found["reading"]
    for name, task in found.items():
        processor = compared(task.processor, reading.processor)
        wall = compared(task.wall, reading.wall)
        rate = n_frames / statistics.median(task.wall)
        lines.append(f"| {name} | {processor} | {wall} | {rate:,.0f} |")
    return "\n".join(lines)


def compared(seconds: list[float], reading: list[float]) -> str:
    """Return the ratio of the medians, and the quartiles of the ratios in each round."""
    low, high = quartiles([a / b for a, b in zip(seconds, reading, strict=True)])
    ratio = statistics.median(seconds) / statistics.median(reading)
    return f"{ratio:.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        universe = long_trajectory(folder / "adk.xtc", options.frames)
        found = tasks(universe, folder)
        # The first round fills caches and is not measured.
        for task in found.values():
            task.run()
        hold(found, folder, options.rounds)
    described = machine.describe("MDAnalysis", "numpy", "mdgmvae")
    head = HEAD.format(rounds=options.rounds, frames=options.frames)
    text = f"{head}\n{described}\n\n{table(found, options.frames)}\n"
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

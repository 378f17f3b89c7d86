"""Compare GMVAE states with other methods on frames that no method was trained on.

Prints the tables of docs/development/baselines.md. Preset "robust", lag 5 frames.

Usage: python benchmarks/baselines.py [--data NAME ...] [--seeds 2] [--methods NAME ...]
                                      [--peers PYTHON] [--csv baselines.csv] [--table]
       python benchmarks/baselines.py --name mine --lag 5 --n_states 3 4
                                      (--npy FEATURES.npy | --topology TOP --trajectories A.xtc ...
                                       [--features dihedrals] [--select protein])

Frames are divided into two folds of time. Each method learns from one fold and labels the other,
and the other way round. --peers is the Python interpreter of an environment with PyTorch, deeptime
and spib; with it, VAMPnet and SPIB take part. Each fit appends a row to the CSV file. Rows that are
already in the file are skipped, so the benchmark can be interrupted and resumed.
"""

import argparse
import functools
import itertools
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine
import MDAnalysis as mda
import numpy as np
from ablation import alanine as alanine_with_basins
from ablation import five_wells as five_wells_with_basins
from ablation import mueller_brown as mueller_brown_with_basins
from deeptime.decomposition import TICA
from runs_csv import append, read
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler
from torch_methods import Worker, torch_methods

from mdgmvae import FeatureSet
from mdgmvae.comparison.cross_validation import Assign, Method, folds_of_time, held_out_vamp2
from mdgmvae.comparison.methods import METHODS
from mdgmvae.data.processes import WITH_STATES
from mdgmvae.featurizers import featurize
from mdgmvae.kinetics.lumping import lump

LAG = 5
N_FRAMES = 20_000
#: Data are drawn with other seeds than the models, so that neither is tuned to the other.
DATA_SEED = 100
COLUMNS = (
    "data", "frames", "features", "lag", "n_states", "method", "seed", "fold", "ari", "vamp2",
    "n_found", "seconds",
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Frames of a data set, their states if these are known, and how to divide the frames."""

    name: str
    X: np.ndarray
    n_states: int
    known: np.ndarray | None = None
    lengths: tuple[int, ...] | None = None
    lag: int = LAG
    #: Blocks of time in each fold. With 1, the folds are the halves of the trajectory.
    blocks: int = 1


def process(name: str, seed: int) -> Problem:
    toy = WITH_STATES[name](N_FRAMES, DATA_SEED + seed)
    return Problem(name, toy.X, len(np.unique(toy.labels)), toy.labels)


def five_wells(_: int) -> Problem:
    toy = five_wells_with_basins()
    return Problem("Langevin dynamics, five wells", toy.frames, 5, toy.basins)


def white_columns(seed: int) -> Problem:
    toy = five_wells_with_basins()
    noise = 5 * np.random.default_rng(DATA_SEED + seed).normal(size=(len(toy.frames), 20))
    X = np.hstack([toy.frames, noise]).astype(np.float32)
    return Problem("the same + 20 white columns", X, 5, toy.basins)


def mueller_brown(_: int) -> Problem:
    """Müller-Brown; two of its basins exchange within a few frames and are one state."""
    toy = mueller_brown_with_basins()
    return Problem("Müller-Brown", toy.frames[:N_FRAMES], 2, known(toy.basins)[:N_FRAMES])


def alanine(features: str, _: int) -> Problem:
    """Alanine dipeptide; phi > 0 was visited once, so halves would not both contain it."""
    toy = alanine_with_basins(features)
    name = f"alanine dipeptide, {features}"
    return Problem(name, toy.frames, 3, known(toy.basins), blocks=50)


def known(basins: np.ndarray | None) -> np.ndarray:
    assert basins is not None
    return basins


PROBLEMS: dict[str, Callable[[int], Problem]] = {
    **{name: functools.partial(process, name) for name in WITH_STATES},
    "wells": five_wells,
    "white columns": white_columns,
    "Müller-Brown": mueller_brown,
    **{
        f"alanine, {features}": functools.partial(alanine, features)
        for features in ("dihedrals", "distances", "positions")
    },
}


def given(options: argparse.Namespace) -> list[Callable[[int], Problem]]:
    """Return data that the user gave on the command line, once for each number of states."""
    if options.npy:
        features = FeatureSet.load(options.npy)
    else:
        u = mda.Universe(options.topology, *options.trajectories)
        atoms = u.select_atoms(options.select) if options.select else u.atoms
        features = featurize(atoms, options.features, verbose=False)
    X = np.array(features.values, np.float32)
    return [
        functools.partial(
            lambda n, _: Problem(
                options.name, X, n, None, features.lengths, options.lag, options.blocks
            ),
            n,
        )
        for n in options.n_states
    ]


def tica_unscaled(
    X: np.ndarray, lengths: tuple[int, ...], lag: int, n_states: int, seed: int
) -> Assign:
    """TICA + k-means + PCCA+ with up to ten independent components, all of the same variance.

    The usual pipeline keeps 95 % of the kinetic variance and scales components by their
    eigenvalues. Without that, it also finds states along components that are not slow by
    themselves.
    """
    scaler = StandardScaler().fit(X)
    segments = np.split(scaler.transform(X).astype(np.float64), np.cumsum(lengths)[:-1])
    estimator = TICA(lagtime=lag, dim=min(10, X.shape[1]), scaling=None)
    for segment in segments:
        if len(segment) > lag:
            estimator.partial_fit((segment[:-lag], segment[lag:]))
    tica = estimator.fetch_model()
    clusters = KMeans(100, n_init=1, random_state=seed).fit(tica.transform(np.vstack(segments)))
    lumped = lump(clusters.labels_, lag=lag, lengths=lengths, k=100, n_macrostates=n_states)

    def assign(frames: np.ndarray) -> np.ndarray:
        slow = tica.transform(scaler.transform(frames).astype(np.float64))
        return np.asarray(lumped.of_component[clusters.predict(slow)])

    return assign


#: The methods of the comparison without PyTorch.
USUAL: dict[str, Method] = {
    "robust": METHODS["robust"],
    "TICA + k-means + PCCA+": METHODS["TICA + k-means + PCCA+"],
    "TICA, unscaled": tica_unscaled,
    "k-means": METHODS["k-means"],
}


def measure(
    problem: Problem, name: str, method: Method, seed: int, worker: Worker | None
) -> Iterable[dict[str, Any]]:
    """Fit a method to each fold and yield what its labels of the other fold are worth."""
    lengths = problem.lengths or (len(problem.X),)

    def processor_time() -> float:
        return time.process_time() + (worker.seconds if worker else 0.0)

    folds = folds_of_time(lengths, lag=problem.lag, n_folds=2, blocks_per_fold=problem.blocks)
    for number, fold in enumerate(folds):
        began = processor_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the scores show what a warning would say
            assign = method(
                problem.X[fold.train], fold.train_lengths, problem.lag, problem.n_states, seed
            )
        seconds = processor_time() - began
        labels = assign(problem.X)
        unseen = labels[fold.test]
        yield {
            **described(problem, name, seed),
            "fold": number,
            "ari": ""
            if problem.known is None
            else adjusted_rand_score(problem.known[fold.test], unseen),
            "vamp2": held_out_vamp2(labels, fold, lag=problem.lag, lengths=lengths),
            "n_found": len(np.unique(unseen[unseen >= 0])),
            "seconds": seconds,
        }


def described(problem: Problem, method: str, seed: int) -> dict[str, Any]:
    """Return the columns that identify a row, but for the fold."""
    n_frames, n_features = problem.X.shape
    return {
        "data": problem.name,
        "frames": n_frames,
        "features": n_features,
        "lag": problem.lag,
        "n_states": problem.n_states,
        "method": method,
        "seed": seed,
    }


def table(rows: list[dict[str, str]], column: str) -> str:
    """Return the median and, in brackets, the lowest value of a column for each method."""
    found = dict.fromkeys(row["method"] for row in rows)
    methods = [name for name in dict.fromkeys([*USUAL, *found]) if name in found]
    lines = [
        f"| data | states | fits | {' | '.join(methods)} |",
        f"| --- | --: | --: | {'--: | ' * len(methods)}".rstrip(),
    ]
    for data, n in dict.fromkeys((row["data"], row["n_states"]) for row in rows):
        some = [r for r in rows if (r["data"], r["n_states"]) == (data, n) and r[column]]
        if not some:
            continue
        cells = [numbers([r for r in some if r["method"] == name], column) for name in methods]
        counts = "/".join(dict.fromkeys(str(len(values)) for values in cells if len(values)))
        shown = [cell(values, column) for values in cells]
        lines.append(f"| {data} | {n} | {counts} | {' | '.join(shown)} |")
    return "\n".join(lines)


def numbers(rows: list[dict[str, str]], column: str) -> np.ndarray:
    return np.array([float(row[column]) for row in rows])


def cell(values: np.ndarray, column: str) -> str:
    if not len(values):
        return "-"
    if column == "seconds":
        return f"{np.median(values):.2g}"
    n = 2 if column == "ari" else 3
    both = (round(float(value), n) + 0.0 for value in (np.median(values), values.min()))
    return "{:.{n}f} ({:.{n}f})".format(*both, n=n)  # + 0.0 makes -0.0 positive


def print_tables(rows: list[dict[str, str]]) -> None:
    print("\nAdjusted Rand index with the known states, other fold: median (lowest)\n")
    print(table(rows, "ari"))
    print("\nVAMP-2, other fold: median (lowest)\n")
    print(table([row for row in rows if row["data"] not in WITH_STATES], "vamp2"))
    print(f"\nSeconds of processor time of a fit: median\n\n{table(rows, 'seconds')}")


def main() -> None:
    options = parsed()
    print(machine.describe("tensorflow", "scikit-learn", "deeptime", "mdgmvae"))
    if options.table:
        print_tables(read(options.csv))
        return
    worker = Worker(options.peers) if options.peers else None
    usual = {**USUAL, **(torch_methods(worker) if worker else {})}
    methods = {**METHODS, **usual}
    chosen = options.methods or list(usual)
    unknown = [name for name in chosen if name not in methods]
    if unknown:
        sys.exit(f"--methods {unknown[0]!r}: choose among {', '.join(methods)}")
    own = options.npy or options.topology
    makers = given(options) if own else [PROBLEMS[name] for name in options.data]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for seed, make in itertools.product(seeds, makers):
        problem = make(seed)
        for name in chosen:
            wanted = {key: str(value) for key, value in described(problem, name, seed).items()}
            if any(wanted.items() <= row.items() for row in read(options.csv)):
                continue
            for row in list(measure(problem, name, methods[name], seed, worker)):
                append(options.csv, row, COLUMNS)
    if worker:
        worker.stop()
    print_tables(read(options.csv))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="*", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--methods", nargs="+", help="names of methods")
    parser.add_argument("--peers", help="Python interpreter with PyTorch, deeptime and spib")
    parser.add_argument("--seeds", type=int, default=2, help="number of seeds")
    parser.add_argument("--first_seed", type=int, default=0)
    parser.add_argument("--csv", type=Path, default=Path("baselines.csv"))
    parser.add_argument("--table", action="store_true", help="only print the results in --csv")
    own = parser.add_argument_group("data of your own")
    own.add_argument("--name", default="own data", help="name of the data in the table")
    own.add_argument("--npy", type=Path, help="features, with their .json if there is one")
    own.add_argument("--topology")
    own.add_argument("--trajectories", nargs="+", default=[])
    own.add_argument("--features", default="dihedrals")
    own.add_argument("--select")
    own.add_argument("--lag", type=int, default=LAG, help="lag in frames")
    own.add_argument("--n_states", type=int, nargs="+", default=[3])
    own.add_argument("--blocks", type=int, default=1, help="blocks of time in each fold")
    return parser.parse_args()


if __name__ == "__main__":
    main()

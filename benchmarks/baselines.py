"""Compare GMVAE states with other methods on held-out frames, also for your own data.

Usage: python benchmarks/baselines.py [--data alanine five_wells mueller_brown] [--seeds 3]
                                      [--methods NAME ...] [--csv baselines.csv] [--fast] [--table]
       python benchmarks/baselines.py --name mine --lag 5 --n_states 3
                                      (--npy FEATURES.npy | --topology TOP --trajectories A.xtc ...
                                       [--features dihedrals] [--select protein])

Each row is written to the CSV file as soon as it is computed. Rows that are already in the file are
skipped, so the benchmark can be interrupted and resumed. At the end, the rows are printed as a
Markdown table. deeptime's VAMPnet takes part if PyTorch is installed.

First, the slowest relaxation times of each data set are printed. If there is no gap after the first
`n_states` - 1 of them, the number of states is a matter of choice.
"""

import argparse
import functools
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import machine
import MDAnalysis as mda
import numpy as np
from ablation import alanine as alanine_with_basins
from runs_csv import append, read

from mdgmvae import FeatureSet
from mdgmvae.comparison import compare
from mdgmvae.comparison.cross_validation import Method
from mdgmvae.comparison.methods import METHODS, tica_microstates
from mdgmvae.data.toys import Toy
from mdgmvae.data.toys import five_wells as five_wells_toy
from mdgmvae.data.toys import mueller_brown as mueller_brown_toy
from mdgmvae.featurizers import featurize
from mdgmvae.kinetics import implied_timescales


@dataclass(frozen=True)
class Problem:
    """Frames of a data set, and the settings with which methods are compared on it."""

    name: str
    X: np.ndarray
    lengths: tuple[int, ...]
    lag: int
    n_states: int
    reference: np.ndarray | None = None


def alanine(features: str, fast: bool) -> Problem:
    """The embedded trajectory; its states are regions of the Ramachandran plane."""
    known = alanine_with_basins(features)
    assert known.basins is not None
    rows = slice(5_000, 9_000) if fast else slice(None)
    X, states = known.frames[rows], known.basins[rows]
    return Problem(f"alanine dipeptide, {features}", X, (len(X),), 5, 3, states)


def of_toy(name: str, toy: Toy, n_states: int, basins: np.ndarray) -> Problem:
    return Problem(name, toy.X, toy.lengths, 5, n_states, basins[toy.labels])


def five_wells(fast: bool) -> Problem:
    toy = five_wells_toy(n_frames=500 if fast else 5_000)
    return of_toy("five wells", toy, 5, np.arange(5))


def mueller_brown(fast: bool) -> Problem:
    """Müller-Brown; the second and third basin exchange within a few frames and are one state."""
    toy = mueller_brown_toy(n_frames=200 if fast else 2_000)
    return of_toy("Müller-Brown", toy, 2, np.array([0, 1, 1]))


PROBLEMS: dict[str, Callable[[bool], Problem]] = {
    "alanine": functools.partial(alanine, "dihedrals"),
    "alanine_distances": functools.partial(alanine, "distances"),
    "five_wells": five_wells,
    "mueller_brown": mueller_brown,
}


def given(options: argparse.Namespace) -> Problem:
    """Data that the user gave on the command line."""
    if options.npy:
        features = FeatureSet.load(options.npy)
    else:
        u = mda.Universe(options.topology, *options.trajectories)
        atoms = u.select_atoms(options.select) if options.select else u.atoms
        features = featurize(atoms, options.features, verbose=False)
    X = np.array(features.values, np.float32)
    return Problem(options.name, X, features.lengths, options.lag, options.n_states)


def vampnet(
    X: np.ndarray,
    lengths: tuple[int, ...],
    lag: int,
    n_states: int,
    seed: int,
    *,
    n_epochs: int = 30,
    batch_size: int = 1_000,
    width: int = 64,
    lr: float = 1e-3,
) -> Callable[[np.ndarray], np.ndarray]:
    """Mardt, Pasquali, Wu & Noé, Nat. Commun. 9, 5 (2018): two hidden layers, softmax, VAMP-2."""
    import torch
    from deeptime.decomposition.deep import VAMPNet
    from torch import nn
    from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

    mean, spread = X.mean(axis=0), X.std(axis=0)
    spread[spread == 0] = 1.0

    def scaled(rows: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(((rows - mean) / spread).astype(np.float32))

    segments = [part for part in np.split(X, np.cumsum(lengths)[:-1]) if len(part) > lag]
    pairs = TensorDataset(
        torch.cat([scaled(segment[:-lag]) for segment in segments]),
        torch.cat([scaled(segment[lag:]) for segment in segments]),
    )
    # The seed is set for all of PyTorch, so its state is restored afterwards.
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        lobe = nn.Sequential(
            *(nn.Linear(X.shape[1], width), nn.ELU(), nn.Linear(width, width), nn.ELU()),
            *(nn.Linear(width, n_states), nn.Softmax(dim=1)),
        )
        batch_size = min(batch_size, len(pairs))
        batches = BatchSampler(RandomSampler(pairs), batch_size, drop_last=True)
        loader = DataLoader(pairs, sampler=batches, batch_size=None)
        VAMPNet(lobe=lobe, learning_rate=lr, score_method="VAMP2").fit(loader, n_epochs=n_epochs)

    def assign(rows: np.ndarray) -> np.ndarray:
        lobe.eval()
        with torch.no_grad():
            return lobe(scaled(rows)).argmax(dim=1).numpy().astype(np.int64)

    return assign


def processes(problem: Problem, n: int = 6) -> str:
    """Return the slowest implied timescales of 100 microstates, to look for a gap."""
    microstates = tica_microstates(problem.X, problem.lengths, problem.lag, 100, 0)(problem.X)
    found = implied_timescales(microstates, lags=[problem.lag], lengths=problem.lengths)
    shown = zip(found.timescales[0], found.lower[0], found.upper[0], strict=True)
    times = [f"{value:.0f} ({low:.0f} to {high:.0f})" for value, low, high in shown]
    return f"{problem.name}, slowest processes / frames: {', '.join(times[:n])}"


def known_methods() -> dict[str, Method]:
    try:
        import torch  # noqa: F401
    except ImportError:
        print("VAMPnet is left out because PyTorch is not installed", file=sys.stderr)
        return dict(METHODS)
    return {**METHODS, "VAMPnet": vampnet}


def key(row: dict[str, str]) -> tuple[str, ...]:
    """Return the columns that identify a row."""
    return tuple(row[name] for name in ("data", "frames", "lag", "k", "seeds", "folds", "method"))


def run(problem: Problem, name: str, method: Method, options: argparse.Namespace) -> dict[str, str]:
    began = time.perf_counter()
    found = compare(
        problem.X,
        lag=problem.lag,
        lengths=problem.lengths,
        k=options.k,
        n_states=problem.n_states,
        seeds=range(options.seeds),
        # A function is passed for every method, so that "robust" keeps its k components.
        methods={name: method},
        n_folds=options.folds,
        blocks_per_fold=options.blocks_per_fold,
        reference=problem.reference,
    )
    figures = {field: str(value) for field, value in asdict(found.rows[0]).items()}
    scores = " ".join(f"{score:.4f}" for score in found.scores[name])
    took = f"{time.perf_counter() - began:.0f}"
    return {**described(problem, name, options), **figures, "scores": scores, "took": took}


def described(problem: Problem, method: str, options: argparse.Namespace) -> dict[str, str]:
    return {
        "data": problem.name,
        "frames": str(len(problem.X)),
        "lag": str(problem.lag),
        "k": f"{options.k}->{problem.n_states}",
        "seeds": str(options.seeds),
        "folds": f"{options.folds}x{options.blocks_per_fold}",
        "method": method,
    }


def print_table(rows: list[dict[str, str]]) -> None:
    for setting in dict.fromkeys(key(row)[:-1] for row in rows):
        data, frames, lag, k, seeds, folds = setting
        print(
            f"\n{data}: {int(frames):,} frames, lag {lag} rows, {k.partition('->')[2]} states, "
            f"{seeds} seeds, {folds.replace('x', ' folds of ')} blocks\n"
        )
        print(
            "| method | states | VAMP-2 | held out | agreement | worst | ARI | time of a fit / s |"
        )
        print("|---|--:|--:|--:|--:|--:|--:|--:|")
        for row in rows:
            if key(row)[:-1] == setting:
                print(f"| {' | '.join(cells(row))} |")


def cells(row: dict[str, str]) -> list[str]:
    names = ("agreement_median", "agreement_worst", "reference")
    agreement = ["" if row[name] == "nan" else f"{float(row[name]):.3f}" for name in names]
    held_out = f"{float(row['cv_mean']):.3f} ± {float(row['cv_std']):.3f}"
    score, seconds = f"{float(row['vamp2']):.3f}", f"{float(row['seconds']):.1f}"
    return [row["method"], row["n_states"], score, held_out, *agreement, seconds]


def main(options: argparse.Namespace) -> None:
    print(machine.describe("tensorflow", "scikit-learn", "deeptime", "mdgmvae"))
    if not options.table:
        methods = known_methods()
        chosen = options.methods or list(methods)
        unknown = [name for name in chosen if name not in methods]
        if unknown:
            sys.exit(f"--methods {unknown[0]!r}: choose among {', '.join(methods)}")
        own = options.npy or options.topology
        makers = [given] if own else [PROBLEMS[name] for name in options.data]
        for maker in makers:
            problem = maker(options if own else options.fast)
            print(processes(problem), flush=True)
            done = {key(row) for row in read(options.csv)}
            for name in chosen:
                if key(described(problem, name, options)) not in done:
                    row = run(problem, name, methods[name], options)
                    append(options.csv, row, list(row))
                    print(f"{problem.name}: {name}", file=sys.stderr, flush=True)
    print_table(read(options.csv))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="*", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--methods", nargs="+", help="names of methods (default: all)")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--k", type=int, default=5, help="components of 'robust'")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--blocks_per_fold", type=int, default=10)
    parser.add_argument("--csv", type=Path, default=Path("baselines.csv"))
    parser.add_argument("--fast", action="store_true", help="use a tenth of the frames")
    parser.add_argument("--table", action="store_true", help="only print the results in --csv")
    own = parser.add_argument_group("data of your own")
    own.add_argument("--name", default="own data", help="name of the data in the table")
    own.add_argument("--npy", type=Path, help="features, with their .json if there is one")
    own.add_argument("--topology")
    own.add_argument("--trajectories", nargs="+", default=[])
    own.add_argument("--features", default="dihedrals")
    own.add_argument("--select")
    own.add_argument("--lag", type=int, default=5, help="lag in frames")
    own.add_argument("--n_states", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main(parsed())

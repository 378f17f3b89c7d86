"""Repeat the paper's comparison: GMVAE, a plain VAE with k-means, and preset "robust".

Usage: python benchmarks/paper.py [--seeds 3] [--only NAME ...] [--methods NAME ...] [--fast]
           [--runs paper_runs] [--figures FOLDER] [--table]

The paper is Bozkurt Varolgunes, Bereau & Rudzinski (2020). Every run appends a row to runs.csv in
the folder --runs and stores its labels in the same folder. Runs that are already there are skipped,
so the benchmark can be interrupted and resumed. At the end the tables are printed. --figures also
draws the figures of the first seed. --fast uses few frames and epochs, to check that everything
works.
"""

import argparse
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

# These have to be set before TensorFlow starts. With one thread, results do not depend on the
# number of cores, and the other cores stay free.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import machine
import numpy as np
from paper_problems import PROBLEMS, Problem
from paper_tables import COURSE, KNOWN, loss_table, table
from runs_csv import append, read
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE
from mdgmvae.kinetics import chapman_kolmogorov, implied_timescales, vamp2
from mdgmvae.kinetics.lumping import states_of_components

K = 5
#: The preset of each method and what differs from it. Methods with preset "paper" also use the
#: settings of the problem.
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "GMVAE": ("paper", {"k": K}),
    "VAE + k-means": ("paper", {"k": 1}),
    "robust": ("robust", {"k": K}),
    "GMVAE, 2 latent": ("paper", {"k": K, "n_z": 2}),
    "VAE + k-means, 2 latent": ("paper", {"k": 1, "n_z": 2}),
    "GMVAE, ReLU on logits": ("paper", {"k": K, "relu_logits": True}),
}
#: The methods that are compared by default.
USUAL = ("GMVAE", "VAE + k-means", "robust")
COLUMNS = (
    "data", "frames", "method", "seed", "epochs", "used", "states", "ari", "ari_lumped", "rarest",
    "vamp2", "ck", "timescales", "lower", "upper", "loss", "course", "seconds",
)  # fmt: skip


def run(problem: Problem, method: str, seed: int, folder: Path) -> dict[str, Any]:
    """Train one model, evaluate its labels and store them."""
    preset, different = METHODS[method]
    settings = {**(problem.settings if preset == "paper" else {}), **different}
    if problem.is_small and preset == "robust":
        settings |= {"n_epochs": 4, "n_init": 1}
    began = time.perf_counter()
    with warnings.catch_warnings():
        # The table shows the quality of models that have not converged.
        warnings.simplefilter("ignore")
        model = GMVAE.from_preset(preset, **settings, seed=seed, verbose=False)
        model.fit(problem.X, lengths=problem.lengths)
    assigned = model.assign(problem.X)
    labels, latent = assigned.components, assigned.latent
    if model.k == 1:
        clusters = KMeans(K, n_init=10, random_state=seed).fit(latent).labels_
        order = np.argsort(-np.bincount(clusters, minlength=K), kind="stable")
        labels = np.argsort(order)[clusters]
    seconds = time.perf_counter() - began
    losses = model.history_["loss"]
    np.savez(
        path_of(folder, problem, method, seed),
        labels=labels.astype(np.int8),
        latent=latent,
        losses=losses,
    )
    course = [f"{losses[epoch - 1]:.4f}" for epoch in COURSE if epoch <= len(losses)]
    return {
        **judged(problem, labels), "method": method, "seed": seed, "epochs": model.n_epochs_,
        "loss": losses[-1], "course": " ".join(course), "seconds": seconds,
    }  # fmt: skip


def judged(problem: Problem, labels: np.ndarray) -> dict[str, Any]:
    """Evaluate labels by comparison with the basins and by their kinetics."""
    same = {"lag": problem.lag, "lengths": problem.lengths}
    k, n = int(labels.max()) + 1, int(problem.metastable.max()) + 1
    found, lumped = (
        states_of_components(labels, k=k, **same, n_macrostates=number)[labels]
        for number in (None, n)
    )
    times = implied_timescales(
        labels, lags=[problem.lag], lengths=problem.lengths, dt=problem.dt, k=k
    )
    test = chapman_kolmogorov(labels, **same, k=k)
    return {
        "data": problem.name,
        "frames": len(labels),
        "used": len(np.unique(labels)),
        "states": int(found.max()) + 1,
        "ari": adjusted_rand_score(problem.basins, labels),
        "ari_lumped": adjusted_rand_score(problem.states, lumped),
        "rarest": recall_of_rarest(lumped, problem.states),
        "vamp2": vamp2(labels, **same),
        "ck": float(np.nanmax(test.differences)),
        "timescales": spaced(times.timescales[0]),
        "lower": spaced(times.lower[0]),
        "upper": spaced(times.upper[0]),
    }


def recall_of_rarest(found: np.ndarray, known: np.ndarray) -> float:
    """Return the share of the rarest state's frames in a state that mostly consists of it."""
    rare = known == np.bincount(known).argmin()
    state = int(np.bincount(found[rare]).argmax())
    return float(np.mean(found[rare] == state)) if np.mean(rare[found == state]) > 0.5 else 0.0


def spaced(values: np.ndarray) -> str:
    return " ".join(f"{value:.4g}" for value in values)


def path_of(folder: Path, problem: Problem, method: str, seed: int) -> Path:
    letters = "".join(c if c.isalnum() else "_" for c in method)
    return folder / f"{problem.name}-{len(problem.X)}-{letters}-{seed}.npz"


def key(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the columns that identify a row."""
    return tuple(str(row[name]) for name in ("data", "frames", "method", "seed"))


def run_all(options: argparse.Namespace) -> None:
    path = options.runs / "runs.csv"
    done = {key(row) for row in read(path)}
    problems = [PROBLEMS[name](options.runs, options.fast) for name in options.only]
    for problem in problems:
        known = {"method": KNOWN, "seed": 0}
        if key({**known, "data": problem.name, "frames": len(problem.X)}) not in done:
            append(path, judged(problem, problem.basins) | known, COLUMNS)
    for seed in range(options.seeds):
        for problem in problems:
            for method in options.methods:
                named = {"data": problem.name, "frames": len(problem.X), "method": method}
                if key({**named, "seed": seed}) not in done:
                    row = run(problem, method, seed, options.runs)
                    append(path, row, COLUMNS)
                    summary = f"ARI {row['ari']:.3f}, {row['seconds']:.0f} s"
                    print(f"{problem.name}, {method}, seed {seed}: {summary}", file=sys.stderr)


def draw(options: argparse.Namespace) -> None:
    from paper_figures import Run, figure_of, figure_of_losses, load, save

    options.figures.mkdir(parents=True, exist_ok=True)
    for name in options.only:
        problem = PROBLEMS[name](options.runs, options.fast)
        found: dict[str, list[Run]] = {}
        for method in options.methods:
            paths = [path_of(options.runs, problem, method, s) for s in range(options.seeds)]
            found[method] = [load(path) for path in paths if path.exists()]
        first = {method: runs[0] for method, runs in found.items() if runs}
        if not first:
            continue
        save(figure_of(problem, first), options.figures / f"paper_{name}.png")
        if name.startswith("mueller_brown"):
            save(figure_of_losses(found), options.figures / f"paper_loss_{name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--only", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--methods", nargs="+", default=list(USUAL), choices=list(METHODS))
    parser.add_argument("--runs", type=Path, default=Path("paper_runs"), help="folder of results")
    parser.add_argument("--figures", type=Path, help="folder for figures")
    parser.add_argument("--fast", action="store_true", help="use few frames and epochs")
    parser.add_argument("--table", action="store_true", help="only print the results in --runs")
    options = parser.parse_args()
    options.runs.mkdir(parents=True, exist_ok=True)
    if not options.table:
        run_all(options)
    print(machine.describe("tensorflow", "deeptime", "scikit-learn", "mdgmvae"))
    rows = read(options.runs / "runs.csv")
    print(loss_table(rows))
    print(table(rows))
    if options.figures:
        draw(options)


if __name__ == "__main__":
    main()

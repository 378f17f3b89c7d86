"""Ablation of preset "robust": leave out, add or change one part at a time.

Usage: python benchmarks/ablation.py [--seeds 3] [--data NAME ...] [--variants NAME ...]
           [--csv ablation.csv] [--also NAME=FEATURES.npy[,BASINS.npy] ...] [--table]
           [--rules VARIANT]

Every run appends a row to the CSV file. Runs that are already in the file are skipped, so the
benchmark can be interrupted and resumed. Models are trained on the first part of the frames and
label all of them. The last part is held out, and VAMP-2 of the labels is also computed there. The
adjusted Rand index compares the metastable states with known basins, which are not used in
training.

--rules compares rules for choosing one of several restarts. It takes triples of runs from the CSV
file that differ only in the seed, and prints the results of the run that each rule would keep.
"""

import argparse
import itertools
import os
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import machine
import MDAnalysis as mda
import numpy as np
from runs_csv import append, read
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE, FeatureSet
from mdgmvae.data import alanine_dipeptide
from mdgmvae.featurizers import featurize
from mdgmvae.kinetics import vamp2
from mdgmvae.kinetics.lumping import states_of_components

TEST_DATA = Path(__file__).parents[1] / "tests" / "data"
LAG = 5

#: The hyperparameters of each variant that differ from preset "robust".
VARIANTS: dict[str, dict[str, Any]] = {
    "robust": {},
    "no kinetic term": {"vamp_weight": 0.0},
    "random start": {"init": "random"},
    "random start, no kinetic term": {"init": "random", "vamp_weight": 0.0},
    "kinetic term x 0.2": {"vamp_weight": 0.3},
    "kinetic term x 5": {"vamp_weight": 7.5},
    "standardised": {"scale": "standard"},
    "unscaled": {"scale": None},
    "TICA, 5 components": {"tica_dim": 5},
    "TICA, 10 components": {"tica_dim": 10},
    "TICA, 20 components": {"tica_dim": 20},
    "no annealing": {"r_nent_start": None},
    "sampled KL": {"kl": "sampled"},
    "paper's variance floor": {"px_floor": 1e-5},
    "lagged decoder": {"decoder_target": "lagged"},
    "three starts": {"n_init": 3},
    "no validation": {"validation_fraction": 0.0, "patience": None},
    "refit": {"refit": True},
    "60 epochs": {"n_epochs": 60},
    "15 epochs": {"n_epochs": 15},
    "lr 0.001": {"lr": 1e-3},
    "lr 0.005": {"lr": 5e-3},
    "k = 5": {"k": 5},
    "k = 20": {"k": 20},
    "k = 20, one decoded": {"k": 20, "n_decoded": 1},
    "k = 20, two decoded": {"k": 20, "n_decoded": 2},
    "paper": {"preset": "paper", "lag": LAG},
}
COLUMNS = (
    "data", "variant", "seed", "n_states", "ari", "ari_same_number", "recall_rarest", "vamp2",
    "vamp2_held_out", "loss", "val_loss", "val_vamp2", "soft_vamp2", "epochs", "seconds",
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Frames in the order of time, and their basins if these are known."""

    name: str
    frames: np.ndarray
    basins: np.ndarray | None
    share_trained: float = 0.8

    @property
    def n_trained(self) -> int:
        return round(self.share_trained * len(self.frames))


def alanine(features: str) -> Problem:
    """Alanine dipeptide; its basins are regions of phi and psi: beta/PII, alphaR, phi > 0."""
    universe = mda.Universe(*alanine_dipeptide())
    cosines = featurize(universe, "dihedrals", verbose=False)
    columns = {name: cosines.values[:, i] for i, name in enumerate(cosines.names)}
    phi, psi = (
        np.degrees(np.arctan2(columns[f"{angle} ALA2 sin"], columns[f"{angle} ALA2 cos"]))
        for angle in ("phi", "psi")
    )
    extended = (psi >= 80) | (psi < -130)
    basins = np.where((phi >= 0) & (phi < 135), 2, np.where(extended, 0, 1))
    found = featurize(universe, features, select="protein", verbose=False)
    return Problem(f"alanine, {features}", np.array(found.values), basins)


def five_wells() -> Problem:
    frames, basins = (np.load(TEST_DATA / f"five_wells{end}.npy") for end in ("", "_labels"))
    return Problem("five wells", frames, basins.astype(int))


def mueller_brown() -> Problem:
    """Frames on the Mueller-Brown potential; basins 1 and 2 exchange quickly and are one state."""
    frames, basins = (np.load(TEST_DATA / f"mueller_brown{end}.npy") for end in ("", "_labels"))
    return Problem("Mueller-Brown", frames, np.minimum(basins.astype(int), 1))


KNOWN = {
    "five wells": five_wells,
    "Mueller-Brown": mueller_brown,
    "alanine, dihedrals": lambda: alanine("dihedrals"),
    "alanine, distances": lambda: alanine("distances"),
    "alanine, positions": lambda: alanine("positions"),
}


def other(text: str) -> Problem:
    """Parse NAME=FEATURES.npy[,BASINS.npy]; without basins, train on the first half only."""
    name, _, paths = text.partition("=")
    features, _, basins = paths.partition(",")
    known = np.load(basins).astype(int) if basins else None
    values = np.array(FeatureSet.load(features).values)
    return Problem(name, values, known, 0.8 if basins else 0.5)


def measure(problem: Problem, variant: str, seed: int) -> dict[str, Any]:
    options = {"preset": "robust", "seed": seed, **VARIANTS[variant], "verbose": False}
    n = problem.n_trained
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GMVAE.from_preset(options.pop("preset"), **options).fit(problem.frames[:n])
    seconds = time.perf_counter() - began
    labels = model.predict(problem.frames)
    states = model.state_of_component_[labels]
    history = {name: values[-1] for name, values in model.history_.items()}
    if model.validation_history_:
        best = int(np.argmin(model.validation_history_["val_loss"]))
        for name in ("val_loss", "val_vamp2"):
            if name in model.validation_history_:
                history[name] = model.validation_history_[name][best]
    row = {
        "data": problem.name,
        "variant": variant,
        "seed": seed,
        "n_states": model.n_states_,
        "vamp2": vamp2(labels[:n], lag=LAG),
        "vamp2_held_out": vamp2(labels[n:], lag=LAG),
        "loss": history["loss"],
        "val_loss": history.get("val_loss"),
        "val_vamp2": history.get("val_vamp2"),
        "soft_vamp2": history.get("vamp2"),
        "epochs": model.n_epochs_,
        "seconds": seconds,
    }
    if problem.basins is not None:
        row |= against_basins(problem, model, labels, states)
    return row


def against_basins(
    problem: Problem, model: GMVAE, labels: np.ndarray, states: np.ndarray
) -> dict[str, float]:
    basins = problem.basins
    assert basins is not None
    n = problem.n_trained
    number = int(basins.max()) + 1
    same = states_of_components(labels[:n], k=model.k, lag=LAG, n_macrostates=number)[labels]
    rarest = int(np.bincount(basins).argmin())
    found = np.bincount(same[basins == rarest][same[basins == rarest] >= 0], minlength=1)
    state = int(found.argmax())
    inside = np.mean(basins[same == state] == rarest) if (same == state).any() else 0.0
    recall = float(found.max() / (basins == rarest).sum()) if inside > 0.5 else 0.0
    return {
        "ari": adjusted_rand_score(basins, states),
        "ari_same_number": adjusted_rand_score(basins, same),
        "recall_rarest": recall,
    }


def numbers(rows: Iterable[dict[str, str]], column: str) -> np.ndarray:
    return np.array([float(row[column]) for row in rows if row[column]])


def table(rows: list[dict[str, str]]) -> str:
    """Return one table for each data set: the median over the seeds, and the worst in brackets."""
    lines = []
    for data in dict.fromkeys(row["data"] for row in rows):
        lines += [
            f"\n{data}\n",
            "| variant | seeds | states | ARI | rarest found | VAMP-2 | held out | time / s |",
            "|---|--:|---|--:|--:|--:|--:|--:|",
        ]
        for variant in VARIANTS:
            some = [row for row in rows if (row["data"], row["variant"]) == (data, variant)]
            if some:
                lines.append(f"| {variant} | {len(some)} | {summary(some)} |")
    return "\n".join(lines)


def median_and_lowest(values: np.ndarray) -> str:
    return f"{np.median(values):.3f} ({values.min():.3f})" if len(values) else ""


def overview(rows: list[dict[str, str]]) -> str:
    """Return one line per variant: the ARI on each data set, or VAMP-2 if no basins are known."""
    data = list(dict.fromkeys(row["data"] for row in rows))
    known = {name for name in data if any(r["ari"] for r in rows if r["data"] == name)}
    head = [f"{name}{'' if name in known else ': VAMP-2 held out'}" for name in data]
    lines = [
        f"| variant | seeds | {' | '.join(head)} | time |",
        "|---|--:|" + "--:|" * (len(head) + 1),
    ]
    usual = seconds_by_data([row for row in rows if row["variant"] == "robust"])
    for variant in VARIANTS:
        some = [row for row in rows if row["variant"] == variant]
        if not some:
            continue
        cells = []
        for name in data:
            column = "ari_same_number" if name in known else "vamp2_held_out"
            values = numbers([row for row in some if row["data"] == name], column)
            cells.append(median_and_lowest(values))
        ratios = [t / usual[name] for name, t in seconds_by_data(some).items() if name in usual]
        n_seeds = len({row["seed"] for row in some})
        cells.append(f"{np.median(ratios):.1f}" if ratios else "")
        lines.append(f"| {variant} | {n_seeds} | {' | '.join(cells)} |")
    return "\n".join(lines)


def seconds_by_data(rows: list[dict[str, str]]) -> dict[str, float]:
    names = dict.fromkeys(row["data"] for row in rows)
    return {
        name: float(np.median(numbers([r for r in rows if r["data"] == name], "seconds")))
        for name in names
    }


def summary(rows: list[dict[str, str]]) -> str:
    counts = sorted({int(row["n_states"]) for row in rows})
    recalls = numbers(rows, "recall_rarest")
    cells = [", ".join(map(str, counts))]
    for column in ("ari_same_number", "recall", "vamp2", "vamp2_held_out"):
        if column == "recall":
            cells.append(f"{(recalls > 0.5).sum()} of {len(recalls)}" if len(recalls) else "")
            continue
        cells.append(median_and_lowest(numbers(rows, column)))
    cells.append(f"{np.median(numbers(rows, 'seconds')):.1f}")
    return " | ".join(cells)


#: Rules for choosing a restart; the restart with the smallest value is kept.
RULES = {
    "lowest training loss": lambda row: float(row["loss"]),
    "lowest validation loss (with kinetics)": lambda row: float(row["val_loss"]),
    "highest VAMP-2 of q on held-out blocks": lambda row: -float(row["val_vamp2"]),
    "highest VAMP-2 of q on training pairs": lambda row: -float(row["soft_vamp2"]),
}


def rules(rows: list[dict[str, str]], variant: str) -> str:
    """Compare the rules: mean results of the restarts that they keep, over all triples of runs."""
    lines = ["| data | rule | ARI | worst | VAMP-2 held out |", "|---|---|--:|--:|--:|"]
    single = [row for row in rows if row["variant"] == variant and row["val_vamp2"]]
    for data in dict.fromkeys(row["data"] for row in single):
        triples = list(itertools.combinations([r for r in single if r["data"] == data], 3))
        if not triples:
            continue
        chosen = {name: [min(t, key=rule) for t in triples] for name, rule in RULES.items()}
        chosen["any of them"] = [row for triple in triples for row in triple]
        for name, kept in chosen.items():
            ari = numbers(kept, "ari_same_number")
            held_out = numbers(kept, "vamp2_held_out")
            known = f"{ari.mean():.4f} | {ari.min():.4f}" if len(ari) else " | "
            lines.append(f"| {data} | {name} | {known} | {held_out.mean():.4f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--first_seed", type=int, default=0)
    parser.add_argument("--data", nargs="*", default=list(KNOWN), choices=list(KNOWN))
    parser.add_argument("--also", nargs="*", default=[], metavar="NAME=FEATURES.npy[,BASINS.npy]")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--csv", type=Path, default=Path("ablation.csv"))
    parser.add_argument("--table", action="store_true", help="only print the results in --csv")
    parser.add_argument(
        "--rules", choices=list(VARIANTS), help="compare rules for choosing a restart"
    )
    options = parser.parse_args()
    if not options.table and not options.rules:
        problems = [KNOWN[name]() for name in options.data] + [other(o) for o in options.also]
        done = {(r["data"], r["variant"], int(r["seed"])) for r in read(options.csv)}
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for variant, problem in itertools.product(options.variants, problems):
                if (problem.name, variant, seed) not in done:
                    append(options.csv, measure(problem, variant, seed), COLUMNS)
    print(machine.describe("tensorflow", "deeptime", "scikit-learn", "mdgmvae"))
    rows = read(options.csv)
    print(rules(rows, options.rules) if options.rules else f"{overview(rows)}\n{table(rows)}")


if __name__ == "__main__":
    main()

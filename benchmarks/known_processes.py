"""Verdicts on processes with and without states, and states that no linear method finds.

Prints the tables of docs/development/known_processes.md. Preset "robust", lag 5 frames.

Usage: python benchmarks/known_processes.py [--seeds 2] [--only verdicts|states] [--set k=5 ...]

Verdicts: a model is trained on 6,000 frames of each process, and its states are judged. States: a
model is trained on the first half of 20,000 frames, with the number of states given, and labels
the second half. TICA + k-means + PCCA+ (deeptime) and k-means do the same; baselines.py compares
with more methods.
"""

from __future__ import annotations

import argparse
import ast
import time
import warnings
from typing import Any

import numpy as np
from machine import describe
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE
from mdgmvae.comparison.methods import METHODS
from mdgmvae.data.processes import WITH_STATES, WITHOUT_STATES
from mdgmvae.states import Judgement, judge

LAG = 5
#: Number of frames of a verdict, and of a comparison (half of them are trained on).
N_JUDGED, N_COMPARED = 6_000, 20_000
#: Data are drawn with other seeds than the models, so that neither is tuned to the other.
DATA_SEED = 100
OTHERS = ("TICA + k-means + PCCA+", "k-means")
#: Processes that are too rare or too slow to be judged after 6,000 frames.
NOT_JUDGED = {"rare state", "rare state + 20 columns"}


def judged(X: np.ndarray, seed: int, **values: Any) -> Judgement:
    """Train a model and judge its states."""
    model = GMVAE.from_preset("robust", lag=LAG, seed=seed, verbose=False, **values).fit(X)
    components, q = model.predict(X), model.predict_proba(X)
    return judge(components, q, states=model.predict_states(X), lag=LAG)


def verdicts(seeds: range, **values: Any) -> None:
    """Print what is said of each process."""
    print("| process | states | supported | gap | kept | what does not hold |")
    print("| --- | --- | --- | --- | --- | --- |")
    for has_states, processes in ((False, WITHOUT_STATES), (True, WITH_STATES)):
        for name, make in processes.items():
            if name in NOT_JUDGED:
                continue
            toys = [make(N_JUDGED, DATA_SEED + seed) for seed in seeds]
            found = [judged(toy.X, s, **values) for s, toy in zip(seeds, toys, strict=True)]
            known = f" of {len(np.unique(toys[0].labels))}" if has_states else ""
            gaps = [judgement.gap for judgement in found]
            failed = [f.name for j in found for f in j.findings if f.holds is False]
            cells = [
                f"{name}{'' if has_states else ' (none)'}",
                ", ".join(str(len(judgement.frames)) for judgement in found) + known,
                ", ".join("yes" if judgement.is_supported else "no" for judgement in found),
                ", ".join("-" if gap is None else f"{gap.ratio:.1f}" for gap in gaps),
                ", ".join("-" if gap is None else f"{gap.kept.min():.2f}" for gap in gaps),
                ", ".join(dict.fromkeys(failed)) or "-",
            ]
            print(f"| {' | '.join(cells)} |", flush=True)


def states(seeds: range, **values: Any) -> None:
    """Print the adjusted Rand index of each method on the half that was not trained on."""
    others = {name: METHODS[name] for name in OTHERS}
    print(f"| process | states | robust | {' | '.join(others)} | time of a fit / s |")
    print(f"| --- | --: | --: | {'--: | ' * len(others)}--: |")
    for name, make in WITH_STATES.items():
        rows: list[list[float]] = []
        for seed in seeds:
            toy = make(N_COMPARED, DATA_SEED + seed)
            half = N_COMPARED // 2
            X, unseen, known = toy.X[:half], toy.X[half:], toy.labels[half:]
            n = len(np.unique(toy.labels))
            start = time.perf_counter()
            model = GMVAE.from_preset(
                "robust", lag=LAG, seed=seed, n_macrostates=n, verbose=False, **values
            ).fit(X)
            seconds = time.perf_counter() - start
            labels = [model.predict_states(unseen)]
            labels += [m(X, (half,), LAG, n, seed)(unseen) for m in others.values()]
            rows.append([*(adjusted_rand_score(known, found) for found in labels), seconds])
        columns = list(zip(*rows, strict=True))
        cells = [", ".join(f"{value:.2f}" for value in column) for column in columns[:-1]]
        print(f"| {name} | {n} | {' | '.join(cells)} | {np.median(columns[-1]):.0f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", choices=["verdicts", "states"])
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    values = {name: ast.literal_eval(text) for name, text in (s.split("=") for s in given.set)}
    warnings.simplefilter("ignore")
    print(describe(), "\n")
    for table in (verdicts, states):
        if given.only in (None, table.__name__):
            table(range(given.seeds), **values)
            print()


if __name__ == "__main__":
    main()

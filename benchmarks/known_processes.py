"""Verdicts on processes with and without states.

Prints the table of docs/development/known_processes.md. Preset "robust", lag 5 frames.

Usage: python benchmarks/known_processes.py [--seeds 2] [--set k=5 ...]

A model is trained on 6,000 frames of each process, and its states are judged. How well states are
found is what baselines.py measures.
"""

from __future__ import annotations

import argparse
import ast
import warnings
from typing import Any

import numpy as np
from machine import describe

from mdgmvae import GMVAE
from mdgmvae.data.processes import WITH_STATES, WITHOUT_STATES
from mdgmvae.states import Judgement, judge

LAG = 5
#: Number of frames of a verdict.
N_JUDGED = 6_000
#: Data are drawn with other seeds than the models, so that neither is tuned to the other.
DATA_SEED = 100
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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    values = {name: ast.literal_eval(text) for name, text in (s.split("=") for s in given.set)}
    warnings.simplefilter("ignore")
    print(describe(), "\n")
    verdicts(range(given.seeds), **values)


if __name__ == "__main__":
    main()

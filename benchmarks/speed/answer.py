"""Time to the answer: how soon trainings reach the score with which preset "paper" ends.

Usage: python benchmarks/speed/answer.py [--seeds 3] [--only NAME ...] [--quick]
           [--runs FOLDER] [--out FILE] [--figure PNG]

300,000 frames of Mueller-Brown; the paper's networks, k and settings (400 epochs of batches of
5,000) against preset "robust" with the same networks, and against settings that anybody can
choose. Each training is a process of its own with one thread. Runs that are in the folder --runs
are not done again, so that the benchmark can be stopped and goes on. --quick takes few frames
and epochs, to see that all of it works.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import machine
import numpy as np
from answer_report import Run, figure, tables
from answer_run import N_JUDGED

from mdgmvae.data.toys import mueller_brown

HERE = Path(__file__).parent
PAPER = {"preset": "paper", "k": 5, "batch_size": 5_000, "n_epochs": 400}
ROBUST = {"preset": "robust", "k": 5, "n_z": 1}
FAST = {"preset": "paper", "k": 5, "batch_size": 1_000, "lr": 3e-3, "lr_schedule": "cosine"}
#: Of "robust" what serves the score alone: no kinetics, no held-out frames, no second training.
SCORE_ONLY: dict[str, Any] = {
    **ROBUST, "vamp_weight": 0, "lag": None, "scale": "standard", "r_nent_start": None,
    "validation_fraction": 0, "patience": None, "refit": False,
}  # fmt: skip
#: Those without a preset in their name are "paper" but for what they say.
VARIANTS: dict[str, dict[str, Any]] = {
    "paper": PAPER,
    "robust": ROBUST,
    "robust, scale=standard": {**ROBUST, "scale": "standard"},
    "robust, vamp_weight=0": {**ROBUST, "vamp_weight": 0},
    "robust, r_nent_start=None": {**ROBUST, "r_nent_start": None},
    "robust, batch_size=1000, lr=3e-3": {**ROBUST, "batch_size": 1_000, "lr": 3e-3},
    "robust, refit=False, n_epochs=10": {**ROBUST, "refit": False, "n_epochs": 10},
    "robust without kinetics, n_epochs=10": {**SCORE_ONLY, "n_epochs": 10},
    "lr=3e-3, batch_size=1000, cosine, n_epochs=20": {**FAST, "n_epochs": 20},
    "lr=3e-3, batch_size=1000, cosine, n_epochs=10": {**FAST, "n_epochs": 10},
    "lr=3e-3, batch_size=1000, cosine, n_epochs=5": {**FAST, "n_epochs": 5},
    "lr=3e-3, batch_size=1000, cosine, n_epochs=3": {**FAST, "n_epochs": 3},
}
#: Variants whose compiled steps are kept in a folder, and found there (TF_XLA_FLAGS).
CACHED = {
    "robust, compiled before": "robust",
    "robust without kinetics, n_epochs=10, compiled before": "robust without kinetics, n_epochs=10",
    "lr=3e-3, batch_size=1000, cosine, n_epochs=20, compiled before": (
        "lr=3e-3, batch_size=1000, cosine, n_epochs=20"
    ),
}
VARIANTS |= {name: VARIANTS[as_it_is] for name, as_it_is in CACHED.items()}
#: Epochs after which everything has been compiled.
FILLING = 4
HEAD = """## Time to the answer

Preset "paper" on {n_frames:,} frames of Müller-Brown, {epochs} epochs of batches of {batch:,}, and
how soon others with the same networks (`k=5`, `n_z=1`) reach the score with which it ends, same
seed. "Reached" is by weights during the training; who waits for the end waits for `fit`. The score
is that of `GMVAE.score` in the units of the data with `r_nent` 0.05, its expectation over z, on
one frame in {every}. Seconds count from the call of `fit`, on one thread: scaling, the start from
k-means, tracing and compiling are in them, TensorFlow's import is not. "Compiled before": XLA
found the steps of an earlier process (`TF_XLA_FLAGS=--tf_xla_persistent_cache_directory=FOLDER`).
Medians of the seeds ({seeds}).
"""


def frames(folder: Path, quick: bool) -> Path:
    """Where the frames are: 300,000 of them take minutes to make and are kept."""
    n_frames = 200 if quick else 10_000
    path = folder / f"mueller_brown_{n_frames}.npz"
    if not path.exists():
        np.savez(path, **mueller_brown(30, n_frames, seed=0)._asdict())
    return path


def run(name: str, seed: int, data: Path, folder: Path, quick: bool) -> Run:
    """Train in a process of its own, unless that was done before."""
    settings = {**VARIANTS[name], "seed": seed}
    if quick:
        epochs = settings.get("n_epochs", 30)
        settings |= {"n_epochs": min(epochs, 8), "batch_size": 200}
    letters = "".join(c if c.isalnum() else "_" for c in name)
    path = folder / f"{data.stem}-{letters}-{seed}.npz"
    if not path.exists() and name in CACHED:
        with tempfile.TemporaryDirectory() as cache:
            filling = Path(cache) / "filling.npz"
            train(data, filling, {**settings, "n_epochs": FILLING}, cache)
            train(data, path, settings, cache)
    elif not path.exists():
        train(data, path, settings)
    found = Run.load(path)
    print(
        f"{name}, seed {seed}: score {found.final:.3f} after {found.fit[0]:.1f} s",
        file=sys.stderr,
        flush=True,
    )
    return found


def train(data: Path, out: Path, settings: dict[str, Any], cache: str | None = None) -> None:
    """One training in a process of its own; `cache` is where XLA keeps what it compiled."""
    environment = {
        **os.environ,
        **{f"TF_NUM_{kind}_THREADS": "1" for kind in ("INTRAOP", "INTEROP")},
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    if cache is not None:
        environment["TF_XLA_FLAGS"] = f"--tf_xla_persistent_cache_directory={cache}"
    subprocess.run(
        [sys.executable, HERE / "answer_run.py", data, out, json.dumps(settings)],
        env=environment,
        check=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--only", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--runs", type=Path, help="folder in which frames and runs are kept")
    parser.add_argument("--out", type=Path, help="write the table there, too")
    parser.add_argument("--figure", type=Path, help="draw the scores against time")
    parser.add_argument("--quick", action="store_true", help="few frames and epochs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.runs or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        data = frames(folder, options.quick)
        names = list(dict.fromkeys(["paper", *options.only]))
        runs: dict[str, list[Run]] = {name: [] for name in names}
        for seed in range(options.seeds):
            for name in names:
                runs[name].append(run(name, seed, data, folder, options.quick))
        with np.load(data) as stored:
            n_frames = len(stored["X"])
    small = {"epochs": 8, "batch": 200} if options.quick else {}
    of_paper = {"epochs": PAPER["n_epochs"], "batch": PAPER["batch_size"], **small}
    every = max(1, n_frames // N_JUDGED)
    head = HEAD.format(n_frames=n_frames, seeds=options.seeds, every=every, **of_paper)
    text = "\n".join([head, machine.describe("tensorflow", "mdgmvae"), "", tables(runs)])
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    if options.figure:
        figure(runs, options.figure)


if __name__ == "__main__":
    main()

"""Measure how soon trainings reach the final score of preset "paper".

Usage: python benchmarks/speed/answer.py [--seeds 3] [--only NAME ...] [--quick]
           [--runs FOLDER] [--out FILE] [--figure PNG]

The data are 300,000 frames of Mueller-Brown. The paper's networks, k and settings (400 epochs of
batches of 5,000) are compared with preset "robust" with the same networks, and with other settings
of preset "paper". Each training runs in a separate process with one thread. Runs that are already
in the folder --runs are skipped, so the benchmark can be interrupted and resumed. --quick uses few
frames and epochs, to check that everything works.
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
#: Preset "robust" without kinetics, held-out frames and the second training.
SCORE_ONLY: dict[str, Any] = {
    **ROBUST, "vamp_weight": 0, "lag": None, "scale": "standard", "r_nent_start": None,
    "validation_fraction": 0, "patience": None, "refit": False,
}  # fmt: skip
#: Variants without a preset in their name are "paper" with the given changes.
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
#: Variants that find compiled code of an earlier run in a folder (TF_XLA_FLAGS).
CACHED = {
    "robust, compiled before": "robust",
    "robust without kinetics, n_epochs=10, compiled before": "robust without kinetics, n_epochs=10",
    "lr=3e-3, batch_size=1000, cosine, n_epochs=20, compiled before": (
        "lr=3e-3, batch_size=1000, cosine, n_epochs=20"
    ),
}
VARIANTS |= {name: VARIANTS[as_it_is] for name, as_it_is in CACHED.items()}
#: Number of epochs after which everything has been compiled.
FILLING = 4
HEAD = """## Time to the answer

Preset "paper" is trained on {n_frames:,} frames of Müller-Brown for {epochs} epochs of batches of
{batch:,}. The tables show how soon other settings with the same networks (`k=5`, `n_z=1`) and the
same seed reach its final score. "Reached" refers to the weights during training; `fit` itself
returns later. The score is that of `GMVAE.score` in the units of the data with `r_nent` 0.05 (an
expectation over z), on one frame in {every}. Times are counted from the call of `fit`, on one
thread. They include scaling, the start from k-means, tracing and compiling, but not the import of
TensorFlow. "Compiled before" means that XLA found compiled code of an earlier process
(`TF_XLA_FLAGS=--tf_xla_persistent_cache_directory=FOLDER`). Medians of the seeds ({seeds}).
"""


def frames(folder: Path, quick: bool) -> Path:
    """Return the path of the frames; they are stored, as 300,000 of them take minutes to make."""
    n_frames = 200 if quick else 10_000
    path = folder / f"mueller_brown_{n_frames}.npz"
    if not path.exists():
        np.savez(path, **mueller_brown(30, n_frames, seed=0)._asdict())
    return path


def run(name: str, seed: int, data: Path, folder: Path, quick: bool) -> Run:
    """Train in a separate process, unless the result is stored already."""
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
    """Train once in a separate process; `cache` is a folder for XLA's compiled code."""
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
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--only", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--runs", type=Path, help="folder for frames and runs")
    parser.add_argument("--out", type=Path, help="also write the tables to this file")
    parser.add_argument("--figure", type=Path, help="draw the scores against time to this file")
    parser.add_argument("--quick", action="store_true", help="use few frames and epochs")
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

"""How often frames are called unlike the training: frames like it (false alarms), and others.

Prints a table for docs/reference/model.md. Usage: python benchmarks/unlike_frames.py
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import MDAnalysis as mda
import numpy as np
from machine import describe

from mdgmvae import GMVAE
from mdgmvae.data import alanine_dipeptide
from mdgmvae.data.toys import five_wells, mueller_brown
from mdgmvae.featurizers import featurize

SEEDS = range(3)
#: Frames of alanine dipeptide in the only visit to phi > 0.
VISIT = slice(6395, 7052)


def data() -> Iterator[tuple[str, np.ndarray, dict[str, np.ndarray]]]:
    """Yield a name, frames to train on, and other frames by name."""
    universe = mda.Universe(*alanine_dipeptide())
    with tempfile.TemporaryDirectory() as folder:
        for features in ("dihedrals", "distances"):
            x = np.array(featurize(universe, features, out=Path(folder, "x.npy")).values)
            others = {
                "held out": np.concatenate([x[:6395], x[7052:8000]]),
                "state never seen": x[VISIT],
            }
            for n in (200, 1000, 12_000):
                yield f"alanine dipeptide, {features}, {n:,} frames", x[8000 : 8000 + n], others
    first, second = (five_wells(4, 1000, seed) for seed in (0, 1))
    seen, known = first.labels != 4, second.labels != 4
    others = {"another trajectory": second.X[known], "state never seen": second.X[~known]}
    yield "four of five wells, 4,000 frames", first.X[seen], others
    first, second = (mueller_brown(10, 200, seed) for seed in (0, 1))
    yield "Müller-Brown, 2,000 frames", first.X, {"another trajectory": second.X}


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    print(describe())
    print("\n| trained on | preset | frames | marked / % (each seed) |\n| --- | --- | --- | --: |")
    for name, x, others in data():
        for preset in ("robust", "paper"):
            models = [GMVAE.from_preset(preset, seed=seed, verbose=False).fit(x) for seed in SEEDS]
            for kind, frames in {"training": x, **others}.items():
                marked = [100 * model.unlike_training(frames).mean() for model in models]
                shares = ", ".join(f"{share:.2f}" for share in marked)
                print(f"| {name} | {preset} | {kind} ({len(frames):,}) | {shares} |", flush=True)


if __name__ == "__main__":
    main()

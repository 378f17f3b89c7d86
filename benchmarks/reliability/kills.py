"""Kill commands many times at random moments, and count what they leave.

Usage: python benchmarks/reliability/kills.py [--kills 20] [--seed 0]

Two runs of a command, which differ in their features or seed, overwrite each other's results and
are killed (kill -9). Afterwards, all files are those of the one or all are those of the other. A
training with a checkpoint is killed twice and continued, and its files have the same
bits as those of one that was never killed. See tests/killed.py.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
import numpy as np
from killed import FEATURIZE, RUN, TRAIN, digest, features_in, old_or_new, resumed

from mdgmvae.data.toys import five_wells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = Random(options.seed)
    features = [[*FEATURIZE, "--features", name] for name in ("dihedrals", "distances")]
    trainings, runs = ([[*w, "--seed", seed] for seed in ("1", "2")] for w in (TRAIN, RUN))
    for name, variants, look, sign in (
        ("featurize", features, features_in, ".x.npy.mdgmvae/new/x.npy"),
        ("train", trainings, results, ".out.mdgmvae/new/labels.npz"),
        ("run", runs, results, ".out.mdgmvae/new/states.csv"),
    ):
        with folder() as cwd:
            count = old_or_new(cwd, variants, look, options.kills, random, sign)
        print(f"{name}: {count.old} old, {count.new} new, none mixed", flush=True)
    with folder() as cwd:
        print(f"train --checkpoint: same bits after {resumed(cwd, options.kills, random)} kills")


def results(cwd: Path) -> str:
    return digest(cwd / "out")


class folder(tempfile.TemporaryDirectory):
    """A folder to work in, beside which lie features to train on."""

    def __enter__(self) -> Path:
        above = Path(super().__enter__())
        np.save(above / "five.npy", five_wells(3, 700, seed=0, steps=5).X)
        (above / "work").mkdir()
        return above / "work"


if __name__ == "__main__":
    main()

"""Compare labels and times of training with `precision="bfloat16"` and "float32".

Usage: python benchmarks/precision.py [--seeds 3] [--columns 100] [--width 64]

The features are those of the five wells (`mdgmvae.data.toys`), whose states are known, mixed into
many columns with a little noise. The networks are wide enough for bfloat16 to be used. Whether it
saves time depends on the hardware: processors without bfloat16 instructions have to convert.
"""

import argparse
import statistics
import time

import machine
import numpy as np
from sklearn.metrics import adjusted_rand_score

from mdgmvae import GMVAE
from mdgmvae.data.toys import five_wells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--width", type=int, default=64)
    options = parser.parse_args()
    toy = five_wells(10, 1_000, seed=0)
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(3, options.columns))
    x = (toy.X @ mixing + 0.3 * rng.normal(size=(len(toy.X), options.columns))).astype(np.float32)
    width = (options.width, options.width)
    print(machine.describe("tensorflow", "mdgmvae"))
    print(f"{len(x):,} frames, {options.columns} columns, all layers except p(z|y) {width}\n")
    print(
        "| preset | precision | adjusted Rand index of each seed | loss of each seed | time / s |"
    )
    print("|---|---|--:|--:|--:|")
    for preset in ("robust", "paper"):
        for precision in ("float32", "bfloat16"):
            found = [run(preset, precision, seed, width, x, toy) for seed in range(options.seeds)]
            scores, losses, seconds = zip(*found, strict=True)
            cells = [
                " ".join(f"{score:.3f}" for score in scores),
                " ".join(f"{loss:.2f}" for loss in losses),
                f"{statistics.median(seconds):.1f}",
            ]
            print(f"| {preset} | {precision} | {' | '.join(cells)} |", flush=True)


def run(preset, precision, seed, width, x, toy):  # type: ignore[no-untyped-def]
    """Train once; return the adjusted Rand index with the wells, the loss and the seconds."""
    wide = {"qy_dims": width, "qz_dims": width, "px_dims": width}
    # With TICA the networks would have only a few inputs.
    more = {"scale": "standard", "n_epochs": 15, "refit": False}
    if preset == "paper":
        more |= {"lr": 1e-3, "n_z": 2}
    model = GMVAE.from_preset(preset, **wide, **more, precision=precision, seed=seed)
    began = time.perf_counter()
    model.fit(x, lengths=toy.lengths)
    seconds = time.perf_counter() - began
    states = model.predict_states(x)
    return adjusted_rand_score(toy.labels, states), model.history_["loss"][-1], seconds


if __name__ == "__main__":
    main()

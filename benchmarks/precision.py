"""Labels and time of trainings whose wide matrix products are bfloat16, against float32.

Usage: python benchmarks/precision.py [--seeds 3] [--columns 200] [--width 128]

Five wells (`mdgmvae.data.toys`, states known), mixed into many columns with a little noise, and
networks wide enough to matter. Whether it saves time depends on the hardware: processors
without such instructions convert back and forth.
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
    print(f"{len(x):,} frames, {options.columns} columns, all layers but those of p(z|y) {width}\n")
    print("| preset | precision | adjusted Rand index, seed by seed | loss | s |")
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
    """Rand index against the wells, loss, seconds."""
    wide = {"qy_dims": width, "qz_dims": width, "px_dims": width}
    # All columns go into the networks: those of TICA would be few.
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

"""Loss by epoch of preset "paper" on the Mueller-Brown potential, compared with a prototype.

Usage: python benchmarks/training_loss.py [--seeds 6]

The ranges of the prototype come from an independent implementation of the same equations
(three seeds, same data, k = 5).
"""

import argparse
import time
from pathlib import Path

import machine
import numpy as np

from mdgmvae import GMVAE

DATA = Path(__file__).parents[1] / "tests" / "data" / "mueller_brown.npy"
#: Lowest and highest loss of the prototype's three seeds, by epoch.
PROTOTYPE = {
    1: (4.4, 4.8),
    5: (3.4, 3.5),
    10: (2.5, 2.8),
    20: (1.3, 1.9),
    30: (0.95, 1.3),
    50: (0.50, 0.66),
}


def main(n_seeds: int) -> None:
    data = np.load(DATA)
    epochs = list(PROTOTYPE)
    print(machine.describe("tensorflow", "mdgmvae"))
    print(f"{len(data):,} frames x {data.shape[1]}, preset paper, k = 5; *: outside the range\n")
    print(f"| epoch | {' | '.join(map(str, epochs))} | time / s | frames / s |")
    print(f"|---|{'--:|' * (len(epochs) + 2)}")
    ranges = [f"{low:g}-{high:g}" for low, high in PROTOTYPE.values()]
    print(f"| prototype, three seeds | {' | '.join(ranges)} | | |")
    outside = []
    for seed in range(n_seeds):
        began = time.perf_counter()
        model = GMVAE.from_preset("paper", k=5, seed=seed, verbose=False).fit(data)
        seconds = time.perf_counter() - began
        losses = [model.history_["loss"][epoch - 1] for epoch in epochs]
        rate = len(data) * model.n_epochs_ / seconds
        cells = [
            f"{loss:.3f}{'' if is_inside(loss, epoch) else ' *'}"
            for loss, epoch in zip(losses, epochs, strict=True)
        ]
        print(f"| seed {seed} | {' | '.join(cells)} | {seconds:.1f} | {rate:,.0f} |", flush=True)
        outside += [
            f"seed {seed}, epoch {epoch}: {loss:.3f}, {distance(loss, epoch):+.3f} from the range"
            for loss, epoch in zip(losses, epochs, strict=True)
            if not is_inside(loss, epoch)
        ]
    print("\nOutside the range:", "; ".join(outside) or "none")


def is_inside(loss: float, epoch: int) -> bool:
    """Return whether the loss lies in the prototype's range."""
    low, high = PROTOTYPE[epoch]
    return low <= loss <= high


def distance(loss: float, epoch: int) -> float:
    """Return how far the loss lies above (+) or below (-) the range."""
    low, high = PROTOTYPE[epoch]
    return loss - high if loss > high else loss - low


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6, help="number of seeds")
    main(parser.parse_args().seeds)

"""Speed of training on the CPU and on a GPU: frames per second of wall-clock time.

Usage: python benchmarks/gpu.py [--sizes S M L XL] [--rounds 5] [--threads N] [--out FILE]

For each device, the engine is the one that `fit` would choose. The number of CPU threads is set by
--threads, or else by TensorFlow. The devices take turns. If TensorFlow finds no GPU, the column of
the GPU says so.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "speed"))

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import machine
from ours import make
from sizes import SIZES

from mdgmvae.network import devices

HEAD = """## CPU and GPU

Frames per second of wall-clock time in float32: medians of {rounds} rounds (quartiles).
"""
#: Number of steps in a round. A GPU needs more of them to be timed accurately.
STEPS = {"S": 2_000, "M": 500, "L": 100, "XL": 20, "robust": 1_000}
CPU_STEPS = {"S": 400, "M": 30, "L": 4, "XL": 2, "robust": 100}
#: Values of n_decoded for sizes at which it saves time; None decodes all components.
N_DECODED: dict[str, tuple[int | None, ...]] = {"L": (None, 1), "XL": (None, 1, 2)}
NOT_MEASURED = "not measured"


def rates(rounds: dict[str, Callable[[], int]], n_rounds: int) -> dict[str, list[float]]:
    """Measure the frames per second of each device; the devices take turns."""
    for round_ in rounds.values():
        round_()
    found: dict[str, list[float]] = {device: [] for device in rounds}
    for _ in range(n_rounds):
        for device, round_ in rounds.items():
            began = time.perf_counter()
            n_frames = round_()
            found[device].append(n_frames / (time.perf_counter() - began))
    return found


def row(size: str, n_decoded: int | None, gpu: str | None, n_rounds: int) -> str:
    steps = {"CPU:0": CPU_STEPS[size], **({gpu: STEPS[size]} if gpu else {})}
    rounds = {
        device: make(f"{size},n_steps={n}", n_decoded=n_decoded, device=device)
        for device, n in steps.items()
    }
    found = rates(rounds, n_rounds)
    settings, _ = SIZES[size]
    name = size if n_decoded is None else f"{size}, n_decoded={n_decoded}"
    cells = [name, f"{settings['n_x']:,}", str(settings["k"]), cell(found["CPU:0"])]
    if gpu:
        ratio = statistics.median(found[gpu]) / statistics.median(found["CPU:0"])
        cells += [cell(found[gpu]), f"{ratio:.1f}"]
    else:
        cells += [NOT_MEASURED, ""]
    return f"| {' | '.join(cells)} |"


def cell(values: list[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:,.0f}"
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:,.0f} ({low:,.0f} to {high:,.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["S", "M", "L", "XL"], choices=list(SIZES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, help="number of CPU threads")
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    devices.start("cpu", options.threads)
    automatic = devices.choose("auto")
    gpu = None if automatic.startswith("CPU") else automatic
    names = [devices.describe("CPU:0"), devices.describe(gpu) if gpu else "no GPU"]
    lines = [
        HEAD.format(rounds=options.rounds),
        f"{machine.describe('tensorflow', 'mdgmvae')}; {'; '.join(names)}",
        "",
        "| size | features | k | CPU | GPU | GPU relative to CPU |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    print("\n".join(lines), flush=True)
    for size in options.sizes:
        for n_decoded in N_DECODED.get(size, (None,)):
            lines.append(row(size, n_decoded, gpu, options.rounds))
            print(lines[-1], flush=True)
            if options.out:
                options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

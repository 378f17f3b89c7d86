"""Frames for each second on the clock in training, on the CPU and on a GPU, in one run.

Usage: python benchmarks/gpu.py [--sizes S M L XL] [--rounds 5] [--threads N] [--out FILE]

The engine as `fit` chooses it for the device, with as many threads of the CPU as TensorFlow
takes or as --threads says. Devices take turns. Where TensorFlow sees no GPU, its column says so.
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

Frames for each second on the clock (quartiles), float32, medians of {rounds} rounds.
"""
#: A round on a GPU is over before a clock has ticked often: so many steps instead.
STEPS = {"S": 2_000, "M": 500, "L": 100, "XL": 20, "robust": 1_000}
CPU_STEPS = {"S": 400, "M": 30, "L": 4, "XL": 2, "robust": 100}
#: Components that a step decodes, where it pays: None is all.
N_DECODED: dict[str, tuple[int | None, ...]] = {"L": (None, 1), "XL": (None, 1, 2)}
NOT_MEASURED = "not measured"


def rates(rounds: dict[str, Callable[[], int]], n_rounds: int) -> dict[str, list[float]]:
    """Frames a second of each device, which take turns."""
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
    parser.add_argument("--threads", type=int, help="of the CPU")
    parser.add_argument("--out", type=Path, help="write the table there, too")
    options = parser.parse_args()
    devices.start("cpu", options.threads)
    automatic = devices.choose("auto")
    gpu = None if automatic.startswith("CPU") else automatic
    names = [devices.describe("CPU:0"), devices.describe(gpu) if gpu else "no GPU"]
    lines = [
        HEAD.format(rounds=options.rounds),
        f"{machine.describe('tensorflow', 'mdgmvae')}; {'; '.join(names)}",
        "",
        "| size | features | k | CPU | GPU | GPU against CPU |",
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

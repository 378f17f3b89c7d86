"""Speed of training and labelling on the CPU and on a GPU: frames per second of wall-clock time.

Usage: python benchmarks/gpu.py [--sizes S robust M L XL] [--rounds 5] [--threads N] [--out FILE]

Both devices compute what `fit` computes there: the frames are in memory, on a GPU in its own, and
the engine is the one that `fit` chooses for a long training. First, both train from the same start
and seed, and their losses and labels are compared. Then the devices take turns. If
TensorFlow finds no GPU, the step of a GPU is compared on the CPU, and its speed is "not measured".
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent / "speed"))

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import machine
import numpy as np
from sizes import KINETIC, LR, R_NENT, SIZES, chosen, frames

from mdgmvae.network import devices
from mdgmvae.network.architecture import Architecture
from mdgmvae.network.inference import Inference
from mdgmvae.presets import Hyperparameters
from mdgmvae.training.dataset import Dataset
from mdgmvae.training.distribution import OneDevice
from mdgmvae.training.held_out import Split
from mdgmvae.training.preparation import random_weights
from mdgmvae.training.restarts import Restarts
from mdgmvae.training.scaling import Scaling
from mdgmvae.training.state import State
from mdgmvae.training.training_set import TrainingSet

#: Number of steps in a round. A GPU needs more of them to be timed accurately.
GPU_STEPS = {"S": 2_000, "robust": 1_000, "M": 500, "L": 200, "XL": 50}
CPU_STEPS = {"S": 400, "robust": 100, "M": 30, "L": 4, "XL": 2}
#: Number of steps after which losses and labels are compared.
COMPARED_STEPS = {"S": 100, "robust": 30, "M": 10, "L": 3, "XL": 2}
#: What is measured at a size besides one restart in float32.
VARIANTS: dict[str, list[dict]] = {
    "S": [{"n_init": 8}],
    "M": [{"n_init": 8}],
    "L": [{"precision": "bfloat16"}, {"n_decoded": 1}],
    "XL": [{"precision": "bfloat16"}, {"n_decoded": 1}],
}
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class AsOnGPU(OneDevice):
    """The CPU, which computes as a GPU does."""

    keeps_frames = True
    computes_at_once = True


class Trained(NamedTuple):
    """The loss and the weights after an epoch."""

    loss: float
    weights: np.ndarray


class Training:
    """A training with frames in memory, as `fit` runs it.

    Parameters
    ----------
    size : str
        As in `sizes.chosen`.
    device : OneDevice
    **changes
        Hyperparameters that replace those of the size.
    """

    def __init__(self, size: str, device: OneDevice, **changes) -> None:
        settings, batch_size, _ = chosen(size)
        weight, lag = KINETIC.get(size.split(",")[0], (0.0, None))
        given = Hyperparameters(
            **{name: value for name, value in settings.items() if name != "n_x"},
            **{"batch_size": batch_size, "lag": lag, "vamp_weight": weight, **changes},
            kl="analytic" if weight else "sampled",
            n_epochs=100_000,
        )
        x = frames(size)
        self.architecture = Architecture.of(given, x.shape[1])
        dataset, split = Dataset(x, 8 * x.nbytes), Split.train_on_all(len(x))
        self._data = TrainingSet.of(
            dataset, [len(x)], split, Scaling.fit(None, [x], x.shape[1]), self.architecture, given
        )
        numbers = range(given.n_init)
        start = np.stack([random_weights(self.architecture, 0, number) for number in numbers])
        self._restarts = Restarts.of(
            self.architecture, given, device, self._data, State.start(start)
        )
        self._n_init = given.n_init

    def epoch(self) -> int:
        """Train for an epoch, and return the number of frames, counted for each restart."""
        seeds = list(range(self._n_init))
        self._restarts.start_epoch(LR, R_NENT, seeds, dict.fromkeys(seeds))
        for block in self._data.epoch(
            np.random.default_rng(0),
            numbers_only=self._restarts.takes_numbers,
            n_blocks=self._restarts.n_blocks,
        ):
            self._restarts.run(block)
        self._restarts.results()
        return len(self._data) * self._n_init

    def trained(self) -> Trained:
        """Train for an epoch, and return the result of the first restart."""
        self.epoch()
        (weights, *_), means = self._restarts.results()[0]
        return Trained(means["loss"], weights)


def comparison(size: str, cpu: OneDevice, other: OneDevice) -> Iterator[str]:
    """Yield cells that compare two devices after a few steps."""
    training = Training(f"{size},n_steps={COMPARED_STEPS[size]}", cpu)
    expected = training.trained()
    found, again = (
        Training(f"{size},n_steps={COMPARED_STEPS[size]}", other).trained() for _ in range(2)
    )
    x = frames(f"{size},n_steps=2")
    labels = [
        Inference(training.architecture, result.weights, device.device).probabilities(x).argmax(1)
        for result, device in ((expected, cpu), (found, other))
    ]
    yield f"{abs(found.loss / expected.loss - 1):.0e}"
    yield f"{100 * np.mean(labels[0] == labels[1]):.2f} %"
    yield "yes" if np.array_equal(found.weights, again.weights) else "no"


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


def training_rounds(size: str, gpu: str | None, changes: dict) -> dict[str, Callable[[], int]]:
    steps = {"CPU:0": CPU_STEPS[size], **({gpu: GPU_STEPS[size]} if gpu else {})}
    return {
        device: Training(f"{size},n_steps={n}", OneDevice(device), **changes).epoch
        for device, n in steps.items()
    }


def labelling_rounds(size: str, gpu: str | None) -> dict[str, Callable[[], int]]:
    settings, _, _ = chosen(size)
    n_x = settings.pop("n_x")
    architecture = Architecture.of(Hyperparameters(**settings), n_x)
    flat = random_weights(architecture, 0, 0)
    longest = 2**20 if n_x < 100 else 2**14
    x = np.random.default_rng(0).standard_normal((longest, n_x), dtype=np.float32)

    def round_of(device: str) -> Callable[[], int]:
        inference = Inference(architecture, flat, device)

        def round_() -> int:
            for start in range(0, len(x), inference.chunk_frames):
                inference.probabilities(x[start : start + inference.chunk_frames]).argmax(axis=1)
            return len(x)

        return round_

    return {device: round_of(device) for device in ("CPU:0", gpu) if device}


def row(name: str, rounds: dict[str, Callable[[], int]], gpu: str | None, n_rounds: int) -> str:
    found = rates(rounds, n_rounds)
    cells = [name, cell(found["CPU:0"])]
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


def report(options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the report."""
    automatic = devices.choose("auto")
    gpu = None if automatic.startswith("CPU") else automatic
    names = [devices.describe("CPU:0"), devices.describe(gpu) if gpu else "no GPU was found"]
    yield "## CPU and GPU\n"
    yield f"{machine.describe('tensorflow', 'mdgmvae')}; {'; '.join(names)}\n"
    other = OneDevice(gpu) if gpu else AsOnGPU("CPU:0")
    name = "the GPU" if gpu else "the step of a GPU on the CPU"
    yield f"The same training on the CPU and with {name}:\n"
    yield "| size | loss differs by | frames with the same label | twice the same bits |"
    yield "|---|--:|--:|---|"
    for size in options.sizes:
        yield f"| {' | '.join([size, *comparison(size, OneDevice('CPU:0'), other)])} |"
    yield f"\nFrames per second, medians of {options.rounds} rounds (quartiles):\n"
    yield "| | CPU | GPU | GPU relative to CPU |"
    yield "|---|--:|--:|--:|"
    for size in options.sizes:
        for changes in ({}, *VARIANTS.get(size, [])):
            named = [size, *(f"{key}={value}" for key, value in changes.items())]
            rounds = training_rounds(size, gpu, changes)
            yield row(", ".join(named), rounds, gpu, options.rounds)
        yield row(f"{size}, labelling", labelling_rounds(size, gpu), gpu, options.rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sizes", nargs="+", default=["S", "robust", "M", "L", "XL"], choices=list(SIZES)
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, help="number of CPU threads")
    parser.add_argument("--out", type=Path, help="also write the report to this file")
    options = parser.parse_args()
    devices.start("cpu", options.threads)
    lines = []
    for line in report(options):
        lines.append(line)
        print(line, flush=True)
        if options.out:
            options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Cost of training as a function of frames, features, components, batch size and threads.

Usage: python benchmarks/speed/scaling.py [--rounds 5] [--figure PNG] [--quick]

One number of size S (see sizes.py) is changed at a time. Each contestant runs in one process. The
number of threads is changed for size M.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import machine
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator
from sizes import chosen

HERE = Path(__file__).parent
HEAD = """## Cost as a function of size

Microseconds of processor time per frame and epoch, on one thread: medians of {rounds} rounds for
size S with one number changed. The table for `n_frames` shows seconds per epoch.
"""
CONTESTANTS = {"ours": "mdgmvae", "keras_fit": "Keras fit", "naive": "TensorFlow, naive"}
#: Style of each contestant, which differs in grey, too.
STYLES = ("o-", "s--", "^-.")
#: Values of the numbers that are changed.
FRAMES = (5_000, 20_000, 80_000, 320_000)
SWEEPS: dict[str, Sequence[int]] = {
    "n_x": (3, 10, 30, 100, 300),
    "k": (1, 2, 5, 10, 20),
    "batch_size": (50, 200, 500, 2_000, 5_000),
}
#: What the numbers are called in the figure.
LABELS = {
    "n_frames": "frames",
    "n_x": "features",
    "k": "components k",
    "batch_size": "frames of a batch",
}
ROUND_FRAMES = 20_000
#: Largest number of frames for the other contestants. For more frames, their time can be
#: extrapolated.
LONGEST_OF_OTHERS = 80_000
BATCH_SIZE = chosen("S")[1]
Point = tuple[int, float, float]


def size(name: str, value: int) -> str:
    """Return size S with one number changed, in the notation of sizes.py."""
    if name == "n_frames":
        return f"S,n_steps={-(-value // BATCH_SIZE)}"
    batch_size = value if name == "batch_size" else BATCH_SIZE
    return f"S,{name}={value},n_steps={-(-ROUND_FRAMES // batch_size)}"


def sweeps(contestant: str, quick: bool) -> dict[str, Sequence[int]]:
    longest = LONGEST_OF_OTHERS if contestant != "ours" else max(FRAMES)
    found = {"n_frames": [n for n in FRAMES if n <= longest], **SWEEPS}
    return {name: values[:2] for name, values in found.items()} if quick else found


def measure(
    module: str, n_rounds: int, sizes: Sequence[str], threads: int = 1
) -> list[list[float]]:
    """Measure processor and wall-clock seconds per frame, for each size."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [sys.executable, "scaling_run.py", module, str(n_rounds), *sizes],
        cwd=HERE,
        env={**os.environ, **quiet},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("size ")]
    return [[float(number) for number in line[2:]] for line in lines]


def measure_sweeps(contestant: str, n_rounds: int, quick: bool) -> dict[str, list[Point]]:
    """Return the costs for each number that is changed: value, processor and wall seconds."""
    asked = sweeps(contestant, quick)
    pairs = [(name, value) for name, values in asked.items() for value in values]
    found: dict[str, list[Point]] = {name: [] for name in asked}
    costs = measure(contestant, n_rounds, [size(*pair) for pair in pairs])
    for (name, value), (processor, wall) in zip(pairs, costs, strict=True):
        found[name].append((value, processor, wall))
    return found


def measure_threads(n_rounds: int) -> list[Point]:
    cores = os.cpu_count() or 1
    counts = sorted({1, *(2**i for i in range(1, cores.bit_length()) if 2**i <= cores), cores})
    return [(n, *measure("ours", n_rounds, ["M"], n)[0]) for n in counts]  # type: ignore[misc]


def table(name: str, found: dict[str, dict[str, list[Point]]]) -> str:
    values = [point[0] for point in found["ours"][name]]
    lines = [
        f"\n| {name} | {' | '.join(f'{value:,}' for value in values)} |",
        f"|---|{'--:|' * len(values)}",
    ]
    for contestant, points in found.items():
        cells = {value: cost(name, value, processor) for value, processor, _ in points[name]}
        row = " | ".join(cells.get(value, "") for value in values)
        lines.append(f"| {CONTESTANTS[contestant]} | {row} |")
    return "\n".join(lines)


def cost(name: str, value: int, processor: float) -> str:
    return f"{value * processor:.3f}" if name == "n_frames" else f"{1e6 * processor:.2f}"


def threads_table(points: list[Point]) -> str:
    rows = [f"| {n} | {1e6 * wall:.2f} | {1e6 * used:.2f} |" for n, used, wall in points]
    head = "| threads, size M | wall-clock time | processor time |\n|--:|--:|--:|"
    return "\n".join(["", head, *rows])


def draw(found: dict[str, dict[str, list[Point]]], threads: list[Point], path: Path) -> None:
    figure, axes = plt.subplots(2, 3, figsize=(8.4, 5.2), layout="constrained")
    *panels, last, corner = axes.flat
    for ax, name in zip(panels, ("n_frames", *SWEEPS), strict=True):
        for (contestant, points), style in zip(found.items(), STYLES, strict=True):
            values = [value for value, _, _ in points[name]]
            factors = values if name == "n_frames" else [1e6] * len(values)
            costs = [f * used for f, (_, used, _) in zip(factors, points[name], strict=True)]
            ax.plot(values, costs, style, markersize=4, label=CONTESTANTS[contestant])
        unit = "s per epoch" if name == "n_frames" else "µs per frame"
        ax.set(xlabel=LABELS[name], ylabel=f"processor time / {unit}", xscale="log", yscale="log")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter("{x:g}")
        ax.set_xticks([value for value, _, _ in found["ours"][name]])
        ax.tick_params(axis="x", labelsize="small")
    draw_threads(last, threads)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    corner.set_axis_off()
    corner.legend(
        [*panels[0].get_lines(), *last.get_lines()],
        [line.get_label() for line in (*panels[0].get_lines(), *last.get_lines())],
        loc="center", frameon=False,
    )  # fmt: skip
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_threads(ax: Axes, points: list[Point]) -> None:
    counts = [n for n, _, _ in points]
    for label, column, style in (("wall-clock", 2, "k-"), ("processor", 1, "k:")):
        times = [1e6 * point[column] for point in points]
        ax.plot(counts, times, style, marker="x", markersize=5, label=f"mdgmvae, {label} time")
    ax.set(xlabel="threads, size M", ylabel="time / µs per frame", xticks=counts)
    ax.set_ylim(bottom=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--figure", type=Path, help="draw the costs to this file")
    parser.add_argument("--quick", action="store_true", help="two values of each number")
    options = parser.parse_args()
    print(HEAD.format(rounds=options.rounds))
    print(machine.describe("tensorflow", "mdgmvae"), flush=True)
    found = {
        contestant: measure_sweeps(contestant, options.rounds, options.quick)
        for contestant in CONTESTANTS
    }
    for name in ("n_frames", *SWEEPS):
        print(table(name, found))
    threads = measure_threads(options.rounds)
    print(threads_table(threads))
    if options.figure:
        draw(found, threads, options.figure)


if __name__ == "__main__":
    main()

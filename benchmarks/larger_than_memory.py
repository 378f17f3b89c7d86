"""Compare training on features four times as large as `max_memory` with training in memory.

Usage: python benchmarks/larger_than_memory.py [--frames 400000] [--columns 400] [--rounds 3]
                                               [--json FILE]

The features are those of the five wells (`mdgmvae.data.toys`), mixed into many columns. Each
training and each labelling runs in a separate process; they take turns. A "capped" process runs in
a control group. The memory of the group, including the page cache, is enough for the process but
not for the file, so every epoch reads from disk. This needs root and Linux control groups, and is
skipped without them.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import machine

#: Code of a process, which trains or labels, and prints its time and memory.
WORK = """
import json, resource, sys, time
import numpy as np
import mdgmvae.network.inference, mdgmvae.training.loop
from mdgmvae import GMVAE

task, path, budget, model, out = sys.argv[1:]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if task == "label":
    model = GMVAE.load(model).set_params(max_memory=budget)
    began = time.perf_counter()
    labels = model.predict(path)
else:
    model = GMVAE.from_preset(task, n_epochs=3, seed=0, max_memory=budget, refit=False)
    began = time.perf_counter()
    model.fit(path)
    took = time.perf_counter() - began
    labels = model.predict(path)
    model.save(out + ".model")
if task == "label":
    took = time.perf_counter() - began
np.save(out, labels)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([took, peak / 1024, (peak - before) / 1024]))
"""
#: Bytes of page cache that a capped process may use in addition to its own memory.
CACHE = 64 * 2**20


def write_features(path: Path, n_frames: int, n_columns: int) -> None:
    """Write coordinates of the five wells, mixed into `n_columns` columns with a little noise."""
    import numpy as np

    from mdgmvae.data.toys import five_wells

    x = five_wells(20, n_frames // 20, seed=0, steps=5).X
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(3, n_columns)).astype(np.float32)
    values = np.lib.format.open_memmap(path, "w+", np.float32, (len(x), n_columns))
    for start in range(0, len(x), 10_000):
        rows = x[start : start + 10_000] @ mixing
        values[start : start + 10_000] = rows + 0.1 * rng.normal(size=rows.shape)
    values.flush()


@contextmanager
def control_group(n_bytes: int) -> Iterator[Path | None]:
    """Yield a control group with a limit on memory, or None if it cannot be created."""
    for root, limit in (
        (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup"), "memory.max"),
    ):
        folder = root / "mdgmvae-benchmark"
        try:
            folder.mkdir()
            (folder / limit).write_text(str(n_bytes))
        except OSError:
            if folder.is_dir():
                folder.rmdir()
            continue
        try:
            yield folder
        finally:
            folder.rmdir()
        return
    yield None


def work(arguments: list[str], group: Path | None = None) -> tuple[float, float, float]:
    """Run a process; return its seconds, its peak memory in MiB, and that above the libraries."""
    command = [sys.executable, "-W", "ignore", "-c", WORK, *arguments]
    if group is not None:
        # The shell joins the group before it executes the command.
        command = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{arguments}: {done.stderr[-2000:]}")
    seconds, peak, above = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak, above


def measure(folder: Path, features: Path, n_rounds: int) -> list[dict]:
    """Run all tasks with enough memory for the features and with a quarter of that."""
    size = features.stat().st_size
    budgets = {"in memory": 4 * size, "a quarter in memory": size // 4}
    rows = []
    for task in ("paper", "robust", "label"):
        took: dict[str, list[tuple[float, float, float]]] = {}
        for _ in range(n_rounds):
            for name, budget in budgets.items():
                out = str(folder / f"{task}-{name}.npy")
                arguments = [task, str(features), str(budget), model_of(folder), out]
                took.setdefault(name, []).append(work(arguments))
            peak = max(peak for _, peak, _ in took["a quarter in memory"])
            with control_group(int(peak * 2**20) + CACHE) as group:
                if group is not None:
                    name = "a quarter in memory, capped"
                    arguments[-1] = str(folder / f"{task}-{name}.npy")
                    took.setdefault(name, []).append(work(arguments, group))
        rows += [summary(folder, task, name, found, took) for name, found in took.items()]
    return rows


def model_of(folder: Path) -> str:
    """Return the path of the model that labels: "robust", trained in memory."""
    return str(folder / "robust-in memory.npy.model")


def summary(folder: Path, task: str, name: str, found: list, took: dict) -> dict:
    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    seconds, peaks, above = zip(*found, strict=True)
    first = statistics.median(one[0] for one in took["in memory"])
    labels = [np.load(folder / f"{task}-{which}.npy") for which in (name, "in memory")]
    return {
        "task": task,
        "name": name,
        "seconds": statistics.median(seconds),
        "spread": [min(seconds), max(seconds)],
        "times": statistics.median(seconds) / first,
        "peak": max(peaks),
        "above": max(above),
        "same": float(np.mean(labels[0] == labels[1])),
        "rand": float(adjusted_rand_score(*labels)),
    }


def table(rows: list[dict]) -> str:
    lines = [
        "| task | features | time / s (range) | relative to in memory | peak / MiB | above the "
        "libraries / MiB | identical labels | adjusted Rand index with in memory |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        low, high = row["spread"]
        lines.append(
            f"| {row['task']} | {row['name']} | {row['seconds']:.1f} ({low:.1f} to {high:.1f}) "
            f"| {row['times']:.2f} | {row['peak']:,.0f} | {row['above']:,.0f} "
            f"| {100 * row['same']:.2f} % | {row['rand']:.3f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=400_000)
    parser.add_argument("--columns", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the measurements to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mdgmvae-larger-") as name:
        features = Path(name) / "features.npy"
        write_features(features, options.frames, options.columns)
        rows = measure(Path(name), features, options.rounds)
        size = features.stat().st_size
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    print(machine.describe("numpy", "tensorflow", "mdgmvae"))
    print(f"\n{size / 2**20:,.0f} MiB of features; presets trained for 3 epochs\n")
    print(table(rows))


if __name__ == "__main__":
    main()

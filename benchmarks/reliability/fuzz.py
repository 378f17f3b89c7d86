"""Damage files of every kind many times, and count what their loaders say.

Usage: python benchmarks/reliability/fuzz.py [--mutations 100000] [--bits] [--json FILE]

Each mutation damages a sound file (see tests/hostile.py) and loads it. A loader may read the file
or refuse it with an InputError in one line; anything else is a failure, which is printed. The peak
of the memory that Python and NumPy allocate is measured in every 50th mutation. With --bits, every
bit of a small model.json and weights.npz is flipped in turn, too, and no flip may be read.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
import hostile

from mdgmvae.errors import InputError
from mdgmvae.model.saved_model import SavedModel

MEASURED_EVERY = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--bits", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mdgmvae-fuzz-") as name:
        sound, work = Path(name, "sound"), Path(name, "work")
        sound.mkdir()
        hostile.write_sound_files(sound)
        shutil.copytree(sound, work)
        per_loader = -(-options.mutations // len(hostile.LOADERS))
        rows = {n: mutate(sound, work, n, per_loader) for n in hostile.LOADERS}
        flips = {n: flip(work / "model", n) for n in ("model.json", "weights.npz") if options.bits}
    print(f"{time.monotonic() - started:,.0f} s")
    if options.json:
        options.json.write_text(json.dumps({"mutations": rows, "flips": flips}, indent=1))
    sys.exit(any(row["failed"] for row in [*rows.values(), *flips.values()]))


def mutate(sound: Path, work: Path, name: str, n: int) -> dict[str, float]:
    """Damage the file of a loader `n` times."""
    loader, found = hostile.LOADERS[name], Counter()
    largest, slowest = 0, 0.0
    for number in range(n):
        measured = number % MEASURED_EVERY == 0
        if measured:
            tracemalloc.start()
        began = time.perf_counter()
        said = hostile.load_damaged(sound, work, loader, Random(f"{name} {number}"))
        if measured:
            largest = max(largest, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        else:
            slowest = max(slowest, time.perf_counter() - began)
        if said not in ("read", "refused", "unchanged"):
            print(f"{name}, mutation {number}: {said}")
            said = "failed"
        found[said] += 1
    row = {n: found[n] for n in ("read", "refused", "unchanged", "failed")}
    print(
        f"{name:16} {row['refused']:7,} refused {row['read']:7,} read "
        f"{row['unchanged']:5,} unchanged {row['failed']:5,} failed, "
        f"peak {largest / 2**20:.1f} MiB, longest {slowest:.2f} s",
        flush=True,
    )
    return {**row, "peak": largest, "slowest": slowest}


def flip(model: Path, name: str) -> dict[str, int]:
    """Flip every bit of a file of a model in turn."""
    path = model / name
    whole = path.read_bytes()
    found = Counter()
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            SavedModel.load(model)
        except InputError:
            found["refused"] += 1
        except Exception as error:
            print(f"{name}, bit {bit}: {type(error).__name__}: {error}")
            found["failed"] += 1
        else:
            print(f"{name}, bit {bit}: not noticed")
            found["failed"] += 1
    path.write_bytes(whole)
    print(f"{name}: {found['refused']:,} of {8 * len(whole):,} flipped bits noticed", flush=True)
    return {n: found[n] for n in ("refused", "failed")}


if __name__ == "__main__":
    main()

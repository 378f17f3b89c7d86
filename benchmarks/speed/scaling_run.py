"""Measure one contestant at several sizes, one after the other in one process.

Usage: python scaling_run.py MODULE ROUNDS SIZE...

MODULE is a contestant (ours, keras_fit, naive). For each size, the script prints the medians of
processor and wall-clock seconds per frame.
"""

import statistics
import sys
import time
from importlib import import_module

from tensorflow_threads import set_threads


def main(module: str, n_rounds: int, sizes: list[str]) -> None:
    make = import_module(module).make
    for size in sizes:
        round_ = make(size)
        # The first round compiles and is not measured.
        n_frames = round_()
        processor, wall = [], []
        for _ in range(n_rounds):
            began = time.process_time(), time.perf_counter()
            round_()
            processor.append((time.process_time() - began[0]) / n_frames)
            wall.append((time.perf_counter() - began[1]) / n_frames)
        values = statistics.median(processor), statistics.median(wall)
        print("size", size, *values, flush=True)


if __name__ == "__main__":
    set_threads()
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])

"""The contestant's side of `contest`: run rounds on demand and report their times.

Only the standard library is imported, because contestants run in different environments.
"""

import os
import sys
import time
from collections.abc import Callable


def n_threads() -> int:
    """Return the number of threads that a contestant may use, by default one."""
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


def serve(round_: Callable[[], int]) -> None:
    """Run a round for each line on standard input; print frames, processor and wall seconds."""
    began = time.perf_counter()
    round_()
    print(f"ready {time.perf_counter() - began:.2f}", flush=True)
    for _ in sys.stdin:
        processor, wall = time.process_time(), time.perf_counter()
        n_frames = round_()
        processor, wall = time.process_time() - processor, time.perf_counter() - wall
        print(f"round {n_frames} {processor:.6f} {wall:.6f}", flush=True)

"""A contestant's side of a contest: rounds on demand, each with its processor time.

It imports nothing but the standard library, since contestants live in different environments.
"""

import os
import sys
import time
from collections.abc import Callable


def n_threads() -> int:
    """How many threads a contestant may use: one, where nobody says."""
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

"""Frames for each second of processor time in training, against other implementations.

Usage: python benchmarks/speed/training.py [--sizes S M L XL] [--rounds 9] [--peers PYTHON]

Each contestant is a process of its own with one thread; they take turns. --peers is the
interpreter of an environment with biobb-pytorch (`make bench` makes one); without it that
contestant stays away.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import machine
from contest import Contestant, contest, quartiles, ratio
from sizes import SIZES


def contestants(size: str, peers: str | None, restarts: list[int]) -> list[Contestant]:
    found = [
        Contestant("mdgmvae", ["ours.py", size, "auto"]),
        Contestant("mdgmvae, without XLA", ["ours.py", size, "plain"]),
        Contestant("mdgmvae, with XLA", ["ours.py", size, "xla"]),
        Contestant("Keras fit", ["keras_fit.py", size]),
    ]
    found += [
        Contestant(f"mdgmvae, {n} restarts", ["ours.py", size, "auto", f"{n}"]) for n in restarts
    ]
    if peers:
        found.append(Contestant("biobb-pytorch", ["biobb.py", size], peers))
    return found


def table(size: str, found: list[Contestant]) -> str:
    ours = found[0]
    lines = [
        f"\nSize {size}\n",
        "| contestant | frames / s (quartiles) | mdgmvae against it (quartiles) | first call / s |",
        "|---|--:|--:|--:|",
    ]
    for one in found:
        low, high = quartiles(one.rates)
        times, least, most = ratio(ours, one)
        lines.append(
            f"| {one.name} | {one.rate:,.0f} ({low:,.0f} to {high:,.0f}) "
            f"| {times:.2f} ({least:.2f} to {most:.2f}) | {one.first_call:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--peers", help="Python of an environment with biobb-pytorch")
    parser.add_argument("--restarts", nargs="*", type=int, default=[], help="also so many at once")
    options = parser.parse_args()
    print(machine.describe("tensorflow", "mdgmvae"))
    for size in options.sizes:
        found = contestants(size, options.peers, options.restarts)
        contest(found, options.rounds)
        print(table(size, found), flush=True)


if __name__ == "__main__":
    main()

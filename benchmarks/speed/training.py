"""Compare the speed of training with other implementations.

Usage: python benchmarks/speed/training.py [--sizes S M L XL robust] [--rounds 9] [--peers PYTHON]

Each contestant runs in a separate process with one thread; they take turns. --peers is the Python
interpreter of an environment with biobb-pytorch and PyTorch (`make bench` creates one); without it,
these contestants are left out. A frame counts once for each restart that is trained on it.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import machine
from contest import Contestant, hold, quartiles, ratio
from sizes import KINETIC, SIZES

HEAD = """## Training

Frames per second of processor time, with one thread for each implementation: medians of the rounds
(quartiles). The implementations take turns. "Speed-up of mdgmvae" is the ratio of the medians. A
frame counts once for each restart that is trained on it. The sizes are defined in
`benchmarks/speed/sizes.py`. "Naive" is the paper's loss as it is written there, with a loop over
the components and a separate call for each step. "Plain" has all components in one batch.
"""
#: Number of rounds for sizes that take long.
ROUNDS = {"L": 5, "XL": 3}
#: More variants of the package at some sizes: a name and the arguments of ours.py.
MORE = {
    "S": [("mdgmvae, 8 restarts", ["auto", "8"])],
    "M": [("mdgmvae, 8 restarts", ["auto", "8"])],
    "XL": [
        ("mdgmvae, n_decoded=1", ["auto", "1", "1"]),
        ("mdgmvae, n_decoded=2", ["auto", "1", "2"]),
    ],
}


def contestants(size: str, peers: str | None) -> list[Contestant]:
    ours = [
        ("mdgmvae", ["auto"]),
        ("mdgmvae, without XLA", ["plain"]),
        *MORE.get(size, []),
    ]
    found = [Contestant(name, ["ours.py", size, *arguments]) for name, arguments in ours]
    if size in KINETIC:
        return found
    found += [
        Contestant("Keras fit", ["keras_fit.py", size]),
        Contestant("TensorFlow, naive", ["naive.py", size]),
    ]
    if peers:
        found += [
            Contestant("biobb-pytorch", ["biobb.py", size], peers),
            Contestant("PyTorch, plain", ["naive_torch.py", size], peers),
        ]
    return found


def table(size: str, found: list[Contestant]) -> str:
    ours = found[0]
    lines = [
        f"\nSize {size}\n",
        "| implementation | frames / s (quartiles) | speed-up of mdgmvae (quartiles) "
        "| first call / s |",
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
    parser.add_argument("--out", type=Path, help="also write the tables to this file")
    parser.add_argument("--peers", help="Python interpreter with biobb-pytorch")
    options = parser.parse_args()
    texts = [HEAD, machine.describe("tensorflow", "mdgmvae")]
    print("\n".join(texts))
    for size in options.sizes:
        found = contestants(size, options.peers)
        hold(found, ROUNDS.get(size, options.rounds))
        texts.append(table(size, found))
        print(texts[-1], flush=True)
        if options.out:
            options.out.write_text("\n".join(texts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

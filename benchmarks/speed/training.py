"""Frames for each second of processor time in training, against other implementations.

Usage: python benchmarks/speed/training.py [--sizes S M L XL robust] [--rounds 9] [--peers PYTHON]

Each contestant is a process of its own with one thread; they take turns. --peers is the
interpreter of an environment with biobb-pytorch (`make bench` makes one); without it that
contestant stays away. A frame that several restarts see counts for each of them.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import machine
from contest import Contestant, hold, quartiles, ratio
from sizes import KINETIC, SIZES

HEAD = """## Training

Frames for each second of processor time, one thread each, contestants in turn (`make bench`):
medians of the rounds, and quartiles. "mdgmvae against it" is the ratio of the medians. A frame
that several restarts see counts for each of them. Sizes: `benchmarks/speed/sizes.py`. "Naive" is
the paper's loss written as it stands, with a loop over the components and a call for each step;
"plain" has all components in one batch.
"""
#: Fewer rounds where one takes long.
ROUNDS = {"L": 5, "XL": 3}
#: More of ours at some sizes: a name and the arguments of ours.py.
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
    parser.add_argument("--out", type=Path, help="write the tables there, too")
    parser.add_argument("--peers", help="Python of an environment with biobb-pytorch")
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

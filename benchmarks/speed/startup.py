"""Processor time of what starts often: the command's help, the import, a small featurization.

Usage: python benchmarks/speed/startup.py [--rounds 7]

Each is a new process; they take turns. Whether TensorFlow was imported comes from one more
process with `-X importtime`, which lists what is imported.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import machine
from contest import quartiles

from mdgmvae.data import alanine_dipeptide

HEAD = """## Starting

Processor time of a new process, median of {rounds} rounds, and quartiles. The featurization is that
of all dihedrals of the embedded alanine dipeptide.
"""


def commands(folder: Path) -> dict[str, list[str]]:
    """What is measured: the arguments of Python."""
    topology, trajectories = alanine_dipeptide()
    out = str(folder / "features.npy")
    module = ["-m", "mdgmvae"]
    return {
        "Python alone": ["-c", "pass"],
        "`import mdgmvae`": ["-c", "import mdgmvae"],
        "`mdgmvae --help`": [*module, "--help"],
        "`mdgmvae run --help`": [*module, "run", "--help"],
        "`mdgmvae featurize`": [*module, "featurize", topology, *trajectories, "-o", out],
    }


def seconds(arguments: list[str]) -> float:
    """Processor time of a new process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def imports_tensorflow(arguments: list[str]) -> bool:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], check=True, capture_output=True, text=True
    )
    # "import time: self | cumulative | name", the name indented by how deep it is.
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    if "argparse" not in names and "-m" in arguments:
        raise RuntimeError("Python does not list what is imported")
    return "tensorflow" in names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(HEAD.format(rounds=options.rounds))
    print(machine.describe("mdgmvae"))
    with tempfile.TemporaryDirectory() as folder:
        found = commands(Path(folder))
        for arguments in found.values():
            # So that files are in the cache, and compiled.
            seconds(arguments)
        took: dict[str, list[float]] = {name: [] for name in found}
        for _ in range(options.rounds):
            for name, arguments in found.items():
                took[name].append(seconds(arguments))
        print("\n| | seconds (quartiles) | imports TensorFlow |\n|---|--:|---|")
        for name, values in took.items():
            low, high = quartiles(values)
            median = statistics.median(values)
            tensorflow = "yes" if imports_tensorflow(found[name]) else "no"
            print(f"| {name} | {median:.2f} ({low:.2f} to {high:.2f}) | {tensorflow} |")


if __name__ == "__main__":
    main()

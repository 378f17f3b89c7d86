"""Processor time from the start: help, imports, a small featurization, and the demo's verdict.

Usage: python benchmarks/speed/startup.py [--rounds 7] [--demos 3]

Each command runs in a new process; they take turns. The demo runs in the first rounds only.
Machines differ, so it is also compared with the import of TensorFlow. One more process, with
`-X importtime`, lists the imports, to see whether TensorFlow is among them.
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

HEAD = """## Start-up

Processor time of a new process: medians of {rounds} rounds (quartiles). `mdgmvae featurize`
computes all dihedrals of the embedded alanine dipeptide. `mdgmvae demo` reads its 20,000 frames,
trains preset "robust", judges the states and writes all files, with code that was compiled before.
"""
DEMO, TENSORFLOW = "`mdgmvae demo`", "import of TensorFlow"


def commands(folder: Path) -> dict[str, list[str]]:
    """Return the commands to measure, as arguments of Python."""
    topology, trajectories = alanine_dipeptide()
    out = str(folder / "features.npy")
    module = ["-m", "mdgmvae"]
    return {
        "Python alone": ["-c", "pass"],
        "`import mdgmvae`": ["-c", "import mdgmvae"],
        "`mdgmvae --help`": [*module, "--help"],
        "`mdgmvae run --help`": [*module, "run", "--help"],
        "`mdgmvae featurize`": [*module, "featurize", topology, *trajectories, "-o", out],
        TENSORFLOW: ["-c", "import mdgmvae.network.quiet_tensorflow"],
        DEMO: [*module, "demo", "-o", str(folder / "demo"), "--overwrite"],
    }


def seconds(arguments: list[str]) -> float:
    """Return the processor time of a new process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def imports_tensorflow(arguments: list[str]) -> bool:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], check=True, capture_output=True, text=True
    )
    # Lines are "import time: self | cumulative | name"; nested imports are indented.
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    if "argparse" not in names and "-m" in arguments:
        raise RuntimeError("Python does not list what is imported")
    # What TensorFlow itself imports is not listed, because standard error is closed meanwhile.
    return not names.isdisjoint({"tensorflow", "mdgmvae.network.quiet_tensorflow"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--demos", type=int, default=3, help="rounds with the demo")
    options = parser.parse_args()
    print(HEAD.format(rounds=options.rounds))
    print(machine.describe("mdgmvae"))
    with tempfile.TemporaryDirectory() as folder:
        found = commands(Path(folder))
        for arguments in found.values():
            # The first call compiles modules and fills the file cache; it is not measured.
            seconds(arguments)
        took: dict[str, list[float]] = {name: [] for name in found}
        for number in range(options.rounds):
            for name, arguments in found.items():
                if name != DEMO or number < options.demos:
                    took[name].append(seconds(arguments))
        print("\n| | seconds (quartiles) | imports TensorFlow |\n|---|--:|---|")
        for name, values in took.items():
            low, high = quartiles(values)
            median = statistics.median(values)
            tensorflow = "yes" if imports_tensorflow(found[name]) else "no"
            print(f"| {name} | {median:.2f} ({low:.2f} to {high:.2f}) | {tensorflow} |")
    ratio = statistics.median(took[DEMO]) / statistics.median(took[TENSORFLOW])
    print(f"\nThe demo takes {ratio:.1f} times as long as the import of TensorFlow.")


if __name__ == "__main__":
    main()

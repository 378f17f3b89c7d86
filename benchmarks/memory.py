"""Peak memory of the commands as a function of the length of the trajectory.

Usage: python benchmarks/memory.py [--megabytes 50 200 600] [--copies 63] [--epochs 2]
                                   [--max_memory 128MB] [--small] [--json FILE]

Each command runs in a new process on trajectories that differ only in their length (megabytes of
decoded coordinates). The table shows the largest resident memory of this process, and how much that
is above a process that only imports the same libraries. The number of heavy atoms for the distances
is chosen such that the feature file is about as large as the decoded trajectory.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import machine

# Nothing heavy is imported here, because the peak memory of a new process includes that of the
# process that started it.

PYTHON = [sys.executable]
COMMAND = [*PYTHON, "-m", "mdgmvae"]
ATOMS, HEAVY_ATOMS, RESIDUE_NUMBERS = 22, 10, 10  # of a copy, see long_trajectory.py

READS = "import mdgmvae.analysis.gmvae_analysis, mdgmvae.cli.commands.run, mdgmvae.featurizers"
TRAINS = (
    f"{READS}, mdgmvae.training.loop, mdgmvae.network.inference, mdgmvae.plot.landscape, "
    "mdgmvae.annotation.attach"
)
#: Networks that train quickly. The data are read in the same way for networks of any size.
SMALL = [
    *("-k", "2", "--no-refit", "--n_z", "2"),
    *("--qy_dims", "8", "--qz_dims", "8", "--pz_dims", "8", "--px_dims", "8"),
]
LIBRARIES = {"featurize": READS, "train": TRAINS, "assign": TRAINS, "run": TRAINS}


@dataclass(frozen=True)
class Measurement:
    """Memory in bytes and time in seconds of one command at one length."""

    step: str
    frames: int
    decoded: int
    trajectory: int
    features: int
    peak: int
    baseline: int
    seconds: float

    @property
    def above(self) -> int:
        """Peak above the libraries."""
        return self.peak - self.baseline


def main(megabytes: Sequence[float], copies: int, training: Sequence[str]) -> list[Measurement]:
    with tempfile.TemporaryDirectory(prefix="mdgmvae-memory-") as name:
        folder = Path(name)
        libraries = {code: peak([*PYTHON, "-c", code])[0] for code in set(LIBRARIES.values())}
        baselines = {step: libraries[code] for step, code in LIBRARIES.items()}
        found = []
        for size in megabytes:
            found += measure(folder, size, copies, baselines, training)
    return found


def measure(
    folder: Path,
    megabytes: float,
    copies: int,
    baselines: dict[str, int],
    training: Sequence[str],
) -> list[Measurement]:
    """Measure all commands at one length."""
    n_frames = round(megabytes * 1e6 / (copies * ATOMS * 12))
    script = str(Path(__file__).with_name("long_trajectory.py"))
    peak([*PYTHON, script, str(folder / "a"), f"--frames={n_frames}", f"--copies={copies}"])
    files = [str(folder / "a.pdb"), str(folder / "a.xtc")]
    dihedrals, distances = str(folder / "dihedrals.npy"), str(folder / "distances.npy")
    near = f"resid 1:{RESIDUE_NUMBERS * copies_for_distances(copies)}"
    reading = [*files, "--features", "distances", "--select", near]
    steps = {
        "featurize, dihedrals": ["featurize", *files, "--features", "dihedrals", "-o", dihedrals],
        "featurize, distances": ["featurize", *reading, "-o", distances],
        "train on the distances": [
            *("train", "--traj_file", distances, *training),
            *("-o", str(folder / "train"), "--overwrite"),
        ],
        "assign": ["assign", str(folder / "train"), *files, "-o", str(folder / "labels.npz")],
        "run, distances": [
            *("run", *reading, "--n_init", "1", *training),
            *("-o", str(folder / "run"), "--overwrite"),
        ],
    }
    found = []
    for step, arguments in steps.items():
        bytes_used, seconds = peak([*COMMAND, *arguments])
        found.append(
            Measurement(
                step=step,
                frames=n_frames,
                decoded=n_frames * copies * ATOMS * 12,
                trajectory=os.path.getsize(files[1]),
                features=os.path.getsize(dihedrals if "dihedrals" in step else distances),
                peak=bytes_used,
                baseline=baselines[arguments[0]],
                seconds=seconds,
            )
        )
    return found


def copies_for_distances(copies: int) -> int:
    """Return how many copies have about as many pairs of heavy atoms as all have coordinates."""
    wanted = 3 * copies * ATOMS
    few = range(1, copies + 1)
    pairs = [n * HEAVY_ATOMS * (n * HEAVY_ATOMS - 1) // 2 for n in few]
    return min(few, key=lambda n: abs(pairs[n - 1] - wanted))


def peak(command: Sequence[str]) -> tuple[int, float]:
    """Run a command; return its largest resident memory in bytes and its time in seconds."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            sys.exit(f"{' '.join(command)}\n{said.read().decode()}")
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit, time.perf_counter() - began


def table(found: Sequence[Measurement]) -> str:
    """Return a Markdown table, with the growth of the peak from each length to the next."""
    lines = [
        "| command | frames | decoded / MB | XTC / MB | features / MB | peak / MB | "
        "above the libraries / MB | bytes per added frame | time / s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for step in dict.fromkeys(one.step for one in found):
        before = None
        for one in [one for one in found if one.step == step]:
            grown = "" if before is None else f"{slope(before, one):,.0f}"
            sizes = (one.decoded, one.trajectory, one.features, one.peak, one.above)
            cells = [f"{size / 1e6:,.0f}" for size in sizes]
            cells = [step, f"{one.frames:,}", *cells, grown, f"{one.seconds:.1f}"]
            lines.append(f"| {' | '.join(cells)} |")
            before = one
    return "\n".join(lines)


def slope(one: Measurement, other: Measurement) -> float:
    """Return the bytes by which the peak grows per frame."""
    return (other.peak - one.peak) / (other.frames - one.frames)


def ratios(found: Sequence[Measurement]) -> str:
    """Compare the peak at the largest length with that at the smallest, one line per command."""
    lines = []
    for step in dict.fromkeys(one.step for one in found):
        first, *_, last = [one for one in found if one.step == step]
        lines.append(
            f"{step}: {last.frames / first.frames:.1f} times the length, "
            f"{last.peak / first.peak:.2f} times the peak"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, nargs="+", default=[50, 200, 600])
    parser.add_argument(
        "--copies", type=int, default=63, help="copies of alanine dipeptide (22 atoms)"
    )
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--max_memory", default="128MB", help="memory for features in training")
    parser.add_argument("--small", action="store_true", help="train small networks")
    parser.add_argument("--json", type=Path, help="also write the measurements to this file")
    options = parser.parse_args()
    training = ["--n_epochs", str(options.epochs), "--seed", "0"]
    training += ["--max_memory", options.max_memory, *(SMALL if options.small else [])]
    measured = main(options.megabytes, options.copies, training)
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in measured], indent=1))
    print(machine.describe("MDAnalysis", "numpy", "tensorflow", "mdgmvae"))
    print(f"{options.copies * ATOMS} atoms; the peak includes the memory of the libraries\n")
    print(table(measured))
    if len(options.megabytes) > 1:
        print(f"\n{ratios(measured)}")

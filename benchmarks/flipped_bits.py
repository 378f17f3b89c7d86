"""Count what happens when one bit of an XTC file is flipped.

Usage: python benchmarks/flipped_bits.py [--flips 1000] [--check] [--seed 0]

Each damaged file is read in a process of its own, as `mdgmvae featurize` reads it, or with --check
as `mdgmvae check` does. The files are alanine dipeptide (22 atoms) and adenylate kinase (3,341
atoms). "Unnoticed" is mostly a bit that moves some atoms of one frame.
"""

import argparse
import collections
import os
import tempfile
import warnings
from pathlib import Path

import MDAnalysis as mda
import numpy as np
from MDAnalysisTests.datafiles import DCD, PSF

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.trajectory.frame_reader import FrameReader
from mdgmvae.trajectory.integrity import check_trajectory, check_universe


def read(topology: str, path: Path, thorough: bool) -> int:
    """Read a file completely, and return 0 if nothing is noticed or 1 if it is refused."""
    try:
        check_trajectory(path).check_first()
        universe = mda.Universe(topology, str(path), refresh_offsets=True)
        check_universe(universe)
        numbers = range(len(universe.trajectory))
        kept = [
            ts.positions.copy()
            for ts in FrameReader(universe.trajectory, numbers, thorough=thorough)
        ]
        # Memory that was overwritten shows when it is given back.
        del kept, universe
    except InputError:
        return 1
    return 0


def outcome(topology: str, path: Path, thorough: bool) -> str:
    """Read a file in a child process."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os._exit(read(topology, path, thorough))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {0: "unnoticed", 1: "refused"}.get(code, "crash")


def main() -> None:
    """Flip bits and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    random = np.random.default_rng(options.seed)
    small, (trajectory,) = alanine_dipeptide()
    with tempfile.TemporaryDirectory() as folder:
        good, bad = Path(folder, "good.xtc"), Path(folder, "bad.xtc")
        for topology, source in ((small, trajectory), (PSF, DCD)):
            universe = mda.Universe(topology, source)
            universe.atoms.write(str(good), frames=universe.trajectory[:4])
            data = good.read_bytes()
            found: collections.Counter[str] = collections.Counter()
            for bit in random.integers(8 * len(data), size=options.flips):
                changed = bytearray(data)
                changed[bit // 8] ^= 128 >> int(bit % 8)
                bad.write_bytes(changed)
                found[outcome(topology, bad, options.check)] += 1
            print(f"{universe.atoms.n_atoms:6,} atoms: {dict(found)}")


if __name__ == "__main__":
    main()

"""Cut the embedded example out of the full alanine dipeptide simulation.

Usage: python benchmarks/make_example.py SOURCE_FOLDER [OUTPUT_FOLDER]

SOURCE_FOLDER holds alanine_dipeptide.pdb and A.xtc (50,000 frames, every 2 ps). Frames
20,000 to 39,999 are kept: the only visit to phi > 0 is in them.
"""

import shutil
import sys
from pathlib import Path

import MDAnalysis as mda

FIRST, LAST = 20_000, 40_000


def main(source: Path, output: Path) -> None:
    topology = output / "alanine_dipeptide.pdb"
    shutil.copyfile(source / topology.name, topology)
    universe = mda.Universe(str(topology), str(source / "A.xtc"))
    frames = universe.trajectory[FIRST:LAST]
    start = universe.trajectory[FIRST].time
    with mda.Writer(str(topology.with_suffix(".xtc")), universe.atoms.n_atoms, precision=3) as xtc:
        for ts in frames:
            # Times and steps, which the XTC file also stores, restart at 0.
            ts.time -= start
            ts.data["step"] = ts.frame - FIRST
            xtc.write(universe.atoms)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else here.parent / "mdgmvae" / "data"
    main(Path(sys.argv[1]), target)

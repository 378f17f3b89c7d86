"""Write a long XTC, and its PDB, in seconds: copies of alanine dipeptide on a grid, with noise.

Usage: python benchmarks/long_trajectory.py OUT --frames N [--copies 63]

OUT.pdb and OUT.xtc are written. Compressing is the slow part: only some hundred frames are
compressed, and the file repeats them with the step and time of each header patched, so that
every frame has real compressed coordinates and a header of its own.
"""

import argparse
import struct
from pathlib import Path

import MDAnalysis as mda
import numpy as np
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

from mdgmvae.data import alanine_dipeptide

#: Frames that are compressed.
DISTINCT = 400
#: Angstrom: between the copies, and the standard deviation of the noise added to each atom.
SPACING, NOISE = 20.0, 0.05


def main(out: str, n_frames: int, n_copies: int) -> None:
    peptide = mda.Universe(*alanine_dipeptide()).load_new(
        alanine_dipeptide().trajectories, in_memory=True
    )
    write_topology(Path(f"{out}.pdb"), peptide, n_copies)
    trajectory = Path(f"{out}.xtc")
    with_few = trajectory.with_suffix(".few.xtc")
    write_distinct(with_few, peptide, n_copies, min(DISTINCT, n_frames))
    repeat(with_few, trajectory, n_frames)
    with_few.unlink()


def write_topology(path: Path, peptide: mda.Universe, n_copies: int) -> None:
    """Each copy is a segment, with residue numbers that do not touch those of the next."""
    many = mda.Merge(*[peptide.atoms] * n_copies)
    many.atoms.positions = np.concatenate(
        [peptide.atoms.positions + at for at in origins(n_copies)]
    )
    n_residues = len(peptide.residues)
    copy, residue = np.divmod(np.arange(n_copies * n_residues), n_residues)
    many.residues.resids = 10 * copy + residue + 1
    many.atoms.write(str(path))


def write_distinct(path: Path, peptide: mda.Universe, n_copies: int, n_frames: int) -> None:
    """Every copy is at another frame of the simulation, so that the copies differ."""
    source = peptide.trajectory.coordinate_array
    rng = np.random.default_rng(0)
    box = np.zeros((3, 3), np.float32)
    with XTCFile(str(path), "w") as xtc:
        for frame in range(n_frames):
            chosen = source[rng.integers(len(source), size=n_copies)]
            chosen = chosen - chosen.mean(axis=1, keepdims=True) + origins(n_copies)[:, None]
            noisy = chosen + rng.normal(0.0, NOISE, chosen.shape)
            xtc.write(noisy.reshape(-1, 3).astype(np.float32) / 10, box, frame, float(frame), 1000)


def origins(n_copies: int) -> np.ndarray:
    """Where the copies are: (n_copies, 3) points of a cubic grid, in angstrom."""
    side = int(np.ceil(n_copies ** (1 / 3)))
    grid = np.stack(np.unravel_index(np.arange(n_copies), (side,) * 3), axis=1)
    return SPACING * grid.astype(np.float32)


def repeat(source: Path, target: Path, n_frames: int) -> None:
    """The frames of `source` over and over, numbered through, 1 ps apart."""
    raw = source.read_bytes()
    frames, offset = [], 0
    while offset < len(raw):
        # Magic, atoms, step, time, box, atoms, compression's constants; then the bytes' length.
        (n_bytes,) = struct.unpack_from(">i", raw, offset + 88)
        end = offset + 92 + (n_bytes + 3) // 4 * 4
        frames.append((raw[offset : offset + 8], raw[offset + 16 : end]))
        offset = end
    with open(target, "wb", buffering=2**22) as xtc:
        for frame in range(n_frames):
            before, after = frames[frame % len(frames)]
            xtc.write(before + struct.pack(">if", frame, float(frame)) + after)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--copies", type=int, default=63)
    options = parser.parse_args()
    main(options.out, options.frames, options.copies)

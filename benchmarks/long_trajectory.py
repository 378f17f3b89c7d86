"""Write a long XTC file and its PDB file: copies of alanine dipeptide on a grid, with noise.

Usage: python benchmarks/long_trajectory.py OUT --frames N [--copies 63]

The script writes OUT.pdb and OUT.xtc within seconds. Compression is the slow part, so only a few
hundred frames are compressed and then repeated. Step and time in the header of each copy are
changed, so every frame has real compressed coordinates and its own header.
"""

import argparse
import struct
from pathlib import Path

import MDAnalysis as mda
import numpy as np
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

from mdgmvae.data import alanine_dipeptide

#: Number of frames that are compressed.
DISTINCT = 400
#: Distance between copies, and standard deviation of the noise on each coordinate, in angstrom.
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
    """Write the topology, with gaps in the residue numbers between copies."""
    many = mda.Merge(*[peptide.atoms] * n_copies)
    many.atoms.positions = np.concatenate(
        [peptide.atoms.positions + at for at in origins(n_copies)]
    )
    n_residues = len(peptide.residues)
    copy, residue = np.divmod(np.arange(n_copies * n_residues), n_residues)
    many.residues.resids = 10 * copy + residue + 1
    many.atoms.write(str(path))


def write_distinct(path: Path, peptide: mda.Universe, n_copies: int, n_frames: int) -> None:
    """Write frames in which each copy of the peptide has a random frame of the simulation."""
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
    """Return the positions of the copies in angstrom: (n_copies, 3) points of a cubic grid."""
    side = int(np.ceil(n_copies ** (1 / 3)))
    grid = np.stack(np.unravel_index(np.arange(n_copies), (side,) * 3), axis=1)
    return SPACING * grid.astype(np.float32)


def repeat(source: Path, target: Path, n_frames: int) -> None:
    """Repeat the frames of `source`, with consecutive steps and times 1 ps apart."""
    raw = source.read_bytes()
    frames, offset = [], 0
    while offset < len(raw):
        # 88 bytes of header come before the number of compressed bytes.
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

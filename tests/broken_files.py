"""Sound trajectory files of many formats, and the ways in which files break."""

import warnings

import MDAnalysis as mda
import numpy as np
from command import TOPOLOGY, TRAJECTORY

N_FRAMES = 12
FORMATS = ("xtc", "trr", "dcd", "ncdf", "xyz", "pdb", "h5md")
JUNK = np.random.default_rng(0).integers(0, 256, 300, dtype=np.uint8).tobytes()

#: What happens to the bytes of a file.
FAULTS = {
    "only a head": lambda data: data[:20],
    "only half of the first frame": lambda data: data[: max(60, len(data) // (2 * N_FRAMES))],
    "cut in the middle": lambda data: data[: int(len(data) * 0.61)],
    "without the last bytes": lambda data: data[:-9],
    "junk before it": lambda data: JUNK + data,
    "junk in the beginning": lambda data: JUNK + data[len(JUNK) :],
    "junk within": lambda data: data[: len(data) // 2] + JUNK + data[len(data) // 2 :],
    "junk over its middle": lambda data: (
        data[: len(data) // 2] + JUNK + data[len(data) // 2 + len(JUNK) :]
    ),
    "junk behind it": lambda data: data + JUNK,
    "zeros behind it": lambda data: data + bytes(100),
    "zeros over its middle": lambda data: (
        data[: len(data) // 2] + bytes(200) + data[len(data) // 2 + 200 :]
    ),
    "only zeros": lambda data: bytes(len(data)),
    "only junk": lambda data: JUNK * 4,
    "one byte": lambda data: b"\0",
    "nothing": lambda data: b"",
}
#: Faults that leave all frames intact: readers look for MODEL, and at nothing behind the last one.
#: The middle of the HDF5 file is unused.
HARMLESS = {
    ("pdb", "without the last bytes"),
    *(("h5md", f"{what} behind it") for what in ("junk", "zeros")),
    *(("h5md", f"{what} over its middle") for what in ("junk", "zeros")),
}


def positions():
    """Return coordinates of alanine dipeptide, (N_FRAMES, 22, 3), without the first frames."""
    universe = mda.Universe(TOPOLOGY, TRAJECTORY)
    return np.array([ts.positions.copy() for ts in universe.trajectory[100 : 100 + N_FRAMES]])


def write(path, coordinates, step=1.0):
    """Write frames of alanine dipeptide, `step` ps apart, in a box of 40 angstrom."""
    # The format of a universe in memory has no units, which H5MD needs.
    universe = mda.Universe(TOPOLOGY, TRAJECTORY)
    atoms = universe.atoms
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"multiframe": True} if path.suffix == ".pdb" else {}
        with mda.Writer(str(path), atoms.n_atoms, **options) as writer:
            for number, frame in enumerate(coordinates):
                atoms.positions = frame
                universe.trajectory.ts.dimensions = [40, 40, 40, 90, 90, 90]
                universe.trajectory.ts.time = step * number
                universe.trajectory.ts.frame = number
                writer.write(atoms)
    return path

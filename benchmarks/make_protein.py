"""Simulate the peptide of the notebook ``protein``: Ac-AAAQAAAA-NHMe, which folds into a helix.

Usage: python benchmarks/make_protein.py OUTPUT_FOLDER [--ns NS] [--temperature KELVIN]

It needs OpenMM and NumPy only, not this package: ``pip install openmm``. It builds the peptide from
bond lengths, angles and dihedrals, twice as a helix and twice extended, and simulates the four
structures in implicit solvent. Their seeds are 1 to 4. They are simulated side by side in one
thread, so that they are equally long whenever the script is interrupted.

The files in ``notebooks/data`` were made with the defaults, OpenMM 8.6.1 (CPU platform, one
thread), NumPy 2.4.6 and Python 3.11 on 27 November 2026, in an hour on a core of a busy server.
OpenMM places hydrogens at random before the minimization, so another run of the script gives other
trajectories of the same ensemble, in spite of the seeds of the dynamics.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import openmm
from openmm import app, unit

SEQUENCE = "AAAQAAAA"
#: Start of each run: dihedrals phi and psi in degrees. The number of the run is its seed.
HELIX, EXTENDED = (-62.0, -43.0), (-120.0, 130.0)
STARTS = {1: HELIX, 2: EXTENDED, 3: HELIX, 4: EXTENDED}
TIME_STEP = 0.004  # ps
STEPS_BETWEEN_FRAMES = 1_250  # 5 ps
#: AMBER99SB-ILDN with the OBC2 model of the solvent, as for the embedded alanine dipeptide.
FORCE_FIELD = ("amber99sbildn.xml", "amber99_obc.xml")

THREE = {"A": "ALA", "Q": "GLN"}
#: Bond lengths in angstrom, angles and dihedrals in degrees.
SIDE_CHAIN = {
    "A": (),
    "Q": (
        ("CG", ("N", "CA", "CB"), 1.52, 113.0, -65.0),
        ("CD", ("CA", "CB", "CG"), 1.52, 113.0, 180.0),
        ("OE1", ("CB", "CG", "CD"), 1.23, 121.0, 0.0),
        ("NE2", ("CB", "CG", "CD"), 1.33, 117.0, 180.0),
    ),
}


def place(a, b, c, length, angle, dihedral):
    """Return the position of an atom bonded to c, from its internal coordinates."""
    angle, dihedral = np.radians(angle), np.radians(dihedral)
    along = (c - b) / np.linalg.norm(c - b)
    normal = np.cross(b - a, along)
    normal /= np.linalg.norm(normal)
    local = length * np.array(
        [-np.cos(angle), np.sin(angle) * np.cos(dihedral), np.sin(angle) * np.sin(dihedral)]
    )
    return c + local @ np.stack([along, np.cross(normal, along), normal])


def build(sequence, phi, psi):
    """Return topology and heavy-atom positions of the capped peptide."""
    topology = app.Topology()
    chain = topology.addChain()
    positions = []

    def add(name, residue, position):
        topology.addAtom(name, app.Element.getBySymbol(name[0]), residue)
        positions.append(position)
        return position

    residue = topology.addResidue("ACE", chain)
    ca = add("CH3", residue, np.zeros(3))
    c = add("C", residue, np.array([1.52, 0.0, 0.0]))
    n = place(np.array([0.0, 1.0, 0.0]), ca, c, 1.33, 116.6, 0.0)
    add("O", residue, place(n, ca, c, 1.23, 120.5, 180.0))
    before = (ca, c)
    for letter in sequence:
        residue = topology.addResidue(THREE[letter], chain)
        atoms = {"N": add("N", residue, n)}
        atoms["CA"] = add("CA", residue, place(*before, n, 1.46, 121.7, 180.0))
        atoms["C"] = add("C", residue, place(before[1], n, atoms["CA"], 1.52, 111.0, phi))
        next_n = place(n, atoms["CA"], atoms["C"], 1.33, 116.6, psi)
        add("O", residue, place(next_n, atoms["CA"], atoms["C"], 1.23, 120.5, 180.0))
        atoms["CB"] = add("CB", residue, place(atoms["C"], n, atoms["CA"], 1.53, 110.0, -122.0))
        for name, (a, b, bonded), length, angle, dihedral in SIDE_CHAIN[letter]:
            where = place(atoms[a], atoms[b], atoms[bonded], length, angle, dihedral)
            atoms[name] = add(name, residue, where)
        before, n = (atoms["CA"], atoms["C"]), next_n
    residue = topology.addResidue("NME", chain)
    add("N", residue, n)
    add("C", residue, place(*before, n, 1.46, 121.7, 180.0))
    topology.createStandardBonds()
    return topology, np.array(positions) * unit.angstrom


def simulation(seed, temperature, output):
    """Return a minimized simulation that writes its frames to a file of the folder `output`."""
    field = app.ForceField(*FORCE_FIELD)
    model = app.Modeller(*build(SEQUENCE, *STARTS[seed]))
    model.addHydrogens(field)
    system = field.createSystem(
        model.topology,
        nonbondedMethod=app.NoCutoff,
        constraints=app.HBonds,
        hydrogenMass=3 * unit.amu,
    )
    integrator = openmm.LangevinMiddleIntegrator(temperature, 1 / unit.picosecond, TIME_STEP)
    integrator.setRandomNumberSeed(seed)
    platform = openmm.Platform.getPlatform("CPU")
    run = app.Simulation(model.topology, system, integrator, platform, {"Threads": "1"})
    run.context.setPositions(model.positions)
    run.minimizeEnergy()
    if STARTS[seed] == HELIX:
        start = run.context.getState(positions=True).getPositions()
        app.PDBFile.writeFile(model.topology, start, str(output / "peptide.pdb"))
    run.context.setVelocitiesToTemperature(temperature, seed)
    run.reporters.append(app.XTCReporter(str(output / f"peptide_{seed}.xtc"), STEPS_BETWEEN_FRAMES))
    return run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("output", type=Path)
    parser.add_argument("--ns", type=float, default=3.0, help="length of each of the four runs")
    parser.add_argument("--temperature", type=float, default=330.0)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    runs = [simulation(seed, given.temperature, given.output) for seed in STARTS]
    began = time.monotonic()
    n = round(given.ns / 0.1)
    for done in range(1, n + 1):  # side by side, so that they are equally long at any time
        for run in runs:
            run.step(round(100 / TIME_STEP))
        hours = (time.monotonic() - began) / 3_600
        print(f"{done / 10:.1f} ns each, {hours:.2f} h", flush=True)


if __name__ == "__main__":
    main()

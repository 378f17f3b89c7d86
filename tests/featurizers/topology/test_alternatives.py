"""Alternative locations: one atom counts once, the first location, everywhere."""

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysisTests.datafiles import DCD, PSF, PDB_full, PDB_rama
from trajectories import features, universe

from mdgmvae.featurizers import Contacts, Custom, Dihedrals, Distances, Positions
from mdgmvae.featurizers.topology import Fingerprint, select_indices, selected_atoms
from mdgmvae.featurizers.topology.alternatives import first_locations

LINE = "ATOM  {:5d} {:<4s}{:1s}{:<3s} A{:4d}    {:8.3f}{:8.3f}{:8.3f}  0.50  0.00           {}\n"


@pytest.fixture(scope="module")
def disordered(tmp_path_factory):
    """Return a file with five residues, of which the third has all atoms at two places."""
    residues = universe(PSF, DCD).select_atoms("resid 10:14 and backbone").residues
    lines = []
    for number, residue in enumerate(residues, 1):
        for place in "AB" if number == 3 else " ":
            for atom in residue.atoms.select_atoms("backbone"):
                x, y, z = atom.position + (0.8 if place == "B" else 0.0)
                values = (len(lines) + 1, f" {atom.name}", place, residue.resname, number, x, y, z)
                lines.append(LINE.format(*values, atom.name[0]))
    path = tmp_path_factory.mktemp("altloc") / "two_places.pdb"
    path.write_text("".join(lines))
    return str(path)


@pytest.mark.parametrize(
    "featurizer",
    [
        Distances(scheme="ca"),
        Distances(),
        Contacts(scheme="residue-min"),
        Dihedrals(angles=("phi", "psi", "omega")),
        Positions(),
        Custom(lambda x: x[:, :, 0].sum(axis=1)[:, None], 1, name="sum"),
    ],
    ids=lambda featurizer: featurizer.kind,
)
def test_both_libraries_give_the_same_columns_and_values(disordered, featurizer):
    u, t = universe(disordered), mdtraj.load(disordered)
    assert (u.atoms.n_atoms, t.n_atoms) == (24, 20)
    ours, theirs = (
        featurizer.with_reference(source, source.atoms.positions if source is u else t.xyz[0] * 10)
        for source in (u, t)
    )
    one, values = features(ours, u.atoms)
    other, same = features(theirs, t)
    assert one.names == other.names
    np.testing.assert_allclose(values, same, atol=2e-3)


def test_a_selected_second_location_is_used(disordered):
    atoms = universe(disordered).atoms
    second = select_indices(atoms, "altloc B")
    assert set(atoms.altLocs[second]) == {"B"}
    assert len(second) == 4


def test_fingerprints_and_selected_atoms_leave_them_out(disordered):
    u = universe(disordered)
    fingerprint = Fingerprint.of(u)
    assert len(fingerprint.records) == 20
    fingerprint.check(mdtraj.load(disordered), "mdtraj")
    assert set(selected_atoms(u, "protein").altLocs) == {"", "A"}


@pytest.mark.parametrize("file", [PDB_full, PDB_rama])
def test_real_structures_have_the_atoms_that_mdtraj_reads(file):
    u, t = universe(file), mdtraj.load(file)
    kept = u.atoms[first_locations(u.atoms)]
    assert kept.n_atoms == t.n_atoms < u.atoms.n_atoms
    np.testing.assert_allclose(kept.positions, t.xyz[0] * 10, atol=1e-3)
    Fingerprint.of(u).check(t, "mdtraj")


def test_the_first_of_two_kinds_of_residue_at_one_site_is_used():
    u = mda.Universe.empty(5, 3, atom_resindex=[0, 0, 1, 1, 2], trajectory=True)
    values = {
        "names": ["N", "CA", "N", "CA", "N"],
        "altLocs": ["A", "A", "B", "B", ""],
        "resnames": ["SER", "THR", "GLY"],
        "resids": [7, 7, 8],
    }
    for name, column in values.items():
        u.add_TopologyAttr(name, column)
    assert first_locations(u.atoms).tolist() == [True, True, False, False, True]


def test_names_that_occur_twice_without_a_location_are_kept():
    u = mda.Universe.empty(2, atom_resindex=[0, 0])
    u.add_TopologyAttr("names", ["C1", "C1"])
    u.add_TopologyAttr("altLocs", ["", ""])
    assert first_locations(u.atoms).all()

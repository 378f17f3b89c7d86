"""Atoms of any source, selections of atoms, and the fingerprint that identifies them."""

import json
import warnings
from functools import cache

import MDAnalysis as mda
import mdtraj
import pytest
from MDAnalysisTests.datafiles import GRO, PSF, PDB_full, PDB_multiframe
from trajectories import universe

from mdgmvae.errors import AtomMismatchError, InputError
from mdgmvae.featurizers.topology import Fingerprint, as_atoms, select_indices
from mdgmvae.featurizers.topology.fingerprint import AtomRecord


@cache
def through_both(file):
    """Return the atoms of a file as read by MDAnalysis and by mdtraj."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Unlikely unit cell vectors")
        return universe(file).atoms, as_atoms(mdtraj.load_topology(file))


@pytest.fixture(scope="module")
def adk():
    return universe(PSF)


@pytest.mark.parametrize("file", [GRO, PSF, PDB_multiframe])
@pytest.mark.parametrize(
    "selection",
    [
        "protein",
        "name CA",
        "not name H*",
        "name N CA C",
        "resid 3:9 and not nucleic",
        "mass 13 to 100",
    ],
)
def test_selections_find_the_same_in_an_mdtraj_topology(file, selection):
    ours, theirs = through_both(file)
    expected = select_indices(ours, selection)
    assert select_indices(theirs, selection).tolist() == expected.tolist()


def test_chains_and_bonds_come_along():
    trajectory = mdtraj.load(PDB_full)
    atoms = as_atoms(trajectory)
    assert atoms.n_atoms == trajectory.n_atoms
    assert set(atoms.chainIDs) == {"A", "B", "C"}
    assert atoms.select_atoms("chainID C and name CA").n_atoms == 6
    assert len(as_atoms(mdtraj.load_topology(PSF)).bonds) == len(universe(PSF).bonds)


def test_universes_and_groups_are_taken_as_they_are(adk):
    group = adk.atoms[10:20]
    assert as_atoms(group) is group
    assert as_atoms(adk).n_atoms == 3341


def test_what_has_no_fixed_atoms_is_refused(adk):
    with pytest.raises(InputError, match="cannot take atoms from this str"):
        as_atoms("top.pdb")
    with pytest.raises(InputError, match="empty"):
        as_atoms(adk.atoms[:0])
    with pytest.raises(InputError, match="more than once"):
        as_atoms(adk.atoms[[0, 0]])
    with pytest.raises(InputError, match="updating"):
        as_atoms(adk.select_atoms("name CA", updating=True))


def test_selections_count_within_the_group(adk):
    group = adk.atoms[[50, 20, 30, 7]]
    name = adk.atoms[20].name
    found = select_indices(group, f"bynum 21 8 and name {name}")
    assert found.tolist() == [1]
    assert select_indices(group, None).tolist() == [0, 1, 2, 3]
    with pytest.raises(InputError, match=r"select='  ' is empty"):
        select_indices(group, "  ")


def test_a_selection_that_needs_another_package(adk, monkeypatch):
    def select_atoms(*_):
        raise ImportError("RDKit is required")

    monkeypatch.setattr(mda.AtomGroup, "select_atoms", select_atoms)
    with pytest.raises(InputError, match=r"select='smarts C' is not .*: RDKit is required"):
        select_indices(adk.atoms, "smarts C")


def test_a_fingerprint_survives_json(adk):
    fingerprint = Fingerprint.of(adk)
    text = json.dumps(fingerprint.to_dict())
    rebuilt = Fingerprint.from_dict(json.loads(text))
    assert rebuilt == fingerprint
    assert rebuilt.digest == fingerprint.digest
    assert len(text) < 30_000
    assert Fingerprint.of(adk.atoms[:-1]).digest != fingerprint.digest


def test_a_fingerprint_survives_json_without_names():
    fingerprint = Fingerprint.of(mda.Universe.empty(3))
    assert Fingerprint.from_dict(fingerprint.to_dict()) == fingerprint


@pytest.mark.parametrize("file", [GRO, PSF, PDB_multiframe])
def test_the_same_file_through_mdtraj_has_the_same_fingerprint(file):
    ours, theirs = through_both(file)
    fingerprint = Fingerprint.of(ours)
    fingerprint.check(theirs, "mdtraj")
    assert Fingerprint.of(theirs).digest == fingerprint.digest


def test_the_first_difference_is_named(adk):
    fingerprint = Fingerprint.of(adk)
    other = universe(PSF)
    other.residues[2].resname = "SER"
    first = other.residues[2].atoms[0].ix
    with pytest.raises(
        AtomMismatchError, match=f"b.psf: atom {first} is N of SER 3, but the model has N of ILE 3"
    ):
        fingerprint.check(other, "b.psf")
    with pytest.raises(AtomMismatchError, match="half: has 100 atoms, but the model has 3341"):
        fingerprint.check(adk.atoms[:100], "half")


def test_an_atom_reads_as_a_phrase():
    assert str(AtomRecord("SER", 3, "CB")) == "CB of SER 3"

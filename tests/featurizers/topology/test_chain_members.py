"""Residues that MDAnalysis does not call protein, but that are bonded into a chain."""

import warnings

import MDAnalysis as mda
import numpy as np
import pytest
from MDAnalysisTests.datafiles import (
    CONECT,
    DCD,
    MMTF,
    PDB_HOLE,
    PRM7,
    PSF,
    RNA_PDB,
    PDB_multiframe,
    PDB_rama,
    capping_output,
    contacts_villin_folded,
    unordered_res,
)
from trajectories import universe

from mdgmvae.analysis import default_selection
from mdgmvae.featurizers import Dihedrals
from mdgmvae.featurizers.topology.chain_members import protein_selection

AMIDE = 1.33


@pytest.fixture(scope="module")
def residues():
    return universe(PSF, DCD).select_atoms("resid 10:15")


@pytest.fixture
def adk(residues):
    """Return a few residues without bonds, one of which is a lysine."""
    u = mda.Merge(residues)
    u.del_TopologyAttr("bonds")
    return u


def beside(point, *distances):
    """Return points at distances along x from another one."""
    return np.array([[point[0] + distance, point[1], point[2]] for distance in distances])


def with_ligand(u, names, positions, resname="LIG"):
    """Return a universe with one residue more."""
    ligand = mda.Universe.empty(len(names), atom_resindex=[0] * len(names), trajectory=True)
    for attribute, values in {"names": names, "resnames": [resname], "resids": [900]}.items():
        ligand.add_TopologyAttr(attribute, values)
    ligand.add_TopologyAttr("segids", ["LIG"])
    ligand.atoms.positions = positions
    return mda.Merge(u.atoms, ligand.atoms)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (contacts_villin_folded, {"NLE"}),
        (unordered_res, {"NLE"}),
        (PDB_multiframe, {"SME"}),  # methionine sulfoxide
        (CONECT, {"CSO"}),
        (PDB_HOLE, {"FOR", "ETA"}),  # both caps of gramicidin
        (capping_output, {"NMA"}),
        (PRM7, {"NHE"}),
        (MMTF, {"DVA", "SAR", "MVA", "PXZ"}),  # actinomycin on DNA, a ring of depsipeptides
        (PDB_rama, set()),  # hemes that are bonded to cysteines, and water
        (RNA_PDB, set()),
        (PSF, set()),
    ],
)
def test_real_files(file, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the format MMTF
        u = universe(file, DCD) if file == PSF else universe(file)
    selection = protein_selection(u.atoms)
    assert set(selection.removeprefix("protein").removeprefix(" or resname ").split()) == expected
    if not expected:
        assert selection == "protein"


def test_villin_has_all_its_dihedrals():
    u = universe(contacts_villin_folded)
    select = default_selection(u, None)
    assert Dihedrals("protein", form="radians").bind(u).n_features == 60
    assert Dihedrals(select, form="radians").bind(u).n_features == 68
    assert default_selection(u, "protein") == "protein"
    assert default_selection(u.atoms, None) is None


@pytest.mark.parametrize("name", ["SEP", "TPO", "PTR", "AIB", "DAL", "KCX", "UNK"])
def test_any_name_will_do_and_the_residue_next_to_it_follows(adk, name):
    adk.residues[2:4].resnames = [name, "XYZ"]
    assert protein_selection(adk.atoms) == f"protein or resname {' '.join(sorted([name, 'XYZ']))}"


@pytest.mark.parametrize("name", ["", "A B", "and", "(X)", "X*"])
def test_names_that_a_selection_cannot_hold(adk, name):
    adk.residues[2:4].resnames = [name, "XYZ"]
    assert protein_selection(adk.atoms) == "protein or resindex 2 or resname XYZ"
    assert adk.select_atoms(protein_selection(adk.atoms)) == adk.atoms


def test_a_chain_of_unknown_residues_is_a_protein(adk):
    adk.residues.resnames = ["AIB"] * 6
    assert protein_selection(adk.atoms) == "protein or resname AIB"


def test_bonds_of_the_topology_are_enough():
    u = mda.Merge(universe(PSF).select_atoms("resid 10:15"))
    u.residues[2].resname = "SEP"
    assert not hasattr(u, "trajectory")
    assert protein_selection(u.atoms) == "protein or resname SEP"


def test_a_free_residue_of_the_same_name_is_a_ligand(adk):
    residue = adk.residues[2]
    residue.resname = "HYS"
    free = with_ligand(adk, residue.atoms.names, residue.atoms.positions + 40.0, "HYS")
    selection = protein_selection(free.atoms)
    assert selection == f"protein or (resname HYS and resid {residue.resid})"
    assert len(free.select_atoms(selection).residues) == 6


def test_a_chromophore_with_other_names_belongs_to_its_chain(adk):
    carbon = adk.select_atoms("name C").positions[-1]
    names = ["N1", "CA1", "C1"]
    bonded = with_ligand(adk, names, beside(carbon, AMIDE, 20.0, 21.5), "CRO")
    apart = with_ligand(adk, names, beside(carbon, 3.0, 20.0, 21.5), "CRO")
    assert protein_selection(bonded.atoms) == "protein or resname CRO"
    assert protein_selection(apart.atoms) == "protein"


def test_what_is_bonded_to_a_side_chain_or_near_is_left_out(adk):
    """A glycan on a nitrogen, an ion close to a backbone, and a ligand next to it."""
    lysine = next(r for r in adk.residues if "NZ" in r.atoms.names)
    nitrogen = lysine.atoms.select_atoms("name NZ").positions[0]
    glycan = with_ligand(adk, ["C1", "C2"], beside(nitrogen, AMIDE, 2.8), "NAG")
    assert protein_selection(glycan.atoms) == "protein"
    carbon = adk.select_atoms("name C").positions[-1]
    ion = with_ligand(adk, ["NA"], beside(carbon, 2.0), "NA")
    assert protein_selection(ion.atoms) == "protein"
    ligand = with_ligand(adk, ["N", "CA", "C"], carbon + np.eye(3) * 3.0, "NLE")
    assert protein_selection(ligand.atoms) == "protein"


def test_topologies_without_names_are_what_they_were():
    assert protein_selection(mda.Universe.empty(3).atoms) == "protein"

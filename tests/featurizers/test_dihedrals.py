"""Dihedrals: against MDAnalysis and mdtraj, broken molecules, chains, caps and side chains."""

import re

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysis.analysis.dihedrals import Dihedral, Janin, Ramachandran
from MDAnalysis.lib.distances import calc_dihedrals
from MDAnalysisTests.datafiles import DCD, GRO, PSF, XTC, PDB_full, PDB_icodes, PDB_janin
from trajectories import angle_difference, block, features, mdtraj_trajectory, universe

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import FrameError, InputError
from mdgmvae.featurizers import Dihedrals
from mdgmvae.featurizers.topology import as_atoms

KINDS = ("phi", "psi", "omega", "chi1", "chi2", "chi3", "chi4", "chi5")


@pytest.fixture(scope="module")
def adk():
    return universe(PSF, DCD).atoms


@pytest.fixture(scope="module")
def broken():
    """Return adenylate kinase in a triclinic box, broken across the periodic boundary."""
    return universe(GRO, XTC).select_atoms("protein")


def quadruples(bound):
    """Return the atoms of each angle, in mdtraj's order of atoms."""
    rows = bound.indices[bound.kernel.atoms]
    return rows, np.lexsort(rows.T)


def test_no_arguments_take_every_phi_and_psi_as_cosine_and_sine():
    u = universe(*map(str, (alanine_dipeptide().topology, alanine_dipeptide().trajectories[0])))
    bound, values = features(Dihedrals(), u.atoms, stop=5)
    assert bound.names == ("phi ALA2 cos", "phi ALA2 sin", "psi ALA2 cos", "psi ALA2 sin")
    assert bound.units == ("1",) * 4
    radians = features(Dihedrals(form="radians"), u.atoms, stop=5)[1]
    np.testing.assert_allclose(values[:, ::2], np.cos(radians), atol=1e-6)
    np.testing.assert_allclose(values[:, 1::2], np.sin(radians), atol=1e-6)
    expected = Dihedral([u.select_atoms("bynum 5 7 9 15"), u.select_atoms("bynum 7 9 15 17")])
    angles = np.radians(expected.run(stop=5).results.angles)
    assert angle_difference(angles, radians) < 1e-4


def test_backbone_agrees_with_ramachandran(adk):
    with pytest.warns(UserWarning, match="Cannot determine phi and psi"):
        expected = Ramachandran(adk).run(stop=3)
    inner = "protein"
    bound, values = features(Dihedrals(inner, form="radians"), adk, stop=3)
    wanted = [
        bound.names.index(f"{kind} {residue.resname.replace('HSD', 'HIS')}{residue.resid}")
        for residue in adk.residues[1:-1]
        for kind in ("phi", "psi")
    ]
    angles = np.radians(expected.results.angles).reshape(3, -1)
    assert angle_difference(angles, values[:, wanted]) < 1e-4
    assert set(bound.units) == {"radian"}
    assert np.abs(values).max() <= np.float32(np.pi)
    assert np.abs(values).max() > 3


def test_side_chains_agree_with_janin(adk):
    atoms = adk.select_atoms("resname ASN LEU MET PHE TYR")
    expected = np.radians(Janin(atoms).run(stop=2).results.angles)
    expected = np.stack([expected[..., 0].ravel(), expected[..., 1].ravel()])
    values = [
        features(Dihedrals(angles=kind, form="radians"), atoms, stop=2)[1].ravel()
        for kind in ("chi1", "chi2")
    ]
    assert angle_difference(expected, np.stack(values)) < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_agrees_with_mdtraj_on_broken_molecules(broken, kind):
    trajectory = mdtraj_trajectory(XTC, GRO)[:4]
    atoms, angles = getattr(mdtraj, f"compute_{kind}")(trajectory)
    for source in (trajectory.atom_slice(broken.ix), broken):
        bound, values = features(Dihedrals(angles=kind, form="radians"), source, stop=4)
        rows, order = quadruples(bound)
        theirs = np.lexsort(atoms.T)
        np.testing.assert_array_equal(rows[order], atoms[theirs])
        assert angle_difference(angles[:, theirs], values[:, order]) < 1e-4
        assert len(set(bound.names)) == bound.n_features


def test_bonds_over_the_boundary_need_the_box(broken):
    in_box = features(Dihedrals(form="radians"), broken)[1]
    required = features(Dihedrals(form="radians", periodic=True), broken)[1]
    np.testing.assert_array_equal(in_box, required)
    with pytest.raises(FrameError, match="too far for neighbours"):
        features(Dihedrals(form="radians", periodic=False), broken)
    with pytest.warns(UserWarning, match="Cannot determine phi and psi"):
        expected = Ramachandran(broken).run().results.angles
    at = Dihedrals(form="radians").bind(broken).names.index("phi ARG2")
    assert angle_difference(np.radians(expected[:, 0, 0]), in_box[:, at]) < 1e-4


def test_frames_without_a_box_are_read_as_they_are(adk):
    bound = Dihedrals().bind(adk)
    positions, _ = block(adk, bound, stop=2)
    no_box = np.zeros((2, 6))
    np.testing.assert_array_equal(bound(positions, no_box), bound(positions, None))
    mixed = bound(positions, np.array([[0] * 6, [200, 200, 200, 90, 90, 90]]))
    np.testing.assert_allclose(mixed, bound(positions, None), atol=1e-5)
    with pytest.raises(InputError, match="no box"):
        Dihedrals(periodic=True).bind(adk)(positions, None)


def test_explicit_quadruples_agree_with_calc_dihedrals(broken):
    rows = np.array([[10, 900, 2000, 3000], [3, 1, 2, 0], [5, 100, 200, 300]])
    bound, values = features(Dihedrals(quadruples=rows, form="radians", periodic=True), broken)
    for row, timestep in zip(values, broken.universe.trajectory, strict=True):
        points = broken.positions[rows.T]
        expected = calc_dihedrals(*points, box=timestep.dimensions)
        assert angle_difference(expected, row) < 1e-4
    assert bound.names[1].startswith("dihedral MET1:")


@pytest.mark.parametrize("file", [PDB_full, PDB_janin])
def test_chains_are_never_connected(file):
    atoms = universe(file).select_atoms("protein")
    bound = Dihedrals(angles="phi", form="radians").bind(atoms)
    rows = bound.indices[bound.kernel.atoms]
    chains = atoms.segindices[rows]
    assert (chains == chains[:, :1]).all()
    starts = [segment.atoms.residues[0] for segment in atoms.segments]
    firsts = {f"phi {r.segment.segid}:{r.resname}{r.resid}" for r in starts}
    assert len(firsts) > 1
    assert firsts.isdisjoint(bound.names)
    trajectory = mdtraj.load(file)
    assert bound.n_features == mdtraj.compute_phi(trajectory)[0].shape[0]
    assert bound.names == Dihedrals(angles="phi", form="radians").bind(trajectory).names


def test_chains_without_names_are_told_apart_by_numbers():
    """Two chains in a file without chain identifiers."""
    chain = universe(PSF).select_atoms("resid 100:110")
    both = mda.Merge(chain, chain).atoms
    both.universe.del_TopologyAttr("bonds")
    both.residues.segments.segids = ["SYSTEM"] * len(both.segments)
    bound = Dihedrals(angles=("phi", "psi"), form="radians").bind(both)
    assert bound.n_features == 2 * 20
    assert len(set(bound.names)) == 40


def test_a_carboxylate_ends_a_chain_whose_numbers_go_on():
    chain = universe(PSF).select_atoms("resid 210:214")
    both = mda.Merge(chain, chain)
    both.del_TopologyAttr("bonds")
    both.residues.resids = np.arange(1, 11)
    both.residues.segments = both.segments[0]
    bound = Dihedrals(angles="phi", form="radians").bind(both)
    numbers = [int(re.sub(r"\D", "", name)) for name in bound.names]
    assert numbers == [2, 3, 4, 5, 7, 8, 9, 10]


def test_missing_residues_break_a_chain():
    adk = universe(PSF)
    pieces = adk.select_atoms("resid 10:14 or resid 20:24")
    for source in (pieces, mda.Merge(pieces).atoms):
        names = Dihedrals(angles="phi", form="radians").bind(source).names
        assert len(names) == 8
        assert not any(name.endswith("20") for name in names)
    trajectory = mdtraj.load_topology(PSF).subset(pieces.ix)
    assert Dihedrals(angles="phi", form="radians").bind(trajectory).n_features == 8


def test_residues_that_share_a_number_are_linked_by_insertion_code():
    bound = Dihedrals(angles="phi", form="radians").bind(universe(PDB_icodes))
    assert {"phi VAL163A", "phi SER163B", "phi ILE181A"} <= set(bound.names)
    assert bound.n_features == mdtraj.compute_phi(mdtraj.load(PDB_icodes))[0].shape[0]


def test_isoleucine_has_a_second_chi_under_both_names(adk):
    names = Dihedrals("resname ILE", angles="chi2", form="radians").bind(adk).names
    assert len(names) == len(adk.select_atoms("resname ILE and name CD"))
    from_mdtraj = Dihedrals("resname ILE", angles="chi2", form="radians").bind(
        as_atoms(mdtraj.load_topology(PSF))
    )
    assert names == from_mdtraj.names


def test_caps_within_a_residue_count():
    """CHARMM puts the caps of a blocked residue into the residue itself."""
    u = mda.Universe.empty(5, trajectory=True)
    for attribute, values in {
        "names": ["CY", "N", "CA", "C", "NT"], "resnames": ["ALA"], "resids": [1]
    }.items():  # fmt: skip
        u.add_TopologyAttr(attribute, values)
    assert Dihedrals(form="radians").bind(u).names == ("phi ALA1", "psi ALA1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"angles": ("phi", "chi6")}, "choose from phi, psi"),
        ({"angles": ()}, "choose from phi, psi"),
        ({"angles": ("phi", "phi")}, "each once"),
        ({"form": "degrees"}, "form='degrees' is unknown"),
        ({"quadruples": [(0, 1, 2)]}, r"\(n, 4\) integers"),
        ({"quadruples": [(0, 1, 2, 2)]}, "4 different indices"),
        ({"quadruples": [(0, 1, 2, 3)], "select": "all"}, "not both"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Dihedrals(**options)


def test_what_cannot_be_found_is_said(adk):
    with pytest.raises(InputError, match=r"no phi or psi in select='name CA'.*quadruples"):
        Dihedrals("name CA").bind(adk)
    with pytest.raises(InputError, match=r"quadruples\[0\] is .*but 3341 atoms"):
        Dihedrals(quadruples=[(0, 1, 2, 9999)]).bind(adk)
    with pytest.raises(InputError, match="no phi"):
        Dihedrals().bind(mda.Universe.empty(4))


def test_atoms_in_a_line_have_the_angle_zero_in_both_forms():
    line = np.zeros((1, 4, 3), dtype=np.float32)
    line[0, :, 0] = range(4)
    universe = mda.Universe.empty(4)
    for form, values in (("radians", [0.0]), ("cossin", [1.0, 0.0])):
        bound = Dihedrals(quadruples=[(0, 1, 2, 3)], form=form).bind(universe)
        assert bound(line)[0].tolist() == values

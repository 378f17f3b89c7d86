"""What links residues: bonds and distances, and numbers only where nothing else is known."""

import re
from itertools import combinations, pairwise

import MDAnalysis as mda
import mdtraj
import numpy as np
import pytest
from MDAnalysisTests.datafiles import CONECT, DCD, PSF, RNA_PDB, PDB_icodes, PDB_multipole, PDB_rama
from trajectories import universe

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import TopologyWarning
from mdgmvae.featurizers import Angles, Dihedrals, Distances
from mdgmvae.featurizers.topology.links import residue_links, sequence_distances


def copied(*groups, resids=None, bonds=False):
    """Return atoms in one segment without chain names, numbered on."""
    u = mda.Merge(*groups)
    if hasattr(u, "bonds") and not bonds:
        u.del_TopologyAttr("bonds")
    u.residues.segments = u.segments[0]
    u.segments.segids = ["SYSTEM"] * len(u.segments)
    if hasattr(u.atoms, "chainIDs"):
        u.atoms.chainIDs = [""] * len(u.atoms)
    u.residues.resids = np.arange(1, len(u.residues) + 1) if resids is None else resids
    return u


def to_mdtraj(u):
    """Return an mdtraj.Trajectory of the current frame, with residues and names but no bonds."""
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    for residue in u.residues:
        new = topology.add_residue(residue.resname, chain, resSeq=int(residue.resid))
        for atom in residue.atoms:
            element = mdtraj.element.get_by_symbol(atom.name.lstrip("0123456789")[0])
            topology.add_atom(atom.name, element, new, serial=int(atom.ix) + 1)
    topology.create_standard_bonds()
    return mdtraj.Trajectory(u.atoms.positions[None] / 10, topology)


def phi_numbers(source):
    names = Dihedrals(angles="phi", form="radians").bind(source).names
    return [int(re.sub(r"\D", "", name.split(":")[-1])) for name in names]


def carbon_nitrogen_distances(residues):
    """Compute the distances of C and the next N in consecutive residues with NumPy."""
    carbons = residues.atoms.select_atoms("name C").positions[:-1]
    return np.linalg.norm(carbons - residues.atoms.select_atoms("name N").positions[1:], axis=1)


@pytest.fixture(scope="module")
def adk():
    return universe(PSF, DCD)


@pytest.fixture(scope="module")
def dipeptide():
    return universe(alanine_dipeptide().topology).atoms


def test_a_methyl_of_a_cap_is_not_linked_to_the_next_molecule(adk, dipeptide):
    """NME has a carbon that mdtraj and canonical names call C."""
    two = copied(dipeptide, adk.select_atoms("resid 100:102"))
    assert list(two.residues.resnames[:3]) == ["ACE", "ALA", "NME"]
    expected = [2, 5, 6]
    assert phi_numbers(two) == phi_numbers(to_mdtraj(two)) == expected
    # Without coordinates, numbers and names are all there is.
    bare = mda.Universe.empty(
        two.atoms.n_atoms, 6, atom_resindex=two.atoms.resindices, trajectory=False
    )
    for name in ("names", "resnames", "resids"):
        bare.add_TopologyAttr(name, getattr(two.atoms if name == "names" else two.residues, name))
    assert phi_numbers(bare) == phi_numbers(to_mdtraj(two).topology) == expected


def test_a_jump_in_the_numbers_does_not_break_a_bond(adk):
    chain = copied(adk.select_atoms("resid 10:16"), resids=[10, 11, 12, 25, 26, 3, 4])
    assert carbon_nitrogen_distances(chain.residues).max() < 1.5
    assert phi_numbers(chain) == phi_numbers(to_mdtraj(chain)) == [11, 12, 25, 26, 3, 4]


@pytest.mark.parametrize("file", [PDB_icodes, CONECT])
def test_numbers_that_jump_in_real_files_do_not_break_bonds(file):
    """Proteases whose numbers follow those of relatives; CONECT has a modified cysteine."""
    u = universe(file)
    bonded = 0
    for segment in u.segments:
        found = [{a.name: a.position for a in residue.atoms} for residue in segment.residues]
        whole = [residue for residue in found if {"N", "CA", "C"} <= residue.keys()]
        bonded += sum(np.linalg.norm(a["C"] - b["N"]) < 2.0 for a, b in pairwise(whole))
    assert Dihedrals(angles="phi", form="radians").bind(u).n_features == bonded
    assert bonded == mdtraj.compute_phi(mdtraj.load(file))[0].shape[0]


def test_a_residue_that_was_removed_breaks_the_chain_whatever_its_number(adk):
    chain = copied(adk.select_atoms("resid 10:12 or resid 14:16"))
    lengths = carbon_nitrogen_distances(chain.residues)
    assert np.flatnonzero(lengths > 2).tolist() == [2]
    for source in (chain, to_mdtraj(chain)):
        with pytest.warns(TopologyWarning, match=rf"and \w+4 have .* {lengths[2]:.1f} angstrom"):
            assert phi_numbers(source) == [2, 3, 5, 6]


def test_the_nearest_image_counts_in_a_real_box_only(adk):
    chain = copied(adk.select_atoms("resid 10:14"))
    chain.select_atoms("resid 3:5").positions += [50.0, 0, 0]
    chain.dimensions = [50, 60, 70, 90, 90, 90]
    assert phi_numbers(chain) == [2, 3, 4, 5]
    # 50 is a multiple of 1: with this placeholder as a box, everything would be bonded.
    for box in (None, [1, 1, 1, 90, 90, 90]):
        chain.dimensions = box
        with pytest.warns(TopologyWarning, match="not bonded"):
            assert phi_numbers(chain) == [2, 4, 5]


def test_residues_that_were_read_as_one_are_told(adk):
    chain = adk.select_atoms("resid 10:14")
    one = mda.Universe.empty(chain.n_atoms, 1, atom_resindex=[0] * chain.n_atoms, trajectory=True)
    one.add_TopologyAttr("names", chain.names)
    one.add_TopologyAttr("resnames", ["ALA"])
    one.add_TopologyAttr("resids", [0])
    one.atoms.positions = chain.positions
    with pytest.warns(UserWarning, match="ALA0 has several atoms N, CA and C"):
        assert residue_links(one.atoms) == {}


def test_images_in_a_box_that_is_too_small_are_no_neighbours(adk):
    """As the cell of a crystal that was left in the file of a molecule."""
    chain = copied(adk.select_atoms("resid 10:14"))
    end = chain.select_atoms("resid 1 and name C").positions
    # The image of the last residue's N lies beside the C of the first one.
    chain.select_atoms("resid 5 and name N").positions = np.add(end, (12.0, 1.2, 0))
    chain.select_atoms("resid 4 and name C").positions = np.add(end, (12.0, 2.5, 0))
    chain.dimensions = [12, 60, 70, 90, 90, 90]
    assert phi_numbers(chain) == [2, 3, 4, 5]


def test_bonds_of_the_topology_count_whatever_the_distance(adk):
    chain = copied(adk.select_atoms("resid 10:14"), resids=[1, 2, 9, 10, 11], bonds=True)
    chain.select_atoms("resid 9:11").positions += 20.0
    assert phi_numbers(chain) == [2, 9, 10, 11]


def test_the_first_frame_decides_wherever_the_reader_stands():
    chain = copied(universe(PSF, DCD).select_atoms("resid 1:5"))
    frames = np.repeat(chain.atoms.positions[None], 4, axis=0)
    frames[2, chain.select_atoms("resid 3:5").ix] += 30.0
    chain.load_new(frames, order="fac")
    chain.trajectory[2]
    assert phi_numbers(chain) == [2, 3, 4, 5]
    assert chain.trajectory.frame == 2
    np.testing.assert_array_equal(chain.atoms.positions, frames[2])


def test_coordinates_that_the_user_has_changed_survive():
    u = universe(alanine_dipeptide().topology, str(alanine_dipeptide().trajectories[0]))
    u.trajectory[3]
    u.atoms.positions += 1.0
    expected = u.atoms.positions.copy()
    residue_links(u.atoms)
    assert u.trajectory.frame == 3
    np.testing.assert_array_equal(u.atoms.positions, expected)


def test_coordinates_of_other_atoms_are_not_believed(adk):
    """Coordinates at random or all zero do not belong to the topology."""
    chain = copied(adk.select_atoms("resid 10:14"))
    for positions in (
        np.zeros((chain.atoms.n_atoms, 3)),
        np.random.default_rng(0).uniform(0, 40, (chain.atoms.n_atoms, 3)),
        np.full((chain.atoms.n_atoms, 3), np.nan),
    ):
        chain.atoms.positions = positions
        assert phi_numbers(chain) == [2, 3, 4, 5]


def test_the_ends_of_a_ring_are_linked(adk):
    chain = copied(adk.select_atoms("resid 100:105"))
    end, start = chain.select_atoms("resid 6 and name C"), chain.select_atoms("resid 1 and name N")
    chain.add_TopologyAttr("bonds", [(int(end.ix[0]), int(start.ix[0]))])
    links = residue_links(chain.atoms)
    assert links == {0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 0}
    alpha = chain.select_atoms("name CA")
    pairs = np.array(list(combinations(range(6), 2)))
    expected = [min(j - i, 6 - (j - i)) for i, j in pairs]
    assert sequence_distances(alpha, pairs).tolist() == expected


def expected_pairs(chains, nearest):
    """Count the pairs of residues in chains of the given lengths, without near neighbours."""
    members = [(chain, place) for chain, length in enumerate(chains) for place in range(length)]
    return sum(a[0] != b[0] or abs(a[1] - b[1]) >= nearest for a, b in combinations(members, 2))


@pytest.mark.parametrize("numbers", [np.tile(np.arange(1, 6), 2), np.arange(1, 11)])
def test_neighbours_in_a_dimer_without_chain_names_are_those_of_one_chain(adk, numbers):
    part = adk.select_atoms("resid 210:214")
    other = copied(part)
    other.atoms.positions += [0, 0, 9.0]
    dimer = copied(part, other.atoms, resids=numbers)
    for source in (dimer, dimer.select_atoms("name CA"), to_mdtraj(dimer)):
        for nearest in (1, 3):
            bound = Distances(scheme="ca", exclude_neighbours=nearest).bind(source)
            assert bound.n_features == expected_pairs([5, 5], nearest)


def test_an_alpha_carbon_model_is_linked_by_numbers_within_a_step(adk):
    part = adk.select_atoms("resid 100:104 and name CA")
    other = copied(part)
    other.atoms.positions += [0, 0, 15.0]
    model = copied(part, other.atoms)
    for source in (model, to_mdtraj(model)):
        bound = Distances(scheme="ca", exclude_neighbours=3).bind(source)
        assert bound.n_features == expected_pairs([5, 5], 3)
        assert Angles(angles="CA-CA-CA").bind(source).n_features == 6


def test_insertion_codes_are_different_residues():
    u = universe(PDB_icodes).select_atoms("protein and resid 160:166")
    n = u.select_atoms("name CA").n_atoms
    assert n == 17
    for nearest in (1, 2, 3):
        bound = Distances(scheme="ca", exclude_neighbours=nearest).bind(u)
        assert bound.n_features == expected_pairs([n], nearest)


def test_nucleotides_are_linked_by_phosphodiester_bonds():
    u = universe(RNA_PDB)
    strand = u.select_atoms("nucleic")
    n = len(strand.residues)
    oxygens = strand.select_atoms("name O3'").positions[:-1]
    phosphorus = strand.select_atoms("name P").positions
    assert len(phosphorus) == n - 1
    assert (np.linalg.norm(oxygens - phosphorus, axis=1) < 1.8).all()
    strand.residues.resids = np.arange(n)[::-1]
    chosen = Distances("nucleic", scheme="residue-min", exclude_neighbours=3)
    assert chosen.bind(u).n_features == expected_pairs([n], 3)


def test_solvent_is_in_no_chain():
    atoms = universe(PDB_rama).select_atoms("resname HOH HEM")
    assert len(atoms.residues) > 100
    assert residue_links(atoms) == {}


def test_small_molecules_are_no_chain():
    """Methane and ammonia have atoms that are called C and N, and consecutive numbers."""
    assert residue_links(universe(PDB_multipole).atoms) == {}

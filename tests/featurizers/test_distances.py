"""Distances: against MDAnalysis and mdtraj, in boxes of every shape."""

import itertools

import mdtraj
import numpy as np
import pytest
from MDAnalysis.lib.distances import calc_bonds, self_distance_array
from MDAnalysisTests.datafiles import DCD, GRO, PSF, XTC, PDB_full
from trajectories import block, features, mdtraj_trajectory, universe

from mdgmvae.data import alanine_dipeptide
from mdgmvae.errors import InputError
from mdgmvae.featurizers import Distances


@pytest.fixture(scope="module")
def protein():
    """Return adenylate kinase in a triclinic box, broken across the periodic boundary."""
    return universe(GRO, XTC).select_atoms("protein")


@pytest.fixture(scope="module")
def adk():
    return universe(PSF, DCD).atoms


@pytest.fixture(scope="module")
def dipeptide():
    return universe(alanine_dipeptide().topology).atoms


def test_no_arguments_take_all_pairs_of_heavy_atoms(dipeptide):
    bound, values = features(Distances(), dipeptide)
    heavy = dipeptide.select_atoms("not name H*")
    assert bound.n_features == 45
    assert bound.indices.tolist() == heavy.ix.tolist()
    np.testing.assert_allclose(values[0], self_distance_array(heavy.positions), atol=1e-4)
    assert set(bound.units) == {"angstrom"}


def test_all_takes_hydrogens_too(dipeptide):
    bound, values = features(Distances(scheme="all"), dipeptide)
    assert bound.n_features == 22 * 21 // 2
    np.testing.assert_allclose(values[0], self_distance_array(dipeptide.positions), atol=1e-4)


@pytest.mark.slow
def test_alpha_carbons_agree_with_calc_bonds_in_a_triclinic_box(protein):
    bound, values = features(Distances(scheme="ca", periodic=True), protein)
    positions, boxes = block(protein, bound)
    first, second = np.triu_indices(214, 1)
    for frame, box, row in zip(positions, boxes, values, strict=True):
        np.testing.assert_allclose(calc_bonds(frame[first], frame[second], box), row, atol=1e-4)
    _, plain = features(Distances(scheme="ca"), protein)
    assert np.abs(plain - values).max() > 10
    assert values.dtype == np.float32


def test_explicit_pairs_agree_with_mdtraj(protein):
    trajectory = mdtraj_trajectory(XTC, GRO)
    pairs = np.array([[0, 3000], [5, 47000], [40000, 2], [100, 101]])
    for periodic in (False, True):
        _, values = features(Distances(pairs=pairs, periodic=periodic), trajectory)
        expected = mdtraj.compute_distances(trajectory, pairs, periodic=periodic, opt=False)
        np.testing.assert_allclose(values, expected * 10, atol=1e-3)
        _, same = features(Distances(pairs=pairs, periodic=periodic), protein.universe.atoms)
        np.testing.assert_allclose(values, same, atol=1e-4)


@pytest.mark.slow
def test_mdtraj_and_mdanalysis_give_the_same_columns(protein):
    trajectory = mdtraj_trajectory(XTC, GRO)
    sliced = trajectory.atom_slice(protein.ix)
    for featurizer in (Distances("resid 1:20"), Distances(scheme="residue-min", periodic=True)):
        one, values = features(featurizer, protein, stop=2)
        other, same = features(featurizer, sliced, stop=2)
        assert one.names == other.names
        assert np.array_equal(one.indices, other.indices)
        np.testing.assert_allclose(values, same, atol=1e-4)


@pytest.mark.parametrize("periodic", [False, True])
def test_residue_minimum_is_the_smallest_of_all_atom_pairs(protein, periodic):
    chosen = protein.select_atoms("resid 20:27 or resid 100:104")
    bound, values = features(Distances(scheme="residue-min", periodic=periodic), chosen, stop=3)
    residues = [r.atoms.select_atoms("not name H*") for r in chosen.residues]
    for row, timestep in zip(values, protein.universe.trajectory[:3], strict=True):
        box = timestep.dimensions if periodic else None
        expected = [
            min(
                calc_bonds(a.positions, np.broadcast_to(p, a.positions.shape), box).min()
                for p in b.positions
            )
            for a, b in itertools.combinations(residues, 2)
        ]
        np.testing.assert_allclose(row, expected, atol=1e-4)
    first, second = (f"{r.resname}{r.resid}" for r in chosen.residues[:2])
    assert bound.names[0] == f"d {first}-{second}"


def test_near_neighbours_in_sequence_are_left_out_within_a_chain():
    atoms = universe(PDB_full).select_atoms("name CA and resid 1:9 and not altloc B")
    chains, resids = atoms.chainIDs, atoms.resids
    bound = Distances(scheme="ca", exclude_neighbours=3).bind(atoms)
    expected = sum(
        chains[i] != chains[j] or abs(resids[i] - resids[j]) >= 3
        for i, j in itertools.combinations(range(len(atoms)), 2)
    )
    assert bound.n_features == expected < len(atoms) * (len(atoms) - 1) // 2
    assert "d A:PRO1:CA-B:PRO1:CA" in bound.names
    assert "d A:PRO1:CA-A:ILE3:CA" not in bound.names
    assert "d A:PRO1:CA-A:THR4:CA" in bound.names
    by_residue = Distances(scheme="residue-min", exclude_neighbours=3).bind(atoms)
    assert by_residue.n_features == expected


def test_names_have_no_chain_where_one_is_enough(adk):
    assert Distances("name CA and resid 1:2").bind(adk).names == ("d MET1:CA-ARG2:CA",)


def test_names_are_unique_where_chains_have_no_name():
    bound = Distances(scheme="residue-min").bind(universe(GRO).select_atoms("resname SOL")[:12])
    assert len(set(bound.names)) == 3


def test_pairs_count_within_the_atoms_given(adk):
    group = adk[100:200]
    bound, values = features(Distances(pairs=[(0, 9), (9, 3)]), group, stop=1)
    assert {0, 3, 9} <= set(bound.indices.tolist())
    expected = np.linalg.norm(group.positions[[0, 9]] - group.positions[[9, 3]], axis=1)
    np.testing.assert_allclose(values[0], expected, atol=1e-4)


def test_a_group_in_another_order_keeps_its_order(adk):
    group = adk[[50, 20, 30]]
    _, values = features(Distances(scheme="all"), group, stop=1)
    np.testing.assert_allclose(values[0], self_distance_array(group.positions), atol=1e-4)


def test_frames_without_a_box_are_refused(adk):
    bound = Distances("name CA", periodic=True).bind(adk)
    positions, _ = block(adk, bound, stop=2)
    with pytest.raises(InputError, match=r"no box.*periodic=False"):
        bound(positions, None)
    with pytest.raises(InputError, match="frame 1: there is no box"):
        bound(positions, np.array([[50, 50, 50, 90, 90, 90], [0, 0, 0, 0, 0, 0]]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheme": "near"}, "scheme='near' is unknown"),
        ({"exclude_neighbours": -1}, "exclude_neighbours=-1"),
        ({"pairs": [(0, 1)], "select": "name CA"}, "not both"),
        ({"pairs": [(0, 1)], "exclude_neighbours": 2}, "exclude_neighbours"),
        ({"pairs": [(0, 1, 2)]}, r"\(n, 2\) integers"),
        ({"pairs": [(0, 1), (2,)]}, "tuples of 2"),
        ({"pairs": []}, r"\(n, 2\) integers"),
        ({"pairs": [(0.5, 1.0)]}, "integers"),
        ({"pairs": [(0, 1), (3, 3)]}, r"pairs\[1\] is \(3, 3\)"),
        ({"pairs": [(0, 1), (0, 1)]}, r"pairs\[1\] repeats"),
        ({"pairs": [(-1, 1)]}, r"pairs\[0\]"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Distances(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"select": "resname XYZ"}, "select='resname XYZ' finds none of the 3341 atoms"),
        ({"select": "name CA and"}, "select='name CA and' is not a valid selection"),
        ({"select": "name H*"}, "so there are no pairs.*select='name H\\*'"),
        ({"pairs": [(0, 3341)]}, r"pairs\[0\] is \(0, 3341\), but 3341 atoms"),
        ({"scheme": "all"}, "5,579,470 columns.*scheme='ca'"),
        ({"scheme": "ca", "exclude_neighbours": 999}, "all pairs are neighbours in sequence"),
    ],
)
def test_what_cannot_be_found_is_said(adk, options, message):
    with pytest.raises(InputError, match=message):
        Distances(**options).bind(adk)


def test_all_pairs_of_many_atoms_are_what_explicit_pairs_are(adk):
    """Without a box, another kernel is used for more than a few thousand pairs."""
    chosen = adk.select_atoms("name CA")[:100]
    every, values = features(Distances(), chosen, stop=3)
    shuffled = np.random.default_rng(0).permutation(np.stack(np.triu_indices(100, 1), axis=1))
    explicit, same = features(Distances(pairs=shuffled), chosen, stop=3)
    order = [explicit.names.index(name) for name in every.names]
    np.testing.assert_allclose(values, same[:, order], atol=1e-5)
    expected = [self_distance_array(chosen.positions) for _ in adk.universe.trajectory[:3]]
    np.testing.assert_allclose(values, expected, atol=1e-5)

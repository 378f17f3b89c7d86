"""Hydrogens and C-alpha atoms, however a topology names them."""

import mdtraj
import numpy as np
from MDAnalysisTests.datafiles import (
    GRO,
    PRM,
    PSF,
    PDB_janin,
    PDB_multiframe,
    TRZ_psf,
    capping_nma,
    capping_output,
)
from trajectories import universe

from mdgmvae.featurizers.topology import as_atoms
from mdgmvae.featurizers.topology.atom_kinds import alpha_carbons, heavy_atoms


def test_hydrogens_are_known_by_element_mass_or_name():
    for file in (GRO, PSF, PRM, PDB_multiframe):
        atoms = universe(file).select_atoms("protein")
        named = np.array([name.lstrip("0123456789").startswith("H") for name in atoms.names])
        np.testing.assert_array_equal(heavy_atoms(atoms), ~named)


def test_a_hydrogen_with_more_mass_is_still_one():
    atoms = universe(PSF).atoms
    expected = heavy_atoms(atoms)
    atoms[~expected].masses = 3.024
    np.testing.assert_array_equal(heavy_atoms(atoms), expected)


def test_calcium_is_no_alpha_carbon():
    u = universe(PSF)
    found = alpha_carbons(u.atoms)
    assert found.sum() == 214
    u.residues[3].resname = "CAL"
    assert alpha_carbons(u.atoms).sum() == 213
    structure = as_atoms(mdtraj.load_topology(PDB_janin))
    carbons = structure.select_atoms("protein and name CA").ix
    assert np.flatnonzero(alpha_carbons(structure)).tolist() == carbons.tolist()


def test_a_methyl_of_a_cap_is_no_alpha_carbon():
    for file, n_amino_acids in ((capping_output, 14), (capping_nma, 1)):
        atoms = universe(file).atoms
        assert np.count_nonzero(atoms.names == "CA") == n_amino_acids + 1
        assert alpha_carbons(atoms).sum() == n_amino_acids


def test_masses_in_other_units_do_not_make_hydrogens():
    """This file has masses in other units, all of them below that of hydrogen."""
    atoms = universe(TRZ_psf).atoms
    assert atoms.masses.max() < 1.0
    named = np.array([name.startswith("H") for name in atoms.names])
    np.testing.assert_array_equal(heavy_atoms(atoms), ~named)

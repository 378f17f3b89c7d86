"""Angles: against MDAnalysis and mdtraj."""

import mdtraj
import numpy as np
import pytest
from MDAnalysis.lib.distances import calc_angles
from MDAnalysisTests.datafiles import DCD, GRO, PSF, XTC
from trajectories import features, mdtraj_trajectory, universe

from mdgmvae.errors import InputError
from mdgmvae.featurizers import Angles


@pytest.fixture(scope="module")
def broken():
    return universe(GRO, XTC).select_atoms("protein")


def test_backbone_angles_agree_with_calc_angles_and_mdtraj(broken):
    bound, values = features(Angles(), broken)
    rows = bound.indices[bound.kernel.atoms]
    assert bound.n_features == 214 + 213 + 213
    for row, timestep in zip(values, broken.universe.trajectory, strict=True):
        points = broken.positions[rows.T]
        expected = calc_angles(*points, box=timestep.dimensions)
        np.testing.assert_allclose(row, expected, atol=1e-4)
    trajectory = mdtraj_trajectory(XTC, GRO).atom_slice(broken.ix)
    other, same = features(Angles(), trajectory)
    assert other.names == bound.names
    np.testing.assert_allclose(values, same, atol=1e-4)
    np.testing.assert_allclose(values, mdtraj.compute_angles(trajectory, rows), atol=2e-3)


def test_alpha_carbons_alone_are_enough_for_their_angles():
    atoms = universe(PSF, DCD).select_atoms("name CA and resid 1:10")
    bound, values = features(Angles(angles="CA-CA-CA"), atoms, stop=2)
    assert bound.names[0] == "angle MET1:CA-ARG2:CA-ILE3:CA"
    atoms.universe.trajectory[1]
    np.testing.assert_allclose(
        values[1], calc_angles(*(atoms.positions[i : i + 8] for i in range(3))), atol=1e-4
    )


def test_explicit_triples_and_both_forms():
    atoms = universe(PSF, DCD).atoms
    triples = [(0, 1, 2), (5, 100, 3)]
    _, radians = features(Angles(triples=triples), atoms, stop=2)
    bound, values = features(Angles(triples=triples, form="cossin"), atoms, stop=2)
    assert bound.names[1].endswith(" sin")
    np.testing.assert_allclose(values[:, ::2], np.cos(radians), atol=1e-6)
    np.testing.assert_allclose(values[:, 1::2], np.sin(radians), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"angles": "phi"}, "choose from N-CA-C"),
        ({"form": "degrees"}, "form='degrees'"),
        ({"triples": [(0, 1)]}, r"\(n, 3\) integers"),
        ({"triples": [(0, 1, 2)], "select": "all"}, "not both"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Angles(**options)


def test_what_cannot_be_found_is_said():
    atoms = universe(PSF).atoms
    with pytest.raises(InputError, match=r"no angle N-CA-C.* in select='name CA'"):
        Angles("name CA").bind(atoms)
    with pytest.raises(InputError, match=r"triples\[0\]"):
        Angles(triples=[(0, 1, 4000)]).bind(atoms)

"""Contacts: the switching functions on the distances."""

import numpy as np
import pytest
from MDAnalysisTests.datafiles import GRO, XTC
from trajectories import features, universe

from mdgmvae.errors import InputError
from mdgmvae.featurizers import Contacts, Distances


@pytest.fixture(scope="module")
def protein():
    return universe(GRO, XTC).select_atoms("protein and resid 1:40")


@pytest.mark.parametrize("options", [{}, {"periodic": True}, {"scheme": "residue-min"}])
def test_contacts_follow_the_distances(protein, options):
    options = {"exclude_neighbours": 3, "select": "backbone", **options}
    bound, distances = features(Distances(**options), protein, stop=3)
    soft, smooth = features(Contacts(cutoff=6.0, **options), protein, stop=3)
    _, hard = features(Contacts(cutoff=6.0, smooth=False, **options), protein, stop=3)
    np.testing.assert_array_equal(hard, (distances <= 6.0).astype(np.float32))
    ratio = distances.astype(float) / 6.0
    np.testing.assert_allclose(smooth, (1 - ratio**6) / (1 - ratio**12), atol=1e-4)
    assert 0 < hard.mean() < 1
    assert smooth.dtype == hard.dtype == np.float32
    assert soft.names == tuple(name.replace("d ", "contact ", 1) for name in bound.names)
    assert set(soft.units) == {"1"}


@pytest.mark.parametrize("cutoff", [0, -1.0, float("nan"), float("inf"), "4", True, None])
def test_a_cutoff_that_makes_no_sense_is_refused(cutoff):
    with pytest.raises(InputError, match="cutoff="):
        Contacts(cutoff=cutoff)


def test_pairs_are_checked_as_those_of_distances(protein):
    with pytest.raises(InputError, match=r"contacts: .* so there are no pairs"):
        Contacts(scheme="ca", exclude_neighbours=100).bind(protein)

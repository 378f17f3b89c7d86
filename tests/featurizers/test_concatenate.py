"""Concatenate: several featurizers on the union of their atoms."""

import numpy as np
import pytest
from MDAnalysisTests.datafiles import DCD, GRO, PSF, XTC
from trajectories import features, universe

from mdgmvae.errors import InputError
from mdgmvae.featurizers import (
    Concatenate,
    Dihedrals,
    Distances,
    Positions,
)


def test_parts_stand_side_by_side():
    atoms = universe(GRO, XTC).select_atoms("protein and resid 1:30")
    parts = (Distances(scheme="ca", periodic=True), Dihedrals(), Distances(pairs=[(7, 2)]))
    bound, values = features(Concatenate(parts), atoms)
    alone = [features(part, atoms) for part in parts]
    np.testing.assert_array_equal(values, np.hstack([value for _, value in alone]))
    assert bound.names == tuple(name for part, _ in alone for name in part.names)
    assert bound.units == tuple(unit for part, _ in alone for unit in part.units)
    assert set(bound.indices) == {index for part, _ in alone for index in part.indices}


def test_parts_get_their_reference():
    atoms = universe(PSF, DCD).atoms
    both = Concatenate([Dihedrals(), Positions("name CA")]).with_reference(atoms, atoms.positions)
    assert both.parts[0] == Dihedrals()
    assert len(both.parts[1].reference) == 214
    _, values = features(both, atoms, stop=1)
    assert np.isfinite(values).all()


def test_columns_that_repeat_are_refused():
    with pytest.raises(InputError, match="852 columns come from more than one part"):
        Concatenate((Dihedrals(), Dihedrals("protein"))).bind(universe(PSF))


@pytest.mark.parametrize("parts", [(), ("dihedrals",), (Dihedrals(), None)])
def test_only_featurizers_are_taken(parts):
    with pytest.raises(InputError, match="needs featurizers"):
        Concatenate(parts)

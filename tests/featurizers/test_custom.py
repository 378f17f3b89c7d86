"""Custom: a user's function, whose code is never saved."""

import json

import numpy as np
import pytest
from MDAnalysisTests.datafiles import DCD, PSF
from trajectories import ends, features, universe

from mdgmvae.errors import InputError
from mdgmvae.featurizers import (
    Concatenate,
    Custom,
    Dihedrals,
    from_dict,
)


def radius_of_gyration(positions):
    """Return the radius of gyration with equal masses for all atoms."""
    centred = positions - positions.mean(axis=1, keepdims=True)
    return np.sqrt((centred**2).sum(axis=2).mean(axis=1))[:, None]


@pytest.fixture(scope="module")
def adk():
    return universe(PSF, DCD).atoms


def test_the_function_gets_the_atoms_it_asks_for(adk):
    bound, values = features(Custom(radius_of_gyration, 1, select="name CA"), adk, stop=4)
    carbons = adk.select_atoms("name CA")
    carbons.masses = 1.0
    expected = [carbons.radius_of_gyration() for _ in adk.universe.trajectory[:4]]
    np.testing.assert_allclose(values[:, 0], expected, atol=1e-3)
    assert bound.names == ("radius_of_gyration",)
    assert bound.units == ("1",)
    assert values.dtype == np.float32


def test_columns_are_named(adk):
    assert Custom(ends, 3).bind(adk).names == ("ends 0", "ends 1", "ends 2")
    named = Custom(ends, 3, name="span", names="xyz", units="angstrom").bind(adk)
    assert (named.names, named.units) == (("x", "y", "z"), ("angstrom",) * 3)


def test_only_the_name_is_saved():
    custom = Custom(ends, 3, select="name CA", units=("angstrom",) * 3)
    saved = json.loads(json.dumps(custom.to_dict()))
    assert set(saved) == {"kind", "n_features", "name", "select", "names", "units"}
    assert from_dict(saved, custom={"ends": ends}) == custom
    with pytest.raises(InputError, match=r'pass load\(\.\.\., custom={"ends": function}\)'):
        from_dict(saved)
    nested = json.loads(json.dumps(Concatenate((Dihedrals(), custom)).to_dict()))
    assert from_dict(nested, custom={"ends": ends}).parts[1] == custom
    with pytest.raises(InputError, match="custom="):
        from_dict(nested, custom={"other": ends})


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda p: p[:, 0], r"shape \(2, 3\), but an array of shape \(2, 1\)"),
        (lambda p: p[:, 0, 0], r"shape \(2,\)"),
        (lambda p: None, "returned NoneType"),
        (lambda p: [[1.0]] * len(p), "returned list"),
        (lambda p: np.array([["a"]] * len(p)), "numbers are expected"),
    ],
)
def test_other_returns_are_refused(adk, function, message):
    with pytest.raises(InputError, match=f"'mine'.*{message}"):
        features(Custom(function, 1, name="mine"), adk, stop=2)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((None, 1), {}, "cannot be called"),
        ((ends, 0), {}, "must be at least 1"),
        ((ends, 1.5), {}, "whole number"),
        ((ends, True), {}, "whole number"),
        ((ends, "three"), {}, "whole number"),
        ((ends, 3), {"names": ["x"]}, "1 names for 3"),
        ((ends, 2), {"names": ["x", "x"]}, "repeats 'x'"),
        ((ends, 3), {"units": ["nm"]}, "1 units for 3"),
    ],
)
def test_options_that_make_no_sense_are_refused(arguments, options, message):
    with pytest.raises(InputError, match=message):
        Custom(*arguments, **options)
